//! What counts as growth: a rise that is no noise, once everything is warm.

/// Of something that is measured again and again.
#[derive(Debug, Default, Clone)]
pub struct Series {
    /// Seconds, and how much it was then.
    pub samples: Vec<(f64, f64)>,
}

/// How a series goes.
#[derive(Debug, Clone, Copy)]
pub struct Trend {
    /// The median of the slopes between all pairs of samples (Theil and Sen), in units an hour: peaks do not move it.
    pub an_hour: f64,
    /// What this makes of the time that was judged.
    pub rise: f64,
}

impl Series {
    /// Of what comes after the warm-up, which is the first third.
    pub fn trend(&self) -> Trend {
        let warm = &self.samples[self.samples.len() / 3..];
        let pairs =
            warm.iter().enumerate().flat_map(|(n, one)| warm[n + 1..].iter().map(move |two| (one, two)));
        let mut slopes: Vec<f64> = pairs.map(|(one, two)| (two.1 - one.1) / (two.0 - one.0)).collect();
        slopes.sort_by(f64::total_cmp);
        let slope = slopes.get(slopes.len() / 2).copied().unwrap_or_default();
        let span = warm.last().zip(warm.first()).map_or(0.0, |(last, first)| last.0 - first.0);
        Trend { an_hour: slope * 3600.0, rise: slope * span }
    }

    pub fn values(&self) -> impl Iterator<Item = f64> {
        self.samples.iter().map(|sample| sample.1)
    }
}

/// Made-up samples, one each five seconds: what must be found is found, and nothing else.
#[test]
fn growth_is_told_from_noise() {
    let series = |count: u32, value: &dyn Fn(f64) -> f64| Series {
        samples: (0..count).map(f64::from).map(|n| (n * 5.0, value(n))).collect(),
    };
    // Up to 400 either way, without an order.
    let noise = |n: f64| (n * 7919.0 % 801.0) - 400.0;
    for count in [60, 720] {
        // The least leaks that a limit of 1024 finds in so many samples.
        let least = 1024.0 / (f64::from(count) * 2.0 / 3.0) * 1.3;
        let leaks = series(count, &|n| 20_000.0 + n * least + noise(n));
        assert!(leaks.trend().rise > 1024.0, "{count}: {:?}", leaks.trend());
        let warms_up = series(count, &|n| 20_000.0 + (n * 300.0).min(5_000.0) + noise(n));
        let saw = series(count, &|n| 20_000.0 + n % 10.0 * 200.0 + noise(n));
        let peak =
            series(count, &|n| if n > f64::from(count) - 4.0 { 90_000.0 } else { 20_000.0 + noise(n) });
        for (what, steady) in [("warms up", warms_up), ("saw", saw), ("peak", peak)] {
            assert!(steady.trend().rise < 1024.0, "{count} {what}: {:?}", steady.trend());
        }
    }
    // A descriptor every twenty passes; and one that comes and goes.
    let descriptors = series(200, &|n| 10.0 + (n / 20.0).floor());
    assert!(descriptors.trend().rise > 1.5, "{:?}", descriptors.trend());
    let busy = series(200, &|n| 10.0 + n % 2.0);
    assert!(busy.trend().rise < 0.5, "{:?}", busy.trend());
}

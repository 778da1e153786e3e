//! How much is tested: a little in the quick tier, the numbers that count with `CREDRUN_TEST_LONG`; and the moments at
//! which things happen, which are the same ones each time.

use std::time::Duration;

/// Of the moments, unless `CREDRUN_TEST_SEED` is another one.
const SEED: u64 = 20_261_125;

/// Whether this is the long tier.
pub fn is_long() -> bool {
    std::env::var_os("CREDRUN_TEST_LONG").is_some_and(|value| !value.is_empty())
}

/// How many rounds there are in this tier.
pub fn rounds(quick: usize, long: usize) -> usize {
    if is_long() { long } else { quick }
}

/// The moments of a test; `topic` makes them other ones than the next test's.
pub fn moments(topic: u64) -> fastrand::Rng {
    let seed = std::env::var("CREDRUN_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    eprintln!("seed {seed} (`CREDRUN_TEST_SEED`), topic {topic}");
    fastrand::Rng::with_seed(seed + topic)
}

/// Some time up to this.
pub fn moment(moments: &mut fastrand::Rng, up_to: Duration) -> Duration {
    let longest = u64::try_from(up_to.as_micros()).expect("a short time");
    Duration::from_micros(moments.u64(0..=longest))
}

/// Waits for so long.
pub fn pause(moments: &mut fastrand::Rng, up_to: Duration) {
    std::thread::sleep(moment(moments, up_to));
}

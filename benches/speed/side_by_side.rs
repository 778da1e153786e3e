//! Many runs at the same time.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Bench;
use super::plot::{Line, lines};
use super::report::Goal::AtMost;
use super::sample::median;

const SIZES: [usize; 4] = [1, 8, 16, 32];

pub fn measure(bench: &mut Bench) {
    let image = bench.image.clone();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for count in SIZES {
        // So that the sizes take about the same time.
        let rounds = (bench.runs / 2).clamp(1, 20);
        let (mut pairs, mut first) = (Vec::new(), true);
        for _ in 0..rounds {
            let credrun = || together(count, &|| bench.credrun(&[&image, "true"])).as_secs_f64();
            let docker = || together(count, &|| bench.docker(&[&image, "true"])).as_secs_f64();
            pairs.push(if first {
                (credrun(), docker())
            } else {
                let docker = docker();
                (credrun(), docker)
            });
            first = !first;
        }
        let (one, other) = (median(pairs.iter().map(|pair| pair.0)), median(pairs.iter().map(|pair| pair.1)));
        let ratio = median(pairs.iter().map(|(one, other)| one / other));
        let from = format!("{one:.2} to {other:.2} s, {rounds} rounds");
        bench.report.add(
            &format!("{count} runs side by side"),
            "`docker run --rm`: wall in total",
            ratio,
            AtMost(1.0),
            &from,
        );
        #[allow(clippy::cast_precision_loss, reason = "at most 32")]
        let point = count as f64;
        ours.push((point, one));
        theirs.push((point, other));
    }
    let drawn = lines(
        "runs side by side: seconds until all have ended",
        &[
            Line { name: "docker run --rm", points: theirs, colour: "#8a8f98" },
            Line { name: "credrun", points: ours, colour: "#0a7ea4" },
        ],
    );
    std::fs::write(bench.folder.join("side-by-side.svg"), drawn).expect("the plot can be written");
}

/// How long until all have ended well.
fn together(count: usize, command: &dyn Fn() -> Command) -> Duration {
    let started = Instant::now();
    let start = |_| command().stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("it starts");
    let all: Vec<_> = (0..count).map(start).collect();
    for mut run in all {
        assert!(run.wait().expect("it ends").success());
    }
    started.elapsed()
}

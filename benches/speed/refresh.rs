//! What `--refresh` costs, and what its endpoint gives from inside the container.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use super::Bench;
use super::report::Goal::{AtLeast, AtMost};
use super::sample::median;

/// A client of its own, compiled for a container that has nothing.
const CLIENT: &str = include_str!("client.rs");

/// What one run took.
#[derive(Clone, Copy)]
struct Took {
    /// Until the command had ended, by the machine's clock.
    command: f64,
    /// Until credrun had.
    exit: f64,
}

pub fn measure(bench: &mut Bench) {
    price(bench);
    requests(bench);
}

fn price(bench: &mut Bench) {
    // The agent's image is there afterwards.
    took(bench, &["--refresh"]);
    let (mut plain, mut refresh, mut quiet) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..bench.runs {
        for step in 0..3 {
            match (round + step) % 3 {
                0 => plain.push(took(bench, &[])),
                1 => refresh.push(took(bench, &["--refresh"])),
                _ => quiet.push(took(bench, &["--refresh", "--quiet"])),
            }
        }
    }
    let exit: fn(&Took) -> f64 = |took| took.exit;
    for (name, with, figure, goal) in [
        (
            "`--refresh`: until the command has ended",
            &refresh,
            (|took| took.command) as fn(&Took) -> f64,
            1.15,
        ),
        ("`--refresh`: until credrun has", &refresh, exit, 1.4),
        ("`--refresh --quiet`: until credrun has", &quiet, exit, 1.4),
    ] {
        let ratio = median(with.iter().zip(&plain).map(|(with, plain)| figure(with) / plain.exit));
        let from = format!(
            "{:.0} to {:.0} ms",
            median(with.iter().map(figure)) * 1e3,
            median(plain.iter().map(exit)) * 1e3
        );
        bench.report.add(name, "a run without it", ratio, AtMost(goal), &from);
    }
}

fn took(bench: &Bench, options: &[&str]) -> Took {
    let (started, since_1970) = (Instant::now(), SystemTime::UNIX_EPOCH.elapsed().expect("later than 1970"));
    let mut command = bench.credrun(&[options, &[&bench.image, "date", "+%s%N"]].concat());
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().expect("credrun runs");
    let exit = started.elapsed().as_secs_f64();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    let ended = Duration::from_nanos(text.trim().parse().expect("nanoseconds"));
    Took { command: ended.saturating_sub(since_1970).as_secs_f64(), exit }
}

fn requests(bench: &mut Bench) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (source, client) = (folder.path().join("client.rs"), folder.path().join("client"));
    std::fs::write(&source, CLIENT).expect("a file");
    let options = ["--edition=2024", "-O", "-C", "target-feature=+crt-static", "-o"];
    let compiled = Command::new("rustc").args(options).arg(&client).arg(&source).status();
    assert!(compiled.expect("rustc").success());
    let volume = format!("--volume={}:/client:ro", client.display());
    let mut command = bench.credrun(&["--refresh", &volume, &bench.image, "/client", "5"]);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().expect("credrun runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let figures: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [rate, p50, p99, worst] = figures[..] else { panic!("the client says: {text}") };
    let from = format!(
        "p50 {p50:.3} ms, worst {worst:.1} ms; 8 in parallel, a new connection each, 5 s, inside the container"
    );
    bench.report.add("`--refresh`: requests a second", "15,000", rate, AtLeast(15_000.0), &from);
    bench.report.add("`--refresh`: p99 of a request", "1 ms", p99, AtMost(1.0), "ms");
}

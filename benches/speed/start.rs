//! What there is before anything is done: how quickly it starts, how large it is, what it is made of.

use std::process::Command;
use std::time::Instant;

use super::Bench;
use super::report::Goal::AtMost;
use super::sample::{WALL, in_turn, middle, sample};

pub fn measure(bench: &mut Bench) {
    let [help] = in_turn(bench.runs.max(100), [&mut || sample(&mut bench.credrun(&["--help"]))]);
    bench.report.add(
        "`credrun --help`",
        "5 ms",
        middle(&help, WALL) * 1e3,
        AtMost(5.0),
        "ms, with the start of the process",
    );
    let program = std::fs::metadata(env!("CARGO_BIN_EXE_credrun")).expect("the program");
    #[allow(clippy::cast_precision_loss, reason = "a few million")]
    let megabytes = program.len() as f64 / 1e6;
    bench.report.add(
        "size of the program, stripped, with the agent in it",
        "8 MB",
        megabytes,
        AtMost(8.0),
        "MB",
    );
    let tree = Command::new("cargo")
        .args(["tree", "--locked", "--edges=normal", "--prefix=none", "--format={p}"])
        .output();
    let tree = tree.expect("cargo").stdout;
    let mut crates: Vec<_> =
        std::str::from_utf8(&tree).expect("text").lines().map(|line| line.trim_end_matches(" (*)")).collect();
    crates.sort_unstable();
    crates.dedup();
    bench.report.note("crates in it", &crates.len().to_string());
    if std::env::var_os("CREDRUN_BENCH_BUILD").is_some() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let started = Instant::now();
        let built = Command::new("cargo")
            .args(["build", "--release", "--locked"])
            .env("CARGO_TARGET_DIR", folder.path())
            .status();
        assert!(built.expect("cargo").success());
        bench.report.note("clean release build", &format!("{} s", started.elapsed().as_secs()));
    }
}

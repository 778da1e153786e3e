//! The engine is restarted and killed at random moments of many runs, of all kinds: each ends, says why, and leaves nothing.
//!
//! The runs go side by side. Only the long tier has it: two of `refresh/kills/engine.rs` are in the quick one.

use std::collections::BTreeMap;
use std::time::Duration;

use rustix::process::Signal;

use super::run_of::{Ended, Kind, RunOf};
use crate::harness::host::Program;
use crate::harness::inventory::Found;
use crate::harness::own_engine::OwnEngine;
use crate::harness::pattern::fits;
use crate::harness::processes::marked;
use crate::harness::run::{PATIENCE, eventually, run, within};
use crate::harness::tier::{is_long, moment, moments, pause};

/// As long as a restart takes, and longer.
const SCRIPT: &str = "trap 'exit 7' TERM; echo ready
n=0; while [ $n -lt 150 ]; do sleep 0.1; n=$((n+1)); done; exit 9";

const KINDS: [Kind; 8] = [
    Kind::Plain,
    Kind::Refresh,
    Kind::Streams,
    Kind::RefreshDetached,
    Kind::Tty,
    Kind::Detached,
    Kind::Terminal,
    Kind::Cidfile,
];
const ROUNDS: usize = 20;
const AT_ONCE: usize = 5;

/// Code and line, `*` for anything; no line when nothing is said.
#[rustfmt::skip]
const ENDINGS: &[(i32, Option<&str>)] = &[
];

#[test]
fn each_run_ends_says_why_and_leaves_nothing() {
    if !is_long() {
        return;
    }
    let engine = OwnEngine::start();
    let mut random = moments(6);
    let mut tally = BTreeMap::new();
    let mut left = BTreeMap::new();
    for round in 0..ROUNDS {
        let signal = if round % 2 == 0 { "TERM" } else { "KILL" };
        let kinds = (0..AT_ONCE).map(|n| KINDS[(round * AT_ONCE + n) % KINDS.len()]);
        let mut runs = Vec::new();
        for kind in kinds {
            runs.push(RunOf::start(kind, &engine.docker_host(), None, SCRIPT));
            pause(&mut random, Duration::from_millis(200));
        }
        std::thread::sleep(moment(&mut random, Duration::from_millis(1500)));
        engine.end(signal);
        pause(&mut random, Duration::from_millis(500));
        engine.start_again();
        for run in &mut runs {
            let ended = run.ended();
            *tally.entry((signal, check(run, &ended))).or_insert(0) += 1;
        }
        settle(&engine, &runs, signal, &mut left);
    }
    eprintln!("{} runs in {ROUNDS} restarts: the engine's signal, code and line", ROUNDS * AT_ONCE);
    tally.iter().for_each(|((signal, ending), count)| eprintln!("{count:4} {signal} {ending}"));
    eprintln!("left, and as docker leaves it: {left:#?}");
}

/// Fails unless the table has this ending; it.
fn check(run: &RunOf, ended: &Ended) -> String {
    let is_hint = |line: &&str| !line.starts_with("  hint: ");
    let said: Vec<_> = ended.stderr.lines().filter(is_hint).collect();
    let lines = said.join(" / ");
    format!(
        "{} {:?} {lines} HINTS {}",
        ended.code,
        run.kind,
        ended.stderr.lines().filter(|l| !is_hint(l)).collect::<Vec<_>>().join("/")
    )
}

/// What is labelled goes with the next start, and none of credrun's processes is left.
fn settle(
    engine: &OwnEngine,
    runs: &[RunOf],
    signal: &'static str,
    left: &mut BTreeMap<(&'static str, Kind, String), usize>,
) {
    let found = || engine.api().containers().unwrap_or_default();
    // What runs on without anybody.
    for run_of in runs.iter().filter(|run_of| run_of.kind.is_detached()) {
        let _ = run(run_of.host.tool("docker").args(["kill", &run_of.name]));
    }
    eventually(PATIENCE, "nothing labelled is left", || {
        let version = run(&mut runs[0].host.command(Program::Credrun, &["version"]));
        assert_eq!((version.code, version.stderr.as_str()), (0, ""), "{version:?}");
        found().iter().all(|one| one.owner.is_none())
    });
    for run_of in runs {
        assert!(within(PATIENCE, || marked(&run_of.name).is_empty()), "{:?}", marked(&run_of.name));
    }
    for one in found() {
        let of = runs.iter().find(|run_of| run_of.name == one.name).expect("there are no others");
        *left
            .entry((signal, of.kind, format!("{} {}", one.state, of.stderr().replace(&one.id, "ID"))))
            .or_insert(0) += 1;
        let _ = run(of.host.tool("docker").args(["rm", "--force", "--volumes", &one.id]));
    }
}

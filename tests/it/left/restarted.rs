//! The engine is restarted and killed at random moments of many runs, of all kinds: each ends, says why, and leaves nothing.
//!
//! The runs go side by side, and some are stopped while the engine is away. Only the long tier has it: two of `refresh/kills/engine.rs` are in the quick one.

use std::collections::BTreeMap;
use std::time::Duration;

use rustix::process::Signal;

use super::run_of::{Ended, Kind, RunOf};
use crate::harness::host::Program;
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

/// Code and line, `*` for anything; no line when nothing is said. Which one it is depends on how far the run had come.
#[rustfmt::skip]
const ENDINGS: &[(i32, Option<&str>)] = &[
    // It was not hit, or had its id told.
    (9, None),
    (0, None),
    // The engine ends its containers first: its status still comes.
    (7, None),
    (137, None),
    (125, Some("cannot connect to the docker engine at `*`*: *")),
    (125, Some("loading an image: cannot connect to the docker engine at `*`*: *")),
    (125, Some("the docker engine at `*`*gives no answer: *")),
    (125, Some("loading an image: the docker engine at `*`*gives no answer: *")),
    (125, Some("the engine's answer*is broken: *")),
    (125, Some("error response from the engine: *")),
    (125, Some("error waiting for container: *")),
    (125, Some("the container was killed: error waiting for container: *")),
    (125, Some("the container has ended because its network, the agent's, is gone")),
    (125, Some("the agent, which would serve the credentials, is not ready: *")),
    (125, Some("the agent does not take the credentials: *")),
    (125, Some("the agent has ended, and with it the container's network; the container is ended, too*")),
];

/// What may be said before that.
#[rustfmt::skip]
const BESIDES: &[&str] = &[
    "lost the container's output: *",
    "warning: the connection to the agent is lost, and is made again: *",
    "warning: the agent `*` could not be removed; the next start of credrun tries again",
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
        // One of them stands still meanwhile, every other time.
        let is_stopped = round % 4 > 1;
        if is_stopped {
            runs[0].signal(Signal::STOP);
        }
        engine.end(signal);
        pause(&mut random, Duration::from_millis(500));
        engine.start_again();
        if is_stopped {
            runs[0].signal(Signal::CONT);
        }
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
    let line = |line: &str| line.strip_prefix("credrun: ").map(str::to_owned);
    let said: Vec<_> = ended.stderr.lines().filter(|line| !line.starts_with("  hint: ")).map(line).collect();
    let is_beside = |line: &&Option<String>| {
        line.as_ref().is_some_and(|line| BESIDES.iter().any(|pattern| fits(pattern, line)))
    };
    let last: Vec<_> = said.iter().filter(|line| !is_beside(line)).collect();
    let ending = ENDINGS.iter().filter(|(code, _)| *code == ended.code).find(|(_, pattern)| {
        match (pattern, &last[..]) {
            (None, []) => true,
            (Some(pattern), [Some(line)]) => fits(pattern, line),
            _ => false,
        }
    });
    let (code, line) =
        ending.unwrap_or_else(|| panic!("not in the table: {:?}: {ended:?}\n{}", run.kind, run.stdout()));
    assert!(run.kind.is_detached() || *code != 0, "{:?}: {ended:?}", run.kind);
    format!("{code:3} {}", line.unwrap_or("nothing said"))
}

/// What is labelled goes with the next start, and none of credrun's processes is left.
fn settle(
    engine: &OwnEngine,
    runs: &[RunOf],
    signal: &'static str,
    left: &mut BTreeMap<(&'static str, Kind, String), usize>,
) {
    let found = || engine.api().containers().expect("it answers");
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
    // An engine that is back removes what was to be removed; credrun has named what it could not remove itself.
    within(Duration::from_secs(10), || found().is_empty());
    for one in found() {
        let of = runs.iter().find(|run_of| run_of.name == one.name).expect("there are no others");
        assert!(of.stderr().contains(&one.id), "nobody told of {one:?}: {:?} {}", of.kind, of.stderr());
        *left.entry((signal, of.kind, one.state)).or_insert(0) += 1;
        run(of.host.tool("docker").args(["rm", "--force", "--volumes", &one.id]));
    }
}

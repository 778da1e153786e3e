//! Runs of all kinds are killed, at moments from before they have asked for anything to long after the container runs.
//!
//! The engine is the test's own, so that all that it has can be counted.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::run_of::{Ended, Kind, Role, RunOf};
use crate::harness::emulator::{Emulator, names};
use crate::harness::host::Program;
use crate::harness::inventory::Api;
use crate::harness::own_engine::OwnEngine;
use crate::harness::processes::marked;
use crate::harness::run::{PATIENCE, eventually, run, within};
use crate::harness::tier::{is_long, moment, moments};

/// Ends with 7 when it is told to, and with 9 by itself: a signal that comes before the handler is there is nobody's.
const SCRIPT: &str = "trap 'exit 7' TERM INT HUP; echo ready
n=0; while [ $n -lt 40 ]; do sleep 0.1; n=$((n+1)); done; exit 9";
/// The same, and each line of its stdin comes back.
const ECHO: &str = "trap 'exit 7' TERM INT HUP; echo ready
while read -r line; do echo \"$line\"; done; exit 9";

const SIGNALS: [(Signal, &str); 4] =
    [(Signal::TERM, "TERM"), (Signal::INT, "INT"), (Signal::HUP, "HUP"), (Signal::KILL, "KILL")];
const QUICK: [Kind; 3] = [Kind::Plain, Kind::Refresh, Kind::Process];
const LONG: [Kind; 10] = [
    Kind::Plain,
    Kind::Streams,
    Kind::Tty,
    Kind::Terminal,
    Kind::Detached,
    Kind::Refresh,
    Kind::RefreshDetached,
    Kind::Cidfile,
    Kind::Role,
    Kind::Process,
];
/// A run takes about a third of it until its container runs, on a machine that has other things to do.
const LATEST: Duration = Duration::from_millis(1800);

/// One kill.
struct Round {
    kind: Kind,
    signal: (Signal, &'static str),
    after: Duration,
}

/// How often things went how, and what came of it.
type Tally = BTreeMap<(bool, Kind, &'static str, String), usize>;

#[test]
fn at_random_moments_nothing_is_left() {
    // In the long tier alone, until it waits for what an engine creates after its client's SIGKILL (as it does after
    // docker's): such a container was seen to come after the look at what is left.
    if !is_long() {
        return;
    }
    let engine = OwnEngine::start();
    let role = is_long().then(role);
    let all = plan();
    // The agent's image is there from here on.
    let mut first = RunOf::start(Kind::Refresh, &engine.docker_host(), None, "exit 9");
    assert_eq!(first.ended().code, 9, "{}", first.stderr());
    let before = engine.api().inventory().expect("it answers");
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::new()));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(round) = all.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let seen = killed(&engine, role.as_ref(), round);
                    let key = (round.kind.is_docker(), round.kind, round.signal.1, seen);
                    *tally.lock().expect("no round panics").entry(key).or_default() += 1;
                }
            });
        }
    });
    let mut now = None;
    let is_as_before = within(PATIENCE, || {
        now = engine.api().inventory();
        now.as_ref() == Some(&before)
    });
    report(&tally.into_inner().expect("no round panics"));
    assert!(is_as_before, "before: {before:#?}\nnow: {now:#?}");
}

/// Each kind with each signal, again and again.
fn plan() -> Vec<Round> {
    let mut random = moments(5);
    let mut all: Vec<(Kind, (Signal, &str))> = Vec::new();
    let credrun = if is_long() { (&LONG[..], 300) } else { (&QUICK[..], 12) };
    let docker = if is_long() { 48 } else { 0 };
    for ((kinds, count), is_oracle) in
        [(credrun, false), ((&[Kind::Docker, Kind::DockerDetached], docker), true)]
    {
        assert!(kinds.iter().all(|kind| kind.is_docker() == is_oracle));
        all.extend((0..count).map(|n| (kinds[n % kinds.len()], SIGNALS[n / kinds.len() % SIGNALS.len()])));
    }
    random.shuffle(&mut all);
    let round = |(kind, signal)| Round { kind, signal, after: moment(&mut random, LATEST) };
    all.into_iter().map(round).collect()
}

fn role() -> Role {
    let emulator = Emulator::of_the_tests();
    let arn = emulator.role(&names().0, r#""sts:AssumeRole""#);
    let keys = emulator.keys(&arn);
    Role { endpoint: emulator.endpoint, arn, keys }
}

/// Kills a run, and sees that nothing of it is left; how it ended.
fn killed(engine: &OwnEngine, role: Option<&Role>, round: &Round) -> String {
    let script = if round.kind == Kind::Streams { ECHO } else { SCRIPT };
    let mut run = RunOf::start(round.kind, &engine.docker_host(), role, script);
    let started = Instant::now();
    std::thread::sleep(round.after);
    let was_ready = run.stdout().contains("ready");
    run.signal(round.signal.0);
    // On a machine that stands still for seconds it ends before.
    let was_late = started.elapsed() > Duration::from_secs(3);
    let ended = run.ended();
    check(round, was_ready && !was_late, &ended);
    check_cidfile(&run, &ended);
    let left = left_of(&engine.api(), &run, round, &ended);
    let limit = "none of its processes is left";
    assert!(within(PATIENCE, || marked(&run.name).is_empty()), "{limit}: {:?}", marked(&run.name));
    let said = ended.stderr.lines().next().unwrap_or_default().replace(&run.name, "NAME");
    let ready = if was_ready { "ready" } else { "" };
    format!("{:>3} {ready:5} {left} {said}", ended.code)
}

/// The ways in which the signal may end it.
fn check(round: &Round, was_ready: bool, ended: &Ended) {
    let number = round.signal.0.as_raw();
    let interrupted =
        format!("credrun: the container was not started: interrupted by SIG{}\n", round.signal.1);
    // The one in the background is told that the other one is gone, and as by SIGTERM.
    let given_up = "credrun: the container was not started: interrupted by SIGTERM\n";
    let alone = "credrun: the background process cannot go on alone: ";
    let is_fine = match (ended.code, round.kind) {
        // It has not got that far, or has had its id told.
        (0, kind) if kind.is_detached() => ended.stderr.is_empty(),
        (code, Kind::RefreshDetached) => {
            code == 128 + number
                && (ended.stderr.is_empty() || ended.stderr == given_up || ended.stderr.starts_with(alone))
        }
        (137, _) if round.signal.0 == Signal::KILL => ended.stderr.is_empty(),
        // With it there is nobody who could hear it before.
        (7, _) => ended.stderr.is_empty() && round.signal.0 != Signal::KILL,
        (9, _) => ended.stderr.is_empty() && !was_ready,
        (code, kind) if kind.is_docker() => !was_ready && [number + 128, 125].contains(&code),
        (code, _) => {
            code == 128 + number && !was_ready && (ended.stderr.is_empty() || ended.stderr == interrupted)
        }
    };
    let (kind, signal) = (round.kind, round.signal.1);
    assert!(is_fine, "{kind:?} SIG{signal} after {:?}, was ready: {was_ready}: {ended:?}", round.after);
}

/// It is there if and only if the container was made, whatever became of that: as docker does it.
fn check_cidfile(run: &RunOf, ended: &Ended) {
    let file = run.cidfile();
    let is_fine = match (run.kind, ended.code) {
        // As docker leaves it: whatever it had got to.
        (Kind::Cidfile, 137) => file.as_ref().is_none_or(|id| id.is_empty() || id.len() == 64),
        (Kind::Cidfile, 129 | 130 | 143) => file.as_ref().is_none_or(|id| id.len() == 64),
        (Kind::Cidfile, 7 | 9) => file.as_ref().is_some_and(|id| id.len() == 64),
        _ => file.is_none(),
    };
    assert!(is_fine, "{file:?}: {ended:?}");
}

/// What is left on the engine when credrun has ended, in a word; in the end it is nothing.
fn left_of(api: &Api, run_of: &RunOf, round: &Round, ended: &Ended) -> &'static str {
    let mine = || {
        let all = api.containers().expect("it answers").into_iter();
        all.filter(|found| found.name == run_of.name || found.owner == Some(run_of.pid())).collect::<Vec<_>>()
    };
    let is_killed = round.signal.0 == Signal::KILL;
    let first = mine();
    let word = match &first[..] {
        [] => "nothing   ",
        [one] if one.state == "created" => "created   ",
        [one] if one.is_agent => "agent     ",
        _ => "runs on   ",
    };
    // Only what goes on by itself, and what nobody is left to look after.
    let may_be_left = round.kind.is_detached() || is_killed || round.kind.is_docker();
    assert!(first.is_empty() || may_be_left, "{:?} leaves {first:?}: {ended:?}", round.kind);
    if round.kind.is_refresh() {
        eventually(PATIENCE, "the next start sweeps what nobody looks after", || {
            let version = run(&mut run_of.host.command(Program::Credrun, &["version"]));
            assert_eq!((version.code, version.stderr.as_str()), (0, ""), "{version:?}");
            mine().is_empty()
        });
        return word;
    }
    // What runs ends by itself. What was created and never started stays, and is no more than docker leaves.
    let only_created =
        || mine().iter().all(|found| found.state == "created" && may_be_left && ended.code != 0);
    eventually(PATIENCE, "it ends by itself", || {
        mine().is_empty() || (only_created() && marked(&run_of.name).is_empty())
    });
    let rest = mine();
    eventually(PATIENCE, "it can be removed", || {
        for found in mine() {
            run(run_of.host.tool("docker").args(["rm", "--force", "--volumes", &found.id]));
        }
        mine().is_empty()
    });
    if rest.is_empty() { word } else { "never ran " }
}

fn report(tally: &Tally) {
    let count = |docker: bool| -> usize {
        tally.iter().filter(|(key, _)| key.0 == docker).map(|(_, count)| count).sum()
    };
    eprintln!("{} kills of credrun, {} of docker: kind, signal, code, left, line", count(false), count(true));
    for ((_, kind, signal, seen), count) in tally {
        eprintln!("{count:4} {kind:16} {signal:5} {seen}", kind = format!("{kind:?}"));
    }
}

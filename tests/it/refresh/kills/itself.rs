//! credrun is killed, at moments from before it has asked for anything to long after the container runs.

use std::collections::BTreeMap;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::super::stage::{ASK, Stage};
use super::table::{Event, check_outcome};
use super::{Found, assert_nothing, background_of, containers, moments, pause, rounds, settle};
use crate::harness::container::{Container, docker, docker_ok};
use crate::harness::host::{Program, image};
use crate::harness::run::{PATIENCE, eventually, run, within};

/// Ends at once when it is told to.
const OBEDIENT: &str = "trap 'exit 0' TERM; while :; do sleep 0.1; done";
/// A run takes about half of it until its container runs.
const LATEST: Duration = Duration::from_millis(1200);

#[test]
fn credrun_in_the_foreground() {
    let mut random = moments(1);
    let (mut seen, mut all) = (BTreeMap::new(), Vec::new());
    let stage = Stage::new();
    let count = rounds(3, 25);
    for round in 0..count {
        let network = if round % 5 == 4 { "host" } else { "default" };
        let target = Container::named("killed");
        let options = ["--network", network, "--name", &target.name, image(), "sleep", "600"];
        let running = stage.start(&options);
        let owner = running.pid();
        pause(&mut random, LATEST);
        running.signal(Signal::KILL);
        check_outcome(Event::CredrunKilled, &running.outcome());
        *seen.entry(phase(&stage, &[owner])).or_insert(0) += 1;
        all.push(owner);
        if network == "host" {
            // As docker leaves it: the network is not the agent's.
            settle(&stage.host, &[owner], "at most the container that ran", |found| {
                found.iter().all(|one| !one.is_agent && one.is_running())
            });
        } else {
            assert_nothing(&stage.host, &[owner]);
        }
    }
    // What the engine was just making when its owner was killed came after it.
    assert_nothing(&stage.host, &all);
    eprintln!("{count} SIGKILLs of credrun in the foreground: {seen:?}");
}

#[test]
fn credrun_in_the_background() {
    let mut random = moments(2);
    let (mut seen, mut all) = (BTreeMap::new(), Vec::new());
    let stage = Stage::new();
    let count = rounds(3, 25);
    for round in 0..count {
        let network = if round % 5 == 4 { "host" } else { "default" };
        let target = Container::named("killed-d");
        let options = ["-d", "--network", network, "--stop-timeout=1", "--name", &target.name];
        let running = stage.start(&[&options[..], &[image(), "sh", "-c", OBEDIENT]].concat());
        let starter = round % 3 == 2;
        pause(&mut random, LATEST);
        let mut owners = Vec::new();
        if starter {
            owners.extend(background_of(&target.name));
            running.signal(Signal::KILL);
            check_outcome(Event::StarterKilled, &running.outcome());
            owners.extend(background_of(&target.name));
        } else {
            eventually(PATIENCE, "one stays in the background", || {
                owners.extend(background_of(&target.name));
                !owners.is_empty()
            });
            kill(owners[0]);
            check_outcome(Event::BackgroundKilled, &running.outcome());
        }
        *seen.entry(phase(&stage, &owners)).or_insert(0) += 1;
        let left = settle(&stage.host, &owners, "both run, or neither is there", |found| {
            found.is_empty() || (found.len() == 2 && found.iter().all(Found::is_running))
        });
        if !left.is_empty() {
            assert_held(&stage, &target, !starter);
            stop(&stage, &target);
        }
        assert_nothing(&stage.host, &owners);
        all.extend(owners);
    }
    assert_nothing(&stage.host, &all);
    eprintln!("{count} SIGKILLs of credrun with `-d`: {seen:?}");
}

fn kill(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process");
    kill_process(pid, Signal::KILL).expect("it runs");
}

/// How far the run had got.
fn phase(stage: &Stage, owners: &[u32]) -> &'static str {
    let found = containers(&stage.host, owners).expect("the engine answers");
    let target = found.iter().find(|one| !one.is_agent);
    match (target, found.iter().any(|one| one.is_agent)) {
        (Some(target), _) if target.is_running() => "runs",
        (Some(_), _) => "target created",
        (None, true) => "agent only",
        (None, false) => "nothing yet",
    }
}

/// The container runs on, its endpoint tells it that there are no credentials, and `credrun ps` shows that its owner is
/// gone; where it is not, all is as it was.
fn assert_held(stage: &Stage, target: &Container, owner_is_gone: bool) {
    let (status, owner) = if owner_is_gone { ("503 ", "gone") } else { ("200 ", "") };
    let mut answer = String::new();
    let answered = within(PATIENCE, || {
        answer = docker_ok(&["exec", &target.name, "python3", "-c", ASK]);
        answer.starts_with(status) && (!owner_is_gone || answer.contains("CredrunGone"))
    });
    assert!(answered, "{answer}");
    let listed = run(&mut stage.host.command(Program::Credrun, &["ps"])).text();
    let line = listed.lines().find(|line| line.contains(&target.name)).expect("it is listed");
    assert!(line.contains(owner) && (owner_is_gone || !line.contains("gone")), "{line}");
}

fn stop(stage: &Stage, target: &Container) {
    let outcome = run(&mut stage.host.command(Program::Credrun, &["stop", &target.name]));
    assert_eq!((outcome.code, outcome.text().as_str()), (0, target.name.as_str()), "{outcome:?}");
    let inspected = docker(&["container", "inspect", &target.name]).status;
    assert!(!inspected.success() || target.is_gone_within(PATIENCE), "`{}` is still there", target.name);
}

//! The agent is killed, from its first moment on.

use std::collections::BTreeMap;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::super::stage::Stage;
use super::table::{Event, check, check_outcome};
use super::{Found, assert_nothing, background_of, containers, log, moments, pause, rounds};
use crate::harness::container::{Container, docker};
use crate::harness::host::image;
use crate::harness::run::{PATIENCE, eventually, within};

#[test]
fn the_agent() {
    let mut random = moments(3);
    let (mut seen, mut all) = (BTreeMap::new(), Vec::new());
    let count = rounds(3, 20);
    for round in 0..count {
        let (stage, target) = (Stage::new(), Container::named("agent-killed"));
        let detached = round % 3 == 2;
        let options = [if detached { "-d" } else { "-i" }, "--name", &target.name, image(), "sleep", "600"];
        let running = stage.start(&options);
        let mut owner = running.pid();
        if detached {
            eventually(PATIENCE, "one stays in the background", || {
                background_of(&target.name).inspect(|pid| owner = *pid).is_some()
            });
        }
        let agent = appeared(&stage, owner);
        pause(&mut random, Duration::from_millis(700));
        kill(&agent, round % 2 == 1);
        let outcome = running.outcome();
        let ending = if outcome.code == 0 && detached {
            check(Event::AgentKilled, 125, &log(&stage.host, &target.name))
        } else {
            check_outcome(Event::AgentKilled, &outcome)
        };
        *seen.entry(ending).or_insert(0) += 1;
        assert_nothing(&stage.host, &[owner]);
        all.push((stage, owner));
    }
    let owners: Vec<_> = all.iter().map(|(_, owner)| *owner).collect();
    assert_nothing(&all[0].0.host, &owners);
    eprintln!("{count} kills of the agent: {seen:#?}");
}

fn appeared(stage: &Stage, owner: u32) -> Found {
    let mut agent = None;
    eventually(PATIENCE, "there is an agent", || {
        let found = containers(&stage.host, &[owner]).unwrap_or_default();
        agent = found.into_iter().find(|one| one.is_agent);
        agent.is_some()
    });
    agent.expect("it has come")
}

/// Kills it through the engine, or its process; it may be only about to start.
fn kill(agent: &Found, by_process: bool) {
    let killed = within(PATIENCE, || {
        let process = by_process.then(|| process(agent)).flatten();
        // A process is root's, or another user's: not everybody may.
        process.is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok())
            || docker(&["kill", &agent.id]).status.success()
    });
    assert!(killed, "it cannot be killed: {agent:?}");
}

fn process(agent: &Found) -> Option<Pid> {
    let output = docker(&["container", "inspect", "--format", "{{.State.Pid}}", &agent.id]);
    let number = String::from_utf8_lossy(&output.stdout).trim().parse().ok()?;
    Pid::from_raw(number)
}

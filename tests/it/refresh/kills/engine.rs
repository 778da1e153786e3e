//! The engine is restarted and killed in the middle of runs. What it had going then is swept when it is back.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::stage::Stage;

use super::table::{Event, STOPPED, check, check_outcome};
use super::{assert_nothing, background_of, containers, log, moments, pause, rounds};
use crate::harness::container::unique;
use crate::harness::own_engine::{IMAGE, OwnEngine};
use crate::harness::run::{PATIENCE, eventually};

#[test]
fn the_engine() {
    let engine = OwnEngine::start();
    let mut random = moments(4);
    let mut seen = BTreeMap::new();
    let kinds = [(Event::EngineRestarted, rounds(1, 10)), (Event::EngineKilled, rounds(1, 5))];
    for (event, count) in kinds {
        for round in 0..count {
            let ending = end_in_mid_run(&engine, event, round % 2 == 1, &mut random);
            *seen.entry((event, ending)).or_insert(0) += 1;
        }
        eprintln!("{count} times {event:?}");
    }
    eprintln!("{seen:#?}");
}

fn end_in_mid_run(
    engine: &OwnEngine,
    event: Event,
    detached: bool,
    random: &mut fastrand::Rng,
) -> &'static str {
    let (stage, name) = (Stage::at(&engine.docker_host()), unique("engine"));
    // Every other one does not end when it is told to.
    let handler = if random.bool() { format!("exit {STOPPED}") } else { ":".to_owned() };
    let script = format!("trap '{handler}' TERM; echo ready; while :; do sleep 0.1; done");
    let mode = if detached { "-d" } else { "-i" };
    let options = [mode, "--network=none", "--stop-timeout=1", "--name", &name, IMAGE, "sh", "-c", &script];
    let running = stage.start(&options);
    let mut owner = running.pid();
    if detached {
        eventually(PATIENCE, "one stays in the background", || {
            background_of(&name).inspect(|pid| owner = *pid).is_some()
        });
    }
    eventually(PATIENCE, "both containers run", || {
        let found = containers(&stage.host, &[owner]).unwrap_or_default();
        found.len() == 2 && found.iter().all(super::Found::is_running)
    });
    pause(random, Duration::from_millis(500));
    engine.end(if event == Event::EngineKilled { "KILL" } else { "TERM" });
    pause(random, Duration::from_millis(500));
    engine.start_again();
    let outcome = running.outcome();
    let ending = if detached {
        assert_eq!(outcome.code, 0, "{outcome:?}");
        check_log(event, &log(&stage.host, &name))
    } else {
        check_outcome(event, &outcome)
    };
    assert_nothing(&stage.host, &[owner]);
    ending
}

/// No exit code is left of the one in the background: it is the one that goes with its last line.
fn check_log(event: Event, log: &str) -> &'static str {
    let fails =
        log.lines().any(|line| !line.starts_with("credrun: warning: ") && !line.starts_with("  hint: "));
    check(event, if fails { 125 } else { 137 }, log)
}

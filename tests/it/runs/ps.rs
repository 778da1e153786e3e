//! `credrun ps`, and the completion of what it lists.

use credrun::refresh::labels::{Mode, Network};
use serde_json::{Value, json};

use super::stage::{Keeper, Run, credrun, labels_of_another_machine};
use crate::harness::host::{Host, image};
use crate::harness::run::{PATIENCE, eventually};

/// The run's object in the output of `credrun ps --format json`.
fn listed(host: &Host, run: &Run) -> Option<Value> {
    let outcome = credrun(host, &["ps", "--format", "json"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    let objects: Vec<Value> =
        outcome.text().lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    objects.into_iter().find(|object| object["Run"] == run.labels.run.as_str())
}

#[test]
fn each_run_is_listed_with_who_looks_after_it() {
    let (host, alive, keeper) = (Host::new(), Keeper::start(), Keeper::start());
    let own = Run::of(alive.labels(Mode::Foreground, Network::Agents)).with_agent().with_target();
    let making = Run::of(alive.labels(Mode::Foreground, Network::Agents)).create_agent();
    let elsewhere = Run::of(labels_of_another_machine(Mode::Detached)).with_agent().with_target();
    let held = Run::of(keeper.labels(Mode::Detached, Network::Agents)).with_agent().with_target();
    keeper.end();

    let pid = own.labels.owner.pid().to_string();
    let table = credrun(&host, &["ps"]);
    assert_eq!((table.code, table.stderr.as_str()), (0, ""), "{table:?}");
    let text = table.text();
    assert_eq!(
        text.lines().next().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).as_deref(),
        Some("RUN NAME IMAGE STATE SINCE OWNER")
    );
    for (run, name, image, state, owner) in [
        (&own, own.target.as_str(), image(), "running", pid.as_str()),
        (&making, "-", "-", "no container", &pid),
        (&elsewhere, &elsewhere.target, image(), "running", "other machine"),
        (&held, &held.target, image(), "running", "gone"),
    ] {
        let row = text.lines().find(|line| line.starts_with(run.labels.run.as_str()));
        let cells: Vec<_> =
            row.unwrap_or_default().split("   ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        assert_eq!([cells[1], cells[2], cells[3], cells[5]], [name, image, state, owner], "{text}");
        assert!(cells[4].ends_with(" ago"), "{text}");
    }
    let object = listed(&host, &held).expect("it is listed");
    let id = held.inspect(&held.target, "{{.Id}}");
    assert_eq!(
        (&object["Owner"], &object["Mode"], &object["ID"]),
        (&json!("gone"), &json!("detached"), &json!(id))
    );
    assert_eq!(listed(&host, &making).expect("it is listed")["Name"], Value::Null);
}

#[test]
fn the_engine_is_chosen_as_for_a_run() {
    let keeper = Keeper::start();
    let run = Run::on_podman(keeper.labels(Mode::Foreground, Network::Agents)).with_agent().with_target();
    let address = crate::harness::host::required_variable("CREDRUN_TEST_PODMAN");
    let nowhere = Host::new().with("DOCKER_HOST", "unix:///nonexistent");
    for arguments in [["-H", &address, "ps"], ["ps", "--host", &address]] {
        let outcome = credrun(&nowhere, &arguments);
        assert!(outcome.text().contains(run.labels.run.as_str()), "{arguments:?} {outcome:?}");
    }
    let outcome = credrun(&nowhere, &["ps"]);
    assert_eq!(outcome.code, 125, "{outcome:?}");
    assert!(outcome.stderr.contains("/nonexistent"), "{outcome:?}");
}

#[test]
fn shells_are_offered_the_runs() {
    let keeper = Keeper::start();
    let run = Run::of(keeper.labels(Mode::Foreground, Network::Agents)).with_agent().with_target();
    let (host, beginning) = (Host::new(), &run.target[..run.target.len() - 1]);
    // An engine that is busy for longer than anybody waits for a Tab has nothing to offer.
    eventually(PATIENCE, "the run is offered", || {
        let outcome = credrun(&host, &["__complete", "stop", "--time", "5", "other", beginning]);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
        outcome.text() == run.target
    });
}

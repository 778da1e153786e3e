//! `credrun stop`.

use credrun::refresh::labels::{Mode, Network};

use super::stage::{Keeper, Run, credrun, labels_of_another_machine};
use crate::harness::container::unique;
use crate::harness::host::Host;
use crate::harness::run::{Outcome, PATIENCE, eventually};

const SCRIPT: &str = "trap 'exit 7' USR1; trap '' TERM; echo ready; while :; do sleep 0.1; done";

#[track_caller]
fn assert_stopped(outcome: &Outcome, names: &[&str]) {
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    assert_eq!(outcome.text().lines().collect::<Vec<_>>(), names, "{outcome:?}");
}

/// Its owner lives, so that what is left of it can be looked at.
#[test]
fn a_container_ends_as_docker_stop_ends_it() {
    let (host, keeper) = (Host::new(), Keeper::start());
    let new = |options: &[&str]| {
        let run = Run::of(keeper.labels(Mode::Foreground, Network::Agents)).with_agent();
        let network = format!("--network=container:{}", run.agent);
        run.with_script(&[options, &[&network]].concat(), SCRIPT)
    };
    for (options, arguments, code) in [
        (&["--stop-signal=USR1"][..], &[][..], "7"),
        (&["--stop-timeout=1"], &[], "137"),
        (&["--stop-timeout=3600"], &["--time", "1"], "137"),
        (&["--stop-timeout=3600"], &["-t1"], "137"),
        (&["--stop-signal=USR1"], &["--timeout=-1"], "7"),
    ] {
        let run = new(options);
        let outcome = credrun(&host, &[&["stop"], arguments, &[&run.target]].concat());
        assert_stopped(&outcome, &[&run.target]);
        assert_eq!(run.inspect(&run.target, "{{.State.ExitCode}}").as_deref(), Some(code), "{options:?}");
        assert_eq!(run.agent_state().as_deref(), Some("running"), "that is its owner's");
    }
}

#[test]
fn what_nobody_looks_after_is_removed_too() {
    for new in [Run::of, Run::on_podman] {
        let keeper = Keeper::start();
        let all =
            [(); 3].map(|()| new(keeper.labels(Mode::Detached, Network::Agents)).with_agent().with_target());
        keeper.end();
        let id = all[1].inspect(&all[1].target, "{{.Id}}").expect("it runs");
        let names = [&all[0].target, &id[..12], &all[2].labels.run.as_str()[..12]];
        let outcome = credrun(&all[0].host(), &[&["stop", "--time", "1"], &names[..]].concat());
        assert_stopped(&outcome, &names);
        for run in &all {
            eventually(PATIENCE, "the run is gone", || run.is_gone());
        }
    }
}

/// Whether its owner still lives cannot be told: it is given time to clean up.
#[test]
fn a_run_of_another_machine_is_ended_as_well() {
    let run = Run::of(labels_of_another_machine(Mode::Detached)).with_agent().with_target();
    let outcome = credrun(&run.host(), &["stop", "-t", "1", &run.target]);
    assert_stopped(&outcome, &[&run.target]);
    eventually(PATIENCE, "the run is gone", || run.is_gone());
}

#[test]
fn one_that_is_unknown_does_not_keep_the_others() {
    let (host, keeper) = (Host::new(), Keeper::start());
    let run = Run::of(keeper.labels(Mode::Detached, Network::Agents)).with_agent().with_target();
    let making = Run::of(keeper.labels(Mode::Detached, Network::Agents)).create_agent().create_target();
    let [first, last] = ["first", "last"].map(unique);
    let arguments = ["stop", "-t", "1", &first, &run.target, &making.target, &last];
    let outcome = credrun(&host, &arguments);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert_eq!(outcome.text(), run.target, "{outcome:?}");
    for unknown in [&first, &last] {
        assert!(outcome.stderr.contains(&format!("credrun: there is no run `{unknown}`")), "{outcome:?}");
    }
    let refused = format!("credrun: `{}`: its container is not running", making.target);
    assert!(outcome.stderr.contains(&refused), "{outcome:?}");
    assert!(outcome.stderr.contains(&format!("kill {}", making.labels.owner.pid())), "{outcome:?}");
    assert_eq!(making.target_state().as_deref(), Some("created"), "it is its owner's to start");
    // Its owner is to see to the rest, and the engine removes what has ended (`--rm`).
    eventually(PATIENCE, "the container has ended", || run.target_state().is_none());
    assert_eq!(run.agent_state().as_deref(), Some("running"));
}

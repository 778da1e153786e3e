//! What is swept, and what is left alone.

use std::process::Stdio;

use credrun::refresh::labels::{Mode, Network, Role};

use super::stage::{Keeper, Run, credrun, labels_of_another_machine, sweep};
use crate::bodies::engine::FakeEngine;
use crate::harness::container::{docker, docker_ok, unique};
use crate::harness::host::{Host, Program, image};
use crate::harness::run::{PATIENCE, eventually, start};

#[test]
fn what_nobody_looks_after_is_swept() {
    let keeper = Keeper::start();
    let new = |mode| Run::of(keeper.labels(mode, Network::Agents));
    let never_started = new(Mode::Foreground).create_agent().create_target();
    let without_target = [new(Mode::Foreground).create_agent(), new(Mode::Detached).with_agent()];
    let agent_killed = [Mode::Foreground, Mode::Detached].map(|mode| new(mode).with_agent().with_target());
    let agent_killed = agent_killed.map(Run::kill_agent);
    let in_the_foreground = new(Mode::Foreground).with_agent().with_target();
    // As long as somebody looks after them, none of this is touched.
    sweep(&Host::new());
    assert_eq!(never_started.target_state().as_deref(), Some("created"));
    assert_eq!(agent_killed[0].target_state().as_deref(), Some("running"));
    keeper.end();
    for run in without_target.iter().chain(&agent_killed).chain([&never_started, &in_the_foreground]) {
        run.wait_swept();
    }
}

#[test]
fn what_goes_on_is_left_alone() {
    let alive = Keeper::start();
    let looked_after =
        Run::of(alive.labels(Mode::Foreground, Network::Agents)).create_agent().create_target();
    let elsewhere = Run::of(labels_of_another_machine(Mode::Foreground)).with_agent().with_target();
    let starting = Run::of(labels_of_another_machine(Mode::Foreground)).create_agent();

    let keeper = Keeper::start();
    let held = Run::of(keeper.labels(Mode::Detached, Network::Agents)).with_agent().with_target();
    let shared = Run::of(keeper.labels(Mode::Foreground, Network::Shared))
        .with_agent()
        .with_script(&["--rm", "--network=host"], "echo ready; exec sleep 3600")
        .kill_agent();
    // The youngest: when it is gone, the sweep has come to all of the others.
    let last = Run::of(keeper.labels(Mode::Foreground, Network::Agents)).create_agent();
    keeper.end();
    last.wait_swept();
    sweep(&Host::new());

    for (run, agent, target) in [
        (&looked_after, Some("created"), Some("created")),
        (&elsewhere, Some("running"), Some("running")),
        (&starting, Some("created"), None),
        (&held, Some("running"), Some("running")),
    ] {
        let states = (run.agent_state(), run.target_state());
        assert_eq!((states.0.as_deref(), states.1.as_deref()), (agent, target), "{:?}", run.labels);
    }
    // Of this one only the container that was asked for goes on.
    eventually(PATIENCE, "the agent is swept", || {
        sweep(&Host::new());
        shared.agent_state().is_none()
    });
    assert_eq!(shared.target_state().as_deref(), Some("running"));
}

#[test]
fn what_is_held_goes_when_its_container_has_ended() {
    let keeper = Keeper::start();
    let held = Run::of(keeper.labels(Mode::Detached, Network::Agents)).with_agent().with_target();
    keeper.end();
    sweep(&Host::new());
    assert_eq!(held.target_state().as_deref(), Some("running"));
    held.docker(&["kill", &held.target]);
    held.wait_swept();
}

/// An image of a run's container has its labels, and so has every container of that image.
#[test]
fn labels_of_an_image_or_of_a_user_make_no_run() {
    let keeper = Keeper::start();
    let run = Run::of(keeper.labels(Mode::Foreground, Network::Agents)).create_agent().create_target();
    let committed = Image(format!("{}:latest", unique("committed")));
    run.docker_ok(&["commit", &run.target, &committed.0]);
    let of_image = Run::of(keeper.labels(Mode::Foreground, Network::Agents));
    docker_ok(&["create", "--name", &of_image.target, "--network=none", &committed.0, "true"]);
    let labels = of_image.inspect(&of_image.target, "{{json .Config.Labels}}").expect("it is there");
    assert!(labels.contains(run.labels.run.as_str()), "{labels}");

    // Not all of the labels are there, and one of them has another form.
    let users = Run::of(keeper.labels(Mode::Foreground, Network::Agents));
    for (name, role, missing) in [(&users.target, Role::Target, 3), (&users.agent, Role::Agent, 4)] {
        let pairs = users.labels.pairs(role).into_iter().enumerate().filter(|(at, _)| *at != missing);
        let labels: Vec<_> = pairs.map(|(_, (name, value))| format!("--label={name}={value}")).collect();
        let labels: Vec<_> = labels.iter().map(String::as_str).collect();
        docker_ok(&[&["create", "--name", name, "--network=none"][..], &labels, &[image(), "true"]].concat());
    }

    keeper.end();
    run.wait_swept();
    sweep(&Host::new());
    assert_eq!(of_image.target_state().as_deref(), Some("created"), "its labels are its image's");
    let states = [users.agent_state(), users.target_state()];
    assert_eq!(states.map(Option::unwrap_or_default), ["created", "created"]);
}

struct Image(String);

impl Drop for Image {
    fn drop(&mut self) {
        docker(&["rmi", "--force", &self.0]);
    }
}

#[test]
fn sweeps_side_by_side_do_not_fail() {
    let keeper = Keeper::start();
    let runs: Vec<_> = (0..4)
        .map(|_| Run::of(keeper.labels(Mode::Foreground, Network::Agents)).with_agent().create_target())
        .collect();
    keeper.end();
    let host = Host::new();
    let all: Vec<_> =
        (0..6).map(|_| start(host.command(Program::Credrun, &["version"]).stdin(Stdio::null()))).collect();
    for running in all {
        let outcome = running.outcome();
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    }
    runs.iter().for_each(Run::wait_swept);
}

/// A run is another's broom, and says nothing of it.
#[test]
fn a_run_sweeps_beside_its_own_work() {
    let keeper = Keeper::start();
    let left = Run::of(keeper.labels(Mode::Foreground, Network::Agents)).create_agent().create_target();
    keeper.end();
    eventually(PATIENCE, "a run sweeps", || {
        let outcome = credrun(&Host::new(), &["--network=none", image(), "sh", "-c", "echo done; exit 3"]);
        assert_eq!((outcome.code, outcome.text().as_str()), (3, "done"), "{outcome:?}");
        assert_eq!(outcome.stderr, "", "{outcome:?}");
        left.is_gone()
    });
}

/// This engine refuses whatever is asked of it, the list of containers too.
#[test]
fn a_sweep_that_fails_is_in_the_log_alone() {
    let host = Host::new();
    let engine = FakeEngine::start(&host.root().join("engine.sock"), (1, 41), "linux");
    let host = host.with("DOCKER_HOST", format!("unix://{}", engine.socket().display()));
    let outcome = credrun(&host, &["busybox"]);
    assert_eq!(outcome.stderr, "credrun: error response from the engine: refused\n", "{outcome:?}");
    // A run that has ended does not wait for it for long.
    let host = host.with("CREDRUN_LOG", "credrun=debug");
    eventually(PATIENCE, "the log tells", || {
        credrun(&host, &["busybox"]).stderr.contains("nothing is swept")
    });
}

/// Podman removes no container that another one's network depends on.
#[test]
fn on_podman_the_target_goes_first() {
    let keeper = Keeper::start();
    let run = Run::on_podman(keeper.labels(Mode::Foreground, Network::Agents));
    let run = run.with_agent().with_target().kill_agent();
    let new = Run::on_podman(keeper.labels(Mode::Foreground, Network::Agents)).create_agent().create_target();
    let held = Run::on_podman(keeper.labels(Mode::Detached, Network::Agents)).with_agent().with_target();
    keeper.end();
    run.wait_swept();
    new.wait_swept();
    let states = [held.agent_state(), held.target_state()];
    assert_eq!(states.map(Option::unwrap_or_default), ["running", "running"]);
}

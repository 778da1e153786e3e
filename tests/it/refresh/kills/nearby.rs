//! What else can happen to a run in the middle of it, each at a moment that the test chooses.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;

use super::super::stage::{ASK, Stage, agent_of};
use super::table::{Event, check, check_outcome};
use super::{assert_nothing, background_of, containers, is_long};
use crate::harness::container::{Container, docker_ok};
use crate::harness::host::image;
use crate::harness::proxy::Proxy;
use crate::harness::run::{Outcome, PATIENCE, Running, eventually, wait, within};

/// Asks again and again until it has ended, as one does who has had enough.
fn give_up(mut running: Running) -> Outcome {
    let ended = within(PATIENCE, || {
        let has_ended = running.has_ended();
        if !has_ended {
            running.signal(Signal::INT);
        }
        has_ended
    });
    assert!(ended, "it cannot be given up");
    running.outcome()
}

#[test]
fn the_third_interrupt_ends_it_whatever_hangs() {
    let phases =
        [("/containers/create", 1), ("/attach", 1), ("/start", 1), ("/containers/create", 2), ("/start", 2)];
    std::thread::scope(|scope| {
        for (request, nth) in phases {
            scope.spawn(move || {
                let (proxy, target) = (Proxy::start(), Container::named("given-up"));
                proxy.hold(request, nth);
                let stage = Stage::at(&proxy.docker_host());
                let running = stage.start(&["--name", &target.name, image(), "sleep", "600"]);
                let owner = running.pid();
                proxy.wait_held();
                check_outcome(Event::GivenUp, &give_up(running));
                assert_nothing(&Stage::new().host, &[owner]);
            });
        }
    });
}

#[test]
fn an_interrupt_ends_the_wait_for_an_image() {
    let registry = TcpListener::bind("127.0.0.1:0").expect("a port");
    registry.set_nonblocking(true).expect("a listener");
    let name = format!("{}/never:comes", registry.local_addr().expect("an address"));
    let stage = Stage::new();
    let running = stage.start(&[&name]);
    let owner = running.pid();
    let mut connection = None;
    eventually(PATIENCE, "the engine asks the registry", || {
        connection = registry.accept().ok();
        connection.is_some()
    });
    running.signal(Signal::INT);
    let outcome = running.outcome();
    assert_eq!(outcome.code, 130, "{outcome:?}");
    assert!(outcome.stderr.contains("the container was not started: interrupted by SIGINT"), "{outcome:?}");
    assert_nothing(&stage.host, &[owner]);
}

#[test]
fn an_agent_that_is_removed_before_the_container_runs_is_told_as_such() {
    for (request, nth) in [("/containers/create", 1), ("/attach", 1), ("/start", 1), ("/start", 2)] {
        let (proxy, target) = (Proxy::start(), Container::named("agent-removed"));
        proxy.hold(request, nth);
        let stage = Stage::at(&proxy.docker_host());
        let running = stage.start(&["--name", &target.name, image(), "sleep", "600"]);
        let owner = running.pid();
        proxy.wait_held();
        let engine = Stage::new();
        let found = containers(&engine.host, &[owner]).expect("the engine answers");
        let agent = found.into_iter().find(|one| one.is_agent).expect("it is there");
        docker_ok(&["rm", "--force", &agent.id]);
        proxy.release();
        check_outcome(Event::AgentKilled, &running.outcome());
        assert_nothing(&engine.host, &[owner]);
    }
}

#[test]
fn either_container_is_removed_by_force() {
    for event in [Event::AgentKilled, Event::TargetRemoved] {
        let (stage, target) = (Stage::new(), Container::named("removed"));
        let running = stage.start(&["--name", &target.name, image(), "sh", "-c", "echo ready; sleep 600"]);
        let owner = running.pid();
        running.wait_for("ready");
        let agent = agent_of(&target).expect("it has an agent");
        docker_ok(&["rm", "--force", if event == Event::AgentKilled { &agent } else { &target.name }]);
        check_outcome(event, &running.outcome());
        assert_nothing(&stage.host, &[owner]);
    }
}

#[test]
fn a_closed_stdout_ends_both() {
    for options in [&["yes"][..], &["sleep", "600"]] {
        let (stage, target) = (Stage::new(), Container::named("stdout"));
        let mode = if options.len() == 1 { "-i" } else { "-d" };
        let arguments = [&[mode, "--name", &target.name, image()], options].concat();
        let mut command = stage.command(&arguments);
        let log = tempfile::tempfile().expect("a file");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log.try_clone().expect("a file"));
        let mut child = command.spawn().expect("credrun");
        drop(child.stdout.take());
        let mut owners = vec![child.id()];
        let mut code = None;
        within(PATIENCE, || {
            owners.extend(background_of(&target.name));
            code = wait(&mut child, Duration::ZERO);
            code.is_some()
        });
        check(Event::StdoutClosed, code.expect("it has ended"), &text(log));
        assert_nothing(&stage.host, &owners);
    }
}

fn text(mut file: std::fs::File) -> String {
    use std::io::{Read, Seek};
    let mut text = String::new();
    file.rewind().expect("a file");
    file.read_to_string(&mut text).expect("text");
    text
}

/// For longer than the agent may hear nothing: it has wiped the keys when it goes on, and is given them again.
#[test]
fn an_agent_that_is_paused_for_a_while_has_the_keys_again() {
    if !is_long() {
        return;
    }
    let (stage, target) = (Stage::new(), Container::named("paused"));
    let script = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done";
    let running = stage.start(&["--name", &target.name, image(), "sh", "-c", script]);
    let owner = running.pid();
    running.wait_for("ready");
    let agent = agent_of(&target).expect("it has an agent");
    let ask = || docker_ok(&["exec", &target.name, "python3", "-c", ASK]);
    assert!(ask().starts_with("200 "));
    docker_ok(&["pause", &agent]);
    std::thread::sleep(Duration::from_secs(20));
    docker_ok(&["unpause", &agent]);
    eventually(PATIENCE, "the keys are served again", || ask().starts_with("200 "));
    docker_ok(&["stop", &target.name]);
    let outcome = running.outcome();
    check_outcome(Event::AgentPaused, &outcome);
    assert!(outcome.stderr.contains("it says nothing for 15 seconds"), "{outcome:?}");
    assert!(outcome.stderr.contains("the agent is connected again"), "{outcome:?}");
    assert_nothing(&stage.host, &[owner]);
}

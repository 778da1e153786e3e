//! Where `docker run` leaves a container running that nobody looks after, credrun does not: it holds credentials.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::Signal;

use super::harness::container::{Container, docker_ok};
use super::harness::host::{BOTH, Host, Program, image};
use super::harness::run::{PATIENCE, run, start, wait};

#[test]
fn a_closed_stdout_ends_the_container() {
    let host = Host::new();
    let container = Container::named("head");
    let arguments = [&container.options()[..], &[image(), "yes"]].concat();
    let mut command = host.command(Program::Credrun, &arguments);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("credrun");
    // What `| head -1` does.
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    stdout.read_line(&mut line).expect("a line");
    drop(stdout);
    assert_eq!(line, "y\n");
    let code = wait(&mut child, PATIENCE);
    assert!(!container.exists(), "the container is gone before credrun is");
    assert_eq!(code, Some(1));
}

#[test]
fn the_third_interrupt_ends_the_container() {
    let script = "n=0; trap 'n=$((n+1)); echo got $n' INT; echo ready; while :; do sleep 0.1; done";
    let host = Host::new();
    let container = Container::named("third");
    let arguments = [&container.options()[..], &[image(), "sh", "-c", script]].concat();
    let running = start(&mut host.command(Program::Credrun, &arguments));
    running.wait_for("ready");
    for count in 1..=2 {
        running.signal(Signal::INT);
        running.wait_for(&format!("got {count}"));
    }
    running.signal(Signal::INT);
    let outcome = running.outcome();
    assert!(!container.exists(), "the container is gone before credrun is");
    assert_eq!(outcome.code, 1, "{outcome:?}");
}

#[test]
fn a_name_that_is_taken_is_left_alone() {
    let taken = Container::named("taken");
    docker_ok(&["run", "--detach", "--network=none", "--name", &taken.name, image(), "sleep", "600"]);
    let id = taken.inspect("{{.Id}}");
    for program in BOTH {
        let outcome =
            run(&mut Host::new()
                .command(program, &["--name", &taken.name, "--network=none", image(), "true"]));
        assert_eq!(outcome.code, 125, "{program:?}: {outcome:?}");
        assert!(outcome.stderr.contains(&taken.name), "{program:?}: {outcome:?}");
        assert!(outcome.stderr.contains("is already in use"), "{program:?}: {outcome:?}");
        assert_eq!(taken.inspect("{{.Id}}"), id, "{program:?} took it away");
    }
}

#[test]
fn a_start_that_fails_leaves_nothing() {
    for program in BOTH {
        for detach in [&[][..], &["--detach"]] {
            let container = Container::named("no-start");
            let rest = [image(), "no-such-command"];
            let arguments = [&container.options()[..], detach, &rest].concat();
            let outcome = run(&mut Host::new().command(program, &arguments));
            assert_eq!(outcome.code, 127, "{program:?} {detach:?}: {outcome:?}");
            let gone = container.is_gone_within(PATIENCE);
            assert!(gone, "{program:?} {detach:?} left a container");
        }
    }
}

#[test]
fn a_detached_run_prints_the_id_and_lives_on() {
    for program in BOTH {
        let container = Container::named("detached");
        let arguments = [&container.options()[..], &["--detach", image(), "sleep", "600"]].concat();
        let outcome = run(&mut Host::new().command(program, &arguments));
        assert_eq!(outcome.code, 0, "{program:?}: {outcome:?}");
        assert_eq!(Some(outcome.text()), container.inspect("{{.Id}}"), "{program:?}");
        assert_eq!(container.inspect("{{.State.Running}}").as_deref(), Some("true"), "{program:?}");
        docker_ok(&["kill", &container.name]);
        assert!(container.is_gone_within(PATIENCE), "{program:?}: --rm holds for a detached run");
    }
}

#[test]
fn with_rm_false_the_container_stays() {
    let container = Container::named("kept");
    let arguments = [&container.options()[..], &["--rm=false", image(), "sh", "-c", "exit 3"]].concat();
    let outcome = run(&mut Host::new().command(Program::Credrun, &arguments));
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert_eq!(container.inspect("{{.State.ExitCode}}").as_deref(), Some("3"));
}

#[test]
fn a_detached_run_that_cannot_tell_its_id_is_ended() {
    let host = Host::new();
    let container = Container::named("untold");
    let arguments = [&["-d"], &container.options()[..], &[image(), "sleep", "600"]].concat();
    let mut command = host.command(Program::Credrun, &arguments);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("credrun");
    drop(child.stdout.take());
    let code = wait(&mut child, PATIENCE);
    assert!(!container.exists(), "nobody knows of it");
    assert_eq!(code, Some(1));
}

#[test]
fn a_closed_stderr_stops_nothing() {
    let host = Host::new();
    let container = Container::named("stderr");
    let arguments = [&["--verbose"], &container.options()[..], &[image(), "sh", "-c", "exit 7"]].concat();
    let mut command = host.command(Program::Credrun, &arguments);
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("credrun");
    drop(child.stderr.take());
    let code = wait(&mut child, PATIENCE);
    assert!(!container.exists(), "the container has ended");
    assert_eq!(code, Some(7));
}

#[test]
fn a_hangup_ends_the_container_when_signals_are_not_passed_on() {
    let host = Host::new();
    let container = Container::named("hangup");
    let script = "echo ready; exec sleep 600";
    let arguments =
        [&["--sig-proxy=false"], &container.options()[..], &[image(), "sh", "-c", script]].concat();
    let running = start(&mut host.command(Program::Credrun, &arguments));
    running.wait_for("ready");
    running.signal(Signal::HUP);
    let outcome = running.outcome();
    assert!(!container.exists(), "the container is gone before credrun is");
    assert_eq!(outcome.code, 129, "{outcome:?}");
}

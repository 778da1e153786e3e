//! Exit codes are `docker run`'s for the same container.

use rustix::process::Signal;

use super::harness::container::{Container, docker_ok};
use super::harness::host::{BOTH, Host, image};
use super::harness::run::{run, start};

/// Both programs end with `code` for these arguments behind `--name`, and leave no container.
fn both_end_with(code: i32, topic: &str, arguments: &[&str]) {
    for program in BOTH {
        let host = Host::new();
        let container = Container::named(topic);
        let all = [&container.options()[..], arguments].concat();
        let outcome = run(&mut host.command(program, &all));
        assert_eq!(outcome.code, code, "{program:?} {arguments:?}: {outcome:?}");
        assert!(!container.exists(), "{program:?} {arguments:?} left a container");
    }
}

#[test]
fn the_command_s_own() {
    both_end_with(0, "zero", &[image(), "true"]);
    both_end_with(42, "forty-two", &[image(), "sh", "-c", "exit 42"]);
}

#[test]
fn found_but_not_executable_is_126() {
    both_end_with(126, "mode", &[image(), "/not-executable"]);
    both_end_with(126, "directory", &[image(), "/etc"]);
}

#[test]
fn not_found_is_127() {
    both_end_with(127, "path", &[image(), "/no/such/command"]);
    both_end_with(127, "word", &[image(), "no-such-command"]);
}

#[test]
fn a_bad_flag_or_value_is_125() {
    both_end_with(125, "flag", &["--no-such-flag", image(), "true"]);
    both_end_with(125, "value", &["--memory", "much", image(), "true"]);
    both_end_with(125, "refused", &["--volume", "not/absolute:relative", image(), "true"]);
}

#[test]
fn no_image_is_1() {
    both_end_with(1, "no-image", &["--interactive"]);
}

#[test]
fn no_engine_is_125() {
    for program in BOTH {
        let host = Host::new().with("DOCKER_HOST", "unix:///nonexistent/docker.sock");
        let outcome = run(&mut host.command(program, &[image(), "true"]));
        assert_eq!(outcome.code, 125, "{program:?}: {outcome:?}");
        assert!(outcome.stderr.contains("/nonexistent/docker.sock"), "{program:?}: {outcome:?}");
    }
}

#[test]
fn killed_is_137() {
    for program in BOTH {
        let host = Host::new();
        let container = Container::named("killed");
        let arguments = [&container.options()[..], &[image(), "sleep", "600"]].concat();
        let running = start(&mut host.command(program, &arguments));
        container.wait_running();
        docker_ok(&["kill", &container.name]);
        let outcome = running.outcome();
        assert_eq!(outcome.code, 137, "{program:?}: {outcome:?}");
    }
}

#[test]
fn terminated_is_143() {
    for program in BOTH {
        let host = Host::new();
        let container = Container::named("terminated");
        // The first process of a container ignores what it does not handle: --init puts one before it.
        let script = "echo ready; exec sleep 600";
        let arguments = [&container.options()[..], &["--init", image(), "sh", "-c", script]].concat();
        let running = start(&mut host.command(program, &arguments));
        running.wait_for("ready");
        running.signal(Signal::TERM);
        let outcome = running.outcome();
        assert_eq!(outcome.code, 143, "{program:?}: {outcome:?}");
        assert!(!container.exists(), "{program:?} left a container");
    }
}

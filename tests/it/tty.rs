//! Terminals: raw while it runs and as before afterwards, whatever the way out; sizes; detach keys.

use std::process::Stdio;

use rustix::process::Signal;

use super::harness::container::{Container, docker_ok};
use super::harness::host::{BOTH, Host, Program, image};
use super::harness::pty::{Terminal, end};
use super::harness::run::{PATIENCE, eventually, run_with_input, send, wait};

#[test]
fn raw_while_it_runs_and_as_before_afterwards() {
    for program in BOTH {
        let (host, terminal, container) = (Host::new(), Terminal::open(), Container::named("raw"));
        let before = terminal.modes();
        let script = "stty -echo; echo ready; read line; echo \"got $line\"; exit 5";
        let arguments = [&container.options()[..], &["-it", image(), "sh", "-c", script]].concat();
        let mut child = terminal.start(&mut host.command(program, &arguments));
        terminal.wait_for("ready");
        assert!(terminal.is_raw(), "{program:?}: {}", terminal.modes());
        terminal.write(b"typed\r");
        let outcome = terminal.outcome(&mut child);
        assert_eq!(terminal.modes(), before, "{program:?}");
        let text = String::from_utf8_lossy(&outcome.output).into_owned();
        assert!(text.ends_with("got typed\r\n"), "{program:?}: {text:?}");
        assert_eq!(outcome.code, 5, "{program:?}: {text:?}");
    }
}

#[test]
fn as_before_after_a_start_that_fails() {
    for program in BOTH {
        let (host, terminal, container) = (Host::new(), Terminal::open(), Container::named("raw-127"));
        let before = terminal.modes();
        let arguments = [&container.options()[..], &["-it", image(), "no-such-command"]].concat();
        let outcome = terminal.run(&mut host.command(program, &arguments));
        assert_eq!(outcome.code, 127, "{program:?}: {outcome:?}");
        assert_eq!(terminal.modes(), before, "{program:?}");
    }
}

#[test]
fn as_before_when_the_container_is_killed() {
    let (host, terminal, container) = (Host::new(), Terminal::open(), Container::named("raw-137"));
    let before = terminal.modes();
    let script = "echo ready; sleep 600";
    let arguments = [&container.options()[..], &["-it", image(), "sh", "-c", script]].concat();
    let mut child = terminal.start(&mut host.command(Program::Credrun, &arguments));
    terminal.wait_for("ready");
    assert!(terminal.is_raw());
    docker_ok(&["kill", &container.name]);
    assert_eq!(terminal.outcome(&mut child).code, 137);
    assert_eq!(terminal.modes(), before);
}

#[test]
fn as_before_after_the_third_termination() {
    let (host, terminal, container) = (Host::new(), Terminal::open(), Container::named("raw-third"));
    let before = terminal.modes();
    let script = "n=0; trap 'n=$((n+1)); echo got $n.' TERM; echo ready; while :; do sleep 0.1; done";
    let arguments = [&container.options()[..], &["-it", image(), "sh", "-c", script]].concat();
    let mut child = terminal.start(&mut host.command(Program::Credrun, &arguments));
    terminal.wait_for("ready");
    assert!(terminal.is_raw());
    for count in 1..=2 {
        send(&child, Signal::TERM);
        terminal.wait_for(&format!("got {count}."));
    }
    send(&child, Signal::TERM);
    assert_eq!(terminal.outcome(&mut child).code, 1, "{}", terminal.text());
    assert_eq!(terminal.modes(), before);
    assert!(!container.exists(), "the container is gone before credrun is");
}

#[test]
fn a_typed_ctrl_c_is_a_byte_for_the_container() {
    for program in BOTH {
        let (host, terminal, container) = (Host::new(), Terminal::open(), Container::named("ctrl-c"));
        let script = "trap 'echo interrupted; exit 8' INT; echo ready; while :; do sleep 0.1; done";
        let arguments = [&container.options()[..], &["-it", image(), "sh", "-c", script]].concat();
        let mut child = terminal.start(&mut host.command(program, &arguments));
        terminal.wait_for("ready");
        terminal.write(b"\x03");
        let outcome = terminal.outcome(&mut child);
        assert_eq!(outcome.code, 8, "{program:?}: {outcome:?}");
    }
}

#[test]
fn the_window_s_size_reaches_the_container() {
    for program in BOTH {
        let (host, terminal, container) = (Host::new(), Terminal::open(), Container::named("size"));
        // Asked again and again: the first size comes after the start.
        let script = "while :; do stty size; sleep 0.2; done";
        let arguments = [&container.options()[..], &["-it", image(), "sh", "-c", script]].concat();
        let mut child = terminal.start(&mut host.command(program, &arguments));
        terminal.wait_for("30 90");
        terminal.resize(41, 123);
        terminal.wait_for("41 123");
        docker_ok(&["kill", &container.name]);
        assert_eq!(terminal.outcome(&mut child).code, 137, "{program:?}");
    }
}

/// Runs a container that says what it is told, types `keys`, and expects to be let go while it runs on.
fn detaches(program: Program, options: &[&str], keys: &[u8]) {
    let (host, terminal, container) = (Host::new(), Terminal::open(), Container::named("detach"));
    let before = terminal.modes();
    let script = "echo ready; exec cat";
    let rest = ["-it", image(), "sh", "-c", script];
    let arguments = [&container.options()[..], options, &rest].concat();
    let mut child = terminal.start(&mut host.command(program, &arguments));
    terminal.wait_for("ready");
    terminal.write(keys);
    let outcome = terminal.outcome(&mut child);
    assert_eq!(outcome.code, 0, "{program:?} {options:?}: {outcome:?}");
    assert_eq!(terminal.modes(), before, "{program:?} {options:?}");
    let running = container.inspect("{{.State.Running}}");
    assert_eq!(running.as_deref(), Some("true"), "{program:?} {options:?}");
}

#[test]
fn detach_keys_leave_it_running() {
    for program in BOTH {
        detaches(program, &[], b"\x10\x11");
        detaches(program, &["--detach-keys", "ctrl-x,q"], b"\x18q");
    }
}

#[test]
fn half_of_the_detach_keys_is_input() {
    for program in BOTH {
        let (host, terminal, container) = (Host::new(), Terminal::open(), Container::named("half"));
        let script = "stty raw -echo; echo ready; head -c 2 | od -An -tx1; exit 4";
        let arguments = [&container.options()[..], &["-it", image(), "sh", "-c", script]].concat();
        let mut child = terminal.start(&mut host.command(program, &arguments));
        terminal.wait_for("ready");
        terminal.write(b"\x10");
        terminal.write(b"z");
        let outcome = terminal.outcome(&mut child);
        let text = String::from_utf8_lossy(&outcome.output).into_owned();
        assert!(text.contains("10 7a"), "{program:?}: {text:?}");
        assert_eq!(outcome.code, 4, "{program:?}");
    }
}

#[test]
fn it_without_a_terminal_is_refused() {
    for program in BOTH {
        let (host, container) = (Host::new(), Container::named("no-tty"));
        let arguments = [&container.options()[..], &["-it", image(), "true"]].concat();
        let outcome = run_with_input(&mut host.command(program, &arguments), b"");
        assert_eq!(outcome.code, 1, "{program:?}: {outcome:?}");
        assert!(outcome.stderr.contains("not a "), "{program:?}: {outcome:?}");
        assert!(!container.exists(), "{program:?}");
    }
}

#[test]
fn a_terminal_for_stdin_alone_is_no_reason_for_raw_mode() {
    for program in BOTH {
        let (host, terminal, container) = (Host::new(), Terminal::open(), Container::named("cooked"));
        let before = terminal.modes();
        let arguments = [&container.options()[..], &["-i", image(), "cat"]].concat();
        let mut child = terminal.start_with_stderr(&mut host.command(program, &arguments), Stdio::inherit());
        container.wait_running();
        terminal.write(b"line\n");
        // Once by the terminal's echo, once by `cat`.
        eventually(PATIENCE, "the line is back", || terminal.text().matches("line").count() == 2);
        assert_eq!(terminal.modes(), before, "{program:?}");
        terminal.write(b"\x04");
        assert_eq!(wait(&mut child, PATIENCE), Some(0), "{program:?}");
        end(&mut child);
    }
}

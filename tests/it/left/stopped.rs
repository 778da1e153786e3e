//! credrun is stopped for a time, as by `kill -STOP`, a debugger or a machine that sleeps; and Ctrl-Z.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;

use crate::harness::container::{Container, docker_ok};
use crate::harness::host::{BOTH, Host, Program, image};
use crate::harness::pty::{Terminal, end};
use crate::harness::run::{PATIENCE, Running, eventually, start, within};
use crate::harness::tier::is_long;
use crate::refresh::stage::{ASK, Stage, agent_container, assert_gone};

/// More than all pipes on the way hold.
const SIZE: usize = 20_000_000;

/// The state of a process: `T` when it is stopped.
fn state(pid: u32) -> Option<char> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("State:"))?.trim().chars().next()
}

fn stop(running: &Running) {
    running.signal(Signal::STOP);
    eventually(PATIENCE, "it is stopped", || state(running.pid()) == Some('T'));
}

#[test]
fn output_waits_and_is_all_there() {
    let refresh = [&[][..], &["--refresh"]];
    for options in &refresh[..if is_long() { 2 } else { 1 }] {
        let (stage, container) = (Stage::new(), Container::named("stopped"));
        let script = format!("echo ready; read go; head -c {SIZE} /dev/zero; exit 5");
        let arguments = [&container.options()[..], options, &["-i", image(), "sh", "-c", &script]].concat();
        let mut running = start(stage.host.command(Program::Credrun, &arguments).stdin(Stdio::piped()));
        running.wait_for("ready");
        let mut stdin = running.stdin();
        std::io::Write::write_all(&mut stdin, b"go\n").expect("it is read");
        // In the middle of it, or before the first byte.
        within(Duration::from_millis(20), || running.stdout().len() > 1_000_000);
        stop(&running);
        let held = running.stdout().len();
        // Longer than the engine takes to write it all.
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(container.inspect("{{.State.Running}}").as_deref(), Some("true"), "it waits");
        assert!(running.stdout().len() <= held + 65536 && held < SIZE);
        running.signal(Signal::CONT);
        let outcome = running.outcome();
        assert_eq!((outcome.code, outcome.stdout.len()), (5, "ready\n".len() + SIZE), "{options:?}");
        assert!(!container.exists());
        eprintln!("{options:?}: stopped after {held} of {SIZE} bytes");
    }
}

#[test]
fn a_container_that_ends_meanwhile_is_told_afterwards() {
    for program in BOTH {
        let (host, container) = (Host::new(), Container::named("ended"));
        let script = "trap 'echo told; exit 6' TERM; echo ready; while :; do sleep 0.1; done";
        let arguments = [&container.options()[..], &[image(), "sh", "-c", script]].concat();
        let running = start(&mut host.command(program, &arguments));
        running.wait_for("ready");
        stop(&running);
        docker_ok(&["stop", &container.name]);
        assert!(container.is_gone_within(PATIENCE), "{program:?}: the engine removes it by itself");
        running.signal(Signal::CONT);
        let outcome = running.outcome();
        assert_eq!((outcome.code, outcome.text().as_str()), (6, "ready\ntold"), "{program:?}: {outcome:?}");
    }
}

/// Signals that come meanwhile are kept, and reach the container.
#[test]
fn a_signal_that_comes_meanwhile_is_passed_on_afterwards() {
    for program in BOTH {
        let (host, container) = (Host::new(), Container::named("signalled"));
        let script = "trap 'exit 6' TERM; echo ready; while :; do sleep 0.1; done";
        let arguments = [&container.options()[..], &[image(), "sh", "-c", script]].concat();
        let running = start(&mut host.command(program, &arguments));
        running.wait_for("ready");
        stop(&running);
        running.signal(Signal::TERM);
        running.signal(Signal::CONT);
        assert_eq!(running.outcome().code, 6, "{program:?}");
    }
}

/// Nobody knows whether its owner is still there: the keys go, and are back when it is.
#[test]
fn under_refresh_the_keys_go_and_come_back() {
    if !is_long() {
        return;
    }
    let (stage, target) = (Stage::new(), Container::named("stopped-refresh"));
    let script = "trap 'exit 6' TERM; echo ready; while :; do sleep 0.1; done";
    for ends_meanwhile in [false, true] {
        let running = stage.start(&["--name", &target.name, image(), "sh", "-c", script]);
        running.wait_for("ready");
        let agent = agent_container(&target);
        let ask = || docker_ok(&["exec", &target.name, "python3", "-c", ASK]);
        assert!(ask().starts_with("200 "));
        stop(&running);
        eventually(PATIENCE, "the keys are wiped", || ask().starts_with("503 "));
        if ends_meanwhile {
            docker_ok(&["stop", &target.name]);
        }
        running.signal(Signal::CONT);
        if !ends_meanwhile {
            eventually(PATIENCE, "they are served again", || ask().starts_with("200 "));
            docker_ok(&["stop", &target.name]);
        }
        let outcome = running.outcome();
        assert_eq!(outcome.code, 6, "{outcome:?}");
        assert_gone(&[&target, &agent]);
        eprintln!("it ended meanwhile: {ends_meanwhile}; {}", outcome.stderr.trim());
    }
}

/// In a shell with job control: what is typed goes to the container, as a signal or as a byte, and the shell never has a
/// stopped job.
#[test]
fn ctrl_z_is_the_container_s() {
    for program in BOTH {
        for (mode, handler) in [("-i", "trap 'echo suspended; exit 6' TSTP"), ("-it", "trap : TSTP")] {
            let (host, terminal, container) = (Host::new(), Terminal::open(), Container::named("ctrl-z"));
            let byte =
                "stty raw -echo; echo ready; [ $(head -c 1 | od -An -tx1) = 1a ] && echo suspended; exit 6";
            let wait = "echo ready; while :; do sleep 0.1; done";
            let script = format!("{handler}; {}", if mode == "-it" { byte } else { wait });
            let arguments = [&container.options()[..], &[mode, image(), "bash", "-c", &script]].concat();
            let command = host.command(program, &arguments);
            let words = std::iter::once(command.get_program()).chain(command.get_args());
            let words: Vec<_> = words.map(|word| word.to_str().expect("text")).collect();
            let line = shlex::try_join(words).expect("no NUL");
            let mut shell = terminal.start(host.tool("bash").args(["--norc", "--noprofile", "-i"]));
            terminal.write(format!("{line}; echo \"code\"=$? jobs=$(jobs | wc -l).\n").as_bytes());
            terminal.wait_for("\nready");
            terminal.write(b"\x1a");
            terminal.wait_for("code=6 jobs=0.");
            // Beside the byte's echo, where there is one.
            let is_told = ["\nsuspended", "^Zsuspended"].iter().any(|told| terminal.text().contains(told));
            assert!(is_told, "{program:?} {mode}: {}", terminal.text());
            assert!(container.is_gone_within(PATIENCE), "{program:?} {mode}");
            terminal.write(b"exit\n");
            terminal.outcome(&mut shell);
            end(&mut shell);
        }
    }
}

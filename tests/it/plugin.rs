//! `docker credrun …`: the built program, linked into Docker's plugin folder, run by the real docker CLI.

use std::process::{Command, Stdio};

use rustix::process::Signal;

use super::harness::container::Container;
use super::harness::host::{Host, image};
use super::harness::pty::{Terminal, end};
use super::harness::run::{PATIENCE, run, start};

fn host() -> Host {
    let host = Host::new();
    host.write("config/config.json", "{}");
    host.write("config/cli-plugins/README", "");
    let link = host.home().join("config/cli-plugins/docker-credrun");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_credrun"), link).expect("a link");
    let config = host.home().join("config");
    host.with("DOCKER_CONFIG", config)
}

fn docker(host: &Host, arguments: &[&str]) -> Command {
    let mut command = host.tool("docker");
    command.args(arguments);
    command
}

#[test]
fn docker_lists_it_and_shows_its_help() {
    let host = host();
    for arguments in [&["--help"][..], &["info"]] {
        let outcome = run(&mut docker(&host, arguments));
        let listed = outcome.text().lines().any(|line| line.contains("credrun") && line.contains("AWS"));
        assert!(listed, "{arguments:?}: {outcome:?}");
        assert!(!outcome.stderr.contains("Invalid Plugins"), "{outcome:?}");
    }
    for arguments in [&["credrun", "--help"][..], &["help", "credrun"], &["credrun", "help"]] {
        let outcome = run(&mut docker(&host, arguments));
        assert_eq!(outcome.code, 0, "{arguments:?}: {outcome:?}");
        assert!(outcome.text().contains("--role-arn"), "{arguments:?}: {outcome:?}");
    }
}

#[test]
fn it_runs_an_image_with_credentials_and_docker_s_own_options() {
    let host = host();
    let script = r#"echo "$AWS_ACCESS_KEY_ID"; exit 42"#;
    let run_image = ["credrun", "--network=none", image(), "sh", "-c", script];
    for before in [&[][..], &["-l", "error"], &["--context", "default"]] {
        let outcome = run(&mut docker(&host, &[before, &run_image].concat()));
        assert_eq!(
            (outcome.code, outcome.text().as_str()),
            (42, "ASIAIOSFODNN7EXAMPLE"),
            "{before:?}: {outcome:?}"
        );
    }
    let nowhere = ["-H", "unix:///nonexistent.sock"];
    let outcome = run(&mut docker(&host, &[&nowhere[..], &run_image].concat()));
    assert_eq!(outcome.code, 125, "{outcome:?}");
    assert!(outcome.stderr.contains("/nonexistent.sock"), "{outcome:?}");
}

/// Counts the signals that it gets, and ends a little later.
const COUNT: &str = "n=0; trap 'n=$((n+1))' INT TERM; echo ready; i=0; \
    while [ $i -lt 30 ]; do sleep 0.1; [ $n -gt 0 ] && i=$((i+1)); done; echo signals $n; exit 7";

#[test]
fn ctrl_c_reaches_the_container_once() {
    let host = host();
    let container = Container::named("plugin-tty");
    let arguments = [&["credrun"][..], &container.options(), &[image(), "sh", "-c", COUNT]].concat();
    let terminal = Terminal::open();
    let mut child = terminal.start(&mut docker(&host, &arguments));
    terminal.wait_for("ready");
    terminal.write(b"\x03");
    terminal.wait_for("signals 1");
    let outcome = terminal.outcome(&mut child);
    end(&mut child);
    assert_eq!(outcome.code, 7, "{outcome:?}");
    assert!(container.is_gone_within(PATIENCE));
}

#[test]
fn ctrl_c_reaches_it_once_when_the_output_goes_elsewhere() {
    let host = host();
    let container = Container::named("plugin-pipe");
    let arguments = [&["credrun"][..], &container.options(), &[image(), "sh", "-c", COUNT]].concat();
    let terminal = Terminal::open();
    let output = host.home().join("output");
    let script = format!(r#"exec "$@" >'{}'"#, output.display());
    let mut command = host.tool("sh");
    command.args(["-c", &script, "sh", "docker"]).args(arguments);
    let mut child = terminal.start(&mut command);
    let text = || std::fs::read_to_string(&output).unwrap_or_default();
    super::harness::run::eventually(PATIENCE, "the container runs", || text().contains("ready"));
    terminal.write(b"\x03");
    let outcome = terminal.outcome(&mut child);
    end(&mut child);
    assert_eq!(outcome.code, 7, "{outcome:?}");
    assert!(text().contains("signals 1"), "{}", text());
    assert!(container.is_gone_within(PATIENCE));
}

#[test]
fn a_signal_to_docker_alone_ends_the_container() {
    for signal in [Signal::TERM, Signal::KILL] {
        let host = host();
        let container = Container::named("plugin-socket");
        let arguments = [&["credrun"][..], &container.options(), &[image(), "sh", "-c", COUNT]].concat();
        let running = start(docker(&host, &arguments).stdin(Stdio::null()));
        running.wait_for("ready");
        running.signal(signal);
        let outcome = running.outcome();
        if signal == Signal::TERM {
            assert_eq!(outcome.code, 7, "{outcome:?}");
            assert!(outcome.text().contains("signals 1"), "{outcome:?}");
        }
        assert!(container.is_gone_within(PATIENCE), "{signal:?}: it holds credentials");
    }
}

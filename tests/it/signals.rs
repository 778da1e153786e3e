//! Signals reach the container by name, unless they are not to.

use rustix::process::Signal;

use super::harness::container::{Container, docker_ok};
use super::harness::host::{ACCESS_KEY_ID, BOTH, Host, Program, SECRET_ACCESS_KEY, SESSION_TOKEN, image};
use super::harness::run::{PATIENCE, eventually, start};

/// Says which signal it got and ends with a code of its own, also when the shell has to wait for a child.
const TRAPS: &str = "for s in TERM INT HUP USR1 USR2; do trap \"echo got $s; exit 7\" $s; done; \
                     echo ready; while :; do sleep 0.1; done";

#[test]
fn each_reaches_the_container() {
    let signals = [
        (Signal::TERM, "TERM"),
        (Signal::INT, "INT"),
        (Signal::HUP, "HUP"),
        (Signal::USR1, "USR1"),
        (Signal::USR2, "USR2"),
    ];
    for (signal, name) in signals {
        for program in BOTH {
            let host = Host::new();
            let container = Container::named("signal");
            let arguments = [&container.options()[..], &[image(), "sh", "-c", TRAPS]].concat();
            let running = start(&mut host.command(program, &arguments));
            running.wait_for("ready");
            running.signal(signal);
            let outcome = running.outcome();
            assert_eq!(outcome.text(), format!("ready\ngot {name}"), "{program:?}: {outcome:?}");
            assert_eq!(outcome.code, 7, "{program:?} {name}: {outcome:?}");
        }
    }
}

#[test]
fn the_same_one_again_reaches_it_again() {
    let script = "n=0; trap 'n=$((n+1)); echo got $n; [ $n = 3 ] && exit 9' USR1; echo ready; \
                  while :; do sleep 0.1; done";
    for program in BOTH {
        let host = Host::new();
        let container = Container::named("again");
        let arguments = [&container.options()[..], &[image(), "sh", "-c", script]].concat();
        let running = start(&mut host.command(program, &arguments));
        running.wait_for("ready");
        for count in 1..=3 {
            running.signal(Signal::USR1);
            running.wait_for(&format!("got {count}"));
        }
        assert_eq!(running.outcome().code, 9, "{program:?}");
    }
}

#[test]
fn with_sig_proxy_false_none_does() {
    for program in BOTH {
        let host = Host::new();
        let container = Container::named("no-proxy");
        let arguments =
            [&container.options()[..], &["--sig-proxy=false", image(), "sh", "-c", TRAPS]].concat();
        let running = start(&mut host.command(program, &arguments));
        running.wait_for("ready");
        // Not forwarded, and no reason to leave the container alone either.
        running.signal(Signal::USR1);
        // A signal that had been forwarded would be there before this one.
        docker_ok(&["kill", "--signal", "USR2", &container.name]);
        let outcome = running.outcome();
        assert_eq!(outcome.text(), "ready\ngot USR2", "{program:?}: {outcome:?}");
        assert_eq!(outcome.code, 7, "{program:?}: {outcome:?}");
    }
}

#[test]
fn a_stop_from_elsewhere_ends_the_run() {
    let host = Host::new();
    let container = Container::named("stop");
    let arguments = [&container.options()[..], &[image(), "sh", "-c", TRAPS]].concat();
    let running = start(&mut host.command(Program::Credrun, &arguments));
    running.wait_for("ready");
    docker_ok(&["stop", &container.name]);
    let outcome = running.outcome();
    assert_eq!((outcome.code, outcome.text().as_str()), (7, "ready\ngot TERM"), "{outcome:?}");
}

/// What a program is started with, whatever this test itself was started with.
fn disposed(host: &Host, how: &str, program: Program, arguments: &[&str]) -> std::process::Command {
    let command = host.command(program, arguments);
    let mut with = host.tool("env");
    with.arg(how).arg(command.get_program()).args(command.get_args());
    with
}

#[test]
fn one_that_is_ignored_ends_nothing_before_there_is_a_container() {
    for (signal, number, name) in
        [(Signal::HUP, 1, "HUP"), (Signal::INT, 2, "INT"), (Signal::QUIT, 3, "QUIT")]
    {
        for ignored in [true, false] {
            let host = Host::bare().with("AWS_REGION", "eu-west-1");
            // Still waiting for its credentials until it is told to go on.
            let script = format!(
                "#!/bin/sh\n: >asked\nwhile [ ! -e go ]; do sleep 0.1; done\necho '{{\"Version\":1,\
                 \"AccessKeyId\":\"{ACCESS_KEY_ID}\",\"SecretAccessKey\":\"{SECRET_ACCESS_KEY}\",\
                 \"SessionToken\":\"{SESSION_TOKEN}\"}}'\n"
            );
            host.write("process", &script);
            let process = host.home().join("process");
            host.write(".aws/config", &format!("[default]\ncredential_process = sh {}\n", process.display()));
            let container = Container::named("ignored");
            let arguments = [&container.options()[..], &[image(), "echo", "ran"]].concat();
            let how = format!("--{}-signal={name}", if ignored { "ignore" } else { "default" });
            let running = start(&mut disposed(&host, &how, Program::Credrun, &arguments));
            eventually(PATIENCE, "the credentials are asked for", || host.root().join("asked").exists());
            running.signal(signal);
            if ignored {
                std::fs::write(host.root().join("go"), "").expect("a file");
            }
            let outcome = running.outcome();
            let (code, told) = if ignored { (0, "ran") } else { (128 + number, "") };
            assert_eq!(
                (outcome.code, outcome.text().as_str()),
                (code, told),
                "{name} {ignored}: {outcome:?}"
            );
            // The script of the run that was ended.
            std::fs::write(host.root().join("go"), "").expect("a file");
        }
    }
}

#[test]
fn one_that_is_ignored_reaches_the_container_all_the_same() {
    for (signal, name) in [(Signal::HUP, "HUP"), (Signal::INT, "INT")] {
        for program in BOTH {
            let host = Host::new();
            let container = Container::named("ignored");
            let arguments = [&container.options()[..], &[image(), "sh", "-c", TRAPS]].concat();
            let how = format!("--ignore-signal={name}");
            let running = start(&mut disposed(&host, &how, program, &arguments));
            running.wait_for("ready");
            running.signal(signal);
            let outcome = running.outcome();
            assert_eq!(outcome.text(), format!("ready\ngot {name}"), "{program:?}: {outcome:?}");
            assert_eq!(outcome.code, 7, "{program:?} {name}: {outcome:?}");
        }
    }
}

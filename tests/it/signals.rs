//! Signals reach the container by name, unless they are not to.

use rustix::process::Signal;

use super::harness::container::{Container, docker_ok};
use super::harness::host::{BOTH, Host, Program, image};
use super::harness::run::start;

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

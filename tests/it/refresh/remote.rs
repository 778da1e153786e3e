//! `--refresh` at an engine far away: over TCP, with TLS and without, and over ssh.

mod line;
mod lost;
mod near;
mod stage;

use rustix::process::Signal;

use crate::harness::host::{Program, image};
use crate::harness::run::{run, run_with_input};
use crate::refresh::stage::{ASK, Stage};
use line::Line;
use stage::{Seen, over_ssh, over_tls, socket};

/// Streams, exit code and credentials; and nothing is left.
fn works(stage: &Stage, topic: &str) {
    let target = Seen::named(topic);
    let script = "cat; echo err >&2; python3 -c \"$1\"; exit 7";
    let mut arguments = target.options().to_vec();
    arguments.extend(["-i", image(), "sh", "-c", script, "sh", ASK]);
    let outcome = run_with_input(&mut stage.command(&arguments), b"over there\n");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (7, "err\n"), "{outcome:?}");
    assert!(outcome.text().starts_with("over there\n200 "), "{outcome:?}");
    let target = Seen::named(topic);
    let mut arguments = target.options().to_vec();
    arguments.extend([image(), "sh", "-c", "trap 'exit 5' TERM; echo ready; while :; do sleep 0.1; done"]);
    let running = stage.start(&arguments);
    running.wait_for("ready");
    let agent = target.agent();
    running.signal(Signal::TERM);
    let outcome = running.outcome();
    assert_eq!((outcome.code, outcome.stderr.as_str()), (5, ""), "{outcome:?}");
    assert!(target.is_gone() && agent.is_gone(), "{outcome:?}");
}

#[test]
fn over_tls_it_works() {
    works(&over_tls(), "tls");
}

#[test]
fn over_plain_tcp_it_works() {
    works(&Stage::at(&Line::tcp(socket()).docker_host), "plain");
}

#[test]
fn over_ssh_it_works() {
    works(&over_ssh(), "ssh");
}

#[test]
fn far_away_it_stays_in_the_background_too() {
    for stage in [over_tls(), over_ssh()] {
        let target = Seen::named("far-background");
        let mut arguments = target.options().to_vec();
        arguments.extend(["-d", image(), "sleep", "600"]);
        let outcome = stage.run(&arguments);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
        assert_eq!(Some(outcome.text()), target.inspect("{{.Id}}"));
        let agent = target.agent();
        target.wait_for_answer("200 ");
        let stopped = run(&mut stage.host.command(Program::Credrun, &["stop", "--time=0", &target.name]));
        assert_eq!(stopped.code, 0, "{stopped:?}");
        assert!(target.is_gone() && agent.is_gone());
    }
}

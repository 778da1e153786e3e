//! `--refresh` at an engine far away: over TCP, with TLS and without, and over ssh.

mod line;
mod lost;
mod near;
mod stage;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use rustix::process::Signal;

use crate::harness::host::{Program, image};
use crate::harness::run::{run, start};
use crate::refresh::stage::{ASK, Stage};
use line::Line;
use stage::{ADDRESS, Seen, over_ssh, over_tls, socket};

/// Streams, signals, exit code and credentials; and nothing is left.
fn works(stage: &Stage, topic: &str) {
    let target = Seen::named(topic);
    let script =
        "cat; python3 -c \"$1\"; trap 'echo err >&2; exit 7' TERM; echo ready; while :; do sleep 0.1; done";
    let mut arguments = target.options().to_vec();
    arguments.extend(["-i", image(), "sh", "-c", script, "sh", ASK]);
    let mut running = start(stage.command(&arguments).stdin(Stdio::piped()));
    running.stdin().write_all(b"over there\n").expect("it is read");
    running.wait_for("ready");
    let agent = target.agent();
    running.signal(Signal::TERM);
    let outcome = running.outcome();
    assert_eq!((outcome.code, outcome.stderr.as_str()), (7, "err\n"), "{outcome:?}");
    assert!(outcome.text().starts_with("over there\n200 "), "{outcome:?}");
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

fn stays_in_the_background(stage: &Stage) {
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

#[test]
fn over_tls_it_stays_in_the_background_too() {
    stays_in_the_background(&over_tls());
}

/// Each question to the engine is an ssh of its own: slow, and the same.
#[test]
fn over_ssh_it_stays_in_the_background_too() {
    if std::env::var_os("CREDRUN_TEST_LONG").is_some_and(|value| !value.is_empty()) {
        stays_in_the_background(&over_ssh());
    }
}

/// The agent has the network there, and what is published is published there.
#[test]
fn far_away_others_reach_the_container_and_not_the_endpoint() {
    let (stage, network) = (over_tls(), Network::new());
    let target = Seen::named("far-network");
    let serve = ["python3", "-u", "-m", "http.server", "8000"];
    let mut arguments =
        vec!["--name", &target.name, "--network", &network.0.name, "--network-alias=web", "-p8000"];
    arguments.extend([&[image()], &serve[..]].concat());
    let running = stage.start(&arguments);
    running.wait_for("Serving HTTP");
    target.wait_for_answer("200 ");
    let agent = target.agent();
    let published = agent.docker(&["port", &agent.name, "8000/tcp"]).expect("a port");
    let port = published.lines().next().and_then(|line| line.rsplit_once(':')).expect("an address").1;
    let host = ADDRESS.split(':').next().expect("a host");
    assert_eq!(get(&format!("{host}:{port}")), "HTTP/1.0 200 OK");
    let ask = "import sys, urllib.request
print(urllib.request.urlopen('http://web:8000/').status)
try: print(urllib.request.urlopen('http://web:31001/v1/credentials'))
except OSError as error: print(error.reason)";
    let other = ["run", "--rm", "--network", &network.0.name, image(), "python3", "-c", ask];
    let answers = target.docker(&other).expect("it runs");
    assert_eq!(answers, "200\n[Errno 111] Connection refused");
    running.signal(Signal::INT);
    assert_eq!(running.outcome().stderr.matches("credrun").count(), 0);
    assert!(target.is_gone() && agent.is_gone());
}

/// The first line of what a server answers.
fn get(address: &str) -> String {
    let mut server = TcpStream::connect(address).expect("it is published");
    server.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("it is read");
    let mut answer = String::new();
    server.read_to_string(&mut answer).expect("it answers");
    answer.lines().next().unwrap_or_default().to_owned()
}

/// A network of the second engine, gone when the test is.
struct Network(Seen);

impl Network {
    fn new() -> Self {
        let network = Seen::named("network");
        network.docker(&["network", "create", &network.name]).expect("a network");
        Self(network)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.0.docker(&["network", "rm", &self.0.name]);
    }
}

//! How the agent's life hangs on its stdin.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use credrun::agent::frame::{AtEnd, FromAgent, Hello, ToAgent};

use super::process::{Agent, HOUR_MS, credentials, fetch, fetch_until, hello, unix_ms};
use crate::harness::run::{PATIENCE, eventually, within};

const BODY: &str = r#"{"AccessKeyId":"ASIAIOSFODNN7EXAMPLE"}"#;

#[test]
fn it_says_where_it_listens_and_what_time_it_is() {
    let before = unix_ms();
    let mut agent = Agent::started();
    agent.say(&ToAgent::Hello(hello(AtEnd::Exit)));
    let Some(FromAgent::Ready { port, clock_unix_ms }) = agent.hear() else { panic!("it is not ready") };
    assert!((before..=unix_ms()).contains(&clock_unix_ms), "{before} {clock_unix_ms}");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    let name = std::fs::read_to_string(format!("/proc/{}/comm", agent.pid())).expect("it runs");
    assert_eq!(name.trim(), "credrun-agent");
}

#[test]
fn at_the_end_of_its_input_it_exits() {
    let (mut agent, _) = Agent::serving(hello(AtEnd::Exit), BODY);
    agent.end_input();
    assert_eq!(agent.end(), (0, String::new()));
}

#[test]
fn or_holds_on_without_the_keys() {
    let (mut agent, port) = Agent::serving(hello(AtEnd::Hold), BODY);
    agent.end_input();
    let answer = fetch_until(port, "CredrunGone");
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("credrun has gone"), "{answer}");
    for _ in 0..20 {
        assert!(fetch(port).contains("CredrunGone"));
    }
    assert!(agent.runs());
}

#[test]
fn when_the_host_says_goodbye_it_exits_in_either_way() {
    for at_end in [AtEnd::Exit, AtEnd::Hold] {
        let (mut agent, _) = Agent::serving(hello(at_end), BODY);
        agent.say(&ToAgent::Bye);
        assert_eq!(agent.end(), (0, String::new()), "{at_end:?}");
    }
}

#[test]
fn without_a_hello_it_exits_by_itself() {
    let started = std::time::Instant::now();
    let silent = Agent::started();
    // A hello that never becomes whole is none.
    let mut halting = Agent::started();
    let bytes = ToAgent::Hello(hello(AtEnd::Hold)).to_bytes();
    halting.write(&bytes.expose()[..20]);
    for agent in [silent, halting] {
        assert_eq!(agent.end(), (1, String::new()));
        assert!(started.elapsed() >= Duration::from_secs(10), "after {:?}", started.elapsed());
    }
    let mut ended = Agent::started();
    ended.end_input();
    assert_eq!(ended.end(), (1, String::new()));
}

#[test]
fn another_first_frame_than_a_hello_ends_it() {
    for bytes in [
        ToAgent::Heartbeat { sequence: 1 }.to_bytes(),
        credentials(BODY, HOUR_MS).to_bytes(),
        ToAgent::Hello(Hello { heartbeat_ms: 0, ..hello(AtEnd::Hold) }).to_bytes(),
        credrun::agent::wiped::Wiped::copy_of(b"hello, are you there?"),
    ] {
        let mut agent = Agent::started();
        agent.write(bytes.expose());
        assert_eq!(agent.end(), (1, String::new()));
    }
}

/// Whoever else writes to its stdin can disturb it. What it does then is what it does when the host is gone.
#[test]
fn nonsense_on_its_stdin_is_the_end_of_it() {
    for nonsense in
        [b"GET / HTTP/1.1\r\n".to_vec(), ToAgent::Hello(hello(AtEnd::Exit)).to_bytes().expose().to_vec()]
    {
        let (mut exiting, _) = Agent::serving(hello(AtEnd::Exit), BODY);
        exiting.write(&nonsense);
        assert_eq!(exiting.end(), (0, String::new()));
        let (mut holding, port) = Agent::serving(hello(AtEnd::Hold), BODY);
        holding.write(&nonsense);
        fetch_until(port, "CredrunGone");
        assert!(holding.runs());
    }
}

#[test]
fn a_port_that_is_taken_is_told_or_another_one_is_taken() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = taken.local_addr().expect("an address").port();
    let wants = |other_port| ToAgent::Hello(Hello { port, other_port, ..hello(AtEnd::Exit) });
    let mut agent = Agent::started();
    agent.say(&wants(false));
    let Some(FromAgent::Failed { port_taken: true, message }) = agent.hear() else {
        panic!("it has not failed")
    };
    assert!(message.contains(&format!("127.0.0.1:{port}")), "{message}");
    assert_eq!(agent.end(), (1, String::new()));
    let mut agent = Agent::started();
    agent.say(&wants(true));
    let Some(FromAgent::Ready { port: other, .. }) = agent.hear() else { panic!("it is not ready") };
    assert_ne!(other, port);
}

/// A partitioned engine sends no end of input.
#[test]
fn missed_heartbeats_take_the_keys_away_and_the_host_may_come_back() {
    let quick = Hello { heartbeat_ms: 400, ..hello(AtEnd::Exit) };
    let (mut agent, port) = Agent::ready(quick);
    agent.say(&credentials(BODY, HOUR_MS));
    let answer = fetch_until(port, "CredrunSilent");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    agent.say(&ToAgent::Heartbeat { sequence: 5 });
    let pong = agent.hear().expect("a pong");
    assert!(matches!(pong, FromAgent::Pong { sequence: 5, holds: false, .. }), "{pong:?}");
    eventually(PATIENCE, "they are served again", || {
        agent.say(&credentials(BODY, HOUR_MS));
        fetch(port).ends_with(BODY)
    });
    assert!(within(PATIENCE, || fetch(port).contains("CredrunSilent")));
    assert!(agent.runs());
}

#[test]
fn a_host_that_is_silent_for_long_ends_it_without_an_end_of_its_input() {
    let (mut exits, _) = Agent::ready(Hello { heartbeat_ms: 10, ..hello(AtEnd::Exit) });
    let (mut holds, _) = Agent::ready(Hello { heartbeat_ms: 10, ..hello(AtEnd::Hold) });
    eventually(PATIENCE, "it has given its host up", || !exits.runs());
    assert_eq!(exits.end(), (1, String::new()));
    assert!(holds.runs(), "the network is kept for the target");
}

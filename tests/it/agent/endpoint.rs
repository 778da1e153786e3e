//! What clients get.

use std::io::Write;
use std::net::TcpStream;

use credrun::agent::PATH;
use credrun::agent::frame::{AtEnd, FromAgent, ToAgent};

use super::process::{
    Agent, HOUR_MS, TOKEN, answer, ask, connect, credentials, fetch, fetch_until, good_request, hello,
    request, unix_ms,
};
use crate::harness::run::{PATIENCE, eventually};

const BODY: &str = r#"{"AccessKeyId":"ASIAIOSFODNN7EXAMPLE"}"#;

#[test]
fn requests_get_what_they_should() {
    let (mut agent, port) = Agent::serving(hello(AtEnd::Exit), BODY);
    let get = format!("GET {PATH} HTTP/1.1");
    let wrong = TOKEN.replace('d', "D");
    let large = format!("{get}\r\nHost: x\r\nX-Long: {}\r\n\r\n", "x".repeat(9000));
    let huge = format!("{get}\r\nHost: x\r\nX-Long: {}", "x".repeat(12_000));
    for (sent, status, part) in [
        (good_request(), "200 OK", BODY),
        (request(&get, None), "403 Forbidden", r#""code":"AccessDenied""#),
        (request(&get, Some(&wrong)), "403 Forbidden", "AWS_CONTAINER_AUTHORIZATION_TOKEN"),
        (request("GET / HTTP/1.1", Some(TOKEN)), "404 Not Found", r#""code":"NotFound""#),
        (
            request(&format!("POST {PATH} HTTP/1.1"), Some(TOKEN)),
            "405 Method Not Allowed",
            "\r\nAllow: GET\r\n",
        ),
        ("nonsense\r\n\r\n".into(), "400 Bad Request", r#""code":"BadRequest""#),
        ("\x16\x03\x01".into(), "400 Bad Request", "BadRequest"),
        (large, "431 Request Header Fields Too Large", "RequestTooLarge"),
        (huge, "431 Request Header Fields Too Large", "RequestTooLarge"),
    ] {
        let answer = ask(port, sent.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{sent}: {answer}");
        assert!(answer.contains(part), "{sent}: {answer}");
        assert_eq!(answer.contains(BODY), status == "200 OK", "{sent}: {answer}");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{answer}");
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok(), "{answer}");
    }
    let pong = agent.settle();
    assert!(matches!(pong, FromAgent::Pong { holds: true, served: 1, refused: 2, .. }), "{pong:?}");
}

#[test]
fn a_request_may_come_letter_by_letter() {
    let (_agent, port) = Agent::serving(hello(AtEnd::Exit), BODY);
    // More than once, in case this machine takes longer for it than clients are given.
    eventually(PATIENCE, "it is answered", || {
        let mut stream = connect(port);
        stream.set_nodelay(true).expect("an option");
        let sent = good_request().as_bytes().chunks(1).try_for_each(|letter| stream.write_all(letter));
        sent.and_then(|()| answer(&mut stream)).is_ok_and(|answer| answer.ends_with(BODY))
    });
}

#[test]
fn nobody_hears_it_but_on_127_0_0_1() {
    let (_agent, port) = Agent::serving(hello(AtEnd::Exit), BODY);
    let other = TcpStream::connect(("127.0.0.2", port)).map(|_| ()).expect_err("it does not listen there");
    assert_eq!(other.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(fetch(port).ends_with(BODY));
}

#[test]
fn credentials_are_replaced_at_once() {
    let (mut agent, port) = Agent::serving(hello(AtEnd::Exit), BODY);
    for number in 0..20 {
        let body = format!("{{\"number\":{number}}}");
        agent.say(&credentials(&body, HOUR_MS));
        agent.settle();
        assert!(fetch(port).ends_with(&body));
    }
}

#[test]
fn credentials_are_served_until_they_end_and_never_after() {
    let (mut agent, port) = Agent::ready(hello(AtEnd::Exit));
    assert!(fetch(port).contains(r#""code":"NotReady""#));
    let before = std::time::Instant::now();
    agent.say(&credentials(BODY, 2000));
    agent.settle();
    fetch_until(port, "CredentialsExpired");
    // The end is told in whole milliseconds.
    assert!(before.elapsed().as_millis() >= 1999, "ended after {:?}", before.elapsed());
    for _ in 0..50 {
        let answer = fetch(port);
        assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
    }
    // Those that have ended when they come, by either clock.
    let body = || credrun::agent::wiped::Wiped::copy_of(BODY.as_bytes());
    for (remaining_ms, ends_unix_ms) in [(0, unix_ms() + HOUR_MS), (HOUR_MS, unix_ms() - 1)] {
        agent.say(&ToAgent::Credentials { remaining_ms, ends_unix_ms, body: body() });
        let pong = agent.settle();
        assert!(matches!(pong, FromAgent::Pong { holds: false, .. }), "{pong:?}");
        assert!(!fetch(port).contains(BODY));
    }
}

#[test]
fn a_failure_is_told_while_nothing_valid_is_held() {
    let (mut agent, port) = Agent::serving(hello(AtEnd::Exit), BODY);
    let failure = ToAgent::Failure { code: "AccessDenied".into(), message: "no \"such\"\nrole".into() };
    agent.say(&failure);
    agent.settle();
    assert!(fetch(port).ends_with(BODY));
    agent.say(&credentials(BODY, 0));
    agent.say(&failure);
    agent.settle();
    let answer = fetch(port);
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    let body = answer.split_once("\r\n\r\n").expect("a body").1;
    let json: serde_json::Value = serde_json::from_str(body).expect("json");
    assert_eq!(json, serde_json::json!({ "code": "AccessDenied", "message": "no \"such\"\nrole" }));
}

/// More connections than there are threads, all silent: they are put out in their time, and nobody is kept out.
#[test]
fn silent_clients_keep_nobody_out() {
    let (mut agent, port) = Agent::serving(hello(AtEnd::Exit), BODY);
    let mut silent: Vec<TcpStream> = (0..100).map(|_| connect(port)).collect();
    for stream in &mut silent {
        // A slow machine may have let the first ones wait too long already.
        let _ = stream.write_all(b"GET ");
    }
    assert!(fetch(port).ends_with(BODY));
    // 64 that talk, one that reads the frames, and two that watch.
    let threads = threads(agent.pid());
    assert!(threads <= 67, "{threads} threads");
    let answers: Vec<String> = silent.iter_mut().filter_map(|stream| answer(stream).ok()).collect();
    let put_out = answers.iter().filter(|answer| answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"));
    assert!(put_out.count() > 0, "{answers:?}");
    assert!(answers.iter().all(|answer| !answer.contains(BODY)), "{answers:?}");
    eventually(PATIENCE, "most threads have ended", || self::threads(agent.pid()) <= 12);
    assert!(fetch(port).ends_with(BODY));
    assert!(agent.runs());
}

#[test]
fn many_clients_side_by_side_are_all_served() {
    let (mut agent, port) = Agent::serving(hello(AtEnd::Exit), BODY);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let answer = fetch(port);
                    assert!(answer.ends_with(BODY), "{answer}");
                }
            });
        }
    });
    let pong = agent.settle();
    assert!(matches!(pong, FromAgent::Pong { served: 1600, refused: 0, .. }), "{pong:?}");
    let peak = crate::harness::run::peak_memory(agent.pid()).expect("it runs");
    assert!(peak < 2048, "{peak} KiB");
}

/// Clients that go away in the middle of everything.
#[test]
fn clients_that_go_away_do_no_harm() {
    let (mut agent, port) = Agent::serving(hello(AtEnd::Exit), BODY);
    for bytes in [&b""[..], b"GET ", good_request().as_bytes()] {
        for _ in 0..20 {
            connect(port).write_all(bytes).expect("sent");
        }
    }
    assert!(fetch(port).ends_with(BODY));
    assert!(agent.runs());
}

fn threads(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/task")).expect("it runs").count()
}

use super::*;

fn hello() -> Hello {
    let token = Wiped::copy_of(b"token");
    Hello { at_end: AtEnd::Hold, port: 31001, other_port: true, heartbeat_ms: 5000, token }
}

fn to_agent() -> Vec<ToAgent> {
    let other = Hello { at_end: AtEnd::Exit, port: 0, other_port: false, ..hello() };
    vec![
        ToAgent::Hello(hello()),
        ToAgent::Hello(other),
        ToAgent::Credentials {
            remaining_ms: 8000,
            ends_unix_ms: u64::MAX,
            body: Wiped::copy_of(b"{\"a\":1}"),
        },
        ToAgent::Failure { code: "AccessDenied".into(), message: "no, \u{fc}ber".into() },
        ToAgent::Failure { code: String::new(), message: "\0".into() },
        ToAgent::Heartbeat { sequence: 7 },
        ToAgent::Bye,
    ]
}

fn from_agent() -> Vec<FromAgent> {
    vec![
        FromAgent::Ready { port: 31001, clock_unix_ms: 1_728_549_858_000 },
        FromAgent::Failed { port_taken: true, message: "the port is taken".into() },
        FromAgent::Pong { sequence: 7, holds: true, served: 3, refused: u64::MAX },
    ]
}

#[test]
fn what_is_said_is_understood() {
    for message in to_agent() {
        let bytes = message.to_bytes();
        let frame = Frame::read(&mut bytes.expose()).expect("a frame").expect("no end");
        assert_eq!(ToAgent::of(&frame).expect("a message"), Some(message));
    }
    for message in from_agent() {
        let mut bytes = message.to_bytes().expose().to_vec();
        let frame = Frame::take(&mut bytes).expect("a frame").expect("whole");
        assert_eq!(FromAgent::of(&frame).expect("a message"), Some(message));
        assert!(bytes.is_empty());
    }
}

#[test]
fn frames_are_taken_when_they_are_whole() {
    let all: Vec<u8> = from_agent().iter().flat_map(|message| message.to_bytes().expose().to_vec()).collect();
    for step in [1, 3, 7, 8, 9, 1000] {
        let (mut pending, mut taken) = (Vec::new(), Vec::new());
        for chunk in all.chunks(step) {
            pending.extend_from_slice(chunk);
            while let Some(frame) = Frame::take(&mut pending).expect("frames") {
                taken.extend(FromAgent::of(&frame).expect("a message"));
            }
        }
        assert_eq!(taken, from_agent(), "in steps of {step}");
    }
}

/// Wherever it is cut, the sender is gone; where a frame ends nothing is lost.
#[test]
fn the_end_of_the_stream_is_no_error() {
    let bytes = ToAgent::Heartbeat { sequence: 1 }.to_bytes();
    for cut in 0..bytes.expose().len() {
        assert_eq!(Frame::read(&mut &bytes.expose()[..cut]).expect("no error"), None, "cut at {cut}");
        assert_eq!(Frame::take(&mut bytes.expose()[..cut].to_vec()).expect("no error"), None, "cut at {cut}");
    }
}

#[test]
fn what_is_no_frame_is_refused() {
    let long = [&[b'A', VERSION, CREDENTIALS, 4][..], &u32::MAX.to_be_bytes()].concat();
    let other = [&[b'A', VERSION + 1, CREDENTIALS, 5][..], &[0; 4]].concat();
    for (bytes, words) in
        [(b"GET / HTTP/1.1\r\n".to_vec(), "no frame"), (other, "version 1"), (long, "4294967295 bytes")]
    {
        for error in [Frame::read(&mut bytes.as_slice()), Frame::take(&mut bytes.clone())] {
            assert!(error.expect_err("an error").to_string().contains(words), "{words}");
        }
    }
}

#[test]
fn payloads_are_what_their_kind_has() {
    let frame = |kind, payload: &[u8]| Frame { service: CREDENTIALS, kind, payload: Wiped::copy_of(payload) };
    for (kind, payload) in [
        (1, &b""[..]),
        (1, &[2, 0, 0, 0, 0, 0, 0, 0]),
        (1, &[0, 0, 0, 0, 0, 0, 0]),
        (1, &[0, 0, 0, 0, 0, 0, 0, 0, b't']),
        (1, &[0, 0, 0, 0, 0, 0, 0, 1]),
        (2, &[0; 15]),
        (3, b"code and no end"),
        (3, b"\xff\0message"),
        (4, &[0; 7]),
        (4, &[0; 9]),
        (5, b"x"),
        (6, b""),
        (0, b""),
    ] {
        assert!(ToAgent::of(&frame(kind, payload)).is_err(), "{kind} {payload:?}");
    }
    for (kind, payload) in [(1, &[0; 9][..]), (2, b""), (2, b"\x02x"), (3, &[0; 24]), (3, &[0; 26]), (4, b"")]
    {
        assert!(FromAgent::of(&frame(kind, payload)).is_err(), "{kind} {payload:?}");
    }
}

#[test]
fn another_service_is_passed_over() {
    let frame = Frame { service: 2, kind: 200, payload: Wiped::copy_of(b"metrics") };
    assert_eq!(ToAgent::of(&frame).expect("no error"), None);
    assert_eq!(FromAgent::of(&frame).expect("no error"), None);
}

#[test]
fn debug_shows_no_secret() {
    for message in to_agent() {
        let frame = Frame::read(&mut message.to_bytes().expose()).expect("a frame").expect("no end");
        let shown = format!("{message:?} {frame:?}");
        assert!(!shown.contains("token\"") && !shown.contains("{\"a\""), "{shown}");
        assert!(!shown.contains("116, 111, 107"), "{shown}");
    }
}

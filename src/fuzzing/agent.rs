//! The agent: what it is told, what it says, and what it answers to whom.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Pieces, assert_hushed, choice};
use crate::agent::frame::{Frame, FrameError, FromAgent, LONGEST, ToAgent};
use crate::agent::held::{Held, Now};
use crate::agent::http::{self, LONGEST_HEAD, Reading, Verdict};
use crate::agent::link::AgentOutput;
use crate::agent::wiped::Wiped;

/// Frames of either side: taken out of a buffer in pieces or read from a stream they are the same, and what is
/// understood is written as it came.
pub(super) fn frames(data: &[u8]) {
    let Some((_, rest)) = choice(data) else { return };
    let (whole, end) = taken(rest, 0);
    let (cut, cut_end) = taken(rest, data[0]);
    assert_eq!((&whole, kind(end.as_ref())), (&cut, kind(cut_end.as_ref())));
    let (mut stream, mut read) = (rest, Vec::new());
    let read_end = loop {
        match Frame::read(&mut stream) {
            Ok(Some(frame)) => read.push(frame),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    // A stream that ends in a frame ends; a buffer waits for more.
    assert_eq!((&whole, kind(end.as_ref())), (&read, kind(read_end.as_ref())));
    let bytes: Vec<u8> = whole.iter().flat_map(|frame| frame.to_bytes().expose().to_vec()).collect();
    assert!(rest.starts_with(&bytes));
    whole.iter().for_each(understood);
}

fn understood(frame: &Frame) {
    assert!(frame.payload.expose().len() <= LONGEST);
    if let Ok(Some(message)) = ToAgent::of(frame) {
        assert_eq!(message.to_bytes(), frame.to_bytes(), "{message:?}");
        // A failure is told; a token and a body are not.
        if !matches!(message, ToAgent::Failure { .. }) {
            assert_hushed(&format!("{message:?}"));
        }
    }
    if let Ok(Some(message)) = FromAgent::of(frame) {
        assert_eq!(message.to_bytes(), frame.to_bytes(), "{message:?}");
    }
}

fn taken(data: &[u8], seed: u8) -> (Vec<Frame>, Option<FrameError>) {
    let (mut pending, mut frames) = (Vec::new(), Vec::new());
    for piece in Pieces::of(data, seed) {
        pending.extend_from_slice(piece);
        loop {
            match Frame::take(&mut pending) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}

fn kind(end: Option<&FrameError>) -> Option<String> {
    end.map(ToString::to_string)
}

/// The agent's output as a pipe or an engine has it: what is heard does not depend on how it is cut.
pub(super) fn output(data: &[u8]) {
    let Some((_, rest)) = choice(data) else { return };
    let plain = |seed| heard(AgentOutput::plain(Pieces::of(rest, seed)));
    assert_eq!(plain(data[0]), plain(0));
    let attached = |seed| heard(AgentOutput::attached(Pieces::of(rest, seed)));
    assert_eq!(attached(data[0]), attached(0));
}

fn heard(mut output: AgentOutput<Pieces<'_>>) -> (Vec<FromAgent>, Option<String>) {
    let mut heard = Vec::new();
    loop {
        match Pieces::ready(output.next()) {
            Ok(Some(message)) => heard.push(message),
            Ok(None) => return (heard, None),
            Err(error) => return (heard, Some(error.to_string())),
        }
    }
}

/// What a client must send, in the inputs that are kept.
const TOKEN: &[u8] = b"dG9rZW4tb2YtdGhlLXJ1bg";

/// Requests: nothing is granted without the token, and in pieces they get what they get whole.
pub(super) fn http(data: &[u8]) {
    let Some((_, rest)) = choice(data) else { return };
    let request = &rest[..rest.len().min(LONGEST_HEAD)];
    let whole = http::read(request, 0, TOKEN);
    assert_eq!(received(request, data[0], TOKEN), whole);
    let other = b"another-token-of-the-same-length";
    for (token, reading) in [(TOKEN, &whole), (other, &http::read(request, 0, other))] {
        let is_granted = *reading == Reading::Whole(Verdict::Granted);
        assert!(!is_granted || is_asked_for(request, token), "{}", request.escape_ascii());
    }
    refusal(rest);
}

/// As the endpoint does it.
fn received(request: &[u8], seed: u8, token: &[u8]) -> Reading {
    let mut used = 0;
    for piece in Pieces::of(request, seed) {
        let before = used;
        used += piece.len();
        match http::read(&request[..used], before, token) {
            Reading::Unfinished => {}
            done => return done,
        }
    }
    Reading::Unfinished
}

/// Without any of the parser's code: a `GET` of the path, with a line that ends in the token.
fn is_asked_for(request: &[u8], token: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    let token = String::from_utf8_lossy(token);
    let mut lines = head.split("\r\n");
    let asks = lines.next().is_some_and(|line| line.starts_with("GET /v1/credentials HTTP/1."));
    asks && lines
        .filter_map(|line| line.split_once(':'))
        .any(|(name, value)| name.eq_ignore_ascii_case("authorization") && value.trim_ascii() == token)
}

/// Whatever the host's words are, a refusal is one answer, with them as JSON.
fn refusal(words: &[u8]) {
    let text = String::from_utf8_lossy(words);
    let answer = http::refusal("503 Service Unavailable", &text, &text);
    let answer = std::str::from_utf8(answer.expose()).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 503 ") && head.lines().count() == 5, "{head}");
    assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{head}");
    let json: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!((json["code"].as_str(), json["message"].as_str()), (Some(&*text), Some(&*text)));
}

/// What the model below knows to be valid.
struct Model {
    body: Vec<u8>,
    end: Instant,
    end_unix: u64,
}

/// What the agent holds, in any order of events: keys are served only while they live by both clocks and the host has
/// been heard of, and never ones that have ended or been replaced.
pub(super) fn held(data: &[u8]) {
    let start = Instant::now();
    let heartbeat = Duration::from_secs(5);
    let (mut monotonic, mut unix_ms) = (0_u64, 1_000_000_u64);
    let at = |monotonic, unix_ms| Now { monotonic: start + Duration::from_millis(monotonic), unix_ms };
    let mut held = Held::new(heartbeat, at(0, unix_ms));
    let (mut model, mut heard, mut is_gone) = (None::<Model>, 0_u64, false);
    for (number, step) in data.chunks_exact(3).take(256).enumerate() {
        let amount = u64::from(u16::from_be_bytes([step[1], step[2]]));
        // Nothing comes from a host that has gone.
        match step[0] % 8 {
            0 | 1 if !is_gone => {
                let body = format!("keys-{number}").into_bytes();
                let (remaining, ends) =
                    if step[0] > 127 { (u64::MAX, unix_ms + amount) } else { (amount, u64::MAX) };
                held.hear(at(monotonic, unix_ms));
                held.credentials(&Wiped::copy_of(&body), remaining, ends, at(monotonic, unix_ms));
                let end = start + Duration::from_millis(monotonic.saturating_add(remaining).min(1 << 40));
                (model, heard) = (Some(Model { body, end, end_unix: ends }), monotonic);
            }
            2 if !is_gone => {
                held.hear(at(monotonic, unix_ms));
                heard = monotonic;
            }
            3 if !is_gone => held.failure("AccessDenied", &format!("failure {number}")),
            4 if amount > 60_000 => {
                held.gone();
                is_gone = true;
            }
            5 => held.lapse(at(monotonic, unix_ms)),
            6 => unix_ms = unix_ms.saturating_sub(amount),
            _ => (monotonic, unix_ms) = (monotonic + amount, unix_ms + amount),
        }
        let now = at(monotonic, unix_ms);
        let (answer, is_served): (Arc<Wiped>, bool) = held.answer(now);
        assert_eq!(is_served, held.holds());
        assert_eq!(is_served, answer.expose().starts_with(b"HTTP/1.1 200 OK\r\n"));
        if is_served {
            let model = model.as_ref().expect("some were handed over");
            assert!(answer.expose().ends_with(&model.body), "others are served");
            assert!(now.monotonic < model.end && now.unix_ms < model.end_unix, "dead ones are served");
            assert!(monotonic - heard <= 15_000 && !is_gone, "served without a host");
        }
        let _ = held.is_abandoned(now);
    }
}

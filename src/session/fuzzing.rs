//! A container's stream as an engine sends it, and what is typed: neither may depend on where it is cut.

use super::detach_keys::DetachKeys;
use super::streams::{self, CHUNK, OutputError};
use crate::fuzzing::Pieces;

/// What came out: stdout, stderr, and the error that ended it.
type Output = (Vec<u8>, Vec<u8>, Option<String>);

/// The first byte says how it is cut, the second one how many bytes of the rest are the detach keys.
pub(crate) fn stream(data: &[u8]) {
    let [seed, keys, rest @ ..] = data else { return };
    let expected = expected(rest);
    for seed in [*seed, 0] {
        assert_eq!(copied(rest, seed), expected, "in pieces after {seed}");
    }
    let (keys, typed) = rest.split_at(usize::from(keys % 8).min(rest.len()));
    assert_eq!(filtered(keys, typed, *seed), filtered(keys, typed, 0));
}

fn copied(data: &[u8], seed: u8) -> Output {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let copy = streams::copy_frames(Pieces::of(data, seed), Some(&mut out), Some(&mut err));
    let error = match Pieces::ready(copy) {
        Ok(()) => None,
        Err(OutputError::Engine(text)) => Some(text),
        Err(other) => panic!("nothing else can fail: {other:?}"),
    };
    (out, err, error)
}

/// The same said once more, in the simplest way, for a stream that is there as a whole.
fn expected(mut rest: &[u8]) -> Output {
    let (mut out, mut err, mut message) = (Vec::new(), Vec::new(), Vec::new());
    while let [kind, _, _, _, a, b, c, d, after @ ..] = rest {
        let length = (u32::from_be_bytes([*a, *b, *c, *d]) as usize).min(after.len());
        match kind {
            0 | 1 => out.extend_from_slice(&after[..length]),
            2 => err.extend_from_slice(&after[..length]),
            3 => message.extend_from_slice(&after[..length]),
            other => return (out, err, Some(format!("a frame of unknown stream type {other}"))),
        }
        rest = &after[length..];
    }
    message.truncate(CHUNK);
    let message = (!message.is_empty()).then(|| String::from_utf8_lossy(&message).into_owned());
    (out, err, message)
}

/// What the container has of what is typed, and whether the keys came.
fn filtered(keys: &[u8], typed: &[u8], seed: u8) -> (Vec<u8>, bool) {
    let (mut filter, mut sent) = (DetachKeys::new(keys.to_vec()), Vec::new());
    let is_detached = Pieces::of(typed, seed).any(|piece| filter.filter(piece, &mut sent));
    (sent, is_detached)
}

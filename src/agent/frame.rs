//! The frames of the agent's stdin and stdout. The host and the agent's program have this file in common, so it is
//! made of the standard library alone.
//!
//! A frame is an 8-byte head (the letter `A`, the version, the service, the kind, and the payload's length as a
//! big-endian `u32`) and the payload. A service is one thing that the agent does on the loopback: so far there is
//! [`CREDENTIALS`], and frames of services that are not known are passed over.

use std::fmt;
use std::io::{self, Read};

use super::wiped::{self, Wiped};

/// The version of all that is said here. Host and agent are of one build, so another one is a mistake.
pub const VERSION: u8 = 1;

/// The service that hands out credentials.
pub const CREDENTIALS: u8 = 1;

/// Bytes of a frame's head.
pub const HEAD: usize = 8;

/// The longest payload, in bytes: many times a session token's longest.
pub const LONGEST: usize = 64 * 1024;

/// Why a frame cannot be understood. Nothing of its payload is in it.
#[derive(Debug)]
pub enum FrameError {
    /// The stream broke.
    Io(io::Error),
    /// These are no frames, or of another version.
    NoFrame,
    /// A payload of this many bytes is announced.
    TooLong(usize),
    /// The service has no frame of this kind.
    UnknownKind(u8),
    /// The payload is not what its kind has.
    Malformed,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the stream of frames broke: {error}"),
            Self::NoFrame => write!(f, "what came is no frame of version {VERSION}"),
            Self::TooLong(length) => write!(f, "a frame of {length} bytes, and at most {LONGEST} are taken"),
            Self::UnknownKind(kind) => write!(f, "a frame of the unknown kind {kind}"),
            Self::Malformed => f.write_str("a frame whose payload is not what its kind has"),
        }
    }
}

impl std::error::Error for FrameError {}

/// One frame, not yet understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Which service it is for.
    pub service: u8,
    /// What it says, in the service's own numbers.
    pub kind: u8,
    /// The rest.
    pub payload: Wiped,
}

impl Frame {
    /// The frame as it is sent. A payload longer than [`LONGEST`] is refused by whoever receives it.
    #[must_use]
    pub fn to_bytes(&self) -> Wiped {
        let payload = self.payload.expose();
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
        let mut bytes = Wiped::with_capacity(HEAD + payload.len());
        bytes.push(&[b'A', VERSION, self.service, self.kind]);
        bytes.push(&length);
        bytes.push(payload);
        bytes
    }

    /// Reads the next frame; `None` at the end of the stream, in the middle of a frame too: then its sender is gone.
    ///
    /// # Errors
    /// [`FrameError::Io`], and what [`Frame::take`] may fail with.
    pub fn read(from: &mut impl Read) -> Result<Option<Self>, FrameError> {
        let mut head = [0; HEAD];
        if !fill(from, &mut head)? {
            return Ok(None);
        }
        let (service, kind, length) = head_of(head)?;
        let mut payload = Wiped::zeros(length);
        let whole = fill(from, payload.expose_mut())?;
        Ok(whole.then_some(Self { service, kind, payload }))
    }

    /// Takes the first frame from the bytes that have come, once it is whole.
    ///
    /// # Errors
    /// [`FrameError::NoFrame`] and [`FrameError::TooLong`]; the stream cannot be used any more then.
    pub fn take(bytes: &mut Vec<u8>) -> Result<Option<Self>, FrameError> {
        let Some(head) = bytes.first_chunk::<HEAD>() else { return Ok(None) };
        let (service, kind, length) = head_of(*head)?;
        let Some(payload) = bytes.get(HEAD..HEAD + length) else { return Ok(None) };
        let frame = Self { service, kind, payload: Wiped::copy_of(payload) };
        wiped::wipe(&mut bytes[..HEAD + length]);
        bytes.drain(..HEAD + length);
        Ok(Some(frame))
    }
}

fn head_of(head: [u8; HEAD]) -> Result<(u8, u8, usize), FrameError> {
    let [b'A', VERSION, service, kind, a, b, c, d] = head else { return Err(FrameError::NoFrame) };
    match u32::from_be_bytes([a, b, c, d]) as usize {
        length if length > LONGEST => Err(FrameError::TooLong(length)),
        length => Ok((service, kind, length)),
    }
}

/// Whether the buffer could be filled before the end of the stream.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> Result<bool, FrameError> {
    match from.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(FrameError::Io(error)),
    }
}

/// What the agent does when its stdin ends, that is, when the host's side is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtEnd {
    /// It exits with 0; and with 1 when the host has been silent for long.
    Exit,
    /// It wipes the keys, answers that credrun has gone, and keeps the network until it is killed.
    Hold,
}

/// What the host says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// What to do when the host is gone.
    pub at_end: AtEnd,
    /// Which port of 127.0.0.1 to listen on; 0 for any that is free.
    pub port: u16,
    /// Whether another port will do when that one is taken.
    pub other_port: bool,
    /// Milliseconds between two heartbeats, not 0. After three of them without any frame the keys are wiped; after 120
    /// the agent exits, unless it is to hold.
    pub heartbeat_ms: u32,
    /// What a client has to send as its `Authorization`; not empty.
    pub token: Wiped,
}

/// What the host says to the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToAgent {
    /// The first frame, and only the first.
    Hello(Hello),
    /// These are served from now on, until they end.
    Credentials {
        /// Milliseconds that they live on, by the host's clock. The earlier one of the two ends counts.
        remaining_ms: u64,
        /// When they end, in milliseconds of Unix time.
        ends_unix_ms: u64,
        /// The JSON document that the SDKs are given.
        body: Wiped,
    },
    /// Why there are no new ones; told to the SDKs when no valid ones are held.
    Failure {
        /// A word for programs, `AccessDenied`.
        code: String,
        /// A sentence for people.
        message: String,
    },
    /// The host lives.
    Heartbeat {
        /// Comes back in [`FromAgent::Pong`].
        sequence: u64,
    },
    /// The run is over: the agent exits with 0, whatever [`AtEnd`] says.
    Bye,
}

/// What the agent says to the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromAgent {
    /// It listens.
    Ready {
        /// On this port of 127.0.0.1.
        port: u16,
        /// Its own clock, in milliseconds of Unix time.
        clock_unix_ms: u64,
    },
    /// It gives up and exits with 1.
    Failed {
        /// Whether it is because the port is taken.
        port_taken: bool,
        /// Why.
        message: String,
    },
    /// The answer to a heartbeat.
    Pong {
        /// The heartbeat's.
        sequence: u64,
        /// Whether it holds credentials that are still valid.
        holds: bool,
        /// How many requests it has answered with credentials.
        served: u64,
        /// How many it has refused for a wrong token, or for want of credentials.
        refused: u64,
    },
}

impl ToAgent {
    /// The message as a frame that can be sent.
    #[must_use]
    pub fn to_bytes(&self) -> Wiped {
        let (kind, payload) = match self {
            Self::Hello(hello) => (1, hello.payload()),
            Self::Credentials { remaining_ms, ends_unix_ms, body } => {
                (2, payload(&[&remaining_ms.to_be_bytes(), &ends_unix_ms.to_be_bytes(), body.expose()]))
            }
            Self::Failure { code, message } => (3, payload(&[code.as_bytes(), b"\0", message.as_bytes()])),
            Self::Heartbeat { sequence } => (4, payload(&[&sequence.to_be_bytes()])),
            Self::Bye => (5, Wiped::default()),
        };
        Frame { service: CREDENTIALS, kind, payload }.to_bytes()
    }

    /// What the frame says; `None` for another service's.
    ///
    /// # Errors
    /// [`FrameError::UnknownKind`] and [`FrameError::Malformed`].
    pub fn of(frame: &Frame) -> Result<Option<Self>, FrameError> {
        if frame.service != CREDENTIALS {
            return Ok(None);
        }
        let mut rest = Payload(frame.payload.expose());
        let message = match frame.kind {
            1 => Self::Hello(Hello::of(&mut rest)?),
            2 => Self::Credentials {
                remaining_ms: rest.u64()?,
                ends_unix_ms: rest.u64()?,
                body: Wiped::copy_of(rest.all()),
            },
            3 => Self::Failure { code: rest.text_to(0)?, message: text(rest.all())? },
            4 => Self::Heartbeat { sequence: rest.u64()? },
            5 => Self::Bye,
            kind => return Err(FrameError::UnknownKind(kind)),
        };
        rest.end(message).map(Some)
    }
}

impl Hello {
    fn payload(&self) -> Wiped {
        let flags = [u8::from(self.at_end == AtEnd::Hold), u8::from(self.other_port)];
        let (port, heartbeat) = (self.port.to_be_bytes(), self.heartbeat_ms.to_be_bytes());
        payload(&[&flags, &port, &heartbeat, self.token.expose()])
    }

    fn of(payload: &mut Payload<'_>) -> Result<Self, FrameError> {
        let hello = Self {
            at_end: if payload.flag()? { AtEnd::Hold } else { AtEnd::Exit },
            other_port: payload.flag()?,
            port: u16::from_be_bytes(payload.array()?),
            heartbeat_ms: u32::from_be_bytes(payload.array()?),
            token: Wiped::copy_of(payload.all()),
        };
        // An empty token would open it to whoever sends none.
        if hello.heartbeat_ms == 0 || hello.token.expose().is_empty() {
            return Err(FrameError::Malformed);
        }
        Ok(hello)
    }
}

impl FromAgent {
    /// The message as a frame that can be sent.
    #[must_use]
    pub fn to_bytes(&self) -> Wiped {
        let (kind, payload) = match self {
            Self::Ready { port, clock_unix_ms } => {
                (1, payload(&[&port.to_be_bytes(), &clock_unix_ms.to_be_bytes()]))
            }
            Self::Failed { port_taken, message } => {
                (2, payload(&[&[u8::from(*port_taken)], message.as_bytes()]))
            }
            Self::Pong { sequence, holds, served, refused } => {
                let numbers = [sequence, served, refused].map(|number| number.to_be_bytes());
                (3, payload(&[&[u8::from(*holds)], &numbers[0], &numbers[1], &numbers[2]]))
            }
        };
        Frame { service: CREDENTIALS, kind, payload }.to_bytes()
    }

    /// What the frame says; `None` for another service's.
    ///
    /// # Errors
    /// [`FrameError::UnknownKind`] and [`FrameError::Malformed`].
    pub fn of(frame: &Frame) -> Result<Option<Self>, FrameError> {
        if frame.service != CREDENTIALS {
            return Ok(None);
        }
        let mut rest = Payload(frame.payload.expose());
        let message = match frame.kind {
            1 => Self::Ready { port: u16::from_be_bytes(rest.array()?), clock_unix_ms: rest.u64()? },
            2 => Self::Failed { port_taken: rest.flag()?, message: text(rest.all())? },
            3 => Self::Pong {
                holds: rest.flag()?,
                sequence: rest.u64()?,
                served: rest.u64()?,
                refused: rest.u64()?,
            },
            kind => return Err(FrameError::UnknownKind(kind)),
        };
        rest.end(message).map(Some)
    }
}

fn payload(parts: &[&[u8]]) -> Wiped {
    let mut payload = Wiped::with_capacity(parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| payload.push(part));
    payload
}

/// What of a payload has not been read yet.
struct Payload<'a>(&'a [u8]);

impl<'a> Payload<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(FrameError::Malformed)?;
        self.0 = rest;
        Ok(*array)
    }

    fn u64(&mut self) -> Result<u64, FrameError> {
        self.array().map(u64::from_be_bytes)
    }

    fn flag(&mut self) -> Result<bool, FrameError> {
        match self.array()? {
            [byte @ (0 | 1)] => Ok(byte == 1),
            _ => Err(FrameError::Malformed),
        }
    }

    fn text_to(&mut self, end: u8) -> Result<String, FrameError> {
        let at = self.0.iter().position(|&byte| byte == end).ok_or(FrameError::Malformed)?;
        let before = text(&self.0[..at])?;
        self.0 = &self.0[at + 1..];
        Ok(before)
    }

    fn all(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    fn end<T>(self, message: T) -> Result<T, FrameError> {
        if self.0.is_empty() { Ok(message) } else { Err(FrameError::Malformed) }
    }
}

fn text(bytes: &[u8]) -> Result<String, FrameError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| FrameError::Malformed)
}

#[cfg(test)]
#[path = "frame/tests.rs"]
mod tests;

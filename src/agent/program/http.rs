//! The little of HTTP/1.1 that an SDK needs to fetch credentials: the heads of requests, and whole answers. Each
//! connection is for one request.
//!
//! Source: RFC 9112, and <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>.

use std::ops::Range;

use super::wiped::{self, Wiped};

/// The one path that there is.
pub const PATH: &[u8] = b"/v1/credentials";

/// The longest head of a request, in bytes.
pub const LONGEST_HEAD: usize = 8 * 1024;

/// What is known of a request from the bytes that have come.
#[derive(Debug, PartialEq, Eq)]
pub enum Reading {
    /// More must come.
    Unfinished,
    /// Nothing of it can be understood.
    Malformed,
    Whole(Verdict),
}

/// What a request gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The credentials, if there are any.
    Granted,
    NotFound,
    NotAllowed,
    WrongToken,
}

/// Reads what has come, of which nothing before `seen` holds the end of the head.
pub fn read(data: &[u8], seen: usize, token: &[u8]) -> Reading {
    // Such as TLS: there will never be an end of a head.
    if data.first().is_some_and(|first| !is_token_byte(*first)) {
        return Reading::Malformed;
    }
    let from = seen.saturating_sub(3);
    let end = data[from..].windows(4).position(|window| window == b"\r\n\r\n");
    let Some(end) = end else { return Reading::Unfinished };
    Request::parse(&data[..from + end])
        .map_or(Reading::Malformed, |request| Reading::Whole(request.judge(token)))
}

/// The parts of a request that matter here.
#[derive(Default)]
struct Request<'a> {
    method: &'a [u8],
    target: &'a [u8],
    authorization: Option<&'a [u8]>,
    host: Option<&'a [u8]>,
}

impl<'a> Request<'a> {
    /// The head without the empty line at its end; `None` when it is malformed.
    fn parse(head: &'a [u8]) -> Option<Self> {
        let mut lines = Lines(Some(head));
        let (method, target, version) = request_line(lines.next()?)?;
        let mut request = Self { method, target, ..Self::default() };
        for line in lines {
            request.header(line)?;
        }
        // A request of version 1.1 has a host (RFC 9112, 3.2).
        (version == b"HTTP/1.0" || request.host.is_some()).then_some(request)
    }

    fn header(&mut self, line: &'a [u8]) -> Option<()> {
        let colon = line.iter().position(|&byte| byte == b':')?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        let is_valid = !name.is_empty() && name.iter().copied().all(is_token_byte);
        if !is_valid || value.iter().any(|&byte| byte != b'\t' && byte.is_ascii_control()) {
            return None;
        }
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        // One that is said twice could be meant in two ways.
        if is(b"authorization") {
            self.authorization.replace(value).is_none().then_some(())
        } else if is(b"host") {
            self.host.replace(value).is_none().then_some(())
        } else if is(b"transfer-encoding") || is(b"content-length") && value != b"0" {
            // No SDK sends a body, and nobody here reads one.
            None
        } else {
            Some(())
        }
    }

    fn judge(&self, token: &[u8]) -> Verdict {
        if self.target != PATH {
            Verdict::NotFound
        } else if self.method != b"GET" {
            Verdict::NotAllowed
        } else if self.authorization.is_some_and(|given| wiped::same(given, token)) {
            Verdict::Granted
        } else {
            Verdict::WrongToken
        }
    }
}

fn request_line(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut words = line.split(|&byte| byte == b' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_valid = words.next().is_none()
        && !method.is_empty()
        && method.iter().copied().all(is_token_byte)
        && !target.is_empty()
        && target.iter().all(u8::is_ascii_graphic)
        && (version == b"HTTP/1.1" || version == b"HTTP/1.0");
    is_valid.then_some((method, target, version))
}

/// The lines of a head, without the ends of lines between them.
struct Lines<'a>(Option<&'a [u8]>);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.0.take()?;
        let Some(Range { start, end }) = crlf(rest) else { return Some(rest) };
        self.0 = Some(&rest[end..]);
        Some(&rest[..start])
    }
}

fn crlf(data: &[u8]) -> Option<Range<usize>> {
    let start = data.windows(2).position(|window| window == b"\r\n")?;
    Some(start..start + 2)
}

/// RFC 9110, 5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The answer that has the credentials.
pub fn ok(body: &[u8]) -> Wiped {
    answer("200 OK", "", body)
}

/// An answer with the reason, in the form in which SDKs look for one.
pub fn refusal(status: &str, code: &str, message: &str) -> Wiped {
    let body = format!(r#"{{"code":{},"message":{}}}"#, json(code), json(message));
    let more = if status.starts_with("405") { "Allow: GET\r\n" } else { "" };
    answer(status, more, body.as_bytes())
}

fn answer(status: &str, more: &str, body: &[u8]) -> Wiped {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\n{more}Connection: close\r\n\r\n",
        body.len()
    );
    let mut answer = Wiped::with_capacity(head.len() + body.len());
    answer.push(head.as_bytes());
    answer.push(body);
    answer
}

/// A JSON string (RFC 8259, 7).
fn json(text: &str) -> String {
    let mut json = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => json.extend(['\\', letter]),
            control if control < ' ' => json.extend(format!("\\u{:04x}", control as u32).chars()),
            other => json.push(other),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
#[path = "http/tests.rs"]
mod tests;

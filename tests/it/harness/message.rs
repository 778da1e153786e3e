//! HTTP/1.1 messages as they are on the wire, as far as the Docker Engine API uses it.

use std::io::{self, BufRead, Read, Write};

/// The head of a request or a response: its first line, its header lines, and the bytes they came in.
pub struct Head {
    /// `POST /v1.41/containers/create HTTP/1.1`, or `HTTP/1.1 201 Created`.
    pub first_line: String,
    /// Every byte, the empty line included.
    pub bytes: Vec<u8>,
    headers: Vec<(String, String)>,
}

/// How the end of a body is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    Empty,
    /// `Content-Length`.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// When the connection ends.
    UntilEnd,
}

impl Head {
    /// Reads one; `None` when the stream ended before it.
    pub fn read(stream: &mut impl BufRead) -> io::Result<Option<Self>> {
        let (mut bytes, mut lines) = (Vec::new(), Vec::new());
        loop {
            let before = bytes.len();
            if stream.read_until(b'\n', &mut bytes)? == 0 {
                return Ok(None);
            }
            let line = String::from_utf8_lossy(&bytes[before..]).trim_end().to_owned();
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        if lines.is_empty() {
            return Err(io::Error::other("an empty head"));
        }
        let first_line = lines.remove(0);
        let split = |line: &String| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        Ok(Some(Self { first_line, bytes, headers: lines.iter().filter_map(split).collect() }))
    }

    /// The value of a header, its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The status of a response.
    pub fn status(&self) -> u16 {
        self.first_line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// How the body behind a request's head is framed.
    pub fn request_framing(&self) -> Framing {
        self.framing().unwrap_or(Framing::Empty)
    }

    /// How the body behind a response's head is framed; `method` is the request's.
    pub fn response_framing(&self, method: &str) -> Framing {
        if method == "HEAD" || matches!(self.status(), 204 | 304) {
            return Framing::Empty;
        }
        self.framing().unwrap_or(Framing::UntilEnd)
    }

    fn framing(&self) -> Option<Framing> {
        if self.header("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
            return Some(Framing::Chunked);
        }
        Some(Framing::Length(self.header("content-length")?.parse().ok()?))
    }
}

/// Hands a body on as it comes, and returns what it holds (without the marks of its chunks).
pub fn pass_body(from: &mut impl BufRead, to: &mut impl Write, framing: Framing) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    match framing {
        Framing::Empty => {}
        Framing::Length(length) => pass(&mut from.take(length), to, &mut content)?,
        Framing::UntilEnd => pass(from, to, &mut content)?,
        Framing::Chunked => while pass_chunk(from, to, &mut content)? {},
    }
    Ok(content)
}

fn pass(from: &mut impl BufRead, to: &mut impl Write, content: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let bytes = from.fill_buf()?;
        if bytes.is_empty() {
            return Ok(());
        }
        to.write_all(bytes)?;
        to.flush()?;
        content.extend_from_slice(bytes);
        let count = bytes.len();
        from.consume(count);
    }
}

/// Passes one chunk on; false when it was the last.
fn pass_chunk(from: &mut impl BufRead, to: &mut impl Write, content: &mut Vec<u8>) -> io::Result<bool> {
    let mut line = Vec::new();
    from.read_until(b'\n', &mut line)?;
    to.write_all(&line)?;
    let text = String::from_utf8_lossy(&line);
    let size = text.trim().split(';').next().unwrap_or_default();
    let size = u64::from_str_radix(size, 16).map_err(io::Error::other)?;
    pass(&mut from.take(size), to, content)?;
    let mut end = Vec::new();
    from.read_until(b'\n', &mut end)?;
    to.write_all(&end)?;
    to.flush()?;
    Ok(size > 0)
}

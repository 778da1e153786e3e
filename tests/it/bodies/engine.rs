//! An engine that answers pings, writes down the create request and refuses it.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

/// Query and body of a create request.
pub type Create = (String, String);

/// The engine; its thread ends with the test process.
pub struct FakeEngine {
    socket: PathBuf,
    creates: Receiver<Create>,
}

impl FakeEngine {
    /// Listens on `socket` and says that it speaks `api`.
    pub fn start(socket: &Path, api: (u16, u16)) -> Self {
        let listener = UnixListener::bind(socket).expect("a socket in the temporary directory");
        let (sender, creates) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sender = sender.clone();
                // A client may hold a connection without using it.
                thread::spawn(move || answer(stream, api, &sender));
            }
        });
        Self { socket: socket.into(), creates }
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The create request since the last call. It is on the channel before its client gets the answer.
    pub fn take_create(&self) -> Option<Create> {
        let create = self.creates.try_recv().ok();
        assert!(self.creates.try_recv().is_err(), "more than one create request");
        create
    }
}

/// Answers one request and closes. A client that is gone meanwhile is its own affair.
fn answer(stream: UnixStream, (major, minor): (u16, u16), creates: &Sender<Create>) -> Option<()> {
    let mut reader = BufReader::new(&stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let length = reader
        .by_ref()
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse::<u64>().ok()
        })
        .last()
        .unwrap_or(0);
    let mut body = String::new();
    reader.take(length).read_to_string(&mut body).ok()?;
    let target = first.split(' ').nth(1)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (status, text) = if path.ends_with("/_ping") {
        ("200 OK", "OK")
    } else {
        ("500 Internal Server Error", r#"{"message":"refused"}"#)
    };
    if path.ends_with("/containers/create") {
        creates.send((query.to_owned(), body)).ok()?;
    }
    let text = if first.starts_with("HEAD ") { "" } else { text };
    write!(
        &stream,
        "HTTP/1.1 {status}\r\nApi-Version: {major}.{minor}\r\nOstype: linux\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    )
    .ok()
}

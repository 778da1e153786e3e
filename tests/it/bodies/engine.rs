//! An engine that answers pings, writes down whatever else is asked of it, and refuses to create containers.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// One request; pings are not written down, nor are looks for what other runs have left behind: docker has none.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Asked {
    /// `POST`.
    pub method: String,
    /// `/v1.41/containers/create`.
    pub path: String,
    /// In their order.
    pub query: Vec<(String, String)>,
    /// By lower-case name, in alphabetical order.
    pub headers: Vec<(String, String)>,
    /// Null where there is none.
    pub body: Value,
}

/// The API version and the operating system that an engine says it has.
type Says = ((u16, u16), &'static str);

/// What it answers instead of refusing, by a part of the path.
pub type Answers = Vec<(&'static str, String)>;

/// The engine; its thread ends with the test process.
pub struct FakeEngine {
    socket: PathBuf,
    api: (u16, u16),
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl FakeEngine {
    /// Listens on `socket` and says that it speaks `api` and runs containers of `os`.
    pub fn start(socket: &Path, api: (u16, u16), os: &'static str) -> Self {
        Self::answering(socket, api, os, Vec::new())
    }

    /// The same, that answers what else it is asked with these texts.
    pub fn answering(socket: &Path, api: (u16, u16), os: &'static str, answers: Answers) -> Self {
        let answers = Arc::new(answers);
        let listener = UnixListener::bind(socket).expect("a socket in the temporary directory");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, answers) = (Arc::clone(&shared), Arc::clone(&answers));
                // A client may hold a connection without using it.
                thread::spawn(move || serve(&stream, (api, os), &answers, &asked));
            }
        });
        Self { socket: socket.into(), api, asked }
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The version that it speaks.
    pub fn api(&self) -> (u16, u16) {
        self.api
    }

    /// What was asked since the last call. A request is written down before its client gets the answer.
    pub fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().expect("no connection panics"))
    }
}

/// Answers the requests of one connection. A client that is gone meanwhile is its own affair.
fn serve(stream: &UnixStream, says: Says, answers: &Answers, asked: &Mutex<Vec<Asked>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        reader.read_line(&mut first).ok().filter(|count| *count > 0)?;
        let mut words = first.split(' ').map(str::to_owned);
        let (method, target) = (words.next()?, words.next()?);
        let headers = read_headers(&mut reader);
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let mut body = vec![0; length.and_then(|(_, text)| text.parse().ok()).unwrap_or(0)];
        reader.read_exact(&mut body).ok()?;
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        if !path.ends_with("/_ping") && !path.ends_with("/containers/json") {
            let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
            let request = Asked { method: method.clone(), path: path.to_owned(), query, headers, body };
            asked.lock().expect("no connection panics").push(request);
        }
        write_answer(stream, &method, path, answers, says)?;
    }
}

fn read_headers(reader: &mut impl BufRead) -> Vec<(String, String)> {
    let lines = reader.lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let pairs = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    });
    let mut headers: Vec<_> = pairs.collect();
    headers.sort();
    headers
}

fn write_answer(
    mut stream: &UnixStream,
    method: &str,
    path: &str,
    answers: &Answers,
    ((major, minor), os): Says,
) -> Option<()> {
    let answer = answers.iter().find(|(part, _)| path.contains(part));
    let (status, text) = match path {
        _ if answer.is_some() => ("200 OK", answer.map_or("", |(_, text)| text.as_str())),
        _ if path.ends_with("/_ping") => ("200 OK", "OK"),
        // A pull that has nothing to say.
        _ if path.ends_with("/images/create") => ("200 OK", "{}\n"),
        _ => ("500 Internal Server Error", r#"{"message":"refused"}"#),
    };
    let text = if method == "HEAD" { "" } else { text };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nApi-Version: {major}.{minor}\r\nOstype: {os}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{text}",
        text.len()
    )
    .ok()
}

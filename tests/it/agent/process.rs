//! The program as a child: frames to its stdin, frames from its stdout, requests to its port.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use credrun::agent::frame::{AtEnd, Frame, FromAgent, Hello, ToAgent};
use credrun::agent::wiped::Wiped;
use credrun::agent::{AgentProgram, PATH};
use tempfile::TempDir;

use crate::harness::run::{PATIENCE, wait, within};

pub const TOKEN: &str = "dG9rZW4tb2YtdGhlLXJ1bi1vZi10aGUtdGVzdHMtLS0";
/// Long enough that no test reaches it.
pub const HOUR_MS: u64 = 3_600_000;

/// A running agent; ended when dropped.
pub struct Agent {
    child: Child,
    stdin: Option<ChildStdin>,
    messages: Receiver<FromAgent>,
    _directory: TempDir,
}

/// What most tests say first.
pub fn hello(at_end: AtEnd) -> Hello {
    let token = Wiped::copy_of(TOKEN.as_bytes());
    Hello { at_end, port: 0, other_port: true, heartbeat_ms: 600_000, token }
}

/// Credentials that end in `remaining_ms` by both clocks.
pub fn credentials(body: &str, remaining_ms: u64) -> ToAgent {
    let ends_unix_ms = unix_ms() + remaining_ms;
    ToAgent::Credentials { remaining_ms, ends_unix_ms, body: Wiped::copy_of(body.as_bytes()) }
}

pub fn unix_ms() -> u64 {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a clock");
    u64::try_from(now.as_millis()).expect("this century")
}

/// The program in its image's layer.
fn executable(program: AgentProgram) -> Vec<u8> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(program.layer));
    let mut file = archive.entries().expect("entries").next().expect("one").expect("an entry");
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).expect("content");
    bytes
}

impl Agent {
    /// The program, told nothing yet.
    pub fn started() -> Self {
        let program = AgentProgram::of(std::env::consts::ARCH).expect("this build has an agent");
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("credrun-agent");
        write_executable(&path, &executable(program));
        let mut command = Command::new(&path);
        let mut child = command
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the agent starts");
        let stdin = child.stdin.take();
        let mut stdout = child.stdout.take().expect("stdout is piped");
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Ok(Some(frame)) = Frame::read(&mut stdout) {
                let message = FromAgent::of(&frame).expect("a message").expect("of this service");
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Self { child, stdin, messages, _directory: directory }
    }

    /// One that listens, with its port.
    pub fn ready(hello: Hello) -> (Self, u16) {
        let mut agent = Self::started();
        agent.say(&ToAgent::Hello(hello));
        match agent.hear() {
            Some(FromAgent::Ready { port, .. }) => (agent, port),
            other => panic!("not ready: {other:?}"),
        }
    }

    /// One that serves `body`.
    pub fn serving(hello: Hello, body: &str) -> (Self, u16) {
        let (mut agent, port) = Self::ready(hello);
        agent.say(&credentials(body, HOUR_MS));
        agent.settle();
        (agent, port)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn say(&mut self, message: &ToAgent) {
        self.write(message.to_bytes().expose());
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.stdin.as_mut().expect("stdin is open").write_all(bytes).expect("the agent reads");
    }

    /// Ends its stdin.
    pub fn end_input(&mut self) {
        self.stdin = None;
    }

    /// The next message; `None` when its stdout has ended.
    pub fn hear(&mut self) -> Option<FromAgent> {
        match self.messages.recv_timeout(PATIENCE) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("the agent says nothing"),
        }
    }

    /// Waits until all that was said is done, and returns what it says of itself then.
    pub fn settle(&mut self) -> FromAgent {
        self.say(&ToAgent::Heartbeat { sequence: 77 });
        let pong = self.hear().expect("it lives");
        assert!(matches!(pong, FromAgent::Pong { sequence: 77, .. }), "{pong:?}");
        pong
    }

    /// Waits for its end: its exit code and what it wrote on stderr.
    pub fn end(mut self) -> (i32, String) {
        let code = wait(&mut self.child, PATIENCE).expect("the agent ends");
        let mut stderr = String::new();
        self.child.stderr.take().expect("stderr is piped").read_to_string(&mut stderr).expect("text");
        (code, stderr)
    }

    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_none()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// By another process: a file that this one has open for writing, or a child of a test beside this one, cannot be run.
fn write_executable(path: &std::path::Path, bytes: &[u8]) {
    let mut writer = Command::new("sh")
        .args(["-c", r#"cat >"$0" && chmod 755 "$0""#])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .expect("a shell");
    writer.stdin.take().expect("stdin is piped").write_all(bytes).expect("written");
    assert!(writer.wait().expect("the shell ends").success());
}

/// The head of a request as SDKs send it.
pub fn request(line: &str, authorization: Option<&str>) -> String {
    let authorization = authorization.map(|token| format!("Authorization: {token}\r\n"));
    format!("{line}\r\nHost: 127.0.0.1\r\n{}Accept: */*\r\n\r\n", authorization.unwrap_or_default())
}

pub fn good_request() -> String {
    request(&format!("GET {PATH} HTTP/1.1"), Some(TOKEN))
}

pub fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

/// Sends bytes on a connection of their own and returns all that comes back. On a machine under load the client itself
/// can be the one that is too slow: then once more.
pub fn ask(port: u16, bytes: &[u8]) -> String {
    let mut last = Err(std::io::Error::other("not tried"));
    within(PATIENCE, || {
        last = try_to_ask(port, bytes);
        last.as_ref().is_ok_and(|answer| !answer.contains("RequestTimeout"))
    });
    last.expect("an answer and its end")
}

fn try_to_ask(port: u16, bytes: &[u8]) -> std::io::Result<String> {
    let mut stream = connect(port);
    stream.write_all(bytes)?;
    answer(&mut stream)
}

/// All that comes until the end of the connection.
pub fn answer(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The answer to a good request.
pub fn fetch(port: u16) -> String {
    ask(port, good_request().as_bytes())
}

/// Fetches until the answer holds `text`.
pub fn fetch_until(port: u16, text: &str) -> String {
    let mut last = String::new();
    within(PATIENCE, || {
        last = fetch(port);
        last.contains(text)
    });
    assert!(last.contains(text), "`{text}` does not come: {last}");
    last
}

//! A proxy before the engine that lets one call fail.

use std::io::{self, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rustix::net::{RecvFlags, recv};
use tempfile::TempDir;

use super::call::Names;
use super::fault::{Fault, Kind};
use crate::harness::message::{Framing, Head, pass_body};
use crate::harness::proxy::{engine_socket, without_version};

const REFUSAL: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n\
    Content-Length: 34\r\n\r\n{\"message\":\"injected by the test\"}";
const GARBAGE: &[u8] = b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n";
const NO_IMAGE: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n\
    Content-Length: 27\r\n\r\n{\"message\":\"No such image\"}";

#[derive(Default)]
struct State {
    fault: Option<Fault>,
    /// After whose answer nobody is let in any more: the call before one that is to be refused.
    last: Option<String>,
    /// Whether the engine is said not to have the agent's image, the first time.
    without_agent: bool,
    names: Names,
    calls: Vec<String>,
    is_hit: bool,
    is_dead: bool,
    /// How many calls wait for their answer's head, but for one that stalls.
    pending: usize,
    /// When the last one got it.
    quiet_since: Option<Instant>,
    ends: Vec<UnixStream>,
}

/// The proxy; it lives until the test is over.
pub struct FaultProxy {
    directory: TempDir,
    state: Arc<Mutex<State>>,
}

impl FaultProxy {
    /// One that lets this happen, before the tests' engine. `before` is the call before that of the fault.
    pub fn start(fault: Option<Fault>, before: Option<&str>, without_agent: bool) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("engine.sock");
        let is_refused = fault.as_ref().is_some_and(|fault| fault.kind == Kind::Refused);
        let state = State {
            last: before.filter(|_| is_refused).map(str::to_owned),
            is_hit: is_refused && before.is_none(),
            fault,
            without_agent,
            ..State::default()
        };
        let is_never_there = state.is_hit;
        let state = Arc::new(Mutex::new(state));
        if !is_never_there {
            let listener = UnixListener::bind(&path).expect("a socket");
            let shared = Arc::clone(&state);
            std::thread::spawn(move || {
                for client in listener.incoming().flatten() {
                    let connection = Connection { path: path.clone(), client, state: Arc::clone(&shared) };
                    // What breaks is the program's to tell.
                    std::thread::spawn(move || connection.serve());
                }
            });
        }
        Self { directory, state }
    }

    /// What `DOCKER_HOST` is to be for the program under test.
    pub fn docker_host(&self) -> String {
        format!("unix://{}/engine.sock", self.directory.path().display())
    }

    /// The calls so far, in their order.
    pub fn calls(&self) -> Vec<String> {
        lock(&self.state).calls.clone()
    }

    /// Whether the fault has happened.
    pub fn is_hit(&self) -> bool {
        lock(&self.state).is_hit
    }

    /// Whether the engine cannot be reached any more.
    pub fn is_dead(&self) -> bool {
        lock(&self.state).is_dead
    }

    /// The containers that the engine has made: their ids, and what they are.
    pub fn containers(&self) -> Vec<(String, &'static str)> {
        lock(&self.state).names.containers().to_vec()
    }

    /// Whether a call stalls, and nothing else has been going on for so long.
    pub fn is_stuck(&self, quiet: Duration) -> bool {
        let state = lock(&self.state);
        // A look into the container has a limit of credrun's own, after which the run goes on.
        let is_stall = state
            .fault
            .as_ref()
            .is_some_and(|fault| fault.kind == Kind::Stall && !fault.call.ends_with("/archive"));
        let is_quiet = state.quiet_since.is_some_and(|since| since.elapsed() > quiet);
        is_stall && state.is_hit && state.pending == 0 && is_quiet
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().expect("no connection panics")
}

struct Connection {
    path: PathBuf,
    client: UnixStream,
    state: Arc<Mutex<State>>,
}

impl Connection {
    fn serve(&self) -> io::Result<()> {
        let served = self.requests();
        let _ = self.client.shutdown(Shutdown::Both);
        served
    }

    fn requests(&self) -> io::Result<()> {
        let engine = UnixStream::connect(engine_socket())?;
        {
            let mut state = lock(&self.state);
            if state.is_dead {
                return Ok(());
            }
            state.ends.extend([self.client.try_clone()?, engine.try_clone()?]);
        }
        let mut from_client = BufReader::new(self.client.try_clone()?);
        let mut from_engine = BufReader::new(engine.try_clone()?);
        while let Some((method, target)) = peek(&self.client)? {
            let (call, kind) = self.begin(&method, &target);
            let going_on = match kind {
                Some(Kind::Closed) => {
                    self.strike(&engine);
                    false
                }
                kind => self.exchange((&target, &call), kind, &mut from_client, &mut from_engine)?,
            };
            if !going_on {
                break;
            }
        }
        engine.shutdown(Shutdown::Both)
    }

    /// Notes a call: its name, and what is to happen.
    fn begin(&self, method: &str, target: &str) -> (String, Option<Kind>) {
        let mut state = lock(&self.state);
        let call = state.names.name(method, target);
        state.calls.push(call.clone());
        let fault = state.fault.as_ref().filter(|fault| fault.call == call);
        let kind = fault.map(|fault| fault.kind).filter(|kind| *kind != Kind::Refused);
        state.pending += usize::from(kind != Some(Kind::Stall));
        (call, kind)
    }

    /// The fault happens now; with an engine that dies all but this connection ends.
    fn strike(&self, engine: &UnixStream) {
        let mut state = lock(&self.state);
        state.is_hit = true;
        if state.fault.as_ref().is_some_and(|fault| fault.is_dead) {
            (state.is_dead, state.pending) = (true, 0);
            let _ = std::fs::remove_file(&self.path);
            let own = [inode(&self.client), inode(engine)];
            for end in state.ends.iter().filter(|end| !own.contains(&inode(end))) {
                let _ = end.shutdown(Shutdown::Both);
            }
        }
        state.quiet_since = Some(Instant::now());
    }

    /// The answer's head goes now.
    fn answered(&self, call: &str) {
        let mut state = lock(&self.state);
        state.pending = state.pending.saturating_sub(1);
        state.quiet_since = Some(Instant::now());
        if state.last.as_deref() == Some(call) {
            (state.is_hit, state.is_dead) = (true, true);
            let _ = std::fs::remove_file(&self.path);
        }
    }

    /// One request and its answer; whether the connection goes on.
    fn exchange(
        &self,
        (target, call): (&str, &str),
        kind: Option<Kind>,
        from_client: &mut BufReader<UnixStream>,
        from_engine: &mut BufReader<UnixStream>,
    ) -> io::Result<bool> {
        let engine = from_engine.get_ref().try_clone()?;
        let (mut to_client, mut to_engine) = (self.client.try_clone()?, engine.try_clone()?);
        let Some(request) = Head::read(from_client)? else { return Ok(false) };
        let is_kept = matches!(kind, Some(Kind::Before | Kind::Status500 | Kind::Garbage));
        let is_absent = call == "GET /images/agent/json" && lock(&self.state).without_agent;
        if is_kept || (is_absent && kind.is_none()) {
            pass_body(from_client, &mut io::sink(), request.request_framing())?;
            if is_kept {
                self.strike(&engine);
            } else {
                self.answered(call);
            }
            to_client.write_all(match kind {
                Some(Kind::Status500) => REFUSAL,
                Some(Kind::Garbage) => GARBAGE,
                Some(_) => b"",
                None => NO_IMAGE,
            })?;
            return Ok(kind.is_none());
        }
        to_engine.write_all(&request.bytes)?;
        pass_body(from_client, &mut to_engine, request.request_framing())?;
        let answer = Head::read(from_engine)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let framing = answer.response_framing(request.first_line.split(' ').next().unwrap_or_default());
        let is_stream = answer.status() == 101 || call.ends_with("/wait") || call.ends_with("/events");
        let mut body = Vec::new();
        if !is_stream {
            let content = pass_body(from_engine, &mut body, framing)?;
            if call.starts_with("POST /containers/create") {
                lock(&self.state).names.made(target, &content);
            }
        }
        let Some(kind) = kind else {
            self.answered(call);
            to_client.write_all(&answer.bytes)?;
            to_client.write_all(&body)?;
            if is_stream {
                stream(from_client, from_engine, to_client, to_engine);
            }
            return Ok(!is_stream && framing != Framing::UntilEnd);
        };
        self.strike(&engine);
        match kind {
            Kind::Half if answer.status() == 101 || (body.is_empty() && !is_stream) => {
                to_client.write_all(&answer.bytes[..answer.bytes.len() / 2])?;
            }
            Kind::Half => {
                to_client.write_all(&answer.bytes)?;
                to_client.write_all(&body[..body.len() / 2])?;
            }
            // Until the client goes.
            Kind::Stall => {
                let _ = io::copy(from_client, &mut io::sink());
            }
            _ => {}
        }
        Ok(false)
    }
}

/// What tells one end from another, whichever its descriptor is.
fn inode(stream: &UnixStream) -> Option<u64> {
    rustix::fs::fstat(stream).ok().map(|stat| stat.st_ino)
}

/// Method and target of the request that comes, without taking anything of it; `None` when none comes.
fn peek(client: &UnixStream) -> io::Result<Option<(String, String)>> {
    let mut bytes = vec![0; 16384];
    loop {
        let (count, _) = recv(client, &mut bytes[..], RecvFlags::PEEK)?;
        let text = String::from_utf8_lossy(&bytes[..count]);
        if let Some((line, _)) = text.split_once("\r\n") {
            let mut words = line.split(' ').map(str::to_owned);
            let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            return Ok(Some((method, without_version(&target))));
        }
        if count == 0 {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Hands bytes on in both directions, and the end of each when it comes.
fn stream(
    from_client: &mut BufReader<UnixStream>,
    from_engine: &mut BufReader<UnixStream>,
    mut to_client: UnixStream,
    mut to_engine: UnixStream,
) {
    std::thread::scope(|scope| {
        scope.spawn(move || {
            copy(from_client, &mut to_engine);
            let _ = to_engine.shutdown(Shutdown::Write);
        });
        copy(from_engine, &mut to_client);
        // A client that is gone reads no more, and one whose answer has ended says no more.
        let _ = to_client.shutdown(Shutdown::Both);
        let _ = from_engine.get_ref().shutdown(Shutdown::Both);
    });
}

/// Copies without waiting for a full buffer.
fn copy(from: &mut impl Read, to: &mut impl Write) {
    let mut chunk = [0; 65536];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        if to.write_all(&chunk[..count]).is_err() {
            return;
        }
    }
}

/// What the engine answers to a request without a body, past every proxy: its status and its body.
pub fn ask_engine(method: &str, target: &str) -> io::Result<(u16, serde_json::Value)> {
    let mut engine = UnixStream::connect(engine_socket())?;
    write!(engine, "{method} {target} HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n")?;
    let mut from_engine = BufReader::new(engine);
    let head = Head::read(&mut from_engine)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let body = pass_body(&mut from_engine, &mut io::sink(), head.response_framing(method))?;
    Ok((head.status(), serde_json::from_slice(&body).unwrap_or_default()))
}

/// Which state a container is in; `None` when it is gone.
pub fn state_of(id: &str) -> Option<String> {
    let (status, body) = ask_engine("GET", &format!("/containers/{id}/json")).expect("the engine answers");
    (status == 200).then(|| body["State"]["Status"].as_str().unwrap_or("unknown").to_owned())
}

/// Removes a container, whatever it does.
pub fn remove(id: &str) {
    let _ = ask_engine("DELETE", &format!("/containers/{id}?force=true&v=true"));
}

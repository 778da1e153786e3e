//! A proxy in front of the engine's socket that writes down what is asked of the engine, and in which order.

use std::io::{self, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tempfile::TempDir;

use super::message::{Framing, Head, pass_body};
use super::run::{PATIENCE, eventually};

/// One request and what came of it.
#[derive(Debug, Clone, Default)]
pub struct Exchange {
    /// `POST`.
    pub method: String,
    /// `/containers/create?name=…`, without the version before it.
    pub target: String,
    /// The body of the request.
    pub body: Vec<u8>,
    /// The status of the answer; 0 while there is none.
    pub status: u16,
    /// When the head of the request came and when the head of the answer went, in the order of all such.
    pub asked: usize,
    /// See `asked`; 0 while there is no answer.
    pub answered: usize,
    /// The connection became a stream.
    pub upgraded: bool,
    /// The client ended its half of the stream before the engine did.
    pub half_closed: bool,
}

#[derive(Default)]
struct Log {
    exchanges: Vec<Exchange>,
    clock: usize,
    /// Both ends of every connection.
    connections: Vec<UnixStream>,
    /// The engine is dead to all who ask.
    is_cut: bool,
    /// See [`Proxy::hold`].
    held: Option<(&'static str, usize)>,
}

impl Log {
    fn is_held(&self, number: usize) -> bool {
        let Some((part, nth)) = self.held else { return false };
        let is_so = |exchange: &Exchange| exchange.target.contains(part);
        let count = self.exchanges[..=number].iter().filter(|exchange| is_so(exchange)).count();
        !self.is_cut && is_so(&self.exchanges[number]) && count >= nth
    }
}

/// The proxy; it lives until the test is over.
pub struct Proxy {
    directory: TempDir,
    log: Arc<Mutex<Log>>,
}

impl Proxy {
    /// Starts one in front of the engine that `DOCKER_HOST` names.
    pub fn start() -> Self {
        Self::before(engine_socket())
    }

    /// Starts one in front of the engine at this socket.
    pub fn before(engine: PathBuf) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let listener = UnixListener::bind(directory.path().join("engine.sock")).expect("a socket");
        let log = Arc::new(Mutex::new(Log::default()));
        let shared = Arc::clone(&log);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (log, engine) = (Arc::clone(&shared), engine.clone());
                // A connection that breaks is the program's to tell: the test sees what the program makes of it.
                std::thread::spawn(move || serve(&client, &engine, &log));
            }
        });
        Self { directory, log }
    }

    /// What `DOCKER_HOST` is to be for the program under test.
    pub fn docker_host(&self) -> String {
        format!("unix://{}/engine.sock", self.directory.path().display())
    }

    /// As if the engine had died: all connections end, and new ones lead nowhere.
    pub fn cut(&self) {
        let mut log = lock(&self.log);
        log.is_cut = true;
        for connection in log.connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Keeps back the answers to the `nth` request whose target has this part, and to those after it: the engine has
    /// done what it was asked, and nobody knows.
    pub fn hold(&self, part: &'static str, nth: usize) {
        lock(&self.log).held = Some((part, nth));
    }

    /// Waits until an answer is kept back.
    pub fn wait_held(&self) {
        eventually(PATIENCE, "an answer is kept back", || {
            let log = lock(&self.log);
            (0..log.exchanges.len()).any(|number| log.exchanges[number].answered > 0 && log.is_held(number))
        });
    }

    /// Hands over what was kept back.
    pub fn release(&self) {
        lock(&self.log).held = None;
    }

    /// What was asked so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        lock(&self.log).exchanges.clone()
    }

    /// Was the engine asked to create a container?
    pub fn saw_create(&self) -> bool {
        self.exchanges().iter().any(|exchange| exchange.target.starts_with("/containers/create"))
    }
}

fn lock(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().expect("no connection panics")
}

/// The socket of the engine that the tests use.
pub fn engine_socket() -> PathBuf {
    let host = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".into());
    host.strip_prefix("unix://").expect("the tests need an engine on a unix socket").into()
}

/// Serves the requests of one connection, one after the other.
fn serve(client: &UnixStream, engine: &Path, log: &Mutex<Log>) -> io::Result<()> {
    let engine = UnixStream::connect(engine)?;
    {
        let mut log = lock(log);
        if log.is_cut {
            return Ok(());
        }
        log.connections.extend([client.try_clone()?, engine.try_clone()?]);
    }
    let mut from_client = BufReader::new(client.try_clone()?);
    let mut from_engine = BufReader::new(engine.try_clone()?);
    let (mut to_client, mut to_engine) = (client.try_clone()?, engine.try_clone()?);
    while let Some(request) = Head::read(&mut from_client)? {
        let number = note_request(log, &request);
        to_engine.write_all(&request.bytes)?;
        let body = pass_body(&mut from_client, &mut to_engine, request.request_framing())?;
        lock(log).exchanges[number].body = body;
        let answer = read_answer(&mut from_engine, &mut to_client)?;
        note_answer(log, number, &answer);
        while lock(log).is_held(number) {
            std::thread::sleep(Duration::from_millis(5));
        }
        to_client.write_all(&answer.bytes)?;
        if answer.status() == 101 {
            return stream(from_client, from_engine, to_client, to_engine, log, number);
        }
        let framing = answer.response_framing(request.first_line.split(' ').next().unwrap_or_default());
        pass_body(&mut from_engine, &mut to_client, framing)?;
        if framing == Framing::UntilEnd {
            break;
        }
    }
    let _ = engine.shutdown(Shutdown::Both);
    let _ = client.shutdown(Shutdown::Both);
    Ok(())
}

/// The final answer; what comes before it (100 Continue) is handed on.
fn read_answer(from: &mut BufReader<UnixStream>, to: &mut UnixStream) -> io::Result<Head> {
    loop {
        let head = Head::read(from)?.ok_or_else(|| io::Error::other("the engine gave no answer"))?;
        if head.status() == 101 || head.status() >= 200 {
            return Ok(head);
        }
        to.write_all(&head.bytes)?;
    }
}

fn note_request(log: &Mutex<Log>, head: &Head) -> usize {
    let mut words = head.first_line.split(' ').map(str::to_owned);
    let mut log = lock(log);
    log.clock += 1;
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let exchange =
        Exchange { method, target: without_version(&target), asked: log.clock, ..Exchange::default() };
    log.exchanges.push(exchange);
    log.exchanges.len() - 1
}

fn note_answer(log: &Mutex<Log>, number: usize, head: &Head) {
    let mut log = lock(log);
    log.clock += 1;
    let answered = log.clock;
    let exchange = &mut log.exchanges[number];
    exchange.answered = answered;
    exchange.status = head.status();
    exchange.upgraded = head.status() == 101;
}

/// `/v1.41/_ping` is `/_ping`.
pub fn without_version(target: &str) -> String {
    let rest = target.strip_prefix("/v1.").map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    rest.filter(|rest| rest.starts_with('/')).unwrap_or(target).to_owned()
}

/// Hands bytes on in both directions, and the end of each when it comes.
fn stream(
    mut from_client: BufReader<UnixStream>,
    mut from_engine: BufReader<UnixStream>,
    mut to_client: UnixStream,
    mut to_engine: UnixStream,
    log: &Mutex<Log>,
    number: usize,
) -> io::Result<()> {
    let ended = &AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            copy(&mut from_client, &mut to_engine);
            let _ = to_engine.shutdown(Shutdown::Write);
            // After the engine's end the client's says nothing.
            lock(log).exchanges[number].half_closed = !ended.load(Ordering::SeqCst);
        });
        copy(&mut from_engine, &mut to_client);
        ended.store(true, Ordering::SeqCst);
        let _ = to_client.shutdown(Shutdown::Write);
        // A client that is gone reads no more: the engine must not wait for it.
        let _ = from_engine.get_ref().shutdown(Shutdown::Read);
    });
    Ok(())
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

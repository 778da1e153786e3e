//! The endpoint: threads that each take one connection at a time. There are as many as are busy and a few more, up to
//! a limit; what comes beyond it waits in the kernel's queue.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::frame::FromAgent;
use super::held::{Held, Now};
use super::http::{self, LONGEST_HEAD, Reading, Verdict};
use super::wiped::{self, Wiped};

/// The most connections that are talked with at a time.
const MOST: usize = 64;
/// Threads that stay when there is nothing to do.
const STAYING: usize = 8;
/// The request's buffer lies on it, and little else; only what is used becomes resident.
const STACK: usize = 64 * 1024;
/// How long a client may take for its request, and for taking the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// What a refused client may still send, in bytes, before the connection is closed.
const REST: usize = 64 * 1024;

/// What the endpoint's threads and the one that reads the frames have in common.
pub struct Endpoint {
    listener: TcpListener,
    token: Wiped,
    refusals: Refusals,
    held: Mutex<Held>,
    /// Told when [`Held`] has changed.
    changed: Condvar,
    threads: AtomicUsize,
    idle: AtomicUsize,
    served: AtomicU64,
    refused: AtomicU64,
    /// Whether the process ends when the host has been silent for long.
    ends_alone: bool,
}

pub fn now() -> Now {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Now { monotonic: Instant::now(), unix_ms: u64::try_from(unix.as_millis()).unwrap_or(u64::MAX) }
}

impl Endpoint {
    pub fn new(listener: TcpListener, token: Wiped, held: Held, ends_alone: bool) -> Arc<Self> {
        let (threads, idle) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (served, refused) = (AtomicU64::new(0), AtomicU64::new(0));
        let (held, changed) = (Mutex::new(held), Condvar::new());
        let refusals = Refusals::new();
        Arc::new(Self { listener, token, refusals, held, changed, threads, idle, served, refused, ends_alone })
    }

    /// Starts the first threads: one that takes connections, and one that wipes what has ended.
    ///
    /// # Errors
    /// When the system allows no more threads.
    pub fn start(self: &Arc<Self>) -> std::io::Result<()> {
        let endpoint = Arc::clone(self);
        std::thread::Builder::new().stack_size(STACK).spawn(move || endpoint.watch())?;
        self.idle.fetch_add(1, Ordering::SeqCst);
        self.threads.fetch_add(1, Ordering::SeqCst);
        self.spawn()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is held.
    pub fn change(&self, change: impl FnOnce(&mut Held)) {
        change(&mut self.held());
        self.changed.notify_all();
    }

    /// That it listens, and where.
    pub fn ready(&self) -> Option<FromAgent> {
        let port = self.listener.local_addr().ok()?.port();
        Some(FromAgent::Ready { port, clock_unix_ms: now().unix_ms })
    }

    /// The answer to a heartbeat.
    pub fn pong(&self, sequence: u64) -> FromAgent {
        let mut held = self.held();
        held.lapse(now());
        let [served, refused] = [&self.served, &self.refused].map(|count| count.load(Ordering::Relaxed));
        FromAgent::Pong { sequence, holds: held.holds(), served, refused }
    }

    fn watch(&self) {
        let mut held = self.held();
        loop {
            held.lapse(now());
            // A partitioned host sends no end of input, nor does an engine that keeps stdin open for another one.
            if self.ends_alone && held.is_abandoned(now()) {
                std::process::exit(1);
            }
            let wait = held.next_look();
            held = self.changed.wait_timeout(held, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// One more thread, which is counted already.
    fn spawn(self: &Arc<Self>) -> std::io::Result<()> {
        let endpoint = Arc::clone(self);
        let spawned =
            std::thread::Builder::new().stack_size(STACK).spawn(move || endpoint.take_connections());
        if spawned.is_err() {
            self.idle.fetch_sub(1, Ordering::SeqCst);
            self.threads.fetch_sub(1, Ordering::SeqCst);
        }
        spawned.map(drop)
    }

    fn take_connections(self: Arc<Self>) {
        loop {
            let accepted = self.listener.accept();
            if self.idle.fetch_sub(1, Ordering::SeqCst) == 1 {
                self.replace_me();
            }
            match accepted {
                Ok((stream, _)) => self.talk(&stream),
                // No file descriptor is free, or the client has gone already.
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
            if self.idle.fetch_add(1, Ordering::SeqCst) >= STAYING {
                self.idle.fetch_sub(1, Ordering::SeqCst);
                self.threads.fetch_sub(1, Ordering::SeqCst);
                return;
            }
        }
    }

    /// This thread is busy now, and no other one is idle.
    fn replace_me(self: &Arc<Self>) {
        if self.threads.fetch_add(1, Ordering::SeqCst) >= MOST {
            self.threads.fetch_sub(1, Ordering::SeqCst);
        } else {
            self.idle.fetch_add(1, Ordering::SeqCst);
            // Where the system allows no more threads the ones there are have to do.
            let _ = self.spawn();
        }
    }

    fn talk(&self, stream: &TcpStream) {
        let mut buffer = [0; LONGEST_HEAD];
        let mut used = 0;
        let reading = receive(stream, &mut buffer, &mut used, self.token.expose());
        // The token is in it.
        wiped::wipe(&mut buffer[..used]);
        let Some(reading) = reading else { return };
        let answer = self.answer(&reading);
        let written = stream.set_write_timeout(Some(PATIENCE)).and_then(|()| {
            let mut stream = stream;
            stream.write_all(answer.expose())
        });
        drop(answer);
        if written.is_ok() && !matches!(reading, Received::Request(_)) {
            hear_out(stream);
        }
    }

    fn answer(&self, received: &Received) -> Arc<Wiped> {
        let refusals = &self.refusals;
        let refusal = match received {
            Received::Request(Verdict::Granted) => {
                let (answer, is_served) = self.held().answer(now());
                let counter = if is_served { &self.served } else { &self.refused };
                counter.fetch_add(1, Ordering::Relaxed);
                return answer;
            }
            Received::Request(Verdict::WrongToken) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                &refusals.wrong_token
            }
            Received::Request(Verdict::NotFound) => &refusals.not_found,
            Received::Request(Verdict::NotAllowed) => &refusals.not_allowed,
            Received::Malformed => &refusals.malformed,
            Received::TooLarge => &refusals.too_large,
            Received::TooSlow => &refusals.too_slow,
        };
        Arc::clone(refusal)
    }
}

/// What came over a connection.
enum Received {
    Request(Verdict),
    Malformed,
    TooLarge,
    TooSlow,
}

/// Reads a request; `None` when the client has gone.
fn receive(mut stream: &TcpStream, buffer: &mut [u8], used: &mut usize, token: &[u8]) -> Option<Received> {
    let end = Instant::now() + PATIENCE;
    let mut wait = PATIENCE;
    while *used < buffer.len() {
        let seen = *used;
        match stream.set_read_timeout(Some(wait)).and_then(|()| stream.read(&mut buffer[seen..])) {
            Ok(0) => return None,
            Ok(count) => *used += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Some(Received::TooSlow),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
        match http::read(&buffer[..*used], seen, token) {
            Reading::Whole(verdict) => return Some(Received::Request(verdict)),
            Reading::Malformed => return Some(Received::Malformed),
            Reading::Unfinished => {}
        }
        match left_until(end) {
            Some(left) => wait = left,
            None => return Some(Received::TooSlow),
        }
    }
    Some(Received::TooLarge)
}

/// What is left of the time; never zero, which as a timeout would be none at all.
fn left_until(end: Instant) -> Option<Duration> {
    end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
}

/// Closing a connection with bytes unread resets it, and the client may lose the answer.
fn hear_out(mut stream: &TcpStream) {
    let end = Instant::now() + Duration::from_secs(1);
    let (mut sink, mut heard) = ([0; 1024], 0);
    if stream.shutdown(Shutdown::Write).is_err() {
        return;
    }
    while heard < REST {
        let Some(left) = left_until(end) else { return };
        match stream.set_read_timeout(Some(left)).and_then(|()| stream.read(&mut sink)) {
            Ok(count @ 1..) => heard += count,
            _ => return,
        }
    }
}

/// Made once, so that a thread which answers asks for no memory.
struct Refusals {
    wrong_token: Arc<Wiped>,
    not_found: Arc<Wiped>,
    not_allowed: Arc<Wiped>,
    malformed: Arc<Wiped>,
    too_large: Arc<Wiped>,
    too_slow: Arc<Wiped>,
}

impl Refusals {
    fn new() -> Self {
        let made = |status, code, message| Arc::new(http::refusal(status, code, message));
        let token = "the Authorization header is not the token in AWS_CONTAINER_AUTHORIZATION_TOKEN";
        let get = "credentials are fetched with GET";
        let malformed = "this is no request of HTTP/1.1 without a body";
        let large = "the head of the request is longer than 8 KiB";
        Self {
            wrong_token: made("403 Forbidden", "AccessDenied", token),
            not_found: made("404 Not Found", "NotFound", "there is nothing here but /v1/credentials"),
            not_allowed: made("405 Method Not Allowed", "MethodNotAllowed", get),
            malformed: made("400 Bad Request", "BadRequest", malformed),
            too_large: made("431 Request Header Fields Too Large", "RequestTooLarge", large),
            too_slow: made("408 Request Timeout", "RequestTimeout", "the request has not come within 5 s"),
        }
    }
}

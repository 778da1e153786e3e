//! A line to an engine, on which connections are cut, stand still, or lead nowhere.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use crate::harness::run::{PATIENCE, eventually};

/// A connection's end, of either kind.
enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    fn again(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(stream) => Self::Tcp(stream.try_clone()?),
            Self::Unix(stream) => Self::Unix(stream.try_clone()?),
        })
    }

    fn shutdown(&self, how: Shutdown) {
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(how),
            Self::Unix(stream) => stream.shutdown(how),
        };
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(data),
            Self::Unix(stream) => stream.write(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where the engine is.
#[derive(Clone)]
pub enum Engine {
    Tcp(&'static str),
    Unix(PathBuf),
}

impl Engine {
    fn connect(&self) -> io::Result<Socket> {
        Ok(match self {
            Self::Tcp(address) => Socket::Tcp(TcpStream::connect(address)?),
            Self::Unix(path) => Socket::Unix(UnixStream::connect(path)?),
        })
    }
}

#[derive(Default)]
struct State {
    /// Nothing goes through.
    is_frozen: bool,
    /// Who connects is sent away.
    is_closed: bool,
    /// Nothing ever goes through the connections below this number.
    stranded: u64,
    next: u64,
    /// How many connections have not ended.
    live: usize,
    /// Both ends of every connection.
    ends: Vec<Socket>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no connection panics")
    }

    /// Returns when bytes of this connection may go through.
    fn wait(&self, number: u64) {
        let stands_still = |state: &mut State| state.is_frozen || number < state.stranded;
        drop(self.changed.wait_while(self.state(), stands_still).expect("no connection panics"));
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }
}

/// The line; it lives until the test is over.
pub struct Line {
    /// What `DOCKER_HOST` is to be.
    pub docker_host: String,
    shared: Arc<Shared>,
}

impl Line {
    /// One over TCP.
    pub fn tcp(engine: Engine) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let docker_host = format!("tcp://{}", listener.local_addr().expect("an address"));
        Self::over(docker_host, move || Ok(Socket::Tcp(listener.accept()?.0)), engine)
    }

    /// One over a unix socket in `folder`.
    pub fn unix(folder: &Path, engine: Engine) -> Self {
        let path = folder.join("line.sock");
        let listener = UnixListener::bind(&path).expect("a socket");
        let docker_host = format!("unix://{}", path.display());
        Self::over(docker_host, move || Ok(Socket::Unix(listener.accept()?.0)), engine)
    }

    fn over(
        docker_host: String,
        accept: impl Fn() -> io::Result<Socket> + Send + 'static,
        engine: Engine,
    ) -> Self {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || {
            while let Ok(client) = accept() {
                let (shared, engine) = (Arc::clone(&theirs), engine.clone());
                // A connection that breaks is the program's to tell.
                std::thread::spawn(move || lead(client, &engine, &shared));
            }
        });
        Self { docker_host, shared }
    }

    /// Waits until a run is under way: only so many of its connections are left, which last: to the agent, to the target,
    /// for the wait, and near by for a second one, for the exit alone. Before it the answer to the start may be on its way
    /// still, after the container's first output.
    pub fn settled(&self, count: usize) {
        eventually(PATIENCE, "its connections are made", || self.shared.state().live == count);
    }

    /// All connections end; others may be made.
    pub fn cut(&self) {
        self.shared.change(|state| {
            for end in state.ends.drain(..) {
                end.shutdown(Shutdown::Both);
            }
        });
    }

    /// Nothing goes through any more, and nothing ends; or it goes on.
    pub fn freeze(&self, is_frozen: bool) {
        self.shared.change(|state| state.is_frozen = is_frozen);
    }

    /// Nothing goes through the connections that there are any more, and they do not end; others may be made.
    pub fn strand(&self) {
        self.shared.change(|state| state.stranded = state.next);
    }

    /// Whoever connects is sent away; or not any more.
    pub fn close(&self, is_closed: bool) {
        self.shared.change(|state| state.is_closed = is_closed);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.cut();
        self.shared.change(|state| (state.is_frozen, state.stranded, state.is_closed) = (false, 0, true));
    }
}

fn lead(client: Socket, engine: &Engine, shared: &Arc<Shared>) -> io::Result<()> {
    let number = {
        let mut state = shared.state();
        if state.is_closed {
            return Ok(());
        }
        state.next += 1;
        state.live += 1;
        state.next - 1
    };
    let led = lead_on(client, engine, number, shared);
    shared.state().live -= 1;
    led
}

fn lead_on(client: Socket, engine: &Engine, number: u64, shared: &Arc<Shared>) -> io::Result<()> {
    shared.wait(number);
    let engine = engine.connect()?;
    let (client_again, engine_again) = (client.again()?, engine.again()?);
    shared.state().ends.extend([client.again()?, engine.again()?]);
    let theirs = Arc::clone(shared);
    let other = std::thread::spawn(move || copy(client_again, engine, number, &theirs));
    copy(engine_again, client, number, shared);
    other.join().map_err(|_| io::Error::other("it panicked"))
}

/// Hands bytes on, and their end.
fn copy(mut from: Socket, mut to: Socket, number: u64, shared: &Shared) {
    let mut chunk = [0; 65536];
    loop {
        let count = from.read(&mut chunk).unwrap_or(0);
        shared.wait(number);
        if count == 0 || to.write_all(&chunk[..count]).is_err() {
            break;
        }
    }
    to.shutdown(Shutdown::Write);
    from.shutdown(Shutdown::Read);
}

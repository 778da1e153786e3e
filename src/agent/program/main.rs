//! The agent: the first process of the container whose network the target shares. It is told what to serve by frames
//! on its stdin, answers with frames on its stdout, and serves it on 127.0.0.1.
//!
//! It is made of the standard library alone and built by `build.rs`, for other systems than the host's too. It says
//! nothing about what it holds: not in panics, and there is no log.

#[path = "../frame.rs"]
#[allow(dead_code, reason = "the host's half is in it too")]
mod frame;
#[path = "../wiped.rs"]
#[allow(dead_code, reason = "the host's half is in it too")]
mod wiped;

mod endpoint;
mod held;
mod http;

use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use endpoint::{Endpoint, now};
use frame::{AtEnd, Frame, FromAgent, Hello, ToAgent};
use held::Held;

/// Without a first frame within this time there is no host, and none will come.
const FIRST_FRAME: Duration = Duration::from_secs(10);

/// Why it is over.
enum End {
    /// The host said goodbye.
    Bye,
    /// Its side of the stream is gone, or makes no sense any more.
    Gone,
}

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        // Where, and nothing of what: the words of a panic can hold data.
        if let Some(place) = panic.location() {
            let _ = writeln!(std::io::stderr(), "panic at {}:{}", place.file(), place.line());
        }
    }));
    // Not through the standard library's own buffers, which are never wiped.
    let files =
        (std::io::stdin().as_fd().try_clone_to_owned(), std::io::stdout().as_fd().try_clone_to_owned());
    let (Ok(stdin), Ok(stdout)) = files else { return ExitCode::FAILURE };
    run(&mut File::from(stdin), &mut File::from(stdout))
}

fn run(stdin: &mut File, stdout: &mut File) -> ExitCode {
    let Some(hello) = first_frame(stdin) else { return ExitCode::FAILURE };
    let at_end = hello.at_end;
    let endpoint = match listen(hello) {
        Ok(endpoint) => endpoint,
        Err(failed) => {
            let _ = stdout.write_all(failed.to_bytes().expose());
            return ExitCode::FAILURE;
        }
    };
    let end = match endpoint.ready() {
        Some(ready) if stdout.write_all(ready.to_bytes().expose()).is_ok() => {
            follow(stdin, stdout, &endpoint)
        }
        _ => End::Gone,
    };
    endpoint.change(Held::gone);
    match (end, at_end) {
        (End::Gone, AtEnd::Hold) => {
            // Where the host is there all the same: somebody else has ended this stream, or spoilt it.
            let failed = FromAgent::Failed { port_taken: false, message: "its stdin has ended".to_owned() };
            let _ = stdout.write_all(failed.to_bytes().expose());
            loop {
                std::thread::park();
            }
        }
        _ => ExitCode::SUCCESS,
    }
}

/// The host's hello; the process ends when it does not come.
fn first_frame(stdin: &mut File) -> Option<Hello> {
    let has_come = Arc::new(AtomicBool::new(false));
    let watched = Arc::clone(&has_come);
    let watch = move || {
        std::thread::sleep(FIRST_FRAME);
        if !watched.load(Ordering::SeqCst) {
            std::process::exit(1);
        }
    };
    std::thread::Builder::new().stack_size(16 * 1024).spawn(watch).ok()?;
    let frame = Frame::read(stdin).ok()??;
    has_come.store(true, Ordering::SeqCst);
    match ToAgent::of(&frame).ok()?? {
        ToAgent::Hello(hello) => Some(hello),
        _ => None,
    }
}

/// Listens where the host wants it.
fn listen(hello: Hello) -> Result<Arc<Endpoint>, FromAgent> {
    let failed = |port_taken, error: std::io::Error| {
        let message = format!("listening on 127.0.0.1:{}: {error}", hello.port);
        FromAgent::Failed { port_taken, message }
    };
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let is_taken = |error: &std::io::Error| error.kind() == std::io::ErrorKind::AddrInUse;
    let listener = match bind(hello.port) {
        Err(error) if hello.other_port && is_taken(&error) => bind(0),
        other => other,
    };
    let listener = listener.map_err(|error| failed(is_taken(&error), error))?;
    let held = Held::new(Duration::from_millis(hello.heartbeat_ms.into()), now());
    let endpoint = Endpoint::new(listener, hello.token.clone(), held, hello.at_end == AtEnd::Exit);
    endpoint.start().map_err(|error| failed(false, error))?;
    Ok(endpoint)
}

/// Does what the frames say until there are no more.
fn follow(stdin: &mut File, stdout: &mut File, endpoint: &Endpoint) -> End {
    while let Ok(Some(frame)) = Frame::read(stdin) {
        let Ok(message) = ToAgent::of(&frame) else { return End::Gone };
        // It may hold the keys, and has served its turn.
        drop(frame);
        endpoint.change(|held| held.hear(now()));
        match message {
            // A second hello is a second host.
            Some(ToAgent::Hello(_)) => return End::Gone,
            Some(ToAgent::Credentials { remaining_ms, ends_unix_ms, body }) => {
                endpoint.change(|held| held.credentials(&body, remaining_ms, ends_unix_ms, now()));
            }
            Some(ToAgent::Failure { code, message }) => {
                endpoint.change(|held| held.failure(&code, &message));
            }
            Some(ToAgent::Heartbeat { sequence }) => {
                if stdout.write_all(endpoint.pong(sequence).to_bytes().expose()).is_err() {
                    return End::Gone;
                }
            }
            Some(ToAgent::Bye) => return End::Bye,
            None => {}
        }
    }
    End::Gone
}

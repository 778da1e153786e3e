//! How fast the agent answers, and how much memory it takes: `cargo bench --bench agent`. Not part of CI, whose
//! machines are shared.
//!
//! Eight clients side by side, each request on a connection of its own, for five seconds; then the figures.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use credrun::agent::frame::{AtEnd, Frame, FromAgent, Hello, ToAgent};
use credrun::agent::wiped::Wiped;
use credrun::agent::{AgentProgram, PATH};

const CLIENTS: usize = 8;
const TIME: Duration = Duration::from_secs(5);
const TOKEN: &str = "dG9rZW4tb2YtdGhlLXJ1bi1vZi10aGUtYmVuY2htYXI";

fn main() {
    let program = AgentProgram::of(std::env::consts::ARCH).expect("this build has an agent for this machine");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("credrun-agent");
    let executable = executable(program);
    std::fs::write(&path, &executable).expect("a file");
    make_executable(&path);
    let mut agent =
        Command::new(&path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let port = prepared(&mut agent);
    let memory = |when: &str| println!("resident {when}: {} KiB", resident(agent.id()).unwrap_or_default());
    memory("at rest");
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(move || client(port))).collect();
        clients.into_iter().flat_map(|client| client.join().expect("a client ends well")).collect()
    });
    times.sort_unstable();
    let at = |per_mille: usize| times[(times.len() - 1) * per_mille / 1000];
    println!("executable: {} bytes", executable.len());
    println!("requests a second: {}", times.len() as u64 / TIME.as_secs());
    println!("p50 {:?}, p99 {:?}, p99.9 {:?}, worst {:?}", at(500), at(990), at(999), at(1000));
    memory("afterwards");
    drop(agent.stdin.take());
    assert!(agent.wait().expect("it ends").success());
}

/// The program in its image's layer.
fn executable(program: AgentProgram) -> Vec<u8> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(program.layer));
    let mut file = archive.entries().expect("entries").next().expect("one").expect("an entry");
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).expect("content");
    bytes
}

#[cfg(unix)]
fn make_executable(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).expect("an executable");
}

#[cfg(not(unix))]
fn make_executable(_: &std::path::Path) {}

/// Tells the agent what to serve, and returns its port.
fn prepared(agent: &mut Child) -> u16 {
    let hello = Hello {
        at_end: AtEnd::Exit,
        port: 0,
        other_port: true,
        heartbeat_ms: 60_000,
        token: Wiped::copy_of(TOKEN.as_bytes()),
    };
    // As long as a real one.
    let body = format!(r#"{{"AccessKeyId":"ASIAIOSFODNN7EXAMPLE","Token":"{}"}}"#, "x".repeat(1200));
    let credentials = ToAgent::Credentials {
        remaining_ms: 3_600_000,
        ends_unix_ms: u64::MAX,
        body: Wiped::copy_of(body.as_bytes()),
    };
    let stdin = agent.stdin.as_mut().expect("stdin is piped");
    for message in [ToAgent::Hello(hello), credentials, ToAgent::Heartbeat { sequence: 1 }] {
        stdin.write_all(message.to_bytes().expose()).expect("it reads");
    }
    let stdout = agent.stdout.as_mut().expect("stdout is piped");
    let mut next = || {
        let frame = Frame::read(stdout).expect("a frame").expect("no end");
        FromAgent::of(&frame).expect("a message").expect("of this service")
    };
    let FromAgent::Ready { port, .. } = next() else { panic!("it is not ready") };
    assert!(matches!(next(), FromAgent::Pong { holds: true, .. }), "it holds the credentials");
    port
}

/// How long each of one client's requests took, from the connection to the end of the answer.
fn client(port: u16) -> Vec<Duration> {
    let request = format!("GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: {TOKEN}\r\n\r\n");
    let (mut times, mut answer, end) = (Vec::new(), Vec::new(), Instant::now() + TIME);
    while Instant::now() < end {
        let start = Instant::now();
        answer.clear();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        stream.write_all(request.as_bytes()).expect("written");
        stream.read_to_end(&mut answer).expect("an answer");
        times.push(start.elapsed());
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
    times
}

/// What the process holds in memory, in KiB.
fn resident(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

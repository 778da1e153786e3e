//! Where the time of a run goes: a socket between the client and the engine notes when each call comes and is answered.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::Bench;
use super::plot::{Bar, bars};
use super::sample::{median, sample};

/// What a run is made of, in its order.
const PHASES: [&str; 6] = [
    "the client, until it creates the container",
    "create",
    "attach and wait",
    "start",
    "the command runs; the engine removes its container",
    "the client ends",
];

/// What went over the socket: when, and on which of its connections.
type Log = Arc<Mutex<Vec<(Instant, usize, String)>>>;

pub fn measure(bench: &mut Bench) {
    let proxy = Proxy::start();
    let image = bench.image.clone();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..bench.runs {
        ours.push(proxy.phases(&mut bench.credrun(&[&image, "true"])));
        theirs.push(proxy.phases(&mut bench.docker(&[&image, "true"])));
    }
    let middles = |all: &[[f64; 6]]| {
        std::array::from_fn::<f64, 6, _>(|phase| median(all.iter().map(|phases| phases[phase])))
    };
    let (ours, theirs) = (middles(&ours), middles(&theirs));
    for (name, one, other) in
        PHASES.iter().zip(ours).zip(theirs).map(|((name, one), other)| (name, one, other))
    {
        bench
            .report
            .note(&format!("time of a run: {name}"), &format!("credrun {one:.1} ms, docker {other:.1} ms"));
    }
    let drawn = bars(
        "where the time of a run goes, in milliseconds (medians)",
        &PHASES,
        &[Bar { name: "docker run --rm", parts: &theirs }, Bar { name: "credrun", parts: &ours }],
    );
    std::fs::write(bench.folder.join("where-a-run-goes.svg"), drawn).expect("the plot can be written");
}

struct Proxy {
    socket: PathBuf,
    log: Log,
    _folder: tempfile::TempDir,
}

impl Proxy {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let socket = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let shared = Log::default();
        let proxy = Self { socket, log: Arc::clone(&shared), _folder: folder };
        std::thread::spawn(move || {
            for (number, client) in listener.incoming().flatten().enumerate() {
                let engine = super::floor::engine();
                let ends = [(client.try_clone(), engine.try_clone(), "> "), (Ok(engine), Ok(client), "< ")];
                for (from, to, mark) in ends {
                    let (log, from, to) = (Arc::clone(&shared), from.expect("a copy"), to.expect("a copy"));
                    std::thread::spawn(move || copy(from, to, (number, mark), &log));
                }
            }
        });
        proxy
    }

    /// How long each phase took, in milliseconds.
    fn phases(&self, command: &mut Command) -> [f64; 6] {
        self.log.lock().expect("the log").clear();
        let began = Instant::now();
        sample(command.env("DOCKER_HOST", format!("unix://{}", self.socket.display())));
        let ended = Instant::now();
        let log = self.log.lock().expect("the log").clone();
        let position = |part: &str| {
            log.iter().position(|(_, _, line)| line.starts_with("> ") && line.contains(part)).expect("a call")
        };
        let answered = |call: usize| {
            let is_its = |(_, number, line): &&(Instant, usize, String)| {
                *number == log[call].1 && line.starts_with("< HTTP")
            };
            log[call..].iter().find(is_its).expect("an answer").0
        };
        let (create, start) = (position("/containers/create"), position("/start"));
        // The end of the wait is the last thing that is said.
        let last = log.iter().rev().find(|(_, _, line)| line.starts_with("< ")).expect("an answer").0;
        let moments = [began, log[create].0, answered(create), log[start].0, answered(start), last, ended];
        std::array::from_fn(|phase| {
            moments[phase + 1].saturating_duration_since(moments[phase]).as_secs_f64() * 1e3
        })
    }
}

fn copy(mut from: UnixStream, mut to: UnixStream, (number, mark): (usize, &str), log: &Log) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let line = String::from_utf8_lossy(&buffer[..count.min(200)]);
        let line = line.lines().next().unwrap_or_default().to_owned();
        log.lock().expect("the log").push((Instant::now(), number, format!("{mark}{line}")));
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

//! Runs a program under a watch: what it wrote, how it ended, and never longer than a limit.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// What a slow machine under load may need for anything that is bound to happen.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// How a program ended and what it wrote.
pub struct Outcome {
    /// Its exit code, or 128 and the signal as a shell has it.
    pub code: i32,
    /// Its stdout.
    pub stdout: Vec<u8>,
    /// Its stderr, as text.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

impl Outcome {
    /// Its stdout as text, without the white space around it.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }
}

impl std::fmt::Debug for Outcome {
    /// Text, because people read it when a test fails.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, stderr, took, .. } = self;
        write!(f, "ended with {code} after {took:?}\nstdout: {}\nstderr: {stderr}", self.text())
    }
}

/// A program that runs; ended when dropped.
pub struct Running {
    child: Child,
    stdout: Captured,
    stderr: Captured,
    started: Instant,
}

/// Runs the program to its end, with nothing on stdin.
pub fn run(command: &mut Command) -> Outcome {
    start(command.stdin(Stdio::null())).outcome()
}

/// Runs the program to its end, with `input` and its end on stdin. One that ends before it has read all of it did not
/// want it: how it ended tells the rest.
pub fn run_with_input(command: &mut Command, input: &[u8]) -> Outcome {
    let mut running = start(command.stdin(Stdio::piped()));
    let mut stdin = running.stdin();
    match stdin.write_all(input) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => panic!("stdin cannot be written: {error}"),
        _ => {}
    }
    drop(stdin);
    running.outcome()
}

/// Starts the program with its output captured; stdin is as the caller set it.
pub fn start(command: &mut Command) -> Running {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let stdout = Captured::of(child.stdout.take().expect("stdout is piped"));
    let stderr = Captured::of(child.stderr.take().expect("stderr is piped"));
    Running { child, stdout, stderr, started: Instant::now() }
}

impl Running {
    /// The writing end of its stdin; dropping it ends the stdin.
    pub fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("stdin is piped, and taken once")
    }

    /// Its number, while it has not been waited for.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_some()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        send(&self.child, signal);
    }

    /// Waits until its stdout holds `text`.
    pub fn wait_for(&self, text: &str) {
        within(PATIENCE, || self.stdout.has_ended() || self.stdout.text().contains(text));
        let (stdout, stderr) = (self.stdout.text(), self.stderr.text());
        assert!(stdout.contains(text), "stdout does not hold `{text}`\nstdout: {stdout}\nstderr: {stderr}");
    }

    /// What its stdout holds so far, as text.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What its stderr holds so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits for its end.
    pub fn outcome(self) -> Outcome {
        self.outcome_within(PATIENCE)
    }

    /// The same, of a program that takes its time.
    pub fn outcome_within(mut self, limit: Duration) -> Outcome {
        let code = wait(&mut self.child, limit).unwrap_or_else(|| {
            let _ = self.child.kill();
            panic!(
                "not ended after {limit:?}\nstdout: {}\nstderr: {}",
                self.stdout.text(),
                self.stderr.text()
            )
        });
        Outcome {
            code,
            took: self.started.elapsed(),
            stdout: self.stdout.finish(),
            stderr: String::from_utf8_lossy(&self.stderr.finish()).into_owned(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A stream that is read to its end on a thread of its own.
struct Captured {
    bytes: Arc<Mutex<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl Captured {
    fn of(mut stream: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&bytes);
        let thread = std::thread::spawn(move || {
            let mut chunk = [0; 65536];
            while let Ok(count @ 1..) = stream.read(&mut chunk) {
                sink.lock().expect("no reader panics").extend_from_slice(&chunk[..count]);
            }
        });
        Self { bytes, thread: Some(thread) }
    }

    fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().expect("no reader panics")).into_owned()
    }

    fn finish(&mut self) -> Vec<u8> {
        if let Some(thread) = self.thread.take() {
            thread.join().expect("no reader panics");
        }
        std::mem::take(&mut self.bytes.lock().expect("no reader panics"))
    }
}

/// Its exit code, once it has ended; `None` when it has not within the limit.
pub fn wait(child: &mut Child, limit: Duration) -> Option<i32> {
    let mut status = None;
    within(limit, || {
        status = child.try_wait().expect("a child can be waited for");
        status.is_some()
    });
    let status = status?;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal))
}

/// Sends a signal to a child that has not been waited for.
pub fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("the program still runs");
}

/// Asks again and again until it is so; false when it is not within the limit.
pub fn within(limit: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if is_so() {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The same, where it has to become so.
pub fn eventually(limit: Duration, what: &str, is_so: impl FnMut() -> bool) {
    assert!(within(limit, is_so), "not so after {limit:?}: {what}");
}

/// The most memory that a process has held so far, in KiB; `None` when it is gone.
pub fn peak_memory(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// More than a pipe holds, to a program that reads none of it.
#[test]
fn a_program_that_does_not_want_its_stdin_is_not_a_failure() {
    let outcome = run_with_input(Command::new("sh").args(["-c", "echo done; exit 3"]), &[b'x'; 1 << 20]);
    assert_eq!((outcome.code, outcome.text().as_str()), (3, "done"), "{outcome:?}");
}

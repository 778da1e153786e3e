//! A pipe that nobody reads: credrun waits in constant memory, and can be ended; one whose reader goes.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::process::Signal;
use tempfile::NamedTempFile;

use crate::harness::container::{Container, docker};
use crate::harness::emulator::{Emulator, names};
use crate::harness::endpoint::{Endpoint, Keys, cloud_shell};
use crate::harness::host::{BOTH, Host, Program, image};
use crate::harness::run::{PATIENCE, eventually, peak_memory, send, wait, within};
use crate::harness::short_lived::ShortLived;
use crate::harness::tier::is_long;
use crate::refresh::stage::{ASK, agent_container};

/// What a run may take at most, in KiB, whatever waits for it.
const MEMORY_LIMIT: u64 = 64 * 1024;
/// More than all pipes on the way hold.
const SIZE: usize = 20_000_000;

/// Which of its streams is the pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Stdout,
    Stderr,
}

/// A run whose output nobody reads.
struct Unread {
    child: Child,
    container: Container,
    /// The container's process.
    process: String,
    stream: Stream,
    /// What it says itself, unless that is the pipe.
    stderr: NamedTempFile,
}

impl Unread {
    /// Starts it, and waits until the pipe is full.
    fn start(host: &Host, program: Program, options: &[&str], stream: Stream) -> Self {
        let container = Container::named("unread");
        let to = if stream == Stream::Stderr { ">&2" } else { "" };
        // The shell hears the signal while its child waits for somebody to read.
        let script = format!("trap 'exit 7' TERM INT; head -c {SIZE} /dev/zero {to} & wait; exit 3");
        let arguments = [&container.options()[..], options, &[image(), "bash", "-c", &script]].concat();
        let mut command = host.command(program, &arguments);
        let stderr = NamedTempFile::new().expect("a file");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr.reopen().expect("a file"));
        match stream {
            Stream::Stdout => command.stdout(Stdio::piped()),
            Stream::Stderr => command.stderr(Stdio::piped()),
        };
        let child = command.spawn().expect("the program");
        let mut unread = Self { child, container, process: String::new(), stream, stderr };
        unread.container.wait_running();
        unread.process = unread.container.inspect("{{.State.Pid}}").expect("it runs");
        eventually(PATIENCE, "the pipe is full", || unread.is_full());
        unread
    }

    /// Another one of the pipe's writing ends, for a moment.
    fn writing_end(&self) -> File {
        let pipe = match self.stream {
            Stream::Stdout => self.child.stdout.as_ref().map(AsRawFd::as_raw_fd),
            Stream::Stderr => self.child.stderr.as_ref().map(AsRawFd::as_raw_fd),
        };
        let path = format!("/proc/self/fd/{}", pipe.expect("piped"));
        let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).expect("a flag");
        File::options().write(true).custom_flags(nonblocking).open(path).expect("a pipe")
    }

    fn is_full(&self) -> bool {
        let end = self.writing_end();
        let mut asked = [PollFd::new(&end, PollFlags::OUT)];
        poll(&mut asked, Some(&Timespec::default())).expect("asked") == 0
    }

    /// The last page of a full pipe may still have room for a line: none is left.
    fn fill_up(&self) {
        let mut end = self.writing_end();
        while end.write(b"x").is_ok() {}
    }

    /// Reads all there is.
    fn read(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let read = match self.stream {
            Stream::Stdout => self.child.stdout.take().expect("piped").read_to_end(&mut bytes),
            Stream::Stderr => self.child.stderr.take().expect("piped").read_to_end(&mut bytes),
        };
        read.expect("a pipe");
        bytes
    }

    /// The reader goes.
    fn close(&mut self) {
        match self.stream {
            Stream::Stdout => drop(self.child.stdout.take()),
            Stream::Stderr => drop(self.child.stderr.take()),
        }
    }

    /// Its process ends. (The engine says nothing of a container that has ended until its output is taken, or the
    /// connection for it is gone: seen with 20.10 and either program.)
    fn wait_told(&self) {
        eventually(PATIENCE, "the container is told", || !Path::new("/proc").join(&self.process).exists());
    }

    fn peak(&self) -> u64 {
        peak_memory(self.child.id()).expect("it waits for its reader")
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ways() -> Vec<(&'static [&'static str], Stream)> {
    let quick: &[(&[&str], Stream)] = &[(&[], Stream::Stdout)];
    let long: &[(&[&str], Stream)] = &[
        (&[], Stream::Stderr),
        (&["-t"], Stream::Stdout),
        (&["-i"], Stream::Stdout),
        (&["--refresh"], Stream::Stdout),
        (&["--refresh"], Stream::Stderr),
    ];
    if is_long() { [quick, long].concat() } else { quick.to_vec() }
}

fn programs(options: &[&str]) -> Vec<Program> {
    let is_dockers = options != ["--refresh"];
    BOTH.into_iter().filter(|program| *program == Program::Credrun || is_dockers).collect()
}

fn host() -> (Host, Endpoint) {
    let source = Endpoint::giving(&Keys::marked());
    (cloud_shell(&source.uri()), source)
}

/// A host whose credentials live for seconds, and are not to be had any more once the run is under way.
fn short_lived() -> (Host, ShortLived) {
    let emulator = Emulator::of_the_tests();
    let role = emulator.role(&names().0, r#""s3:ListAllMyBuckets""#);
    let source = ShortLived::of_role(&emulator, &role, 8);
    (source.host(), source)
}

/// The container's process is ended at once; what it wrote still waits for its reader, who gets it, and then the code.
#[test]
fn a_signal_ends_the_container_and_the_output_still_waits() {
    for (options, stream) in ways() {
        for program in programs(options) {
            let (host, _source) = host();
            let mut unread = Unread::start(&host, program, options, stream);
            send(&unread.child, Signal::TERM);
            // A terminal's last byte has to be taken before the process ends that has it open.
            if options != ["-t"] {
                unread.wait_told();
            }
            let peak = unread.peak();
            let read = unread.read().len();
            let code = wait(&mut unread.child, PATIENCE);
            assert_eq!(code, Some(7), "{program:?} {options:?} {stream:?}");
            assert!(unread.container.is_gone_within(PATIENCE), "{program:?} {options:?}");
            assert!((16_000..SIZE).contains(&read), "{program:?} {options:?}: {read}");
            if program == Program::Credrun {
                assert!(peak < MEMORY_LIMIT, "{options:?}: credrun took {peak} KiB");
                eprintln!("{options:?} {stream:?}: {peak} KiB at most, {read} bytes were on the way");
            }
        }
    }
}

/// Whoever has had enough is let go, though nobody has read a byte: docker with 1, credrun with the status that it knows.
#[test]
fn who_insists_is_let_go() {
    for (options, stream) in ways() {
        // Docker says on stderr why it goes, and hangs when nobody reads that.
        let hangs = |program: &Program| *program == Program::Docker && stream == Stream::Stderr;
        for program in programs(options).into_iter().filter(|program| !hangs(program)) {
            let (host, _source) = host();
            let mut unread = Unread::start(&host, program, options, stream);
            let agent = (options == ["--refresh"]).then(|| agent_container(&unread.container));
            let mut code = None;
            let ended = within(PATIENCE, || {
                code = wait(&mut unread.child, Duration::from_millis(200));
                if code.is_none() {
                    send(&unread.child, Signal::INT);
                }
                code.is_some()
            });
            assert!(ended, "{program:?} {options:?} {stream:?} hangs");
            assert!(unread.container.is_gone_within(PATIENCE), "{program:?} {options:?}");
            assert!(agent.is_none_or(|agent| agent.is_gone_within(PATIENCE)), "{options:?}");
            assert!(matches!(code, Some(1 | 7)), "{program:?} {options:?} {stream:?}: {code:?}");
            let said = std::fs::read_to_string(unread.stderr.path()).expect("a file");
            assert!(!said.contains("could not be removed"), "{program:?} {options:?}: {said}");
        }
    }
}

/// As a reader that goes at once: the container would run on for nobody, with credentials.
#[test]
fn a_reader_that_goes_when_the_pipe_is_full_ends_the_container() {
    for (options, stream) in ways() {
        let (host, _source) = host();
        let mut unread = Unread::start(&host, Program::Credrun, options, stream);
        let agent = (options == ["--refresh"]).then(|| agent_container(&unread.container));
        unread.close();
        let code = wait(&mut unread.child, PATIENCE);
        assert_eq!(code, Some(1), "{options:?} {stream:?}");
        assert!(!unread.container.exists(), "{options:?}: the container is gone before credrun is");
        assert!(agent.is_none_or(|agent| agent.is_gone_within(PATIENCE)), "{options:?}");
    }
}

/// What credrun has to say of a run finds no reader either: the credentials go on all the same, and so do signals.
#[test]
fn what_it_says_itself_holds_up_nothing() {
    if !is_long() {
        return;
    }
    let (host, source) = short_lived();
    let mut unread = Unread::start(&host, Program::Credrun, &["--refresh"], Stream::Stderr);
    let agent = agent_container(&unread.container);
    unread.fill_up();
    source.set_down(true);
    eventually(PATIENCE, "credentials are refused", || source.refused() > 0);
    let refused = source.refused();
    eventually(PATIENCE, "it asks again", || source.refused() > refused + 1);
    source.set_down(false);
    let ask = ["exec", &unread.container.name, "python3", "-c", ASK];
    eventually(PATIENCE, "there are credentials again", || docker(&ask).stdout.starts_with(b"200 "));
    send(&unread.child, Signal::TERM);
    unread.wait_told();
    let read = unread.read();
    let said = String::from_utf8_lossy(&read);
    assert!(said.contains("credrun: "), "there was something to be said, and it comes when it is read");
    assert_eq!(wait(&mut unread.child, PATIENCE), Some(7));
    assert!(unread.container.is_gone_within(PATIENCE) && agent.is_gone_within(PATIENCE));
}

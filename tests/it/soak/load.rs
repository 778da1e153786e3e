//! What is done again and again: each kind of run, to its end, two at a time.

use std::io::Read;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::container::unique;
use crate::harness::emulator::{Emulator, names};
use crate::harness::host::{Host, Program};
use crate::harness::own_engine::{IMAGE, OwnEngine};
use crate::harness::processes::marked;
use crate::harness::pty::Terminal;
use crate::harness::run::{Outcome, PATIENCE, eventually, run, run_with_input};
use crate::harness::short_lived::ShortLived;

/// How long the credentials of `--refresh` live.
const SECONDS: i32 = 8;
/// What goes through one stream.
const STREAM: usize = 4_000_000;
/// What a terminal is written.
const WRITTEN: usize = 1_000_000;

/// It, and how often it was done.
pub struct Load {
    /// With credentials that do not say when they end.
    host: Host,
    /// With credentials for seconds.
    short: Host,
    source: ShortLived,
    passes: AtomicUsize,
    runs: AtomicUsize,
}

impl Load {
    pub fn new(engine: &OwnEngine) -> Self {
        let emulator = Emulator::of_the_tests();
        let role = emulator.role(&names().0, r#""s3:ListAllMyBuckets""#);
        let source = ShortLived::of_role(&emulator, &role, SECONDS);
        let at = |host: Host| host.without("DOCKER_HOST").with("DOCKER_HOST", engine.docker_host());
        Self {
            host: at(Host::new()),
            short: at(source.host()),
            source,
            passes: AtomicUsize::new(0),
            runs: AtomicUsize::new(0),
        }
    }

    /// A host whose credentials live for seconds.
    pub fn short(&self) -> &Host {
        &self.short
    }

    /// Each kind of run once.
    pub fn pass(&self) {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                self.plain();
                self.stream();
                self.written();
                self.detached();
            });
            scope.spawn(|| {
                self.terminal();
                self.refresh();
                self.refresh_detached();
                self.refused();
            });
        });
        self.passes.fetch_add(1, Ordering::SeqCst);
    }

    /// What was done, in words.
    pub fn done(&self) -> String {
        let count = |number: &AtomicUsize| number.load(Ordering::SeqCst);
        let (runs, passes) = (count(&self.runs), count(&self.passes));
        format!("{runs} starts of credrun in {passes} passes, {} sessions", self.source.hits())
    }

    fn credrun(&self, host: &Host, arguments: &[&str]) -> std::process::Command {
        self.runs.fetch_add(1, Ordering::SeqCst);
        host.command(Program::Credrun, arguments)
    }

    /// `credrun OPTIONS IMAGE bash -c SCRIPT`, in no network and with a volume.
    fn line<'a>(options: &[&'a str], script: &'a str) -> Vec<&'a str> {
        [options, &["--network=none", "--volume=/volume", IMAGE, "bash", "-c", script]].concat()
    }

    fn to_the_end(&self, host: &Host, line: &[&str], code: i32) -> Outcome {
        let outcome = run(&mut self.credrun(host, line));
        assert_eq!(outcome.code, code, "{line:?}: {outcome:?}");
        outcome
    }

    fn plain(&self) {
        let outcome = self.to_the_end(&self.host, &Self::line(&[], "echo out; echo err >&2; exit 5"), 5);
        assert_eq!((outcome.text().as_str(), outcome.stderr.as_str()), ("out", "err\n"));
    }

    fn stream(&self) {
        let input: Vec<u8> = (0..STREAM).map(|n| n.to_le_bytes()[1]).collect();
        let outcome =
            run_with_input(&mut self.credrun(&self.host, &Self::line(&["-i"], "cat; exit 6")), &input);
        let Outcome { code, stdout, stderr, .. } = &outcome;
        assert!(*code == 6 && *stdout == input, "{code}, {} bytes: {stderr}", stdout.len());
    }

    fn written(&self) {
        let script = format!("stty raw; head -c {WRITTEN} /dev/zero");
        let outcome = self.to_the_end(&self.host, &Self::line(&["-t"], &script), 0);
        assert_eq!(outcome.stdout.len(), WRITTEN);
    }

    fn terminal(&self) {
        let terminal = Terminal::open();
        let line = Self::line(&["-it"], "stty -echo; echo ready; read line; echo \"got $line\"; exit 3");
        let mut child = terminal.start_with_stderr(&mut self.credrun(&self.host, &line), Stdio::null());
        terminal.wait_for("ready");
        terminal.resize(40, 100);
        terminal.write(b"typed\r");
        let outcome = terminal.outcome(&mut child);
        assert_eq!(outcome.code, 3, "{outcome:?}");
    }

    fn detached(&self) {
        let name = unique("soak-d");
        let line = Self::line(&["-d", "--name", &name], "sleep 600");
        self.to_the_end(&self.host, &line, 0);
        let removed = run(self.host.tool("docker").args(["rm", "--force", "--volumes", &name]));
        assert_eq!(removed.code, 0, "{removed:?}");
    }

    fn refresh(&self) {
        self.to_the_end(&self.short, &Self::line(&["--refresh"], "sleep 1; exit 4"), 4);
    }

    fn refresh_detached(&self) {
        let name = unique("soak-refresh-d");
        let script = "trap 'exit 0' TERM; while :; do sleep 0.1; done";
        self.to_the_end(&self.short, &Self::line(&["-d", "--refresh", "--name", &name], script), 0);
        let listed = self.to_the_end(&self.short, &["ps"], 0);
        assert!(listed.text().contains(&name), "{listed:?}");
        self.to_the_end(&self.short, &["stop", &name], 0);
        eventually(PATIENCE, "the one in the background ends", || marked(&name).is_empty());
    }

    /// What fails leaves no more than what does not.
    fn refused(&self) {
        self.to_the_end(&self.short, &["--refresh", "--network=none", IMAGE, "no-such-command"], 127);
        self.to_the_end(&self.host, &["--network=no-such-network", IMAGE, "true"], 125);
    }
}

/// Reads so many bytes, or fewer when there are no more.
pub fn read_exactly(from: &mut impl Read, buffer: &mut [u8]) -> usize {
    let mut count = 0;
    while count < buffer.len() {
        match from.read(&mut buffer[count..]) {
            Ok(more @ 1..) => count += more,
            _ => break,
        }
    }
    count
}

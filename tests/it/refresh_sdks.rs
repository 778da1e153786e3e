//! SDKs in a container, whose calls go on while credentials of seconds come and go, or fail as they must.
//!
//! They are this machine's own, as the set-up installed them: the container's root is changed to the machine's.

mod outage;
mod programs;
mod roles;

use std::process::{Command, Stdio};
use std::time::Duration;

use self::programs::{ALL, Loop, words};
use super::harness::container::{Container, docker_ok};
use super::harness::emulator::{Emulator, names};
use super::harness::host::{Host, Program, image, required_variable};
use super::harness::relay::relay;
use super::harness::run::{Outcome, PATIENCE, Running, start};
use super::harness::short_lived::ShortLived;

/// So long do the credentials live, in seconds.
const LIFE: i32 = 8;

/// The emulator, and a role that may do something.
struct Aws {
    emulator: Emulator,
    role: String,
}

impl Aws {
    fn new() -> Self {
        Self::allowed(r#"["s3:ListAllMyBuckets"]"#)
    }

    fn allowed(actions: &str) -> Self {
        let emulator = Emulator::of_the_tests();
        let role = emulator.role(&names().0, actions);
        Self { emulator, role }
    }

    /// A source of sessions that live for so many seconds.
    fn source(&self, life: i32) -> ShortLived {
        ShortLived::of_role(&self.emulator, &self.role, life)
    }
}

/// A program that calls AWS in a container.
struct Caller {
    running: Running,
    container: Container,
    /// Holds the socket that leads to the emulator.
    _host: Host,
}

impl Caller {
    /// `credrun OPTIONS` with this loop in it, for so many seconds, on a host whose CloudShell is `source`.
    fn start(aws: &Aws, source: &ShortLived, options: &[&str], run: &Loop, seconds: u32) -> Self {
        Self::start_on(source.host(), aws, options, run.name, &(run.command)(seconds))
    }

    /// The same with this program, on this host.
    fn start_on(host: Host, aws: &Aws, options: &[&str], name: &str, program: &[String]) -> Self {
        let socket = host.root().join("emulator.sock");
        relay(&socket, aws.emulator.endpoint.trim_start_matches("http://"));
        let container = Container::named(name);
        let mut arguments = ["--name", &container.name, "-v", "/:/host:ro"].map(str::to_owned).to_vec();
        arguments.extend(options.iter().map(|option| (*option).to_owned()));
        // botocore writes below HOME; nothing of the machine's own may be found there.
        arguments.extend(["-e", "HOME=/nonexistent", image(), "chroot", "/host"].map(str::to_owned));
        arguments.push(required_variable("CREDRUN_TEST_AWS_CLI").replace("/bin/aws", "/bin/python"));
        arguments.push(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/refresh_sdks/relay.py").to_owned());
        arguments.push(socket.display().to_string());
        arguments.extend_from_slice(program);
        let running = start(host.command(Program::Credrun, &arguments).stdin(Stdio::null()));
        Self { running, container, _host: host }
    }

    /// Asks the endpoint that it has until that gives nothing more.
    fn poll(&self) -> Running {
        let arguments = ["exec", &self.container.name, "python3", "-c", include_str!("refresh_sdks/poll.py")];
        start(Command::new("docker").args(arguments).stdin(Stdio::null()))
    }

    /// Ends it.
    fn stop(self) -> Outcome {
        docker_ok(&["kill", &self.container.name]);
        self.outcome(0)
    }

    /// Its end, which is due after so many seconds.
    fn outcome(self, seconds: u32) -> Outcome {
        self.running.outcome_within(PATIENCE + Duration::from_secs(seconds.into()))
    }
}

/// A loop's calls: how many worked, what the others said, and whether the last one worked.
struct Calls {
    worked: usize,
    failed: Vec<String>,
    last_worked: bool,
}

impl Calls {
    fn of(text: &str) -> Self {
        let failure = |line: &str| line.strip_prefix("failed: ").map(str::to_owned);
        let calls: Vec<_> = text.lines().filter(|line| *line == "ok" || failure(line).is_some()).collect();
        let failed: Vec<_> = calls.iter().filter_map(|line| failure(line)).collect();
        Self { worked: calls.len() - failed.len(), failed, last_worked: calls.last() == Some(&"ok") }
    }
}

/// The figures of the issue take minutes: `tests/run.sh --long` has them.
fn is_long() -> bool {
    std::env::var_os("CREDRUN_TEST_LONG").is_some_and(|value| !value.is_empty())
}

/// Each loop's story, side by side.
fn side_by_side(story: impl Fn(&'static Loop) + Sync) {
    std::thread::scope(|scope| {
        for run in ALL {
            let story = &story;
            scope.spawn(move || story(run));
        }
    });
}

#[test]
fn without_refresh_they_fail_when_the_credentials_end() {
    let aws = Aws::new();
    side_by_side(|run| {
        // On a slow machine there is no call before they end.
        let outlives = |life: i32| outlives_them(&aws, run, life);
        assert!([LIFE, 4 * LIFE].into_iter().any(outlives), "{}: no call has worked", run.name);
    });
}

/// A loop that begins before the credentials end, and goes on: false when it began too late.
fn outlives_them(aws: &Aws, run: &Loop, life: i32) -> bool {
    let (source, seconds) = (aws.source(life), life.unsigned_abs() + 12);
    let outcome = Caller::start(aws, &source, &["--network=none"], run, seconds).outcome(seconds);
    let calls = Calls::of(&outcome.text());
    // They have ended for good.
    assert!(!calls.failed.is_empty() && !calls.last_worked, "{}: {outcome:?}", run.name);
    calls.worked > 0
}

#[test]
fn with_refresh_no_call_fails() {
    let aws = Aws::new();
    // Three lives, or the issue's figure.
    // On a machine with much else to do a call may wait for seconds: there they live longer.
    let (life, seconds): (i32, u32) = if is_long() { (LIFE, 90) } else { (12, 30) };
    let start = |run: &'static Loop| {
        let source = aws.source(life);
        // One of them in the network that is usual.
        let network = if run.name == "boto3" { &["--refresh"][..] } else { &["--refresh", "--network=none"] };
        let caller = Caller::start(&aws, &source, network, run, seconds);
        (run, source, caller)
    };
    let callers: Vec<_> = ALL.iter().map(start).collect();
    for (run, source, caller) in callers {
        let outcome = caller.outcome(seconds);
        let (calls, hits) = (Calls::of(&outcome.text()), source.hits());
        println!("{}: {} calls in {seconds} s, {hits} requests to the source", run.name, calls.worked);
        assert_eq!((outcome.code, calls.failed.len()), (0, 0), "{}: {outcome:?}", run.name);
        assert!(calls.worked > 0 && calls.last_worked, "{}: {outcome:?}", run.name);
        // What is about to end is asked for twice: two requests for each life at least, and no more than three in two seconds.
        let least = 2 * u64::from(seconds / life.unsigned_abs());
        let most = outcome.took.as_secs() * 3 / 2;
        assert!((least..=most).contains(&(hits as u64)), "{}: {hits} requests, {outcome:?}", run.name);
    }
}

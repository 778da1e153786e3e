//! SDKs in a container, whose calls go on while credentials of seconds come and go, or fail as they must.
//!
//! They are this machine's own, as the set-up installed them: the container's root is changed to the machine's.

mod programs;

use std::process::Command;

use self::programs::{ALL, Loop};
use super::harness::container::unique;
use super::harness::emulator::{Emulator, names};
use super::harness::host::{Program, image, required_variable};
use super::harness::relay::relay;
use super::harness::run::{Running, start};
use super::harness::short_lived::ShortLived;

/// So long do the credentials live, in seconds.
const LIFE: i32 = 8;

/// The emulator, a role that may do something, and the source of its short sessions.
fn source(life: i32) -> (Emulator, ShortLived) {
    let emulator = Emulator::of_the_tests();
    let role = emulator.role(&names().0, r#"["s3:ListAllMyBuckets"]"#);
    let source = ShortLived::of_role(&emulator, &role, life);
    (emulator, source)
}

/// `credrun OPTIONS` with a loop in it, started.
fn started(source: &ShortLived, emulator: &Emulator, options: &[&str], run: &Loop, seconds: u32) -> Running {
    let host = source.host();
    let socket = host.root().join("emulator.sock");
    relay(&socket, emulator.endpoint.trim_start_matches("http://"));
    let name = unique(run.name);
    let mut arguments = ["--name", &name, "-v", "/:/host:ro"].map(str::to_owned).to_vec();
    arguments.extend(options.iter().map(|option| (*option).to_owned()));
    // botocore writes below HOME; nothing of the machine's own may be found there.
    arguments.extend(["-e", "HOME=/nonexistent", image(), "chroot", "/host"].map(str::to_owned));
    arguments.push(required_variable("CREDRUN_TEST_AWS_CLI").replace("/bin/aws", "/bin/python"));
    arguments.push(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/refresh_sdks/relay.py").to_owned());
    arguments.push(socket.display().to_string());
    arguments.extend((run.command)(seconds));
    let mut command: Command = host.command(Program::Credrun, &arguments);
    let running = start(command.stdin(std::process::Stdio::null()));
    // The socket is used until the end.
    std::mem::forget(host);
    running
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

#[test]
fn without_refresh_they_fail_when_the_credentials_end() {
    let (emulator, source) = source(LIFE);
    let start = |run| (run, started(&source, &emulator, &["--network=none"], run, 20));
    let runs: Vec<_> = ALL.iter().map(start).collect();
    for (run, running) in runs {
        let outcome = running.outcome();
        let calls = Calls::of(&outcome.text());
        assert!(calls.worked > 0 && !calls.failed.is_empty(), "{}: {outcome:?}", run.name);
        // They have ended for good.
        assert!(!calls.last_worked, "{}: {outcome:?}", run.name);
    }
}

//! What nobody else can read: the memory and the variables of credrun, a core that it does not leave. And what this costs
//! the programs that it starts: nothing.

use std::fs::File;
use std::os::unix::fs::{FileExt, PermissionsExt, chown};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, geteuid, kill_process};

use super::marks::Marks;
use super::sources::Source;
use super::stand_in::Manner;
use crate::harness::container::Container;
use crate::harness::host::{BOTH, Host, Program, image};
use crate::harness::run::{Outcome, PATIENCE, eventually, run, start, within};

/// Where the tests run as root, which may read everything, somebody else runs the program: `nobody`, by number.
const NOBODY: u32 = 65534;

/// A host with secrets in its variables, and a program of credentials that takes its time. It is a user's who is not root.
struct Stage {
    host: Host,
    marks: Marks,
    program: String,
}

impl Stage {
    fn new() -> Self {
        let marks = Marks::new();
        let host = Host::bare()
            .with("AWS_REGION", "eu-west-1")
            .with("SECRET", &marks.source_key)
            .with("LC_ALL", "C");
        host.write(
            ".aws/config",
            "[default]\ncredential_process = sh -c 'echo $$ > asked; exec sleep 300'\n",
        );
        // The program itself may lie where this user may not go.
        let program = host.root().join("credrun");
        let built = env!("CARGO_BIN_EXE_credrun");
        if std::fs::hard_link(built, &program).is_err() {
            std::fs::copy(built, &program).expect("a copy");
        }
        if geteuid().is_root() {
            for path in
                [host.root(), &host.home(), &host.home().join(".aws"), &host.home().join(".aws/config")]
            {
                chown(path, Some(NOBODY), Some(NOBODY)).expect("root may");
            }
        }
        let program = program.to_str().expect("UTF-8").to_owned();
        Self { host, marks, program }
    }

    /// As the user who is not root.
    fn users(&self, words: &[&str]) -> Command {
        if !geteuid().is_root() {
            let mut command = self.host.tool(words[0]);
            command.args(&words[1..]);
            return command;
        }
        let mut command = self.host.tool("setpriv");
        let number = NOBODY.to_string();
        command.args(["--reuid", &number, "--regid", &number, "--clear-groups"]).args(words);
        command
    }

    /// A credrun that waits, and the number of the program that it waits for.
    fn waiting(&self, before: &str) -> (Ended, Asked) {
        let asked = self.host.root().join("asked");
        let script = format!("{before}; exec \"$0\" whoami");
        let mut command = self.users(&["sh", "-c", &script, &self.program]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = Ended(child.expect("it starts"));
        let number = || std::fs::read_to_string(&asked).ok()?.trim().parse().ok();
        eventually(PATIENCE, "it has asked", || number().is_some());
        (child, Asked(number().expect("it has asked")))
    }

    fn reads(&self, number: u32, file: &str) -> bool {
        let path = format!("/proc/{number}/{file}");
        // Opening it is what is refused.
        let outcome = run(&mut self.users(&["sh", "-c", "exec 3< \"$0\"", &path]));
        outcome.code == 0
    }
}

/// Ended when the test is.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program that a credrun has asked; it outlives a credrun that is killed.
struct Asked(u32);

impl Drop for Asked {
    fn drop(&mut self) {
        let number = Pid::from_raw(self.0.cast_signed()).expect("a number");
        // One that has gone with its credrun needs none.
        let _ = kill_process(number, Signal::KILL);
    }
}

#[test]
fn nobody_else_reads_its_memory_or_its_variables() {
    let stage = Stage::new();
    let (credrun, asked) = stage.waiting(":");
    for file in ["mem", "environ", "maps", "auxv"] {
        assert!(!stage.reads(credrun.0.id(), file), "{file} of credrun");
        // Another program of the same user, which credrun has started: nothing is kept from anybody there.
        assert!(stage.reads(asked.0, file), "{file} of the program that it asks");
    }
    let variables = std::fs::read(format!("/proc/{}/environ", asked.0)).expect("a child's variables");
    assert!(stage.marks.found_in(&variables).is_some(), "the search finds what is there");
}

/// Whether a process that is ended by this signal leaves a core, where it may be as large as it likes.
fn leaves_a_core(mut child: Ended, signal: Signal) -> bool {
    let mut ended = None;
    within(PATIENCE, || {
        // Again and again: Rust's own handler takes the first SEGV, for a stack that has run over.
        let _ = kill_process(Pid::from_child(&child.0), signal);
        ended = child.0.try_wait().expect("a child can be waited for");
        ended.is_some()
    });
    ended.expect("it has ended").core_dumped()
}

#[test]
fn it_leaves_no_core() {
    const UNLIMITED: &str = "ulimit -c unlimited || ulimit -c hard";
    // Those of a defect, which no program of ours takes over.
    for signal in [Signal::SEGV, Signal::ILL, Signal::FPE] {
        let stage = Stage::new();
        let (credrun, _asked) = stage.waiting(UNLIMITED);
        assert!(!leaves_a_core(credrun, signal), "{signal:?}");
        let names: Vec<_> = super::marks::files_below(stage.host.root());
        assert!(
            !names
                .iter()
                .any(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("core"))),
            "{names:?}"
        );
        // Any other program does, unless the system keeps everybody from it.
        let script = format!("{UNLIMITED}; exec sleep 300");
        let other = stage.users(&["sh", "-c", &script]).stdin(Stdio::null()).spawn().expect("it starts");
        let other = Ended(other);
        let comm = format!("/proc/{}/comm", other.0.id());
        eventually(PATIENCE, "it sleeps", || {
            std::fs::read_to_string(&comm).is_ok_and(|name| name.trim() == "sleep")
        });
        if !leaves_a_core(other, signal) {
            eprintln!("leaks: this system writes no cores at all");
        }
    }
}

#[test]
fn what_a_command_becomes_is_the_user_s_own() {
    let stage = Stage::new();
    stage.host.write(".aws/config", "");
    let script = "ulimit -c 7; umask 027; exec \"$0\" exec -- sh -c 'ulimit -c; umask; stat -c %u /proc/$$/environ; : > made; stat -c %a made'";
    let mut command = stage.users(&["sh", "-c", script, &stage.program]);
    command
        .envs([("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", &stage.marks.key)]);
    let outcome = run(command.env("AWS_SESSION_TOKEN", &stage.marks.token));
    let user = if geteuid().is_root() { NOBODY } else { geteuid().as_raw() };
    assert_eq!(outcome.text(), format!("7\n0027\n{user}\n640"), "{outcome:?}");
}

#[test]
fn a_cidfile_has_docker_s_mode() {
    let modes = BOTH.map(|program| {
        let (host, container) = (Host::new(), Container::named("leaks-cid"));
        let rest = ["--cidfile", "cid", image(), "true"];
        let command = host.command(program, &[&container.options()[..], &rest].concat());
        let mut shell = host.tool("sh");
        shell
            .args(["-c", "umask 027; exec \"$0\" \"$@\""])
            .arg(command.get_program())
            .args(command.get_args());
        let outcome = run(&mut shell);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        host.root().join("cid").metadata().expect("a cidfile").permissions().mode() & 0o777
    });
    assert_eq!(modes, [0o640; 2], "docker's and ours");
}

/// How often each secret's beginning stands in the memory that the process can write to.
fn copies(number: u32, words: &[&str]) -> Option<Vec<usize>> {
    let maps = std::fs::read_to_string(format!("/proc/{number}/maps")).ok()?;
    let memory = File::open(format!("/proc/{number}/mem")).ok()?;
    let mut counts = vec![0; words.len()];
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (start, end) = line.split(' ').next()?.split_once('-')?;
        let (start, end) = (u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?);
        let mut bytes = vec![0; usize::try_from(end - start).ok()?];
        if memory.read_exact_at(&mut bytes, start).is_err() {
            continue;
        }
        for (count, word) in counts.iter_mut().zip(words) {
            let starts = |at: &usize| bytes[*at..].starts_with(word.as_bytes());
            *count += memchr(&bytes, word.as_bytes()[0]).filter(starts).count();
        }
    }
    Some(counts)
}

fn memchr(bytes: &[u8], byte: u8) -> impl Iterator<Item = usize> {
    bytes.iter().enumerate().filter_map(move |(at, one)| (*one == byte).then_some(at))
}

/// Of a run that waits for its container: how many copies of key, session token and the endpoint's authorization it holds.
/// `None` where the tests are not root's, and so may not look.
fn waiting_for_a_container(options: &[&str]) -> Option<Vec<usize>> {
    let marks = Marks::new();
    let host = Source::EndpointWithTokenFile.host(&marks, Manner::Gives);
    let container = Container::named("leaks-memory");
    let rest = ["-i", image(), "sh", "-c", "echo up; cat"];
    let arguments = [options, &container.options(), &rest].concat();
    let mut running = start(host.command(Program::Credrun, &arguments).stdin(Stdio::piped()));
    running.wait_for("up");
    let words = [&marks.key, &marks.token, &marks.ticket].map(|secret| &secret[..30]);
    let found = copies(running.pid(), &words);
    drop(running.stdin());
    let Outcome { code, .. } = running.outcome();
    assert_eq!(code, 0);
    assert_eq!(found.is_some(), geteuid().is_root(), "root alone may look");
    found
}

/// What is left of them is the buffer of the HTTP client, which cannot be wiped from here: one copy of what it received.
#[test]
fn a_run_without_refresh_holds_no_key_once_the_container_has_it() {
    let Some(found) = waiting_for_a_container(&[]) else { return };
    eprintln!("leaks: copies of key, token and authorization in memory: {found:?}");
    assert!(found.iter().all(|count| *count <= 1), "{found:?}");
}

#[test]
fn a_run_with_refresh_holds_what_it_serves() {
    let Some(found) = waiting_for_a_container(&["--refresh"]) else { return };
    eprintln!("leaks: copies of key, token and authorization in memory, with --refresh: {found:?}");
    assert!(found[0] > 0, "the search finds what is there: {found:?}");
    assert!(found.iter().all(|count| *count <= 2), "{found:?}");
}

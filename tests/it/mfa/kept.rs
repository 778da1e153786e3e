//! What is kept in the system's keychain, for whom, and until when.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::guard::Guard;
use super::{CODE, DEVICE, surroundings, whoami};
use crate::harness::emulator::Emulator;
use crate::harness::host::{Host, Program, required_variable};
use crate::harness::pty::Terminal;
use crate::harness::run::{Outcome, run, start};

/// The keychain is the user's, and `logout` forgets all that is in it: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static KEYCHAIN: Mutex<()> = Mutex::new(());
    KEYCHAIN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn logout(host: &Host) -> Outcome {
    run(&mut host.command(Program::Credrun, &["logout"]))
}

/// Without a code there is none.
fn is_asked(host: &Host, options: &[&str]) -> Outcome {
    let outcome = whoami(host, options);
    assert_eq!(outcome.code, 125, "{options:?} {outcome:?}");
    let said = &outcome.stderr;
    assert!(said.contains("no terminal to type it at") && said.contains("--token-code"), "{said}");
    outcome
}

fn is_let_in(host: &Host, options: &[&str]) -> Outcome {
    let outcome = whoami(host, options);
    assert_eq!(outcome.code, 0, "{options:?} {outcome:?}");
    outcome
}

/// The access key id of the session that is kept.
fn kept_id(host: &Host) -> String {
    let arguments = ["export", "--serial-number", DEVICE, "--format", "json"];
    let outcome = run(&mut host.command(Program::Credrun, &arguments));
    let told: serde_json::Value = serde_json::from_slice(&outcome.stdout).expect("JSON");
    told["AccessKeyId"].as_str().unwrap_or_else(|| panic!("{outcome:?}")).to_owned()
}

#[test]
fn a_code_by_option_is_given_once_and_the_session_is_kept() {
    let _alone = alone();
    let (guard, host, name) = surroundings();
    let options = ["--profile", "admin", "--token-code", CODE];
    let first = whoami(&host, &options);
    assert_eq!(first.code, 0, "{first:?}");
    assert!(first.text().contains(&format!("assumed-role/{name}/credrun-")), "{first:?}");
    let asked = guard.coded();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].contains("Action=GetSessionToken") && asked[0].contains("mfa%2Falice"), "{asked:?}");
    // The next run needs no code: no terminal is there to ask at.
    let next = whoami(&host, &options[..2]);
    assert_eq!(next.code, 0, "{next:?}");
    let serial = whoami(&host, &["--serial-number", DEVICE]);
    assert!(serial.text().contains(&format!("a session with MFA device {DEVICE}")), "{serial:?}");
    assert_eq!(guard.coded().len(), 1);
    // Unless it is not to be used, or forgotten.
    let anew = whoami(&host, &["--profile", "admin", "--no-cache"]);
    assert_eq!(anew.code, 125, "{anew:?}");
    assert!(
        anew.stderr.contains("no terminal to type it at") && anew.stderr.contains("--token-code"),
        "{anew:?}"
    );
    let forgotten = run(&mut host.command(Program::Credrun, &["logout"]));
    assert!(forgotten.text().starts_with("forgot "), "{forgotten:?}");
    assert_eq!(whoami(&host, &options[..2]).code, 125);
}

#[test]
fn a_session_is_as_long_as_asked_for_and_stands_for_no_other() {
    let _alone = alone();
    let (guard, host, _) = surroundings();
    let (device, code) = (["--serial-number", DEVICE], ["--token-code", CODE]);
    let lasting = |seconds| [&device[..], &["--duration-seconds", seconds]].concat();
    is_let_in(&host, &[&lasting("7200")[..], &code].concat());
    let asked = guard.coded();
    assert!(asked.len() == 1 && asked[0].contains("DurationSeconds=7200"), "{asked:?}");
    is_let_in(&host, &lasting("7200"));
    is_asked(&host, &lasting("3600"));
    is_asked(&host, &device);
    is_let_in(&host, &[&device[..], &code].concat());
    let asked = guard.coded();
    assert!(asked.len() == 2 && !asked[1].contains("DurationSeconds"), "{asked:?}");
    // Another STS does not know them.
    let other = Guard::before(&Emulator::of_the_tests());
    let there = host.with("AWS_ENDPOINT_URL_STS", other.address());
    is_asked(&there, &device);
    is_let_in(&there, &[&device[..], &code].concat());
    is_let_in(&there, &device);
    assert_eq!((guard.coded().len(), other.coded().len()), (2, 1));
    logout(&there);
}

#[test]
fn what_sts_no_longer_takes_is_forgotten_and_asked_for_again() {
    let _alone = alone();
    let (guard, host, name) = surroundings();
    let (role, user, code) = (["--profile", "admin"], ["--serial-number", DEVICE], ["--token-code", CODE]);
    let stale = "STS no longer takes the session that was kept";
    is_let_in(&host, &[&role[..], &code].concat());
    // A refusal that has other causes is no reason to forget it, and is not explained as if there were no MFA.
    guard.refuse(&kept_id(&host), "AccessDenied");
    let denied = whoami(&host, &role);
    assert!(denied.code == 125 && denied.stderr.contains("`aws:MultiFactorAuthAge`"), "{denied:?}");
    assert!(!denied.stderr.contains("asks for MFA") && !denied.stderr.contains(stale), "{denied:?}");
    guard.take_all();
    is_let_in(&host, &role);
    // Both of the uses: a role is assumed with it, and it is what comes out.
    for (options, refusal) in [(&role, "ExpiredToken"), (&user, "InvalidClientTokenId")] {
        guard.refuse(&kept_id(&host), refusal);
        let outcome = is_asked(&host, options);
        assert!(outcome.stderr.contains(stale), "{outcome:?}");
        guard.take_all();
        let outcome = is_asked(&host, options);
        assert!(!outcome.stderr.contains(stale), "it is still there: {outcome:?}");
        is_let_in(&host, &[&options[..], &code].concat());
        // At a terminal it is asked for at once, and kept.
        guard.refuse(&kept_id(&host), refusal);
        let (before, terminal) = (guard.coded().len(), Terminal::open());
        let arguments = [&["whoami"][..], options].concat();
        let mut child = terminal.start(&mut host.command(Program::Credrun, &arguments));
        terminal.wait_for(&format!("Enter MFA code for {DEVICE}: "));
        assert!(terminal.text().contains(stale), "{}", terminal.text());
        terminal.write(format!("{CODE}\r").as_bytes());
        let outcome = terminal.outcome(&mut child);
        let text = String::from_utf8_lossy(&outcome.output).into_owned();
        assert!(outcome.code == 0 && text.contains(&name), "{text}");
        is_let_in(&host, options);
        assert_eq!(guard.coded().len(), before + 1);
        guard.take_all();
    }
    logout(&host);
}

#[test]
fn many_runs_at_once_lose_no_session() {
    let _alone = alone();
    let (_guard, host, _) = surroundings();
    let lengths: Vec<_> = (0..8).map(|number| (3600 + number).to_string()).collect();
    let options = |length| ["--serial-number", DEVICE, "--duration-seconds", length];
    let all: Vec<_> = lengths
        .iter()
        .map(|length| {
            let arguments = [&["whoami", "--token-code", CODE][..], &options(length)].concat();
            start(host.command(Program::Credrun, &arguments).stdin(std::process::Stdio::null()))
        })
        .collect();
    for running in all {
        let outcome = running.outcome();
        assert_eq!(outcome.code, 0, "{outcome:?}");
    }
    for length in &lengths {
        is_let_in(&host, &options(length));
    }
    let forgotten = logout(&host).text();
    let count = forgotten.split(' ').nth(1).and_then(|word| word.parse::<usize>().ok());
    // Beside what a developer has kept.
    assert!(count.is_some_and(|count| count >= lengths.len()), "{forgotten}");
    for length in &lengths {
        is_asked(&host, &options(length));
    }
}

/// Runs programs one after the other, each in a login session of its own as far as the kernel's keyrings know, or, when
/// `true` stands before it, in the first one's. Prints each one's exit code and first line.
#[cfg(target_os = "linux")]
const SESSIONS: &str = r#"
import ctypes, json, os, platform, subprocess, sys

KEYCTL = {"x86_64": 250, "aarch64": 219}[platform.machine()]
JOIN = 1

def join():
    if ctypes.CDLL(None, use_errno=True).syscall(KEYCTL, JOIN, None) < 0:
        raise OSError(ctypes.get_errno(), "keyctl")

join()
for same, arguments in json.loads(sys.argv[1]):
    done = subprocess.run(arguments, preexec_fn=None if same else join, start_new_session=True,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    print(done.returncode, done.stdout.splitlines()[:1])
"#;

#[cfg(target_os = "linux")]
#[test]
fn one_login_session_forgets_what_another_one_kept() {
    let _alone = alone();
    let (_guard, host, _) = surroundings();
    logout(&host);
    let credrun = |same: bool, arguments: &[&str]| {
        let words = [&[env!("CARGO_BIN_EXE_credrun")][..], arguments].concat();
        serde_json::json!([same, words])
    };
    let lasting = |length| ["whoami", "--serial-number", DEVICE, "--duration-seconds", length];
    let with_code = |length| [&lasting(length)[..], &["--token-code", CODE]].concat();
    let steps = serde_json::json!([
        credrun(true, &with_code("3600")),
        credrun(false, &with_code("7200")),
        credrun(false, &lasting("3600")),
        credrun(true, &lasting("7200")),
        credrun(true, &["logout"]),
        credrun(true, &lasting("3600")),
        credrun(false, &lasting("7200")),
    ]);
    let python = std::path::Path::new(&required_variable("CREDRUN_TEST_AWS_CLI")).with_file_name("python");
    let python = python.to_str().expect("a path in UTF-8");
    let outcome = run(host.tool(python).args(["-c", SESSIONS, &steps.to_string()]));
    let text = outcome.text();
    let codes: Vec<_> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(codes, ["0", "0", "0", "0", "0", "125", "125"], "{outcome:?}");
}

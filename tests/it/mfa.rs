//! MFA: the code from the option or from a real terminal, and the session that it buys.
//!
//! The emulator takes any code, so what asks it goes through a guard that takes one and refuses others as STS does.

mod guard;
mod kept;

use std::sync::OnceLock;

use self::guard::Guard;
use super::harness::container::Container;
use super::harness::emulator::{Emulator, names};
use super::harness::host::{Host, Program, image};
use super::harness::pty::{Terminal, end};
use super::harness::run::{Outcome, run, run_with_input};

const DEVICE: &str = "arn:aws:iam::123456789012:mfa/alice";
/// No part of an account's number.
const CODE: &str = "271828";

/// A role, the user who may assume it, and the name of both; one for all tests, since each has a guard of its own.
struct World {
    name: String,
    role: String,
    keys: (String, String),
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let (emulator, (name, _)) = (Emulator::of_the_tests(), names());
        let (role, keys) = (emulator.role(&name, r#"["s3:*"]"#), emulator.user(&name, r#"["sts:*"]"#));
        World { name, role, keys }
    })
}

/// A guard, and the user's host with the role, which asks for a device, in the profile `admin`; the role's name.
fn surroundings() -> (Guard, Host, String) {
    let World { name, role, keys } = world();
    let guard = Guard::before(&Emulator::of_the_tests());
    let host = guard.host(keys);
    host.write(
        ".aws/config",
        &format!(
            "[profile admin]\nrole_arn = {role}\ncredential_source = Environment\nmfa_serial = {DEVICE}\n"
        ),
    );
    (guard, host, name.clone())
}

/// Where nobody can be asked, whatever terminal the tests have: a session of its own has no controlling one.
fn whoami(host: &Host, options: &[&str]) -> Outcome {
    let credrun = host.command(Program::Credrun, &[&["whoami"][..], options].concat());
    let mut alone = host.tool("setsid");
    run(alone.arg("--wait").arg(credrun.get_program()).args(credrun.get_args()))
}

#[test]
fn a_wrong_code_is_explained() {
    let (guard, host, _) = surroundings();
    for (code, part) in
        [("654321", "the MFA code is wrong, or was used before"), ("12345", "is not the six digits")]
    {
        let outcome = whoami(&host, &["--profile", "admin", "--no-cache", "--token-code", code]);
        assert_eq!(outcome.code, 125, "{outcome:?}");
        assert!(outcome.stderr.contains(part) && !outcome.stderr.contains(code), "{outcome:?}");
    }
    assert_eq!(guard.coded().len(), 1);
}

#[test]
fn the_code_is_typed_at_the_terminal_and_never_read_from_stdin() {
    let (guard, host, _) = surroundings();
    let (terminal, container) = (Terminal::open(), Container::named("mfa"));
    let script = "read line; echo \"stdin: $line\"; echo key: $AWS_ACCESS_KEY_ID";
    let options = ["--profile", "admin", "--no-cache", "-i"];
    let arguments = [&container.options()[..], &options, &[image(), "sh", "-c", script]].concat();
    let before = terminal.modes();
    // stdin is a file: the answer is not there.
    host.write("input", "from stdin\n");
    let mut shell = host.tool("sh");
    let line = format!("exec \"$@\" < {}", host.home().join("input").display());
    let credrun = host.command(Program::Credrun, &arguments);
    shell.args(["-c", &line, "sh"]).arg(credrun.get_program()).args(credrun.get_args());
    let mut child = terminal.start(&mut shell);
    terminal.wait_for(&format!("Enter MFA code for {DEVICE}: "));
    assert_ne!(terminal.modes(), before, "the code would be seen");
    terminal.write(format!("{CODE}\r").as_bytes());
    let outcome = terminal.outcome(&mut child);
    let text = String::from_utf8_lossy(&outcome.output).into_owned();
    assert_eq!(outcome.code, 0, "{text}");
    assert!(text.contains("stdin: from stdin") && text.contains("key: ASIA"), "{text}");
    assert!(!text.contains(CODE), "the code was shown: {text}");
    assert_eq!((terminal.modes(), guard.coded().len()), (before, 1));
}

#[test]
fn a_wrong_code_at_the_terminal_and_ctrl_c_leave_it_as_it_was() {
    let (_guard, host, _) = surroundings();
    for (typed, code, part) in [
        (&b"000000\r"[..], 125, "the MFA code is wrong"),
        (b"what?\r", 125, "is not the six digits"),
        (b"\x03", 130, "interrupted by SIGINT"),
        (b"\x04", 125, "the input ended before there was one"),
    ] {
        for command in [&["whoami"][..], &["run", "--network", "none", image(), "true"]] {
            let terminal = Terminal::open();
            let before = terminal.modes();
            let arguments = match command {
                ["run", rest @ ..] => [&["run", "--profile", "admin", "--no-cache"][..], rest].concat(),
                other => [other, &["--profile", "admin", "--no-cache"]].concat(),
            };
            let mut child = terminal.start(&mut host.command(Program::Credrun, &arguments));
            terminal.wait_for("Enter MFA code");
            // Who sees the question may answer at once.
            assert_ne!(terminal.modes(), before, "the code would be seen");
            terminal.write(typed);
            let outcome = terminal.outcome(&mut child);
            end(&mut child);
            let text = String::from_utf8_lossy(&outcome.output).into_owned();
            assert_eq!(outcome.code, code, "{arguments:?} {text}");
            assert!(text.contains(part) && !text.contains("`MFA code`"), "{arguments:?} {text}");
            let question = text.lines().find(|line| line.contains("Enter MFA code"));
            assert!(question.is_some_and(|line| !line.contains("credrun:")), "{arguments:?} {text}");
            assert_eq!(terminal.modes(), before, "{arguments:?}");
        }
    }
}

#[test]
fn without_a_terminal_the_option_is_named() {
    let (_guard, host, _) = surroundings();
    let arguments = ["--profile", "admin", "--no-cache", "-i", image(), "cat"];
    // A session of its own has no controlling terminal.
    let credrun = host.command(Program::Credrun, &arguments);
    let mut alone = host.tool("setsid");
    alone.arg("--wait").arg(credrun.get_program()).args(credrun.get_args());
    let outcome = run_with_input(&mut alone, b"271828\n");
    assert_eq!(outcome.code, 125, "{outcome:?}");
    assert!(outcome.stderr.contains(DEVICE) && outcome.stderr.contains("--token-code 123456"), "{outcome:?}");
}

#[test]
fn a_length_that_no_chain_has_is_refused_before_a_code_is_spent() {
    let (guard, host, _) = surroundings();
    let arn = world().role.clone();
    let config = std::fs::read_to_string(host.home().join(".aws/config")).expect("written before");
    let further = format!(
        "{config}[profile further]\nrole_arn = {arn}\nsource_profile = admin\nduration_seconds = 7200\n"
    );
    host.write(".aws/config", &further);
    for options in [
        &["--profile", "further"][..],
        &["--profile", "admin", "--role-arn", &arn, "--duration-seconds", "7200"],
        &["--profile", "admin", "--role-arn", &arn, "--until", "2h"],
        &["--serial-number", DEVICE, "--role-arn", &arn, "--role-arn", &arn, "--until", "2h"],
    ] {
        let outcome = whoami(&host, &[options, &["--no-cache", "--token-code", CODE]].concat());
        assert_eq!(outcome.code, 125, "{options:?} {outcome:?}");
        assert!(outcome.stderr.contains("from a role lasts 3600"), "{options:?} {outcome:?}");
    }
    assert_eq!(guard.coded(), Vec::<String>::new());
}

//! MFA: the code from the option or from a real terminal, and the session that it buys.
//!
//! The emulator takes any code, so what asks it goes through a guard here that takes one and refuses others as STS does.

use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::harness::container::Container;
use super::harness::emulator::{Emulator, names};
use super::harness::host::{Host, Program, image};
use super::harness::message::{Framing, Head, pass_body};
use super::harness::pty::{Terminal, end};
use super::harness::run::{Outcome, run, run_with_input};

const DEVICE: &str = "arn:aws:iam::123456789012:mfa/alice";
/// No part of an account's number.
const CODE: &str = "271828";

/// What stands in front of the emulator, and the requests that came with a code.
struct Guard {
    port: u16,
    coded: Arc<Mutex<Vec<String>>>,
}

impl Guard {
    fn before(emulator: &Emulator) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let to = emulator.endpoint.trim_start_matches("http://").to_owned();
        let coded = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&coded);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (to, kept) = (to.clone(), Arc::clone(&kept));
                std::thread::spawn(move || pass(&client, &to, &kept));
            }
        });
        Self { port, coded }
    }

    fn coded(&self) -> Vec<String> {
        self.coded.lock().expect("no server panics").clone()
    }

    /// A user's host whose calls go through it.
    fn host(&self, keys: &(String, String)) -> Host {
        Host::bare()
            .with("AWS_ACCESS_KEY_ID", &keys.0)
            .with("AWS_SECRET_ACCESS_KEY", &keys.1)
            .with("AWS_REGION", "eu-west-1")
            .with("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", self.port))
    }
}

/// One request and its answer; a wrong code gets STS's own refusal.
fn pass(client: &TcpStream, to: &str, coded: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut writer = client.try_clone()?;
    let Some(head) = Head::read(&mut reader)? else { return Ok(()) };
    let body = pass_body(&mut reader, &mut std::io::sink(), head.request_framing())?;
    let text = String::from_utf8_lossy(&body).into_owned();
    if text.contains("TokenCode=") {
        coded.lock().expect("no server panics").push(text.clone());
        if !text.contains(&format!("TokenCode={CODE}")) {
            let body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>MultiFactorAuthentication failed with invalid MFA one time pass code. </Message></Error></ErrorResponse>";
            return write!(
                writer,
                "HTTP/1.1 403 Forbidden\r\nContent-Type: text/xml\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    }
    let mut emulator = TcpStream::connect(to)?;
    emulator.write_all(&head.bytes)?;
    emulator.write_all(&body)?;
    let mut answers = BufReader::new(emulator.try_clone()?);
    let Some(answer) = Head::read(&mut answers)? else { return Ok(()) };
    writer.write_all(&answer.bytes)?;
    let framing = answer.response_framing("POST");
    pass_body(&mut answers, &mut writer, framing)?;
    assert_ne!(framing, Framing::UntilEnd, "the emulator tells the length of its answers");
    writer.shutdown(std::net::Shutdown::Both)
}

/// A user, a role that asks for a device in the profile `admin`, the guard, and the user's host.
fn surroundings() -> (Guard, Host, String) {
    let emulator = Emulator::of_the_tests();
    let (name, _) = names();
    let arn = emulator.role(&name, r#"["s3:*"]"#);
    let guard = Guard::before(&emulator);
    let host = guard.host(&emulator.user(&name, r#"["sts:*"]"#));
    host.write(
        ".aws/config",
        &format!(
            "[profile admin]\nrole_arn = {arn}\ncredential_source = Environment\nmfa_serial = {DEVICE}\n"
        ),
    );
    (guard, host, name)
}

fn whoami(host: &Host, options: &[&str]) -> Outcome {
    run(&mut host.command(Program::Credrun, &[&["whoami"][..], options].concat()))
}

#[test]
fn a_code_by_option_is_given_once_and_the_session_is_kept() {
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
            super::harness::run::eventually(super::harness::run::PATIENCE, "echo is off", || {
                terminal.modes() != before
            });
            terminal.write(typed);
            let outcome = terminal.outcome(&mut child);
            end(&mut child);
            let text = String::from_utf8_lossy(&outcome.output).into_owned();
            assert_eq!(outcome.code, code, "{arguments:?} {text}");
            assert!(text.contains(part), "{arguments:?} {text}");
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

//! A signal ends what waits for an STS that does not answer.

use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

use rustix::process::Signal;

use super::harness::host::{Host, Program};
use super::harness::pty::Terminal;
use super::harness::run::{PATIENCE, eventually, start};

const ROLE: [&str; 2] = ["--role-arn", "arn:aws:iam::123456789012:role/reader"];

/// One that takes connections and says nothing, and a host that asks it.
fn silent() -> (TcpListener, Host) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, Host::new().with("AWS_ENDPOINT_URL", address))
}

/// The connection of whoever asks it.
fn asked(sts: &TcpListener) -> TcpStream {
    sts.set_nonblocking(true).expect("a listener");
    let mut connection = None;
    eventually(PATIENCE, "credrun asks", || {
        connection = sts.accept().ok();
        connection.is_some()
    });
    connection.expect("it has come").0
}

fn commands() -> [Vec<&'static str>; 4] {
    [
        vec!["whoami"],
        [&["whoami"][..], &ROLE].concat(),
        [&["export"][..], &ROLE].concat(),
        [&["exec"][..], &ROLE, &["true"]].concat(),
    ]
}

#[test]
fn whoever_waits_ends_with_the_signal_s_code() {
    for arguments in commands() {
        for (signal, code, name) in [(Signal::INT, 130, "SIGINT"), (Signal::TERM, 143, "SIGTERM")] {
            let (sts, host) = silent();
            let running = start(host.command(Program::Credrun, &arguments).stdin(Stdio::null()));
            let _connection = asked(&sts);
            running.signal(signal);
            let outcome = running.outcome();
            assert_eq!((outcome.code, outcome.text().as_str()), (code, ""), "{arguments:?} {outcome:?}");
            assert!(outcome.stderr.contains(name), "{arguments:?} {outcome:?}");
        }
    }
}

#[test]
fn ctrl_c_at_a_terminal_does_so() {
    for arguments in commands() {
        let (sts, host) = silent();
        let terminal = Terminal::open();
        let before = terminal.modes();
        let mut child = terminal.start(&mut host.command(Program::Credrun, &arguments));
        let _connection = asked(&sts);
        terminal.write(b"\x03");
        let outcome = terminal.outcome(&mut child);
        let text = String::from_utf8_lossy(&outcome.output).into_owned();
        assert_eq!((outcome.code, terminal.modes()), (130, before), "{arguments:?} {text}");
    }
}

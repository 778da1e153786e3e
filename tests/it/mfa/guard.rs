//! What stands in front of the emulator: it takes one MFA code, and refuses others and revoked sessions as STS does.

use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::CODE;
use crate::harness::emulator::Emulator;
use crate::harness::host::Host;
use crate::harness::message::{Framing, Head, pass_body};

/// It, and what it has seen.
pub struct Guard {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The requests that came with a code.
    coded: Vec<String>,
    /// Whose requests are refused, and with which code.
    refused: Option<(String, &'static str)>,
}

impl Guard {
    /// One in front of this emulator.
    pub fn before(emulator: &Emulator) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let to = emulator.endpoint.trim_start_matches("http://").to_owned();
        let state: Arc<Mutex<State>> = Arc::default();
        let kept = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (to, kept) = (to.clone(), Arc::clone(&kept));
                std::thread::spawn(move || pass(&client, &to, &kept));
            }
        });
        Self { port, state }
    }

    /// The bodies of the requests that came with a code.
    pub fn coded(&self) -> Vec<String> {
        self.state.lock().expect("no server panics").coded.clone()
    }

    /// From here on this access key id is refused with this code.
    pub fn refuse(&self, access_key_id: &str, code: &'static str) {
        self.state.lock().expect("no server panics").refused = Some((access_key_id.to_owned(), code));
    }

    /// From here on nobody is.
    pub fn take_all(&self) {
        self.state.lock().expect("no server panics").refused = None;
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A user's host whose calls go through it.
    pub fn host(&self, keys: &(String, String)) -> Host {
        Host::bare()
            .with("AWS_ACCESS_KEY_ID", &keys.0)
            .with("AWS_SECRET_ACCESS_KEY", &keys.1)
            .with("AWS_REGION", "eu-west-1")
            .with("AWS_ENDPOINT_URL", self.address())
    }
}

/// STS's own words.
fn refusal(state: &mut State, head: &str, body: &str) -> Option<(&'static str, &'static str)> {
    if body.contains("TokenCode=") {
        state.coded.push(body.to_owned());
        if !body.contains(&format!("TokenCode={CODE}")) {
            return Some((
                "AccessDenied",
                "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
            ));
        }
    }
    let (id, code) = state.refused.as_ref()?;
    head.contains(&format!("Credential={id}/"))
        .then_some((*code, "The security token included in the request is refused"))
}

/// One request and its answer.
fn pass(client: &TcpStream, to: &str, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut writer = client.try_clone()?;
    let Some(head) = Head::read(&mut reader)? else { return Ok(()) };
    let body = pass_body(&mut reader, &mut std::io::sink(), head.request_framing())?;
    let (shown, text) = (String::from_utf8_lossy(&head.bytes), String::from_utf8_lossy(&body));
    let refused = refusal(&mut state.lock().expect("no server panics"), &shown, &text);
    if let Some((code, message)) = refused {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        );
        return write!(
            writer,
            "HTTP/1.1 403 Forbidden\r\nContent-Type: text/xml\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
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

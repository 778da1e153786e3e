//! An STS whose sessions are said to end within seconds: the emulator's, with another `Expiration` in its answers. A role's
//! own shortest session is one of fifteen minutes, which no test waits for.

use std::io::{self, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use super::endpoint::timestamp;
use super::message::{Head, pass_body};

/// The address of one before the emulator at `endpoint`, until the test is over.
pub fn shortened(endpoint: &str, seconds: i64) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let emulator = endpoint.trim_start_matches("http://").to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let emulator = emulator.clone();
            std::thread::spawn(move || serve(&client, &emulator, seconds));
        }
    });
    address
}

fn serve(client: &TcpStream, emulator: &str, seconds: i64) -> io::Result<()> {
    let emulator = TcpStream::connect(emulator)?;
    let (mut from_client, mut from_emulator) =
        (BufReader::new(client.try_clone()?), BufReader::new(emulator.try_clone()?));
    let (mut to_client, mut to_emulator) = (client.try_clone()?, emulator.try_clone()?);
    while let Some(request) = Head::read(&mut from_client)? {
        to_emulator.write_all(&request.bytes)?;
        pass_body(&mut from_client, &mut to_emulator, request.request_framing())?;
        let answer = Head::read(&mut from_emulator)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let body = pass_body(&mut from_emulator, &mut io::sink(), answer.response_framing("POST"))?;
        let body = shorten(&String::from_utf8_lossy(&body), seconds);
        // Its length is what it was.
        to_client.write_all(&answer.bytes)?;
        to_client.write_all(body.as_bytes())?;
    }
    Ok(())
}

/// The answer with another end in place of its own.
fn shorten(body: &str, seconds: i64) -> String {
    let split = || {
        let (before, rest) = body.split_once("<Expiration>")?;
        let (end, after) = rest.split_once("</Expiration>")?;
        Some((before, end, after))
    };
    let Some((before, end, after)) = split() else { return body.to_owned() };
    let sooner = timestamp(seconds);
    assert_eq!(end.len(), sooner.len(), "`{end}` is not written as `{sooner}` is");
    format!("{before}<Expiration>{sooner}</Expiration>{after}")
}

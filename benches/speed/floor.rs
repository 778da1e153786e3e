//! The least that a client can do: the engine calls of `docker run --rm IMAGE COMMAND`, over the engine's socket, and
//! nothing else. No client of the same calls is faster, but by what it need not start.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;

/// What has this program be that client.
pub const WORD: &str = "--floor";

/// This program as that client.
pub fn command(image: &str, command: &str) -> Command {
    let mut itself = Command::new(std::env::current_exe().expect("this program"));
    itself.args([WORD, image, command]);
    itself
}

/// Creates, attaches, waits, starts, reads to the end.
pub fn run(words: &[String]) {
    let [image, command] = words else { panic!("an image and a command") };
    ask("HEAD /_ping", "");
    let request = format!(
        r#"{{"Image":"{image}","Cmd":["{command}"],"AttachStdout":true,"AttachStderr":true,"HostConfig":{{"AutoRemove":true}}}}"#
    );
    let created = ask("POST /v1.41/containers/create", &request);
    let id = created.split('"').nth(3).expect("an id").to_owned();
    let attach = format!("POST /v1.41/containers/{id}/attach?stream=1&stdout=1&stderr=1");
    let mut streams = send(&attach, "Connection: Upgrade\r\nUpgrade: tcp\r\n", "");
    assert_eq!(head(&mut streams).0, 101);
    let mut wait = send(&format!("POST /v1.41/containers/{id}/wait?condition=removed"), "", "");
    head(&mut wait);
    ask(&format!("POST /v1.41/containers/{id}/start"), "");
    streams.read_to_end(&mut Vec::new()).expect("its output");
    let (mut size, mut answer) = (String::new(), String::new());
    wait.read_line(&mut size).expect("a chunk");
    wait.read_line(&mut answer).expect("a status");
    assert!(answer.contains(r#""StatusCode":0"#), "{answer}");
}

/// The body of the answer.
fn ask(request: &str, body: &str) -> String {
    let mut answer = send(request, "", body);
    let (status, length) = head(&mut answer);
    assert!((200..300).contains(&status), "{request}: {status}");
    let mut body = vec![0; if request.starts_with("HEAD") { 0 } else { length }];
    answer.read_exact(&mut body).expect("a body");
    String::from_utf8(body).expect("text")
}

fn send(request: &str, headers: &str, body: &str) -> BufReader<UnixStream> {
    let mut engine = engine();
    let text = format!(
        "{request} HTTP/1.1\r\nHost: docker\r\n{headers}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    engine.write_all(text.as_bytes()).expect("it is sent");
    BufReader::new(engine)
}

/// A connection to the engine.
pub fn engine() -> UnixStream {
    let host = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".into());
    let path = host.strip_prefix("unix://").expect("the engine is behind a socket");
    UnixStream::connect(path).expect("an engine")
}

/// Status and length of the body.
fn head(answer: &mut impl BufRead) -> (u16, usize) {
    let mut line = String::new();
    answer.read_line(&mut line).expect("a status line");
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let mut length = 0;
    loop {
        line.clear();
        answer.read_line(&mut line).expect("a header");
        if line == "\r\n" {
            return (status, length);
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
    }
}

//! An engine that refuses everything but to be found, and repeats what it was sent.

use std::io::{BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use crate::harness::message::{Head, pass_body};

/// What it does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// 500, with head and body of the request in its message.
    Repeats,
    /// Has no image, and repeats the request to pull it.
    RepeatsThePull,
    /// Answers with the request, which is no answer.
    Garbles,
    /// Answers with success and half of a message that holds the request.
    Breaks,
    /// Reads the request and hangs up.
    Cuts,
}

/// Starts one at this path; what `DOCKER_HOST` has to be.
pub fn start(path: &Path, manner: Manner) -> String {
    let listener = UnixListener::bind(path).expect("a socket");
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            std::thread::spawn(move || serve(&client, manner));
        }
    });
    format!("unix://{}", path.display())
}

fn serve(client: &UnixStream, manner: Manner) -> std::io::Result<()> {
    let (mut reader, mut writer) = (BufReader::new(client.try_clone()?), client.try_clone()?);
    while let Some(head) = Head::read(&mut reader)? {
        let body = pass_body(&mut reader, &mut std::io::sink(), head.request_framing())?;
        let sent = format!("{} {}", String::from_utf8_lossy(&head.bytes), String::from_utf8_lossy(&body));
        let words = serde_json::json!({ "message": format!("you sent: {sent}") }).to_string();
        let (status, answer, length) = if head.first_line.contains("/_ping") {
            ("200 OK", "OK".to_owned(), 2)
        } else if manner == Manner::RepeatsThePull && head.first_line.contains("/containers/create") {
            ("404 Not Found", r#"{"message":"No such image: leaks:latest"}"#.to_owned(), 41)
        } else {
            match manner {
                Manner::Repeats | Manner::RepeatsThePull => ("500 Oh no", words.clone(), words.len()),
                Manner::Breaks => ("201 Created", words.clone(), words.len() + 7),
                Manner::Garbles => {
                    writer.write_all(sent.as_bytes())?;
                    return client.shutdown(std::net::Shutdown::Both);
                }
                Manner::Cuts => return client.shutdown(std::net::Shutdown::Both),
            }
        };
        write!(
            writer,
            "HTTP/1.1 {status}\r\nApi-Version: 1.47\r\nOSType: linux\r\nContent-Length: {length}\r\n\r\n{answer}"
        )?;
        if length > answer.len() {
            return client.shutdown(std::net::Shutdown::Both);
        }
    }
    Ok(())
}

//! STS, SSO, an instance's metadata and a container endpoint in one: a server that gives the marked credentials to
//! everybody, or repeats to everybody what it was sent.

use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};

use super::marks::Marks;
use crate::harness::endpoint::timestamp;
use crate::harness::message::{Head, pass_body};

/// What it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// What is asked of it.
    Gives,
    /// Refuses, and says head and body of the request in its own words.
    Repeats,
    /// The same, in the middle of something else and in the header lines.
    Garbles,
    /// Ends the connection in the middle of its answer.
    Breaks,
}

/// Starts one; its address.
pub fn start(marks: &Marks, manner: Manner) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let marks = marks.clone();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let marks = marks.clone();
            std::thread::spawn(move || serve(&client, &marks, manner));
        }
    });
    format!("http://127.0.0.1:{port}")
}

fn serve(client: &TcpStream, marks: &Marks, manner: Manner) -> std::io::Result<()> {
    let (mut reader, mut writer) = (BufReader::new(client.try_clone()?), client.try_clone()?);
    while let Some(head) = Head::read(&mut reader)? {
        let body = pass_body(&mut reader, &mut std::io::sink(), head.request_framing())?;
        let body = String::from_utf8_lossy(&body).into_owned();
        let sent = told(&String::from_utf8_lossy(&head.bytes), &body, marks);
        let answer = match manner {
            Manner::Gives | Manner::Breaks => given(&head.first_line, &body, marks),
            Manner::Repeats | Manner::Garbles => refused(&head.first_line, &sent),
        };
        let (status, headers) = match manner {
            Manner::Gives | Manner::Breaks => ("200 OK", String::new()),
            Manner::Repeats => ("403 Forbidden", String::new()),
            Manner::Garbles => {
                ("400 Bad Request", format!("Content-Type: text/{sent}\r\nx-amzn-errortype: {sent}\r\n"))
            }
        };
        let cut = if manner == Manner::Breaks { answer.len() - 20 } else { answer.len() };
        write!(
            writer,
            "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{}",
            answer.len(),
            &answer[..cut]
        )?;
        if manner == Manner::Breaks {
            return client.shutdown(std::net::Shutdown::Both);
        }
    }
    Ok(())
}

/// What was sent in one line, what it holds of secrets first: words are cut off before they are shown.
fn told(head: &str, body: &str, marks: &Marks) -> String {
    let mut lines: Vec<_> = head.lines().chain(body.split('&')).collect();
    lines.sort_by_key(|line| marks.found_in(line.as_bytes()).is_none());
    lines.join(" ")
}

/// `AssumeRole` and its like as STS answers them, SSO's `GetRoleCredentials`, an instance's role, a container's.
fn given(line: &str, body: &str, Marks { key, token, ticket, .. }: &Marks) -> String {
    let (id, end) = ("ASIAIOSFODNN7EXAMPLE", timestamp(3000));
    let action = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
    match action {
        Some("GetCallerIdentity") => "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/leaks</Arn><UserId>U</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>".to_owned(),
        Some(action) => format!(
            "<{action}Response><{action}Result><Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>{key}</SecretAccessKey><SessionToken>{token}</SessionToken><Expiration>{end}</Expiration></Credentials></{action}Result></{action}Response>"
        ),
        None if line.contains("/federation/credentials") => format!(
            r#"{{"roleCredentials":{{"accessKeyId":"{id}","secretAccessKey":"{key}","sessionToken":"{token}","expiration":4102444800000}}}}"#
        ),
        None if line.contains("/api/token") => ticket.clone(),
        None if line.contains("/security-credentials/ ") => "instance-role".to_owned(),
        None => format!(
            r#"{{"Code":"Success","AccessKeyId":"{id}","SecretAccessKey":"{key}","Token":"{token}","Expiration":"{end}"}}"#
        ),
    }
}

/// In the form that each client understands.
fn refused(line: &str, sent: &str) -> String {
    let words = format!("you sent: {sent}");
    if line.starts_with("POST / ") {
        let escaped = words.replace('&', "&amp;").replace('<', "&lt;");
        return format!(
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>{escaped}</Message></Error></ErrorResponse>"
        );
    }
    serde_json::json!({ "Code": "Denied", "Message": words, "message": words }).to_string()
}

//! A container-credentials endpoint as CloudShell has it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use time::{Duration, OffsetDateTime, macros::format_description};

/// It serves for as long as this program runs.
pub struct Endpoint {
    pub uri: String,
}

impl Endpoint {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                std::thread::spawn(move || answer(client));
            }
        });
        Self { uri: format!("http://{address}/latest/meta-data/container/security-credentials") }
    }
}

fn answer(mut client: TcpStream) {
    let mut head = [0; 4096];
    let _ = client.read(&mut head);
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    let end = (OffsetDateTime::now_utc() + Duration::minutes(15)).format(&format).expect("a time");
    let (key, token) = ("k".repeat(40), "t".repeat(600));
    let body = format!(
        r#"{{"Type":"","AccessKeyId":"ASIAIOSFODNN7EXAMPLE","SecretAccessKey":"{key}","Token":"{token}","Expiration":"{end}","Code":"Success"}}"#
    );
    let _ = write!(client, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
}

//! A credentials endpoint, or an STS, at which something goes wrong.

use std::io::{self, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::harness::message::{Head, pass_body};

/// What whoever asks gets.
#[derive(Debug, Clone)]
pub enum Answer {
    /// The connection ends before the request is read.
    Closed,
    /// It ends when the request has been read.
    Unanswered,
    /// Bytes that are no HTTP.
    Garbage,
    /// This status, header lines and body.
    Whole(&'static str, &'static str, String),
    /// The head and half of this body with 200, and the end of the connection.
    Half(String),
    /// Nothing, for ever.
    Stall,
    /// This body with 200, a byte each second.
    Drip(String),
    /// 200 and a body without an end.
    Endless,
}

/// It; it lives until the test is over.
pub struct Source {
    pub address: String,
    asked: Arc<AtomicUsize>,
}

impl Source {
    /// Answers so many requests like the first, and all others like the second.
    pub fn start(well: usize, first: Answer, then: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (first, then, count) = (first.clone(), then.clone(), Arc::clone(&count));
                std::thread::spawn(move || {
                    let is_well = count.fetch_add(1, Ordering::SeqCst) < well;
                    // A client that gives up is what the tests want.
                    let _ = serve(&client, if is_well { &first } else { &then });
                    let _ = client.shutdown(Shutdown::Both);
                });
            }
        });
        Self { address, asked }
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// One request a connection.
fn serve(client: &TcpStream, answer: &Answer) -> io::Result<()> {
    if matches!(answer, Answer::Closed) {
        return Ok(());
    }
    let mut reader = BufReader::new(client.try_clone()?);
    let Some(request) = Head::read(&mut reader)? else { return Ok(()) };
    pass_body(&mut reader, &mut io::sink(), request.request_framing())?;
    let mut writer = client.try_clone()?;
    match answer {
        Answer::Closed | Answer::Unanswered => {}
        Answer::Garbage => writer.write_all(b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n")?,
        Answer::Whole(status, headers, body) => {
            head(&mut writer, status, headers, body.len())?;
            writer.write_all(body.as_bytes())?;
        }
        Answer::Half(body) => {
            head(&mut writer, "200 OK", "", body.len())?;
            writer.write_all(&body.as_bytes()[..body.len() / 2])?;
        }
        Answer::Stall => drop(io::copy(&mut reader, &mut io::sink())),
        Answer::Drip(body) => {
            head(&mut writer, "200 OK", "", body.len())?;
            for byte in body.bytes() {
                writer.write_all(&[byte])?;
                std::thread::sleep(Duration::from_secs(1));
            }
        }
        Answer::Endless => {
            head(&mut writer, "200 OK", "", 1 << 40)?;
            // Bounded all the same.
            for _ in 0..1024 {
                writer.write_all(&[b' '; 65536])?;
            }
        }
    }
    Ok(())
}

fn head(writer: &mut impl Write, status: &str, headers: &str, length: usize) -> io::Result<()> {
    write!(writer, "HTTP/1.1 {status}\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n")
}

//! A server on the loopback that behaves as a test's script says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::time::sleep;

/// What the server does with its n-th request.
pub(super) type Script = fn(usize) -> Reply;

pub(super) enum Reply {
    /// These bytes, then the end of the connection.
    Bytes(Vec<u8>),
    /// Nothing, for this long.
    Silence(Duration),
}

/// It, what was asked of it how often, and the last request.
pub(super) struct Server {
    pub(super) address: String,
    pub(super) requests: Arc<AtomicUsize>,
    pub(super) last: Arc<Mutex<String>>,
}

pub(super) async fn server(script: Script) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (requests, last) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(String::new())));
    let (counter, kept) = (requests.clone(), last.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let number = counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(stream, script(number), kept.clone()));
        }
    });
    Server { address, requests, last }
}

async fn serve(mut stream: TcpStream, reply: Reply, last: Arc<Mutex<String>>) {
    let mut head = Vec::new();
    while !whole(&head) {
        let mut chunk = [0; 1024];
        match stream.read(&mut chunk).await {
            Ok(n) if n > 0 => head.extend_from_slice(&chunk[..n]),
            _ => return,
        }
    }
    *last.lock().await = String::from_utf8_lossy(&head).into_owned();
    match reply {
        Reply::Silence(length) => sleep(length).await,
        Reply::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
    }
}

pub(super) fn http(status: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Bytes(format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}").into_bytes())
}

/// Whether head and body are there.
fn whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    body.len() >= length.and_then(|length| length.trim().parse().ok()).unwrap_or(0)
}

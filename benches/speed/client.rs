//! Asks the endpoint of `--refresh` as SDKs do, from inside its container: eight in parallel, each request on a
//! connection of its own. Prints requests a second, and p50, p99 and the worst time in milliseconds.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn main() {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).expect("seconds");
    let variable = |name: &str| std::env::var(name).expect("a container under `--refresh`");
    let uri = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    let token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    let (host, path) = uri.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("a URI");
    let request =
        format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n");
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let ask = || {
            let mut times = Vec::new();
            while Instant::now() < end {
                let started = Instant::now();
                let mut connection = TcpStream::connect(host).expect("the agent listens");
                connection.write_all(request.as_bytes()).expect("it is sent");
                let mut answer = Vec::with_capacity(2048);
                connection.read_to_end(&mut answer).expect("an answer");
                times.push(started.elapsed());
                assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
            }
            times
        };
        let clients: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        clients.into_iter().flat_map(|client| client.join().expect("a client ends well")).collect()
    });
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    println!("{} {} {} {}", times.len() as u64 / seconds, at(50), at(99), at(100));
}

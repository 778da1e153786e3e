//! A Unix socket that leads to the emulator, for containers: a socket is a file, so that it is there in every network.

use std::io;
use std::net::TcpStream;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

/// Leads whoever connects to the socket at `path` to `host:port`, until the test is over.
pub fn relay(path: &Path, address: &str) {
    let listener = UnixListener::bind(path).expect("a socket");
    let address = address.to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let address = address.clone();
            std::thread::spawn(move || lead(&client, &address));
        }
    });
}

fn lead(client: &UnixStream, address: &str) -> io::Result<()> {
    let emulator = TcpStream::connect(address)?;
    let (mut from, mut to) = (client.try_clone()?, emulator.try_clone()?);
    std::thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        to.shutdown(std::net::Shutdown::Write)
    });
    let _ = io::copy(&mut &emulator, &mut &*client);
    client.shutdown(std::net::Shutdown::Both)
}

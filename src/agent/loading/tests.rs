//! What an engine may have under the image's name, played by a fake one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::*;
use crate::engine::EngineOptions;
use crate::environment::Environment;

/// An engine that has one image at most.
#[derive(Clone)]
struct Fake {
    os: &'static str,
    architecture: &'static str,
    image: Option<Value>,
    /// What it has after a load, and what it says then.
    loaded: (Option<Value>, &'static str),
    loads: usize,
}

impl Fake {
    fn with(image: Option<Value>) -> Self {
        let loaded = (Some(ours("sha256:new")), r#"{"stream":"Loaded image"}"#);
        Self { os: "linux", architecture: std::env::consts::ARCH, image, loaded, loads: 0 }
    }

    fn answer(&mut self, request: &str) -> (&'static str, String) {
        let ok = "200 OK";
        if request.contains("/_ping") {
            (ok, String::new())
        } else if request.contains("/version") {
            (ok, json!({ "Version": "1", "Os": self.os, "Arch": self.architecture }).to_string())
        } else if request.contains("/images/load") {
            (self.image, self.loads) = (self.loaded.0.clone(), self.loads + 1);
            (ok, self.loaded.1.to_owned())
        } else {
            match &self.image {
                Some(image) => (ok, image.to_string()),
                None => ("404 Not Found", r#"{"message":"No such image"}"#.to_owned()),
            }
        }
    }
}

fn ours(id: &str) -> Value {
    let program = crate::agent::AgentProgram::of(std::env::consts::ARCH).expect("one is built");
    json!({
        "Id": id, "Architecture": program.architecture, "Os": "linux",
        "RootFS": { "Type": "layers", "Layers": [program.diff_id] },
        "Config": { "Entrypoint": ["/credrun-agent"], "User": "65534:65534" },
    })
}

fn others(id: &str) -> Value {
    let mut image = ours(id);
    image["RootFS"]["Layers"] = json!(["sha256:other"]);
    image
}

/// Plays the engine to one connection: one request, one answer.
fn play(stream: TcpStream, fake: &Mutex<Fake>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut request, mut length) = (String::new(), 0);
    reader.read_line(&mut request)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        if line.is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    let mut fake = fake.lock().expect("no panic");
    let (status, body) = fake.answer(&request);
    let head = format!(
        "HTTP/1.1 {status}\r\nApi-Version: 1.41\r\nOstype: {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        fake.os,
        body.len()
    );
    // The answer to a HEAD has no body.
    let body = if request.starts_with("HEAD") { "" } else { &body };
    reader.get_mut().write_all(format!("{head}{body}").as_bytes())
}

/// What comes of [`image_in`] there, and how often an image was loaded.
async fn tried(fake: Fake) -> (Result<Loaded>, usize) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = format!("tcp://{}", listener.local_addr().expect("an address"));
    let fake = Arc::new(Mutex::new(fake));
    let played = Arc::clone(&fake);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away early is the test's own business.
            let _ = play(stream, &played);
        }
    });
    let options = EngineOptions { hosts: vec![address], ..EngineOptions::default() };
    let environment: Environment = [("HOME", "/nonexistent")].into_iter().collect();
    let engine = Engine::of_options(&options, &environment).await.expect("the fake engine answers");
    let result = image_in(&engine, OffsetDateTime::UNIX_EPOCH).await;
    let loads = fake.lock().expect("no panic").loads;
    (result, loads)
}

#[tokio::test]
async fn the_image_is_loaded_when_it_is_not_there_or_is_another() {
    for (there, id, loads) in [
        (None, "sha256:new", 1),
        (Some(ours("sha256:old")), "sha256:old", 0),
        (Some(others("sha256:old")), "sha256:new", 1),
    ] {
        let (loaded, count) = tried(Fake::with(there)).await;
        let loaded = loaded.expect("the image is there");
        assert_eq!((loaded.id.as_str(), loaded.was_there, count), (id, loads == 0, loads));
        assert!(loaded.name.starts_with("localhost/credrun-agent:"), "{}", loaded.name);
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let here = Fake::with(None);
    let refused =
        r#"{"errorDetail":{"message":"no space left on device"},"error":"no space left on device"}"#;
    for (fake, kind, words) in [
        (Fake { os: "windows", ..here.clone() }, ErrorKind::Refused, "the engine is for `windows`"),
        (Fake { architecture: "riscv64", ..here.clone() }, ErrorKind::Refused, "no agent for `riscv64`"),
        (Fake { loaded: (None, refused), ..here.clone() }, ErrorKind::Engine, "no space left on device"),
        (Fake { loaded: (Some(others("x")), "{}"), ..here.clone() }, ErrorKind::Engine, "another image"),
        (Fake { loaded: (None, "{}"), ..here }, ErrorKind::Engine, "another image"),
    ] {
        let (result, _) = tried(fake).await;
        let error = result.expect_err(words);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "`{words}` in {error}");
    }
}

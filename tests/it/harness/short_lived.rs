//! A CloudShell whose credentials live for seconds: each answer is a session that the emulator's STS is asked for.

use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use aws_sdk_sts::config::{BehaviorVersion, Credentials, Region};

use super::emulator::Emulator;
use super::endpoint::{AUTHORIZATION, cloud_shell};
use super::host::Host;
use super::message::Head;

/// The source.
pub struct ShortLived {
    port: u16,
    state: Arc<State>,
}

struct State {
    emulator: String,
    role: String,
    seconds: i32,
    is_down: AtomicBool,
    hits: AtomicUsize,
    refused: AtomicUsize,
}

impl ShortLived {
    /// Gives whoever presents the authorization a new session of `role`, which lives for `seconds`.
    pub fn of_role(emulator: &Emulator, role: &str, seconds: i32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(State {
            emulator: emulator.endpoint.clone(),
            role: role.to_owned(),
            seconds,
            is_down: AtomicBool::new(false),
            hits: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || state.serve(&client));
            }
        });
        Self { port, state }
    }

    /// A host whose CloudShell this is, and that knows the emulator.
    pub fn host(&self) -> Host {
        let uri = format!("http://127.0.0.1:{}/latest/meta-data/container/security-credentials", self.port);
        cloud_shell(&uri).with("AWS_ENDPOINT_URL", &self.state.emulator)
    }

    /// Down it answers 503, whoever asks.
    pub fn set_down(&self, is_down: bool) {
        self.state.is_down.store(is_down, Ordering::SeqCst);
    }

    /// How often it was asked.
    pub fn hits(&self) -> usize {
        self.state.hits.load(Ordering::SeqCst)
    }

    /// How often it was asked while it was down.
    pub fn refused(&self) -> usize {
        self.state.refused.load(Ordering::SeqCst)
    }
}

impl State {
    fn serve(&self, client: &TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(client.try_clone()?);
        let mut writer = client.try_clone()?;
        while let Some(request) = Head::read(&mut reader)? {
            self.hits.fetch_add(1, Ordering::SeqCst);
            let (status, body) = match request.header("authorization") {
                _ if self.is_down.load(Ordering::SeqCst) => {
                    self.refused.fetch_add(1, Ordering::SeqCst);
                    ("503 Service Unavailable", "down".to_owned())
                }
                Some(AUTHORIZATION) => ("200 OK", self.body()),
                _ => ("403 Forbidden", "who are you?".to_owned()),
            };
            let length = body.len();
            write!(writer, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}")?;
        }
        Ok(())
    }

    /// A session shorter than STS allows, which the emulator gives all the same.
    fn body(&self) -> String {
        let config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(&self.emulator)
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "it"))
            .build();
        let assume = aws_sdk_sts::Client::from_conf(config)
            .assume_role()
            .role_arn(&self.role)
            .role_session_name("short")
            .duration_seconds(self.seconds);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let answer = runtime.block_on(assume.send()).expect("the emulator gives a session");
        let keys = answer.credentials().expect("credentials");
        serde_json::json!({
            "AccessKeyId": keys.access_key_id(),
            "SecretAccessKey": keys.secret_access_key(),
            "Token": keys.session_token(),
            "Expiration": keys.expiration().to_string(),
            "Code": "Success",
        })
        .to_string()
    }
}

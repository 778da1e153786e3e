//! A container-credentials endpoint as CloudShell has it, which can also misbehave.

use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use super::host::{ACCESS_KEY_ID, Host, SECRET_ACCESS_KEY, SESSION_TOKEN};
use super::message::Head;

/// What the client has to present; marked, so that it can be found where it should not be.
pub const AUTHORIZATION: &str = "MarkedAuthorizationOfTheIntegrationTests0003";

/// What a role's keys are.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The key id.
    pub access_key_id: String,
    /// The secret key.
    pub secret_access_key: String,
    /// The session token.
    pub session_token: String,
}

impl Keys {
    /// The marked ones.
    pub fn marked() -> Self {
        Self {
            access_key_id: ACCESS_KEY_ID.into(),
            secret_access_key: SECRET_ACCESS_KEY.into(),
            session_token: SESSION_TOKEN.into(),
        }
    }

    /// CloudShell's body, tabs and all, for keys that expire in so many seconds.
    pub fn body(&self, seconds_left: i64) -> String {
        format!(
            "{{\n\t\"Type\": \"\",\n\t\"AccessKeyId\": \"{}\",\n\t\"SecretAccessKey\": \"{}\",\n\t\"Token\": \
             \"{}\",\n\t\"Expiration\": \"{}\",\n\t\"Code\": \"Success\"\n}}",
            self.access_key_id,
            self.secret_access_key,
            self.session_token,
            timestamp(seconds_left)
        )
    }
}

/// So many seconds from now, as AWS writes it.
pub fn timestamp(seconds_from_now: i64) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is later than 1970");
    let now = i64::try_from(now.as_secs()).expect("it is not that late");
    let time = time::OffsetDateTime::from_unix_timestamp(now + seconds_from_now).expect("a time");
    let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    time.format(format).expect("a time can be written")
}

/// One answer: status, further header lines, body, and how long it takes.
#[derive(Debug, Clone)]
pub struct Answer {
    /// `200 OK`.
    pub status: &'static str,
    /// Header lines, each with its line end.
    pub headers: String,
    /// The body.
    pub body: String,
    /// How long the client waits for the head.
    pub delay: Duration,
    /// How many bytes of the body are promised beyond those that come.
    pub missing: usize,
}

impl Answer {
    /// This body at once, with 200.
    pub fn ok(body: impl Into<String>) -> Self {
        Self::status("200 OK", body)
    }

    /// This status and body.
    pub fn status(status: &'static str, body: impl Into<String>) -> Self {
        Self { status, headers: String::new(), body: body.into(), delay: Duration::ZERO, missing: 0 }
    }
}

/// The endpoint; it lives until the test is over.
pub struct Endpoint {
    port: u16,
    hits: Arc<AtomicUsize>,
}

impl Endpoint {
    /// Gives everybody who presents the authorization this answer, and 403 to all others.
    pub fn answering(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let hits = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&hits);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (answer, count) = (answer.clone(), Arc::clone(&count));
                // A client that gives up early is what some of the tests want.
                std::thread::spawn(move || serve(&client, &answer, &count));
            }
        });
        Self { port, hits }
    }

    /// Gives these keys, which live for another ten minutes.
    pub fn giving(keys: &Keys) -> Self {
        Self::answering(Answer::ok(keys.body(600)))
    }

    /// Where it is.
    pub fn uri(&self) -> String {
        uri(self.port)
    }

    /// How often it was asked.
    pub fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}

/// The URI of an endpoint at which nobody is.
pub fn dead_uri() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    uri(listener.local_addr().expect("an address").port())
}

/// The path is CloudShell's.
fn uri(port: u16) -> String {
    format!("http://127.0.0.1:{port}/latest/meta-data/container/security-credentials")
}

/// A host like a CloudShell, whose endpoint is at `uri`.
pub fn cloud_shell(uri: &str) -> Host {
    Host::bare()
        .with("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri)
        .with("AWS_CONTAINER_AUTHORIZATION_TOKEN", AUTHORIZATION)
        .with("AWS_REGION", "eu-west-1")
}

fn serve(client: &TcpStream, answer: &Answer, count: &AtomicUsize) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut writer = client.try_clone()?;
    while let Some(request) = Head::read(&mut reader)? {
        // A connection may carry several requests.
        count.fetch_add(1, Ordering::SeqCst);
        let known = request.header("authorization") == Some(AUTHORIZATION);
        let forbidden = Answer::status("403 Forbidden", "who are you?");
        let answer = if known { answer } else { &forbidden };
        std::thread::sleep(answer.delay);
        let length = answer.body.len() + answer.missing;
        write!(writer, "HTTP/1.1 {}\r\nContent-Length: {length}\r\n", answer.status)?;
        write!(writer, "{}\r\n{}", answer.headers, answer.body)?;
        if answer.missing > 0 {
            return writer.shutdown(std::net::Shutdown::Both);
        }
    }
    Ok(())
}

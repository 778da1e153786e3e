//! `POST /containers/{id}/attach`: the hijacked connection, as raw bytes.
//!
//! Source: <https://docs.docker.com/reference/api/engine/version/v1.50/#operation/ContainerAttach>.

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{ReadHalf, WriteHalf};

use super::{Engine, response_error};
use crate::error::{Error, ErrorKind, Result};

/// Which streams to attach.
#[derive(Debug, Clone, Default)]
pub struct AttachOptions {
    /// Send stdin.
    pub stdin: bool,
    /// Receive stdout.
    pub stdout: bool,
    /// Receive stderr.
    pub stderr: bool,
    /// Which keys the engine lets go of the container for.
    pub detach_keys: DetachKeys,
}

/// The keys for which the engine detaches a client, when that has not matched them itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum DetachKeys {
    /// The engine's own.
    #[default]
    Default,
    /// `--detach-keys`, as written.
    Written(String),
    /// None that anybody can type: the byte 0xff, which is in no UTF-8 text. An empty text would mean the default.
    Never,
}

/// Both directions of an attached container.
///
/// What is read is one raw stream for a container with a TTY, and frames of an 8-byte header and a payload
/// otherwise. Shutting the writer down closes the container's stdin.
pub struct Attached {
    /// The container's output.
    pub reader: ContainerOutput,
    /// The container's stdin.
    pub writer: ContainerStdin,
}

/// The one direction.
pub type ContainerOutput = ReadHalf<TokioIo<Upgraded>>;
/// The other one.
pub type ContainerStdin = WriteHalf<TokioIo<Upgraded>>;

impl Engine {
    /// Attaches to a container; before its start, so that no output is lost.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`] when the engine refuses or does not hand the connection over.
    pub async fn attach(&self, id: &str, options: &AttachOptions) -> Result<Attached> {
        let request = Request::post(format!("/containers/{id}/attach?{}", query(options)))
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "tcp")
            .header(header::CONTENT_TYPE, "text/plain")
            .body(Empty::<Bytes>::new())
            .map_err(super::internal)?;
        let response = self.transport.send(request).await.map_err(|error| self.unreachable(&error))?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS && response.status() != StatusCode::OK {
            return Err(refusal(response).await);
        }
        let upgraded = hyper::upgrade::on(response).await.map_err(|error| {
            Error::caused(ErrorKind::Engine, error)
                .context("the engine did not hand over the attached stream")
        })?;
        let (reader, writer) = tokio::io::split(TokioIo::new(upgraded));
        Ok(Attached { reader, writer })
    }
}

/// As the docker CLI spells it: only what is on, in the order of the keys.
fn query(options: &AttachOptions) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    match &options.detach_keys {
        DetachKeys::Default => {}
        DetachKeys::Written(keys) => drop(query.append_pair("detachKeys", keys)),
        DetachKeys::Never => return format!("detachKeys=%FF&{}", self::query(&plain(options))),
    }
    for (name, on) in [("stderr", options.stderr), ("stdin", options.stdin), ("stdout", options.stdout)] {
        if on {
            query.append_pair(name, "1");
        }
    }
    query.append_pair("stream", "1").finish()
}

/// The same with the engine's own keys.
fn plain(options: &AttachOptions) -> AttachOptions {
    AttachOptions { detach_keys: DetachKeys::Default, ..options.clone() }
}

/// The engine's message out of an answer that is no success.
pub(super) async fn refusal(response: http::Response<hyper::body::Incoming>) -> Error {
    let status = response.status();
    let body =
        response.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    response_error(&words(status, &body))
}

/// The message of a refusal. That of an attach is bare text (moby, `postContainersAttach`).
fn words(status: http::StatusCode, body: &[u8]) -> String {
    let message = serde_json::from_slice::<serde_json::Value>(body).ok();
    if let Some(message) = message.as_ref().and_then(|json| json["message"].as_str()) {
        return message.to_owned();
    }
    match String::from_utf8_lossy(body).trim() {
        text if message.is_none() && !text.is_empty() && text.lines().count() == 1 => text.to_owned(),
        _ => format!("status {status} without a message"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_the_engine_says() {
        let nothing = "status 404 Not Found without a message";
        for (body, expected) in [
            ("{\"message\":\"No such container: x\"}", "No such container: x"),
            ("No such container: x\r\n", "No such container: x"),
            ("", nothing),
            ("{}", nothing),
            ("<html>\n<body>\n", nothing),
        ] {
            assert_eq!(words(http::StatusCode::NOT_FOUND, body.as_bytes()), expected);
        }
    }

    #[test]
    fn the_query_names_what_is_on() {
        let options = AttachOptions { stdin: true, stdout: true, stderr: false, ..AttachOptions::default() };
        assert_eq!(query(&options), "stdin=1&stdout=1&stream=1");
        let keys = AttachOptions { detach_keys: DetachKeys::Written("ctrl-a,b".into()), ..options.clone() };
        assert_eq!(query(&keys), "detachKeys=ctrl-a%2Cb&stdin=1&stdout=1&stream=1");
        let never = AttachOptions { detach_keys: DetachKeys::Never, ..options };
        assert_eq!(query(&never), "detachKeys=%FF&stdin=1&stdout=1&stream=1");
    }
}

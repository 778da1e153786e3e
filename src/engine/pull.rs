//! `POST /images/create`: pulling, with its stream of progress.
//!
//! Source: <https://docs.docker.com/reference/api/engine/version/v1.50/#operation/ImageCreate>.

use bytes::{Bytes, BytesMut};
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use serde::Deserialize;

use super::attach::refusal;
use super::image_reference::ImageReference;
use super::registry_auth::RegistryAuth;
use super::{Engine, internal};
use crate::error::{Error, ErrorKind, Result};

/// One message of a pull.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct PullMessage {
    /// `Downloading`, `Pull complete`, …
    #[serde(default)]
    pub status: String,
    /// The layer that it is about.
    #[serde(default)]
    pub id: Option<String>,
    /// How far that layer is.
    #[serde(default, rename = "progressDetail")]
    pub progress: Option<PullProgress>,
    #[serde(default, rename = "errorDetail")]
    error_detail: Option<PullError>,
    #[serde(default)]
    error: Option<String>,
}

/// Bytes of a layer.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct PullProgress {
    /// Bytes done.
    #[serde(default)]
    pub current: Option<u64>,
    /// Bytes in all.
    #[serde(default)]
    pub total: Option<u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct PullError {
    #[serde(default)]
    message: String,
}

/// Who is told of a pull's messages.
pub trait PullDisplay: Send {
    /// A message has come.
    fn message(&mut self, message: &PullMessage);
    /// A warning that concerns the login.
    fn warning(&mut self, text: &str);
}

impl Engine {
    /// Pulls `image`, with `auth` as the login at its registry.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`], with hints that tell a missing login from a missing image where the text does.
    pub async fn pull(
        &self,
        image: &str,
        platform: Option<&str>,
        auth: &RegistryAuth,
        display: &mut dyn PullDisplay,
    ) -> Result<()> {
        let reference = ImageReference::parse(image);
        let request = Request::post(format!("/images/create?{}", query(&reference, platform)))
            .header("X-Registry-Auth", auth.header())
            .body(Empty::<Bytes>::new())
            .map_err(internal)?;
        let response = self.transport.send(request).await.map_err(|error| self.unreachable(&error))?;
        let pulled = if response.status().is_success() {
            follow(response.into_body(), display).await
        } else {
            Err(refusal(response).await)
        };
        pulled.map_err(|error| explain(auth.scrubbed(error), &reference, auth.is_login()))
    }
}

fn query(reference: &ImageReference, platform: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("fromImage", &reference.from_image());
    if let Some(platform) = platform {
        query.append_pair("platform", platform);
    }
    query.append_pair("tag", reference.tag_or_digest()).finish()
}

/// Reads the JSON messages, a line each, until the stream ends or one of them is an error.
async fn follow(mut body: Incoming, display: &mut dyn PullDisplay) -> Result<()> {
    let mut messages = Messages::default();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Error::caused(ErrorKind::Engine, error).context("the engine broke the pull off")
        })?;
        messages.take(frame.data_ref().map_or(&[], |data| data), display)?;
    }
    messages.end(display)
}

/// The messages of a stream that comes in pieces.
#[derive(Default)]
pub(crate) struct Messages {
    /// The beginning of a line.
    pending: BytesMut,
}

/// The longest line of a message in bytes: it is kept until its end comes.
const LONGEST: usize = 1 << 20;

impl Messages {
    /// Tells what is whole with these.
    pub(crate) fn take(&mut self, piece: &[u8], display: &mut dyn PullDisplay) -> Result<()> {
        for part in piece.split_inclusive(|&byte| byte == b'\n') {
            if self.pending.len() + part.len() > LONGEST {
                return Err(Error::new(ErrorKind::Engine, "the engine's pull message has no end"));
            }
            self.pending.extend_from_slice(part);
            if part.ends_with(b"\n") {
                told(&self.pending, display)?;
                self.pending.clear();
            }
        }
        Ok(())
    }

    /// Tells the last one: its line may have no end.
    pub(crate) fn end(&self, display: &mut dyn PullDisplay) -> Result<()> {
        told(&self.pending, display)
    }
}

fn told(line: &[u8], display: &mut dyn PullDisplay) -> Result<()> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(());
    }
    let message: PullMessage = serde_json::from_slice(line).map_err(|error| {
        Error::caused(ErrorKind::Engine, error).context("the engine's pull message is not JSON")
    })?;
    let error = message.error_detail.as_ref().map(|detail| detail.message.clone()).or(message.error.clone());
    if let Some(error) = error {
        Err(super::response_error(&error))
    } else {
        display.message(&message);
        Ok(())
    }
}

/// Engine 20.10 answers every refusal of a registry with 500, so that only its text tells what it was.
fn explain(error: Error, reference: &ImageReference, logged_in: bool) -> Error {
    let text = error.to_string().to_lowercase();
    let registry = &reference.registry;
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["no such host", "connection refused", "i/o timeout", "tls handshake", "request canceled"]) {
        error
            .hint(format!("the engine cannot reach the registry `{registry}`; is it up, and the name right?"))
    } else if has(&["unauthorized", "no basic auth", "access denied", "authentication required", "forbidden"])
    {
        error.hint(refused_login(registry, logged_in))
    } else if has(&["toomanyrequests", "rate limit", "rate exceeded"]) {
        error.hint(format!("the registry `{registry}` limits how often it is asked: wait, or log in to it"))
    } else if has(&["manifest unknown", "name unknown", "not found"]) {
        error.hint(format!("check the name and the tag: `{}`", reference.familiar()))
    } else {
        error
    }
}

fn refused_login(registry: &str, logged_in: bool) -> String {
    if logged_in {
        format!(
            "the login for `{registry}` was sent: is it still valid (`docker login {registry}`), and the name right?"
        )
    } else {
        format!("if the image is private, `docker login {registry}` first; else check its name")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Kept(Vec<String>);
    impl PullDisplay for Kept {
        fn message(&mut self, message: &PullMessage) {
            self.0.push(message.status.clone());
        }
        fn warning(&mut self, _: &str) {}
    }

    #[test]
    fn messages_are_told_and_errors_end_the_pull() {
        let mut kept = Kept::default();
        told(br#"{"status":"Pulling from x","id":"latest"}"#, &mut kept).expect("a message");
        told(b"\r\n", &mut kept).expect("an empty line");
        let error = told(br#"{"errorDetail":{"message":"manifest unknown"},"error":"x"}"#, &mut kept);
        assert!(error.expect_err("an error").to_string().contains("manifest unknown"));
        assert_eq!(kept.0, ["Pulling from x"]);
    }

    #[test]
    fn messages_come_in_pieces_and_have_an_end() {
        let stream = b"{\"status\":\"a\"}\r\n\n{\"status\":\"b\"}\n{\"status\":\"c\"}";
        for size in 1..=stream.len() {
            let (mut kept, mut messages) = (Kept::default(), Messages::default());
            let mut pieces = stream.chunks(size);
            pieces.try_for_each(|piece| messages.take(piece, &mut kept)).expect("messages");
            messages.end(&mut kept).expect("a message");
            assert_eq!(kept.0, ["a", "b", "c"], "in pieces of {size}");
        }
        let (mut kept, mut messages) = (Kept::default(), Messages::default());
        let endless = std::iter::repeat_n([b' '; 65_536], 17);
        let error = endless.map(|piece| messages.take(&piece, &mut kept)).find_map(Result::err);
        assert!(error.expect("an end").to_string().contains("has no end"));
    }

    #[test]
    fn a_refused_login_is_told_from_a_missing_tag() {
        let reference = ImageReference::parse("127.0.0.1:5000/a:b");
        let hints = |text: &str, logged_in| {
            explain(super::super::response_error(text), &reference, logged_in).hints().join("\n")
        };
        let hint = |text| hints(text, false);
        assert!(hint("no basic auth credentials").contains("`docker login 127.0.0.1:5000` first"));
        assert!(hints("unauthorized: authentication required", true).contains("still valid"));
        assert!(hint("toomanyrequests: Rate exceeded").contains("wait"));
        assert!(hint("manifest for x not found: manifest unknown").contains("127.0.0.1:5000/a:b"));
        assert!(hint("dial tcp: lookup x: no such host").contains("cannot reach"));
    }
}

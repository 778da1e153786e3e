//! `GET /events`, for what has happened already: an engine remembers its last 256 events.
//!
//! Source: <https://docs.docker.com/reference/api/engine/version/v1.50/#operation/SystemEvents>.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use serde::Deserialize;

use super::attach::refusal;
use super::{Engine, internal};
use crate::error::Result;

/// How long the past may take: after it the stream waits for the future, and says nothing.
const PAST: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    actor: Actor,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Actor {
    attributes: Attributes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    /// Podman has another word.
    #[serde(alias = "containerExitCode")]
    exit_code: String,
}

impl Engine {
    /// The status that a container has ended with, gone or not; `None` when the engine does not remember.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Engine`] when the engine does not answer.
    pub async fn past_status(&self, id: &str) -> Result<Option<i64>> {
        let filters = serde_json::json!({ "container": [id], "event": ["die"] }).to_string();
        // Without an end: it would be one by the clock of this machine, which need not be the engine's.
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("filters", &*filters), ("since", "1")])
            .finish();
        let request =
            Request::get(format!("/events?{query}")).body(Empty::<Bytes>::new()).map_err(internal)?;
        let response = self.transport.send(request).await.map_err(|error| self.unreachable(&error))?;
        if !response.status().is_success() {
            return Err(refusal(response).await);
        }
        let (mut body, mut text) = (response.into_body(), Vec::new());
        while let Ok(Some(Ok(frame))) = tokio::time::timeout(PAST, body.frame()).await {
            text.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
            if let Some(status) = status(&text) {
                return Ok(Some(status));
            }
        }
        Ok(None)
    }
}

/// Of the first whole event.
pub(crate) fn status(text: &[u8]) -> Option<i64> {
    let events = serde_json::Deserializer::from_slice(text).into_iter::<Event>();
    events.map_while(std::result::Result::ok).find_map(|event| event.actor.attributes.exit_code.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_the_event_s() {
        let docker = r#"{"status":"die","id":"a","Type":"container","Action":"die","Actor":{"ID":"a","Attributes":{"exitCode":"7","image":"x"}},"scope":"local","time":1}"#;
        let podman = r#"{"Action":"die","Actor":{"ID":"a","Attributes":{"containerExitCode":"137"}}}"#;
        for (text, expected) in [
            (docker.to_owned(), Some(7)),
            (format!("{docker}\n"), Some(7)),
            (podman.to_owned(), Some(137)),
            (docker[..100].to_owned(), None),
            (String::new(), None),
            ("nothing".to_owned(), None),
        ] {
            assert_eq!(status(text.as_bytes()), expected, "{text}");
        }
    }
}

//! Containers by a label of theirs: which there are, how they are, and their end.
//!
//! Source: <https://docs.docker.com/reference/api/engine/version/v1.50/#operation/ContainerList>. The list does not go
//! through bollard, which hides the head of the answer: its `Date` is the engine's own clock, and only by that can be
//! told how old a container is when the two machines' clocks differ.

use std::collections::BTreeMap;

use bollard::errors::Error as BollardError;
use bollard::query_parameters::{RemoveContainerOptionsBuilder, StopContainerOptionsBuilder};
use bytes::Bytes;
use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt, Empty};
use serde::{Deserialize, Deserializer};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::attach::refusal;
use super::{Engine, internal};
use crate::error::{Error, ErrorKind, Result};

/// Names and values.
pub type LabelMap = BTreeMap<String, String>;

/// The containers that have a label, the oldest first.
#[derive(Debug, Clone)]
pub struct Listing {
    /// They.
    pub containers: Vec<Labelled>,
    /// When the engine answered, by its own clock, to the second.
    pub now: OffsetDateTime,
}

/// One container.
#[derive(Debug, Clone)]
pub struct Labelled {
    /// Its id.
    pub id: String,
    /// Its name, without the slash.
    pub name: String,
    /// Its image, as it was asked for.
    pub image: String,
    /// Its image's id.
    pub image_id: String,
    /// How it is.
    pub state: State,
    /// When it was created, by the engine's clock, to the second.
    pub created: OffsetDateTime,
    /// Its labels, those of its image among them.
    pub labels: LabelMap,
}

/// How a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Never started.
    Created,
    /// Its process lives.
    Running,
    /// Its process lives, and is held up.
    Paused,
    /// Between two lives.
    Restarting,
    /// It has ended.
    Exited,
    /// It has ended, and is about to be gone.
    Removing,
}

impl State {
    /// Whether its process lives, or will again by itself.
    #[must_use]
    pub fn is_up(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Restarting)
    }

    /// As the engine calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Exited => "exited",
            Self::Removing => "removing",
        }
    }

    /// Podman has a few words of its own. A word that is new counts as running: what runs is left alone.
    pub(super) fn parse(word: &str) -> Self {
        match word {
            "created" | "configured" | "initialized" => Self::Created,
            "paused" => Self::Paused,
            "restarting" => Self::Restarting,
            "exited" | "dead" | "stopped" => Self::Exited,
            "removing" => Self::Removing,
            _ => Self::Running,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    id: String,
    #[serde(default, deserialize_with = "nothing_for_null")]
    names: Vec<String>,
    #[serde(default)]
    image: String,
    #[serde(default, rename = "ImageID")]
    image_id: String,
    state: String,
    created: i64,
    #[serde(default, deserialize_with = "nothing_for_null")]
    labels: LabelMap,
}

#[derive(Deserialize)]
struct ImageEntry {
    #[serde(rename = "Config")]
    config: Option<ImageConfig>,
}

#[derive(Deserialize)]
struct ImageConfig {
    #[serde(default, rename = "Labels", deserialize_with = "nothing_for_null")]
    labels: LabelMap,
}

fn nothing_for_null<'de, T, D>(deserializer: D) -> std::result::Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl From<Entry> for Labelled {
    fn from(entry: Entry) -> Self {
        // A container that others are linked to has a name for each link as well: `/web/db`.
        let own =
            entry.names.iter().map(|name| name.trim_start_matches('/')).find(|name| !name.contains('/'));
        Self {
            name: own.unwrap_or_default().to_owned(),
            state: State::parse(&entry.state),
            created: OffsetDateTime::from_unix_timestamp(entry.created).unwrap_or(OffsetDateTime::UNIX_EPOCH),
            id: entry.id,
            image: entry.image,
            image_id: entry.image_id,
            labels: entry.labels,
        }
    }
}

impl Engine {
    /// All containers, in whatever state, that have a label of this name.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`].
    pub async fn labelled(&self, label: &str) -> Result<Listing> {
        let filters = serde_json::json!({ "label": [label] }).to_string();
        let pairs = [("all", "1"), ("filters", &filters)];
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let (now, body) = self.get(&format!("/containers/json?{query}")).await?;
        let mut containers = containers(&body).map_err(broken)?;
        containers.sort_by_key(|container| container.created);
        Ok(Listing { containers, now })
    }

    /// The labels that an image gives to each of its containers.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`]; also when there is no such image.
    pub async fn image_labels(&self, image_id: &str) -> Result<LabelMap> {
        let (_, body) = self.get(&format!("/images/{image_id}/json")).await?;
        let image: ImageEntry = serde_json::from_slice(&body).map_err(broken)?;
        Ok(image.config.map(|config| config.labels).unwrap_or_default())
    }

    /// `POST /containers/{id}/stop`: its own stop signal, and after its own or the given number of seconds (-1: never)
    /// SIGKILL; returns when it has ended. One that has ended already, or is gone, counts as stopped.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`].
    pub async fn stop(&self, id: &str, seconds: Option<i32>) -> Result<()> {
        let options = StopContainerOptionsBuilder::new();
        let options = seconds.map_or_else(|| options.clone(), |seconds| options.clone().t(seconds)).build();
        match self.docker.stop_container(id, Some(options)).await {
            Err(BollardError::DockerResponseServerError { status_code: 404, .. }) => Ok(()),
            other => other.map_err(|error| self.error(error)),
        }
    }

    /// Removes a container with its anonymous volumes unless it runs: the engine itself sees to that. One that is gone
    /// counts as removed.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`]; also when it runs, or is being removed already.
    pub async fn remove_unless_running(&self, id: &str) -> Result<()> {
        let options = RemoveContainerOptionsBuilder::new().force(false).v(true).build();
        match self.docker.remove_container(id, Some(options)).await {
            Err(BollardError::DockerResponseServerError { status_code: 404, .. }) => Ok(()),
            other => other.map_err(|error| self.error(error)),
        }
    }

    /// The engine's clock and the body of its answer.
    async fn get(&self, path: &str) -> Result<(OffsetDateTime, Bytes)> {
        let request = Request::get(path).body(Empty::<Bytes>::new()).map_err(internal)?;
        let response = self.transport.send(request).await.map_err(|error| self.unreachable(&error))?;
        if !response.status().is_success() {
            return Err(refusal(response).await);
        }
        let now = date(response.headers()).unwrap_or_else(OffsetDateTime::now_utc);
        let body = response.into_body().collect().await.map_err(broken)?;
        Ok((now, body.to_bytes()))
    }
}

fn broken(error: impl Into<anyhow::Error>) -> Error {
    Error::caused(ErrorKind::Engine, error).context("the engine's answer is broken")
}

/// What `GET /containers/json` answers.
pub(crate) fn containers(body: &[u8]) -> serde_json::Result<Vec<Labelled>> {
    let entries: Vec<Entry> = serde_json::from_slice(body)?;
    Ok(entries.into_iter().map(Labelled::from).collect())
}

/// `Date`, as RFC 9110 has it (section 5.6.7).
fn date(headers: &HeaderMap) -> Option<OffsetDateTime> {
    let form = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let text = headers.get(header::DATE)?.to_str().ok()?;
    Some(PrimitiveDateTime::parse(text, form).ok()?.assume_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_s_clock_is_in_the_head() {
        for (text, seconds) in [
            ("Thu, 10 Oct 2024 08:30:00 GMT", Some(1_728_549_000)),
            ("Thu, 10 Oct 2024 08:30:00 CEST", None),
            ("yesterday", None),
        ] {
            let headers = [(header::DATE, text.parse().expect("a value"))].into_iter().collect();
            assert_eq!(date(&headers).map(OffsetDateTime::unix_timestamp), seconds, "{text}");
        }
    }

    #[test]
    fn entries_of_both_engines() {
        for (json, name, state, labels) in [
            (
                r#"{"Id":"1","Names":["/web/db","/db"],"Image":"x","ImageID":"sha256:1","State":"running","Created":7,"Labels":{"a":"b"}}"#,
                "db",
                State::Running,
                1,
            ),
            (
                r#"{"Id":"1","Names":null,"State":"configured","Created":7,"Labels":null}"#,
                "",
                State::Created,
                0,
            ),
            (r#"{"Id":"1","State":"dead","Created":7}"#, "", State::Exited, 0),
            (r#"{"Id":"1","State":"not known yet","Created":7}"#, "", State::Running, 0),
        ] {
            let entry: Entry = serde_json::from_str(json).expect(json);
            let found = Labelled::from(entry);
            assert_eq!(
                (found.name.as_str(), found.state, found.labels.len()),
                (name, state, labels),
                "{json}"
            );
            assert_eq!(found.created.unix_timestamp(), 7);
        }
    }

    #[test]
    fn an_image_may_have_no_labels() {
        for (json, count) in
            [("{}", 0), (r#"{"Config":{"Labels":null}}"#, 0), (r#"{"Config":{"Labels":{"a":"b"}}}"#, 1)]
        {
            let image: ImageEntry = serde_json::from_str(json).expect(json);
            assert_eq!(image.config.map(|config| config.labels).unwrap_or_default().len(), count, "{json}");
        }
    }

    #[test]
    fn what_lives_is_up() {
        for (word, up) in [("running", true), ("paused", true), ("created", false), ("removing", false)] {
            let state = State::parse(word);
            assert_eq!((state.is_up(), state.name()), (up, word));
        }
    }
}

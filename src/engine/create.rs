//! `POST /containers/create`.
//!
//! Source: <https://docs.docker.com/reference/api/engine/version/v1.50/#operation/ContainerCreate>. Not through
//! bollard: its enumerations are closed, so that a word which is the engine's to judge could not be sent, it
//! sends an empty `platform`, and it logs the body, which holds the keys.

use std::io;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::attach::refusal;
use super::transport::NoAnswer;
use super::{Engine, internal};
use crate::agent::wiped::Wiped;
use crate::error::{Error, ErrorKind};
use crate::injection::Injection;
use crate::spec::ContainerSpec;

/// A container that was created.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Created {
    /// Its id.
    pub id: String,
    /// What the engine warns of.
    #[serde(default, deserialize_with = "null_is_none")]
    pub warnings: Vec<String>,
}

fn null_is_none<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::<Vec<String>>::deserialize(deserializer)?.unwrap_or_default())
}

/// Why a container was not created.
#[derive(Debug)]
pub enum CreateError {
    /// The engine has no such image (404), or not for this platform.
    NoSuchImage(Error),
    /// Nobody knows whether it was created all the same: no answer came, or only a part of one.
    Unknown(Error),
    /// Anything else.
    Other(Error),
}

impl CreateError {
    /// The failure, whichever it was.
    #[must_use]
    pub fn into_error(self) -> Error {
        match self {
            Self::NoSuchImage(error) | Self::Unknown(error) | Self::Other(error) => error,
        }
    }
}

impl Engine {
    /// Creates a container of the specification and, beside its own, the injected variables.
    ///
    /// # Errors
    /// [`CreateError::NoSuchImage`] when the image has to be pulled first.
    pub async fn create(&self, spec: &ContainerSpec, injection: &Injection) -> Result<Created, CreateError> {
        let request = Request::post(format!("/containers/create{}", query(spec)))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body(spec, injection, self.is_podman)))
            .map_err(|error| CreateError::Other(internal(error)))?;
        let sent = self.transport.send(request).await;
        let response = sent.map_err(|error| {
            let sort = if NoAnswer::of(&error).is_some() { CreateError::Unknown } else { CreateError::Other };
            sort(self.unreachable(&error))
        })?;
        match response.status() {
            status if status.is_success() => {
                let body = response.into_body().collect().await.map_err(broken)?.to_bytes();
                serde_json::from_slice(&body).map_err(broken)
            }
            status => {
                let error = injection.scrubbed(refusal(response).await);
                // Whatever else it may be that is not there, docker pulls: an image of another platform has
                // a text of its own.
                if status == StatusCode::NOT_FOUND {
                    Err(CreateError::NoSuchImage(error))
                } else {
                    Err(CreateError::Other(error))
                }
            }
        }
    }
}

fn broken(error: impl Into<anyhow::Error>) -> CreateError {
    let error = Error::caused(ErrorKind::Engine, error);
    CreateError::Unknown(error.context("the engine's answer to the creation is broken"))
}

fn query(spec: &ContainerSpec) -> String {
    let given = [("name", &spec.name), ("platform", &spec.platform)];
    let pairs = given.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    if query.is_empty() { query } else { format!("?{query}") }
}

/// The body of a creation.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    spec: serde_json::Map<String, serde_json::Value>,
    #[serde(rename = "Env", skip_serializing_if = "<[_]>::is_empty")]
    env: &'a [Zeroizing<String>],
    #[serde(rename = "UnsetEnv", skip_serializing_if = "Option::is_none")]
    unset: Option<&'a [Zeroizing<String>]>,
}

/// A name without a value takes the image's variable away; Podman knows a field of its own for that. What is sent holds the
/// keys: it is wiped when it has gone.
fn body(spec: &ContainerSpec, injection: &Injection, is_podman: bool) -> Bytes {
    let mut body = spec.body().clone();
    body.remove("Env");
    let (env, names): (Vec<_>, Vec<_>) =
        injection.expose(spec).into_iter().partition(|entry| !is_podman || entry.contains('='));
    let body = Body { spec: body, env: &env, unset: is_podman.then_some(&*names) };
    let mut sent = Sent(Wiped::with_capacity(4096));
    serde_json::to_writer(&mut sent, &body)
        .unwrap_or_else(|_| unreachable!("it is JSON, and goes to memory"));
    Bytes::from_owner(sent)
}

/// A body in memory that is wiped.
struct Sent(Wiped);

impl io::Write for Sent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsRef<[u8]> for Sent {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_has_both_kinds_of_variables() {
        let mut spec = ContainerSpec::new("x");
        spec.push("Env", "A=1");
        let injection = Injection::static_variables(&spec, None, Some("eu-west-1"));
        let body: serde_json::Value = serde_json::from_slice(&body(&spec, &injection, false)).expect("json");
        let env = body["Env"].as_array().expect("a list");
        for entry in ["A=1", "AWS_REGION=eu-west-1", "AWS_PROFILE"] {
            assert!(env.contains(&entry.into()), "{entry} in {env:?}");
        }
    }

    #[test]
    fn podman_takes_variables_away_by_a_field_of_its_own() {
        let mut spec = ContainerSpec::new("x");
        spec.push("Env", "A=1");
        spec.push("Env", "HERS");
        let injection = Injection::static_variables(&spec, None, Some("eu-west-1"));
        let body: serde_json::Value = serde_json::from_slice(&body(&spec, &injection, true)).expect("json");
        let has = |field: &str, entry: &str| body[field].as_array().expect("a list").contains(&entry.into());
        assert!(has("Env", "A=1") && has("UnsetEnv", "HERS") && has("UnsetEnv", "AWS_PROFILE"), "{body}");
        assert!(!has("Env", "AWS_PROFILE") && !has("Env", "HERS"), "{body}");
    }

    #[test]
    fn the_query_holds_what_is_given() {
        let mut spec = ContainerSpec::new("x");
        assert_eq!(query(&spec), "");
        spec.name = Some("a b".into());
        spec.platform = Some("linux/arm64".into());
        assert_eq!(query(&spec), "?name=a+b&platform=linux%2Farm64");
    }

    #[test]
    fn warnings_may_be_null() {
        let created: Created = serde_json::from_str(r#"{"Id":"x","Warnings":null}"#).expect("json");
        assert!(created.warnings.is_empty());
    }
}

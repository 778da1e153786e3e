//! `GET /containers/{id}/json`, as far as the life of a container is asked for.
//!
//! Source: <https://docs.docker.com/reference/api/engine/version/v1.50/#operation/ContainerInspect>.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use serde::Deserialize;

use super::attach::refusal;
use super::{Engine, State, internal};
use crate::error::{Error, ErrorKind, Result};

/// How a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// In which state.
    pub state: State,
    /// The status that it ended with last; 0 for one that never did.
    pub status: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    state: InspectedState,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InspectedState {
    status: String,
    #[serde(default)]
    exit_code: i64,
}

impl Engine {
    /// How the container is; `None` when there is none of this id.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`] when the engine does not answer.
    pub async fn life(&self, id: &str) -> Result<Option<Life>> {
        let request =
            Request::get(format!("/containers/{id}/json")).body(Empty::<Bytes>::new()).map_err(internal)?;
        let response = self.transport.send(request).await.map_err(|error| self.unreachable(&error))?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => {
                let body = response.into_body().collect().await.map_err(broken)?.to_bytes();
                life(&body).map(Some)
            }
            _ => Err(refusal(response).await),
        }
    }
}

fn life(body: &[u8]) -> Result<Life> {
    let Inspected { state } = serde_json::from_slice(body).map_err(broken)?;
    Ok(Life { state: State::parse(&state.status), status: state.exit_code })
}

fn broken(error: impl Into<anyhow::Error>) -> Error {
    Error::caused(ErrorKind::Engine, error).context("the engine's answer about a container is broken")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lives_and_what_has_ended() {
        for (body, state, status) in [
            (r#"{"Id":"1","State":{"Status":"running","ExitCode":0}}"#, State::Running, 0),
            (r#"{"State":{"Status":"exited","ExitCode":137}}"#, State::Exited, 137),
            (r#"{"State":{"Status":"created"}}"#, State::Created, 0),
        ] {
            assert_eq!(life(body.as_bytes()).expect(body), Life { state, status });
        }
        assert!(life(b"{}").is_err());
    }
}

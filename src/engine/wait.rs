//! `POST /containers/{id}/wait`: registered when its head has arrived, answered when the container ends.
//!
//! Source: <https://docs.docker.com/reference/api/engine/version/v1.50/#operation/ContainerWait>.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use serde::Deserialize;

use super::attach::refusal;
use super::{Engine, internal};
use crate::error::{Error, ErrorKind, Result};

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitCondition {
    /// The container is gone (`--rm`).
    Removed,
    /// It exits, the next time.
    NextExit,
}

/// A registered wait.
pub struct Waiting {
    answer: Incoming,
    /// Whose removal is still to be waited for, after the exit.
    removal: Option<(Engine, String)>,
}

/// Podman's removal of a container that has ended; it takes moments.
const REMOVAL: Duration = Duration::from_secs(10);

/// How a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// Its status code, 0 to 255 on Linux.
    pub status: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WaitBody {
    status_code: i64,
    #[serde(default)]
    error: Option<WaitError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WaitError {
    #[serde(default)]
    message: String,
}

impl Engine {
    /// Registers a wait; returns when the engine has it, so that a start after this cannot outrun it.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`].
    pub async fn wait(&self, id: &str, condition: WaitCondition) -> Result<Waiting> {
        // Podman answers a wait for the removal with status 0, whatever the container's was (seen with 4.3).
        let in_two_steps = self.is_podman && condition == WaitCondition::Removed;
        let first = if in_two_steps { WaitCondition::NextExit } else { condition };
        let answer = self.register(id, first).await?;
        Ok(Waiting { answer, removal: in_two_steps.then(|| (self.clone(), id.to_owned())) })
    }

    async fn register(&self, id: &str, condition: WaitCondition) -> Result<Incoming> {
        let condition = match condition {
            WaitCondition::Removed => "removed",
            WaitCondition::NextExit => "next-exit",
        };
        let request = Request::post(format!("/containers/{id}/wait?condition={condition}"))
            .body(Empty::<Bytes>::new())
            .map_err(internal)?;
        let response = self.transport.send(request).await.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() { Ok(response.into_body()) } else { Err(refusal(response).await) }
    }
}

impl Waiting {
    /// Waits for the end of the container.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`] when the engine goes away, or reports an error of the wait itself.
    pub async fn exit(self) -> Result<Exit> {
        let lost = |cause: anyhow::Error| {
            Error::caused(ErrorKind::Engine, cause)
                .context("error waiting for container")
                .hint("the engine may have stopped or restarted; `docker ps -a` shows what is left")
        };
        let body = self.answer.collect().await.map_err(|error| lost(error.into()))?.to_bytes();
        if body.is_empty() {
            return Err(lost(anyhow::anyhow!("unexpected EOF")));
        }
        let body: WaitBody = serde_json::from_slice(&body).map_err(|error| lost(error.into()))?;
        match body.error {
            Some(error) if !error.message.is_empty() => Err(lost(anyhow::Error::msg(error.message))),
            _ => {
                if let Some((engine, id)) = self.removal {
                    removed(&engine, &id).await;
                }
                Ok(Exit { status: body.status_code })
            }
        }
    }
}

/// Waits until the container is gone. One that is not found is.
async fn removed(engine: &Engine, id: &str) {
    let gone = async {
        if let Ok(answer) = engine.register(id, WaitCondition::Removed).await {
            let _ = answer.collect().await;
        }
    };
    let _ = tokio::time::timeout(REMOVAL, gone).await;
}

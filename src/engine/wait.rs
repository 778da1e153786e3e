//! `POST /containers/{id}/wait`: registered when its head has arrived, answered when the container ends.
//!
//! Source: <https://docs.docker.com/reference/api/engine/version/v1.50/#operation/ContainerWait>.

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
pub struct Waiting(Incoming);

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
        let condition = match condition {
            WaitCondition::Removed => "removed",
            WaitCondition::NextExit => "next-exit",
        };
        let request = Request::post(format!("/containers/{id}/wait?condition={condition}"))
            .body(Empty::<Bytes>::new())
            .map_err(internal)?;
        let response = self.transport.send(request).await.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() {
            Ok(Waiting(response.into_body()))
        } else {
            Err(refusal(response).await)
        }
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
        let body = self.0.collect().await.map_err(|error| lost(error.into()))?.to_bytes();
        if body.is_empty() {
            return Err(lost(anyhow::anyhow!("unexpected EOF")));
        }
        let body: WaitBody = serde_json::from_slice(&body).map_err(|error| lost(error.into()))?;
        match body.error {
            Some(error) if !error.message.is_empty() => Err(lost(anyhow::Error::msg(error.message))),
            _ => Ok(Exit { status: body.status_code }),
        }
    }
}

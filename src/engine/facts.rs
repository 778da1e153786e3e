//! `GET /info`, as far as `--refresh` asks. As plain JSON: bollard's types refuse words
//! that they do not know, and Podman's answers have others than Docker's.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use serde_json::Value;

use super::attach::refusal;
use super::{Engine, internal};
use crate::error::{Error, ErrorKind, Result};
use crate::refresh::engine_facts::EngineFacts;

impl Engine {
    /// What it offers.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`] when it does not answer.
    pub async fn facts(&self) -> Result<EngineFacts> {
        let info = self.get_json("/info").await?;
        Ok(EngineFacts::of_info(&info, self.is_podman, self.api_version(), self.os_type()))
    }

    async fn get_json(&self, path: &str) -> Result<Value> {
        let request = Request::get(path).body(Empty::<Bytes>::new()).map_err(internal)?;
        let response = self.transport.send(request).await.map_err(|error| self.unreachable(&error))?;
        if !response.status().is_success() {
            return Err(refusal(response).await);
        }
        let body = response.into_body().collect().await.map_err(broken)?.to_bytes();
        serde_json::from_slice(&body).map_err(broken)
    }
}

fn broken(error: impl Into<anyhow::Error>) -> Error {
    Error::caused(ErrorKind::Engine, error).context("the engine's answer is broken")
}

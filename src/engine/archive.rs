//! `PUT /containers/{id}/archive`: a file into a container that was created.
//!
//! Source: <https://docs.docker.com/reference/api/engine/version/v1.50/#operation/PutContainerArchive>.

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;

use super::attach::refusal;
use super::{Engine, internal};
use crate::error::Result;

impl Engine {
    /// Puts a file at `path`, for its owner alone.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Engine`] when the engine refuses it.
    pub async fn put_file(&self, id: &str, path: &str, content: &[u8]) -> Result<()> {
        let request = Request::put(format!("/containers/{id}/archive?noOverwriteDirNonDir=true&path=%2F"))
            .header(header::CONTENT_TYPE, "application/x-tar")
            .body(Full::new(archive(path, content).map_err(internal)?))
            .map_err(internal)?;
        let response = self.transport.send(request).await.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() { Ok(()) } else { Err(refusal(response).await) }
    }
}

fn archive(path: &str, content: &[u8]) -> std::io::Result<Bytes> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o600);
    archive.append_data(&mut header, path.trim_start_matches('/'), content)?;
    Ok(archive.into_inner()?.into())
}

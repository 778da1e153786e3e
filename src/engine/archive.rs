//! `/containers/{id}/archive`: a file into a container that was created, or out of one, mounts included.
//!
//! Source: <https://docs.docker.com/reference/api/engine/version/v1.50/#operation/PutContainerArchive>.

use std::io::{Cursor, Read};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use tar::EntryType;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use super::attach::refusal;
use super::{Engine, internal};
use crate::credentials::Secret;
use crate::error::Result;

/// A tar archive is of blocks of this length. A header takes one, or three where a name is long.
const BLOCK: usize = 512;

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

    /// Whether there is something at `path`: a file, a folder, or a link, wherever that leads.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Engine`] when the engine does not answer.
    pub async fn has_path(&self, id: &str, path: &str) -> Result<bool> {
        let path: String = byte_serialize(path.as_bytes()).collect();
        let request = Request::head(format!("/containers/{id}/archive?path={path}"))
            .body(Empty::<Bytes>::new())
            .map_err(internal)?;
        let response = self.transport.send(request).await.map_err(|error| self.unreachable(&error))?;
        Ok(response.status() != StatusCode::NOT_FOUND)
    }

    /// The text of the file at `path`, no more than `limit` bytes of it; `None` when there is none, or something else than a
    /// file. A link in its last place is not followed.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Engine`] when the engine refuses it: Podman 4.3 does where the file alone is mounted.
    pub async fn file_text(&self, id: &str, path: &str, limit: usize) -> Result<Option<Secret>> {
        let path: String = byte_serialize(path.as_bytes()).collect();
        let request = Request::get(format!("/containers/{id}/archive?path={path}"))
            .body(Empty::<Bytes>::new())
            .map_err(internal)?;
        let response = self.transport.send(request).await.map_err(|error| self.unreachable(&error))?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => {
                let archive = beginning(response.into_body(), limit + 3 * BLOCK).await?;
                Ok(first_file(&archive, limit))
            }
            _ => Err(refusal(response).await),
        }
    }
}

/// The first bytes of a body; the rest, which may be a whole directory, is left where it is.
async fn beginning(mut body: Incoming, length: usize) -> Result<Zeroizing<Vec<u8>>> {
    // Never moved: what a growing one leaves behind is not wiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(internal)?.into_data() else { continue };
        let wanted = data.len().min(length - bytes.len());
        bytes.extend_from_slice(&data[..wanted]);
        if bytes.len() == length {
            break;
        }
    }
    Ok(bytes)
}

/// The text of the file that an archive begins with, if it does.
fn first_file(archive: &[u8], limit: usize) -> Option<Secret> {
    let mut archive = tar::Archive::new(Cursor::new(archive));
    let entry = archive.entries().ok()?.next()?.ok()?;
    if !matches!(entry.header().entry_type(), EntryType::Regular | EntryType::Continuous) {
        return None;
    }
    let length = usize::try_from(entry.size()).unwrap_or(limit).min(limit);
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    entry.take(length as u64).read_to_end(&mut bytes).ok()?;
    Some(Secret::new(String::from_utf8_lossy(&bytes)))
}

fn archive(path: &str, content: &[u8]) -> std::io::Result<Bytes> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o600);
    archive.append_data(&mut header, path.trim_start_matches('/'), content)?;
    Ok(archive.into_inner()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_nothing_else_is_read_out_of_an_archive() {
        let text = |archive: &[u8], limit| first_file(archive, limit).map(|text| text.expose().to_owned());
        let one = archive("/root/.aws/config", b"[default]\n").expect("an archive");
        assert_eq!(text(&one, 100).as_deref(), Some("[default]\n"));
        assert_eq!(text(&one, 4).as_deref(), Some("[def"));
        // What came before the limit of the request.
        assert_eq!(text(&one[..BLOCK + 5], 100).as_deref(), Some("[defa"));
        let long = archive(&format!("/{}", "long/".repeat(60)), b"text").expect("an archive");
        assert_eq!(text(&long, 100).as_deref(), Some("text"));
        for kind in [EntryType::Directory, EntryType::Symlink, EntryType::Char] {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(kind);
            header.set_size(0);
            header.set_cksum();
            assert_eq!(text(header.as_bytes(), 100), None, "{kind:?}");
        }
        assert_eq!(text(b"", 100), None);
        assert_eq!(text(&[1; 2048], 100), None);
    }
}

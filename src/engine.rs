//! The Docker Engine API, over bollard with a transport of ours. The only part that names bollard.

mod address;
mod attach;
mod create;
mod image_reference;
mod pull;
mod registry_auth;
mod transport;
mod wait;

use bollard::query_parameters::{
    KillContainerOptionsBuilder, RemoveContainerOptionsBuilder, ResizeContainerTTYOptionsBuilder,
    StartContainerOptions,
};
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;

pub use address::{Address, Endpoint};
pub use attach::{AttachOptions, Attached};
pub use create::{CreateError, Created};
pub use image_reference::ImageReference;
pub use pull::{PullDisplay, PullMessage, PullProgress};
pub use wait::{Exit, WaitCondition, Waiting};

use crate::error::{Error, ErrorKind, Result};
use crate::request::ApiVersion;
use transport::Transport;

/// The newest API version that is asked for: that of the docker CLI 28, whose requests ours equal.
const NEWEST_API_MINOR: u16 = 50;
/// The oldest that works: that of engine 20.10.
const OLDEST_API_MINOR: u16 = 41;
/// bollard's limit for the head of a response; creating and starting may wait for slow disks and pulls,
/// and the docker CLI sets no limit.
const RESPONSE_SECONDS: u64 = 7 * 24 * 3600;

/// A connection to one engine; cloning it is cheap.
#[derive(Clone)]
pub struct Engine {
    address: Address,
    transport: Transport,
    docker: bollard::Docker,
    os_type: String,
}

/// What the engine says of itself.
#[derive(Debug, Clone, Default)]
pub struct EngineVersion {
    /// The engine's own version, `20.10.24`.
    pub version: String,
    /// The newest API version that it offers.
    pub api_version: String,
    /// Operating system and architecture, `linux/amd64`.
    pub platform: String,
}

impl Engine {
    /// Connects to the engine at `address` and agrees on an API version.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`] when nobody answers there, or only an engine that is too old.
    pub async fn connect(address: Address) -> Result<Self> {
        let transport = Transport::new(address.clone());
        let docker = bollard::Docker::connect_with_custom_transport(
            {
                let transport = transport.clone();
                move |request: bollard::BollardRequest| {
                    let transport = transport.clone();
                    async move { Ok(transport.send(request).await?) }
                }
            },
            Some("http://api.moby.localhost"),
            RESPONSE_SECONDS,
            bollard::API_DEFAULT_VERSION,
        )
        .map_err(|error| Error::caused(ErrorKind::Engine, error))?;
        let mut engine = Self { address, transport, docker, os_type: String::new() };
        engine.negotiate().await?;
        Ok(engine)
    }

    /// `HEAD /_ping` and its `Api-Version`
    /// (<https://docs.docker.com/reference/api/engine/version/v1.50/#operation/SystemPingHead>).
    async fn negotiate(&mut self) -> Result<()> {
        let ping = Request::head("/_ping").body(Empty::<Bytes>::new()).map_err(internal)?;
        let response = self.transport.send(ping).await.map_err(|error| self.unreachable(&error))?;
        let os_type = response.headers().get("ostype").and_then(|value| value.to_str().ok());
        os_type.unwrap_or("linux").clone_into(&mut self.os_type);
        let offered = response.headers().get("api-version").and_then(|value| value.to_str().ok());
        let minor = offered.and_then(|version| version.strip_prefix("1.")?.parse::<u16>().ok());
        match minor {
            Some(minor) if minor >= OLDEST_API_MINOR => {
                self.transport.set_api_minor(minor.min(NEWEST_API_MINOR));
                Ok(())
            }
            _ => Err(Error::new(
                ErrorKind::Engine,
                format!(
                    "the engine at `{}` offers API version `{}`, and 1.{OLDEST_API_MINOR} or newer is needed",
                    self.address,
                    offered.unwrap_or("(none)")
                ),
            )
            .hint("update the engine (Docker 20.10 and newer will do), or check that this address is one")),
        }
    }

    /// The API version in use, `(1, 41)`.
    #[must_use]
    pub fn api_version(&self) -> ApiVersion {
        (1, self.transport.api_minor())
    }

    /// The operating system of its containers, `linux` or `windows`.
    #[must_use]
    pub fn os_type(&self) -> &str {
        &self.os_type
    }

    /// Where the engine is.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The engine's versions.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`] when it does not answer.
    pub async fn version(&self) -> Result<EngineVersion> {
        let version = self.docker.version().await.map_err(|error| self.error(error))?;
        Ok(EngineVersion {
            version: version.version.unwrap_or_default(),
            api_version: version.api_version.unwrap_or_default(),
            platform: format!("{}/{}", version.os.unwrap_or_default(), version.arch.unwrap_or_default()),
        })
    }

    /// `POST /containers/{id}/start`.
    ///
    /// # Errors
    /// The kinds of a failed start: 127 for a command that was not found, 126 for one that could not be
    /// executed, 125 for the rest.
    pub async fn start(&self, id: &str) -> Result<()> {
        let started = self.docker.start_container(id, None::<StartContainerOptions>).await;
        started.map_err(|error| self.error(error))
    }

    /// `POST /containers/{id}/resize`, in character cells.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`]; also when the container is not running yet.
    pub async fn resize(&self, id: &str, rows: u16, columns: u16) -> Result<()> {
        let options = ResizeContainerTTYOptionsBuilder::new().h(rows.into()).w(columns.into()).build();
        self.docker.resize_container_tty(id, options).await.map_err(|error| self.error(error))
    }

    /// `POST /containers/{id}/kill` with a signal's name (`TERM`).
    ///
    /// # Errors
    /// [`ErrorKind::Engine`]; also when the container has ended.
    pub async fn kill(&self, id: &str, signal: &str) -> Result<()> {
        let options = KillContainerOptionsBuilder::new().signal(signal).build();
        self.docker.kill_container(id, Some(options)).await.map_err(|error| self.error(error))
    }

    /// Kills the container if it runs and removes it with its anonymous volumes. One that is gone, or is
    /// being removed already, counts as removed.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`].
    pub async fn remove(&self, id: &str) -> Result<()> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        match self.docker.remove_container(id, Some(options)).await {
            Err(bollard::errors::Error::DockerResponseServerError { status_code: 404 | 409, .. }) => Ok(()),
            other => other.map_err(|error| self.error(error)),
        }
    }

    /// What went wrong, in words, with the address when nobody answered there.
    fn error(&self, error: bollard::errors::Error) -> Error {
        match error {
            bollard::errors::Error::DockerResponseServerError { message, .. } => response_error(&message),
            bollard::errors::Error::DockerStreamError { error } => Error::new(ErrorKind::Engine, error),
            bollard::errors::Error::IOError { err } => self.unreachable(&err),
            other => Error::caused(ErrorKind::Engine, other),
        }
    }

    fn unreachable(&self, error: &std::io::Error) -> Error {
        let address = &self.address;
        let message =
            format!("cannot connect to the docker engine at `{address}` ({}): {error}", address.origin);
        // docker takes the exit code of this, too, from its text.
        let kind = match error.kind() {
            std::io::ErrorKind::PermissionDenied => ErrorKind::CommandNotExecutable,
            _ => ErrorKind::Engine,
        };
        let wrapped = Error::new(kind, message);
        match error.kind() {
            std::io::ErrorKind::PermissionDenied => wrapped.hint(
                "this user may not use the socket: join the `docker` group and log in again, or use sudo",
            ),
            std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused => wrapped
                .hint("is the engine running? start it (`sudo systemctl start docker`, or Docker Desktop)")
                .hint(
                    "is it elsewhere? `DOCKER_HOST` names the address, `unix:///path` or `tcp://host:port`",
                ),
            _ => wrapped,
        }
    }
}

fn internal(error: impl Into<anyhow::Error>) -> Error {
    Error::caused(ErrorKind::Engine, error)
}

fn engine_says(message: &str) -> String {
    format!("error response from the engine: {}", message.trim())
}

/// The docker CLI takes the exit code of every refusal, not only of a start, from the text.
fn response_error(message: &str) -> Error {
    Error::new(refusal_kind(message), engine_says(message))
}

/// As the docker CLI reads it from the text (cli/command/container/run.go, `toStatusError`): the API has one
/// status for all of these.
fn refusal_kind(message: &str) -> ErrorKind {
    let has = |text: &str| message.contains(text);
    if has("executable file not found")
        || has("no such file or directory")
        || has("system cannot find the file specified")
    {
        ErrorKind::CommandNotFound
    } else if has("permission denied") || has("is a directory") {
        ErrorKind::CommandNotExecutable
    } else {
        ErrorKind::Engine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_errors_are_sorted_as_docker_sorts_them() {
        for (message, kind) in [
            ("exec: \"x\": executable file not found in $PATH: unknown", ErrorKind::CommandNotFound),
            ("exec: \"/x\": stat /x: no such file or directory: unknown", ErrorKind::CommandNotFound),
            ("exec: \"/etc\": permission denied: unknown", ErrorKind::CommandNotExecutable),
            ("exec: \"/etc\": is a directory: unknown", ErrorKind::CommandNotExecutable),
            ("driver failed programming external connectivity", ErrorKind::Engine),
        ] {
            assert_eq!(refusal_kind(message), kind, "{message}");
        }
    }
}

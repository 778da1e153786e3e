//! The Docker Engine API, over bollard with a transport of ours. The only part that names bollard.

mod address;
mod archive;
mod attach;
pub mod context;
mod create;
mod events;
mod facts;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod headers;
mod image_reference;
mod images;
mod inspect;
mod labelled;
mod list;
mod options;
mod pull;
mod refusal;
mod registry_auth;
mod ssh;
mod tls;
mod transport;
mod unreachable;
mod wait;

use std::io;

use bollard::query_parameters::{
    KillContainerOptionsBuilder, RemoveContainerOptionsBuilder, ResizeContainerTTYOptionsBuilder,
    StartContainerOptions,
};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Collected, Empty};
use hyper::body::Incoming;

pub use address::{Address, Endpoint};
pub use attach::{AttachOptions, Attached, ContainerOutput, ContainerStdin, DetachKeys};
pub use create::{CreateError, Created};
pub use headers::CustomHeaders;
pub use image_reference::ImageReference;
pub use images::{ImageFacts, ListedImage};
pub use inspect::Life;
pub use labelled::{LabelMap, Labelled, Listing, State};
pub use options::EngineOptions;
pub use pull::{PullDisplay, PullMessage, PullProgress};
pub use registry_auth::RegistryAuth;
pub use wait::{Exit, WaitCondition, Waiting};

use self::refusal::response_error;
use crate::docker_config::DockerConfig;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::request::ApiVersion;
use transport::{NoAnswer, Transport};

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
    is_podman: bool,
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
    /// Connects to the engine that options, environment and Docker config lead to.
    ///
    /// # Errors
    /// As [`Address::resolve`] and [`Engine::connect`].
    pub async fn of_options(options: &EngineOptions, environment: &Environment) -> Result<Self> {
        let config = DockerConfig::load(options.config.as_deref(), environment);
        let address = Address::resolve(options, &config, environment)?;
        Self::connect(address, environment, &config).await
    }

    /// Connects to the engine at `address` and agrees on an API version.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`] when nobody answers there, or only an engine that is too old.
    pub async fn connect(address: Address, environment: &Environment, config: &DockerConfig) -> Result<Self> {
        let headers = CustomHeaders::of(config, environment)?;
        let transport = Transport::new(address.clone(), headers).map_err(|why| {
            Error::new(ErrorKind::Refused, format!("TLS to the engine at `{address}`: {why}"))
        })?;
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
        let mut engine = Self { address, transport, docker, os_type: String::new(), is_podman: false };
        engine.negotiate(environment.non_empty("DOCKER_API_VERSION")).await?;
        Ok(engine)
    }

    /// `HEAD /_ping` and its `Api-Version`
    /// (<https://docs.docker.com/reference/api/engine/version/v1.50/#operation/SystemPingHead>), or the version that
    /// `DOCKER_API_VERSION` pins.
    async fn negotiate(&mut self, pinned: Option<&str>) -> Result<()> {
        // An engine that is not well answers with 500, and tells its version all the same.
        let is_engines = |response: &Response<Incoming>| match response.status().as_u16() {
            200 => true,
            500 => pinned.is_some() || response.headers().contains_key("api-version"),
            _ => false,
        };
        let response = match self.ping(Method::HEAD).await {
            Ok(response) if is_engines(&response) => response,
            Err(error) if NoAnswer::of(&error).is_none() => return Err(self.unreachable(&error)),
            // Some proxies in front of engines know no HEAD. docker, too, asks once more when it could connect.
            _ => self.ping(Method::GET).await.map_err(|error| self.unreachable(&error))?,
        };
        if !is_engines(&response) {
            return Err(self.no_engine(response).await);
        }
        // Podman's Docker-compatible API is Docker's but for a few things.
        self.is_podman = response.headers().contains_key("libpod-api-version");
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        text("ostype").unwrap_or("linux").clone_into(&mut self.os_type);
        let (setting, version) = match pinned {
            Some(version) => ("DOCKER_API_VERSION asks for", Some(version.trim_start_matches('v'))),
            None => ("the engine offers", text("api-version")),
        };
        let minor = version.and_then(|version| version.strip_prefix("1.")?.parse::<u16>().ok());
        match minor {
            Some(minor) if minor >= OLDEST_API_MINOR => {
                let newest = if pinned.is_some() { u16::MAX } else { NEWEST_API_MINOR };
                self.transport.set_api_minor(minor.min(newest));
                Ok(())
            }
            _ => Err(self.too_old(setting, version)),
        }
    }

    async fn ping(&self, method: Method) -> io::Result<Response<Incoming>> {
        let ping = Request::builder().method(method).uri("/_ping").body(Empty::<Bytes>::new());
        self.transport.send(ping.map_err(io::Error::other)?).await
    }

    /// Something answers, and it is no engine, or not in this way.
    async fn no_engine(&self, response: Response<Incoming>) -> Error {
        let status = response.status();
        let body = response.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
        let text = String::from_utf8_lossy(&body[..body.len().min(200)]).trim().to_owned();
        let (address, origin) = (&self.address, &self.address.origin);
        let message = format!("`{address}` ({origin}) answers as no docker engine does: {status}: {text}");
        let error = Error::new(ErrorKind::Engine, message);
        if text.contains("HTTPS server") {
            return error
                .hint("it speaks TLS: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or give `--tlsverify`");
        }
        error.hint("is it the engine's address, and no other server's?")
    }

    fn too_old(&self, setting: &str, version: Option<&str>) -> Error {
        let (address, version) = (&self.address, version.unwrap_or("(none)"));
        let message = format!(
            "{setting} API version `{version}` at `{address}` ({}), and 1.{OLDEST_API_MINOR} or newer is needed",
            address.origin
        );
        let error = Error::new(ErrorKind::Engine, message);
        if setting.starts_with("DOCKER_API_VERSION") {
            return error.hint("unset DOCKER_API_VERSION, or set it to a newer version");
        }
        error.hint("update the engine (Docker 20.10 and newer will do), or check that this address is one")
    }

    /// The API version in use, `(1, 41)`.
    #[must_use]
    pub fn api_version(&self) -> ApiVersion {
        (1, self.transport.api_minor())
    }

    /// Whether it is Podman, whose Docker-compatible API is Docker's but for a few things.
    #[must_use]
    pub fn is_podman(&self) -> bool {
        self.is_podman
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
            other => Error::caused(ErrorKind::Engine, other).context("the engine's answer is broken"),
        }
    }

    fn unreachable(&self, error: &std::io::Error) -> Error {
        unreachable::unreachable(&self.address, error, std::env::consts::OS)
    }
}

fn internal(error: impl Into<anyhow::Error>) -> Error {
    Error::caused(ErrorKind::Engine, error)
}

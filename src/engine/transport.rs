//! One HTTP/1.1 exchange with the engine, a connection each.
//!
//! This stands below bollard because bollard 0.21 drops the version from paths and hides the
//! response head of `wait`, runs its frame decoder over TTY bytes, and encodes `X-Registry-Auth` with the
//! wrong alphabet: attach, wait and pull use this directly, everything else through bollard.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, Uri, header};
use hyper::body::{Body, Incoming};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::address::{Address, Endpoint};

/// What a connection to the engine is made of.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The docker CLI's own limit for connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends requests to one address, with the API version that was agreed on.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    address: Address,
    /// The minor number of API version 1.x; 0 until it is negotiated.
    api_minor: Arc<AtomicU16>,
}

impl Transport {
    pub(super) fn new(address: Address) -> Self {
        Self { address, api_minor: Arc::new(AtomicU16::new(0)) }
    }

    pub(super) fn set_api_minor(&self, minor: u16) {
        self.api_minor.store(minor, Ordering::Relaxed);
    }

    pub(super) fn api_minor(&self) -> u16 {
        self.api_minor.load(Ordering::Relaxed)
    }

    /// Sends one request and returns when the head of the response is there. The connection ends with the
    /// response's body, or lives on in its upgrade.
    pub(super) async fn send<B>(&self, mut request: Request<B>) -> io::Result<Response<Incoming>>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        *request.uri_mut() = self.path_of(request.uri())?;
        tracing::debug!(method = %request.method(), path = request.uri().path(), "engine request");
        set_headers(request.headers_mut());
        let stream = tokio::time::timeout(CONNECT_TIMEOUT, connect(&self.address.endpoint))
            .await
            .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no connection within 30 s"))??;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(connection.with_upgrades());
        let response = sender.send_request(request).await.map_err(io::Error::other)?;
        tracing::debug!(status = response.status().as_u16(), "engine response");
        Ok(response)
    }

    /// The path with its version in front; `/_ping` has none, as the CLI sends it.
    fn path_of(&self, uri: &Uri) -> io::Result<Uri> {
        let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        match self.api_minor() {
            0 => path.parse(),
            minor => format!("/v1.{minor}{path}").parse(),
        }
        .map_err(io::Error::other)
    }
}

fn set_headers(headers: &mut HeaderMap) {
    // The name that Docker's own client uses for engines behind a socket.
    headers.insert(header::HOST, HeaderValue::from_static("api.moby.localhost"));
    let agent = concat!("credrun/", env!("CARGO_PKG_VERSION"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
}

async fn connect(endpoint: &Endpoint) -> io::Result<Box<dyn Stream>> {
    match endpoint {
        #[cfg(unix)]
        Endpoint::Unix(path) => Ok(Box::new(tokio::net::UnixStream::connect(path).await?)),
        #[cfg(not(unix))]
        Endpoint::Unix(_) => Err(io::Error::new(io::ErrorKind::Unsupported, "no Unix sockets here")),
        Endpoint::Tcp { host, port } => {
            let stream = tokio::net::TcpStream::connect((host.as_str(), *port)).await?;
            stream.set_nodelay(true)?;
            keep_alive(&stream)?;
            Ok(Box::new(stream))
        }
        #[cfg(windows)]
        Endpoint::NamedPipe(name) => {
            let name = name.replace('/', "\\");
            Ok(Box::new(tokio::net::windows::named_pipe::ClientOptions::new().open(name)?))
        }
        #[cfg(not(windows))]
        Endpoint::NamedPipe(_) => Err(io::Error::new(io::ErrorKind::Unsupported, "no named pipes here")),
    }
}

/// A wait or an attached stream is silent for hours: without probes a vanished engine would never be missed.
/// 30 s between them, as the docker CLI has it.
#[cfg(unix)]
fn keep_alive(stream: &tokio::net::TcpStream) -> io::Result<()> {
    rustix::net::sockopt::set_socket_keepalive(stream, true)?;
    #[cfg(target_os = "linux")]
    rustix::net::sockopt::set_tcp_keepidle(stream, Duration::from_secs(30))?;
    #[cfg(target_os = "linux")]
    rustix::net::sockopt::set_tcp_keepintvl(stream, Duration::from_secs(30))?;
    Ok(())
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "the same signature everywhere")]
fn keep_alive(_: &tokio::net::TcpStream) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_carry_the_negotiated_version() {
        let transport = Transport::new(
            Address::from_environment(&crate::environment::Environment::default()).expect("default"),
        );
        let uri: Uri = "http://x/containers/create?name=a".parse().expect("uri");
        assert_eq!(transport.path_of(&uri).expect("path"), "/containers/create?name=a");
        transport.set_api_minor(41);
        assert_eq!(transport.path_of(&uri).expect("path"), "/v1.41/containers/create?name=a");
    }
}

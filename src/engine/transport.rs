//! One HTTP/1.1 exchange with the engine, a connection each.
//!
//! This stands below bollard because bollard 0.21 drops the version from paths and hides the
//! response head of `wait`, runs its frame decoder over TTY bytes, and encodes `X-Registry-Auth` with the
//! wrong alphabet: attach, wait and pull use this directly, everything else through bollard. bollard's own TLS and
//! ssh would need its connections, too.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, Uri, header};
use hyper::body::{Body, Incoming};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

use super::address::{Address, Endpoint};
use super::headers::CustomHeaders;
use super::ssh::LastWords;

/// What a connection to the engine is made of.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The docker CLI's own limit for connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends requests to one address, with the API version that was agreed on.
#[derive(Clone)]
pub(super) struct Transport {
    address: Address,
    tls: Option<TlsConnector>,
    headers: CustomHeaders,
    /// The minor number of API version 1.x; 0 until it is negotiated.
    api_minor: Arc<AtomicU16>,
}

/// A connection, and what ssh says beside it.
type Connection = (Box<dyn Stream>, Option<LastWords>);

impl Transport {
    /// # Errors
    /// Why the address's TLS material cannot be used.
    pub(super) fn new(address: Address, headers: CustomHeaders) -> Result<Self, String> {
        let tls = address.tls.as_ref().map(super::tls::Tls::client_config).transpose()?;
        let tls = tls.map(|config| TlsConnector::from(Arc::new(config)));
        Ok(Self { address, tls, headers, api_minor: Arc::new(AtomicU16::new(0)) })
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
        self.set_headers(request.headers_mut());
        self.headers.add_to(request.headers_mut());
        let (stream, words) = tokio::time::timeout(CONNECT_TIMEOUT, self.connect())
            .await
            .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no connection within 30 s"))??;
        let response = exchange(stream, request).await;
        let response = match (response, words) {
            (Err(error), Some(words)) => Err(io::Error::other(match words.hear().await {
                text if text.is_empty() => format!("ssh ended: {error}"),
                text => format!("ssh ended: {text}"),
            })),
            (response, _) => response,
        }?;
        tracing::debug!(status = response.status().as_u16(), "engine response");
        Ok(response)
    }

    async fn connect(&self) -> io::Result<Connection> {
        match &self.address.endpoint {
            Endpoint::Ssh(target) => {
                let (stream, words) = target.connect()?;
                Ok((Box::new(stream), Some(words)))
            }
            Endpoint::Tcp { host, port, .. } => Ok((self.connect_tcp(host, *port).await?, None)),
            other => Ok((connect_local(other).await?, None)),
        }
    }

    async fn connect_tcp(&self, host: &str, port: u16) -> io::Result<Box<dyn Stream>> {
        let stream = tokio::net::TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        keep_alive(&stream)?;
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        Ok(Box::new(tls.connect(name, stream).await?))
    }

    /// docker's own name for engines behind a socket or ssh; over TCP the name that was asked for, which a proxy in
    /// front of engines may go by.
    fn set_headers(&self, headers: &mut HeaderMap) {
        let host = match &self.address.endpoint {
            Endpoint::Tcp { host, port, .. } if host.contains(':') => format!("[{host}]:{port}"),
            Endpoint::Tcp { host, port, .. } => format!("{host}:{port}"),
            _ => "api.moby.localhost".to_owned(),
        };
        if let Ok(host) = HeaderValue::from_str(&host) {
            headers.insert(header::HOST, host);
        }
        let agent = concat!("credrun/", env!("CARGO_PKG_VERSION"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
    }

    /// The path with its version in front; `/_ping` has none, as the CLI sends it.
    fn path_of(&self, uri: &Uri) -> io::Result<Uri> {
        let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let prefix = match &self.address.endpoint {
            Endpoint::Tcp { path, .. } => path.as_str(),
            _ => "",
        };
        match self.api_minor() {
            0 => format!("{prefix}{path}").parse(),
            minor => format!("{prefix}/v1.{minor}{path}").parse(),
        }
        .map_err(io::Error::other)
    }
}

/// Sends one request over a connection of its own.
async fn exchange<B>(stream: Box<dyn Stream>, request: Request<B>) -> io::Result<Response<Incoming>>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(plain)?;
    tokio::spawn(connection.with_upgrades());
    sender.send_request(request).await.map_err(plain)
}

/// There was a connection, and no answer came over it that can be read: whether the engine has done what it was asked,
/// nobody knows.
#[derive(Debug)]
pub(super) struct NoAnswer {
    text: String,
    /// Something came, and it is no HTTP.
    pub(super) is_nonsense: bool,
}

impl NoAnswer {
    /// Whether that is what went wrong.
    pub(super) fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for NoAnswer {}

/// hyper's error with its causes, or the error of the connection that it wraps.
fn plain(error: hyper::Error) -> io::Error {
    let is_nonsense = error.is_parse();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    let mut text = error.to_string();
    while let Some(next) = cause.and_then(std::error::Error::source) {
        if !text.contains(&next.to_string()) {
            text = format!("{text}: {next}");
        }
        cause = Some(next);
    }
    io::Error::other(NoAnswer { text, is_nonsense })
}

async fn connect_local(endpoint: &Endpoint) -> io::Result<Box<dyn Stream>> {
    match endpoint {
        #[cfg(unix)]
        Endpoint::Unix(path) => Ok(Box::new(tokio::net::UnixStream::connect(path).await?)),
        #[cfg(windows)]
        Endpoint::NamedPipe(name) => {
            let name = name.replace('/', "\\");
            Ok(Box::new(tokio::net::windows::named_pipe::ClientOptions::new().open(name)?))
        }
        other => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("this system knows no such address: {other:?}"),
        )),
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
        let address = Address::default();
        let transport = Transport::new(address, CustomHeaders::default()).expect("no TLS");
        let uri: Uri = "http://x/containers/create?name=a".parse().expect("uri");
        assert_eq!(transport.path_of(&uri).expect("path"), "/containers/create?name=a");
        transport.set_api_minor(41);
        assert_eq!(transport.path_of(&uri).expect("path"), "/v1.41/containers/create?name=a");
    }
}

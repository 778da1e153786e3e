//! Where the engine listens, and which setting says so.
//!
//! Source: <https://docs.docker.com/reference/cli/docker/#environment-variables>, `DOCKER_HOST`.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// The engine's address and the setting that it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// How to get there.
    pub endpoint: Endpoint,
    /// The setting that named it: `DOCKER_HOST`, or `the default`.
    pub origin: &'static str,
}

/// How the engine is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A Unix socket.
    Unix(PathBuf),
    /// Plain TCP.
    Tcp {
        /// Name or address, without brackets.
        host: String,
        /// Port, 2375 by default.
        port: u16,
    },
    /// A Windows named pipe.
    NamedPipe(String),
}

impl Default for Address {
    /// The platform's own.
    fn default() -> Self {
        Self { endpoint: Endpoint::platform_default(), origin: "the default" }
    }
}

impl Address {
    /// The address that `DOCKER_HOST` names, or the platform's default.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`] when the address is malformed or of a kind that is not supported.
    pub fn from_environment(environment: &Environment) -> Result<Self> {
        let Some(text) = environment.non_empty("DOCKER_HOST") else {
            return Ok(Self::default());
        };
        let endpoint = Endpoint::parse(text)?;
        if matches!(endpoint, Endpoint::Tcp { .. }) && environment.non_empty("DOCKER_TLS_VERIFY").is_some() {
            let message = "`DOCKER_TLS_VERIFY` is set, and credrun cannot speak TLS to an engine yet";
            return Err(Error::new(ErrorKind::Engine, message).hint("use an engine on a unix:// socket"));
        }
        Ok(Self { endpoint, origin: "DOCKER_HOST" })
    }

    /// Refuses an address over which the keys would travel in clear.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`] for plain TCP to anything but loopback.
    pub fn require_private(&self) -> Result<()> {
        match &self.endpoint {
            Endpoint::Tcp { host, .. } if !is_loopback(host) => Err(Error::new(
                ErrorKind::Engine,
                format!("plain tcp to `{self}` would send the credentials over the network in clear"),
            )
            .hint("use an engine on a unix:// socket or on loopback (an ssh tunnel, for example)")
            .hint("`--allow-insecure-engine` sends them all the same")),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            Endpoint::Unix(path) => write!(f, "unix://{}", path.display()),
            Endpoint::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Endpoint::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Endpoint::NamedPipe(name) => write!(f, "npipe://{name}"),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Endpoint {
    fn platform_default() -> Self {
        if cfg!(windows) {
            Self::NamedPipe("//./pipe/docker_engine".to_owned())
        } else {
            Self::Unix(PathBuf::from("/var/run/docker.sock"))
        }
    }

    fn parse(text: &str) -> Result<Self> {
        let bad = |why: &str| {
            Error::new(ErrorKind::Engine, format!("`DOCKER_HOST` is `{text}`: {why}"))
                .hint("give unix:///path/of/docker.sock or tcp://host:port")
        };
        match text.split_once("://") {
            Some(("unix", path)) if !path.is_empty() => Ok(Self::Unix(PathBuf::from(path))),
            Some(("unix", _)) => Err(bad("the path of the socket is missing")),
            Some(("tcp", rest)) => Self::parse_tcp(rest).ok_or_else(|| bad("not a host and a port")),
            Some(("npipe", name)) if cfg!(windows) => Ok(Self::NamedPipe(name.to_owned())),
            Some((scheme, _)) => Err(bad(&format!("the scheme `{scheme}` is not supported yet"))),
            None => Err(bad("it has no scheme")),
        }
    }

    fn parse_tcp(rest: &str) -> Option<Self> {
        let rest = rest.trim_end_matches('/');
        let bracketed = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (host, port) = match bracketed {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port))),
        };
        let port = port.map_or(Ok(2375), str::parse).ok()?;
        let valid = !host.is_empty() && !host.contains('/');
        valid.then(|| Self::Tcp { host: host.to_owned(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(value: &str) -> Result<Address> {
        Address::from_environment(&[("DOCKER_HOST", value)].into_iter().collect())
    }

    #[test]
    fn reads_what_docker_reads() {
        for (text, shown) in [
            ("unix:///run/x.sock", "unix:///run/x.sock"),
            ("tcp://localhost:2375", "tcp://localhost:2375"),
            ("tcp://10.0.0.1", "tcp://10.0.0.1:2375"),
            ("tcp://[::1]:99", "tcp://[::1]:99"),
        ] {
            assert_eq!(address(text).map(|a| a.to_string()).map_err(|e| e.to_string()), Ok(shown.to_owned()));
        }
        for (text, why) in [
            ("unix://", "path of the socket is missing"),
            ("tcp://", "not a host and a port"),
            ("tcp://h:99999", "not a host and a port"),
            ("ssh://me@h", "`ssh` is not supported yet"),
            ("localhost:1", "no scheme"),
        ] {
            let error = address(text).expect_err(text);
            assert!(error.to_string().contains(why), "{error}");
            assert!(!error.hints().is_empty());
        }
    }

    #[test]
    fn an_empty_docker_host_is_none() {
        assert_eq!(address("").map(|a| a.origin).ok(), Some("the default"));
    }

    #[test]
    fn plain_tcp_is_private_on_loopback_only() {
        for (text, private) in [
            ("tcp://127.0.0.1:1", true),
            ("tcp://[::1]:1", true),
            ("tcp://localhost:1", true),
            ("unix:///x", true),
            ("tcp://10.0.0.1:1", false),
            ("tcp://localhost.example.com:1", false),
        ] {
            let address = address(text).expect(text);
            assert_eq!(address.require_private().is_ok(), private, "{text}");
        }
    }

    #[test]
    fn tls_is_not_silently_left_out() {
        let environment = [("DOCKER_HOST", "tcp://h:2376"), ("DOCKER_TLS_VERIFY", "1")].into_iter().collect();
        let error = Address::from_environment(&environment).expect_err("TLS");
        assert!(error.to_string().contains("DOCKER_TLS_VERIFY"), "{error}");
    }
}

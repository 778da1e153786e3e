//! Where the engine listens, and which setting says so.
//!
//! Sources: <https://docs.docker.com/reference/cli/docker/#environment-variables> and
//! <https://docs.docker.com/engine/manage-resources/contexts/>. The first that is given counts: `--context`,
//! `--host`, `DOCKER_HOST`, `DOCKER_CONTEXT`, `currentContext` of the Docker config, the platform's default.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use super::context;
use super::options::EngineOptions;
use super::ssh::SshTarget;
use super::tls::Tls;
use crate::docker_config::DockerConfig;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// The engine's address and the setting that it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// How to get there.
    pub endpoint: Endpoint,
    /// TLS over [`Endpoint::Tcp`].
    pub tls: Option<Tls>,
    /// The setting that named it, for messages: `DOCKER_HOST`, `the default`, …
    pub origin: String,
}

/// How the engine is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A Unix socket.
    Unix(PathBuf),
    /// TCP.
    Tcp {
        /// Name or address, without brackets.
        host: String,
        /// Port, 2375 by default.
        port: u16,
        /// What stands before every path of the API; empty, or with a slash at its start.
        path: String,
    },
    /// The user's ssh, and `docker system dial-stdio` on the other side.
    Ssh(SshTarget),
    /// A Windows named pipe.
    NamedPipe(String),
}

impl Default for Address {
    /// The platform's own.
    fn default() -> Self {
        Self { endpoint: Endpoint::platform_default(), tls: None, origin: "the default".to_owned() }
    }
}

impl Address {
    /// The address that options, environment and Docker config lead to.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] (1, docker's own code for it) when an address or a context is no such thing, or two
    /// settings conflict.
    pub fn resolve(
        options: &EngineOptions,
        config: &DockerConfig,
        environment: &Environment,
    ) -> Result<Self> {
        if options.context.is_some() && !options.hosts.is_empty() {
            return Err(Error::new(
                ErrorKind::Refused,
                "conflicting options: cannot specify both --host and --context",
            )
            .hint("leave one of the two out"));
        }
        match context_name(options, config, environment) {
            Some((name, origin)) => context::address(&name, origin, config),
            None => Self::without_context(options, config, environment),
        }
    }

    fn without_context(
        options: &EngineOptions,
        config: &DockerConfig,
        environment: &Environment,
    ) -> Result<Self> {
        let tls = Tls::of_options(options, config, environment)?;
        let (text, origin) = match (&options.hosts[..], environment.non_empty("DOCKER_HOST")) {
            ([host], _) => (host.as_str(), "--host"),
            ([], Some(host)) => (host, "DOCKER_HOST"),
            ([], None) => ("", "the default"),
            _ => {
                return Err(Error::new(ErrorKind::Refused, "`--host` is given more than once")
                    .hint("one engine carries out a run: leave all but one out"));
            }
        };
        let endpoint = match text.trim() {
            "" if tls.is_some() => {
                Endpoint::Tcp { host: "localhost".into(), port: 2376, path: String::new() }
            }
            "" => Endpoint::platform_default(),
            text => Endpoint::parse(text).map_err(|why| malformed(text, origin, &why))?,
        };
        Ok(Self {
            tls: tls.filter(|_| matches!(endpoint, Endpoint::Tcp { .. })),
            endpoint,
            origin: origin.to_owned(),
        })
    }

    /// Refuses an address over which the keys could be read on the way.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`] for TCP without TLS, or without a look at the other side's certificate, to anything but
    /// loopback.
    pub fn require_private(&self) -> Result<()> {
        let Endpoint::Tcp { host, .. } = &self.endpoint else { return Ok(()) };
        let why = match &self.tls {
            _ if is_loopback(host) => return Ok(()),
            None => "plain tcp",
            Some(tls) if !tls.verifies() => "TLS that does not verify the engine's certificate",
            Some(_) => return Ok(()),
        };
        let message = format!("{why} to `{self}` would let others on the network read the credentials");
        Err(Error::new(ErrorKind::Engine, message)
            .hint(
                "use TLS with DOCKER_TLS_VERIFY=1 (or `--tlsverify`), ssh://, a unix:// socket, or loopback",
            )
            .hint("`--allow-insecure-engine` sends them all the same"))
    }
}

/// The context that is chosen, and by what; `None` for the default one.
fn context_name(
    options: &EngineOptions,
    config: &DockerConfig,
    environment: &Environment,
) -> Option<(String, &'static str)> {
    let named = if let Some(name) = options.context.as_deref().filter(|name| !name.is_empty()) {
        Some((name, "--context"))
    } else if !options.hosts.is_empty() || environment.non_empty("DOCKER_HOST").is_some() {
        None
    } else if let Some(name) = environment.non_empty("DOCKER_CONTEXT") {
        Some((name, "DOCKER_CONTEXT"))
    } else {
        config.current_context.as_deref().map(|name| (name, "currentContext of the Docker config"))
    };
    named.filter(|(name, _)| *name != "default").map(|(name, origin)| (name.to_owned(), origin))
}

/// The error for an address that is none.
pub(super) fn malformed(text: &str, origin: &str, why: &str) -> Error {
    // An address may hold a password, though none may be there.
    let shown =
        if text.contains('@') { text.split_once("://").map_or("…", |(scheme, _)| scheme) } else { text };
    Error::new(ErrorKind::Refused, format!("`{origin}` is `{shown}`: {why}"))
        .hint("give unix:///path/of/docker.sock, tcp://host:port or ssh://user@host")
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            Endpoint::Unix(path) => write!(f, "unix://{}", path.display()),
            Endpoint::Tcp { host, port, path } if host.contains(':') => {
                write!(f, "tcp://[{host}]:{port}{path}")
            }
            Endpoint::Tcp { host, port, path } => write!(f, "tcp://{host}:{port}{path}"),
            Endpoint::Ssh(target) => write!(f, "{target}"),
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

    /// Reads an address as docker/cli's `opts.ParseHost` does; one without a scheme is TCP.
    pub(super) fn parse(text: &str) -> std::result::Result<Self, String> {
        let no_address = || "not a host and a port".to_owned();
        match text.split_once("://") {
            Some(("unix", "")) => Ok(Self::Unix(PathBuf::from("/var/run/docker.sock"))),
            Some(("unix", path)) if !path.contains("://") => Ok(Self::Unix(PathBuf::from(path))),
            Some(("tcp", rest)) => Self::parse_tcp(rest).ok_or_else(no_address),
            None => Self::parse_tcp(text).ok_or_else(no_address),
            Some(("ssh", _)) => SshTarget::parse(text).map(Self::Ssh),
            Some(("npipe", name)) if cfg!(windows) => Ok(Self::NamedPipe(name.to_owned())),
            Some((scheme, _)) => Err(format!("no engine is reached by `{scheme}://`")),
        }
    }

    fn parse_tcp(rest: &str) -> Option<Self> {
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let bracketed = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (host, port) = match bracketed {
            Some((host, port)) => (host, port.strip_prefix(':').or(port.is_empty().then_some(""))?),
            None => authority.split_once(':').unwrap_or((authority, "")),
        };
        let port = if port.is_empty() { 2375 } else { port.parse().ok()? };
        let host = if host.is_empty() { "localhost" } else { host };
        let fine = !host.contains(['@', '?', '#', ' ']) && (bracketed.is_some() || !host.contains(':'));
        fine.then(|| Self::Tcp { host: host.to_owned(), port, path: path.trim_end_matches('/').to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(value: &str) -> Result<Address> {
        let environment = [("DOCKER_HOST", value)].into_iter().collect();
        Address::resolve(&EngineOptions::default(), &DockerConfig::default(), &environment)
    }

    #[test]
    fn reads_what_docker_reads() {
        for (text, shown) in [
            ("unix:///run/x.sock", "unix:///run/x.sock"),
            ("unix://", "unix:///var/run/docker.sock"),
            (" unix:///x ", "unix:///x"),
            ("tcp://localhost:2375", "tcp://localhost:2375"),
            ("tcp://10.0.0.1", "tcp://10.0.0.1:2375"),
            ("tcp://", "tcp://localhost:2375"),
            ("tcp://:99", "tcp://localhost:99"),
            ("tcp://[::1]:99", "tcp://[::1]:99"),
            ("tcp://[::1]", "tcp://[::1]:2375"),
            ("tcp://h:1/prefix/", "tcp://h:1/prefix"),
            ("localhost:1", "tcp://localhost:1"),
            ("ssh://me@h:22/run/x.sock", "ssh://me@h:22/run/x.sock"),
        ] {
            assert_eq!(address(text).map(|a| a.to_string()).map_err(|e| e.to_string()), Ok(shown.to_owned()));
        }
        for (text, why) in [
            ("tcp://h:99999", "not a host and a port"),
            ("tcp://h:x", "not a host and a port"),
            ("http://h", "`http://`"),
            ("ssh://a:hush@h", "password"),
            ("unix://x://y", "`unix://`"),
        ] {
            let error = address(text).expect_err(text);
            assert!(error.to_string().contains(why) && !error.to_string().contains("hush"), "{error}");
            assert!(!error.hints().is_empty());
            assert_eq!(error.kind(), ErrorKind::Refused);
        }
    }

    #[test]
    fn the_nearest_setting_counts() {
        let directory = Some("/nonexistent".into());
        let config =
            DockerConfig { current_context: Some("theirs".into()), directory, ..DockerConfig::default() };
        let host = |text: &str| EngineOptions { hosts: vec![text.into()], ..EngineOptions::default() };
        let context = |text: &str| EngineOptions { context: Some(text.into()), ..EngineOptions::default() };
        for (options, variables, expected) in [
            (EngineOptions::default(), &[][..], "context `theirs`"),
            (EngineOptions::default(), &[("DOCKER_CONTEXT", "mine")], "context `mine`"),
            (
                EngineOptions::default(),
                &[("DOCKER_CONTEXT", "mine"), ("DOCKER_HOST", "tcp://h:1")],
                "tcp://h:1",
            ),
            (EngineOptions::default(), &[("DOCKER_CONTEXT", "default")], "unix:///var/run/docker.sock"),
            (host("tcp://i:1"), &[("DOCKER_CONTEXT", "mine"), ("DOCKER_HOST", "tcp://h:1")], "tcp://i:1"),
            (context("given"), &[("DOCKER_HOST", "tcp://h:1")], "context `given`"),
            (context("default"), &[("DOCKER_HOST", "tcp://h:1")], "tcp://h:1"),
        ] {
            let environment = variables.iter().copied().collect();
            let shown = match Address::resolve(&options, &config, &environment) {
                Ok(address) => address.to_string(),
                Err(error) => error.to_string(),
            };
            assert!(shown.contains(expected), "{shown}: {expected}");
        }
        let both = EngineOptions { context: Some("a".into()), ..host("unix:///x") };
        assert!(Address::resolve(&both, &config, &Environment::default()).is_err());
        let two = EngineOptions { hosts: vec!["a".into(), "b".into()], ..EngineOptions::default() };
        assert!(Address::resolve(&two, &config, &Environment::default()).is_err());
    }

    #[test]
    fn an_empty_docker_host_is_none() {
        assert_eq!(address("").map(|a| a.origin).ok().as_deref(), Some("the default"));
    }

    #[test]
    fn keys_are_not_sent_where_others_can_read_them() {
        for (text, private) in [
            ("tcp://127.0.0.1:1", true),
            ("tcp://[::1]:1", true),
            ("tcp://localhost:1", true),
            ("unix:///x", true),
            ("ssh://h", true),
            ("tcp://10.0.0.1:1", false),
            ("tcp://localhost.example.com:1", false),
        ] {
            let address = address(text).expect(text);
            assert_eq!(address.require_private().is_ok(), private, "{text}");
        }
        for (verify, private) in [(true, true), (false, false)] {
            let tls = Some(Tls::for_tests(verify));
            let address = Address { tls, ..address("tcp://10.0.0.1:1").expect("an address") };
            assert_eq!(address.require_private().is_ok(), private, "{verify}");
        }
    }
}

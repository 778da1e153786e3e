//! Where the container-credentials endpoint is: the variables, and the rule for which hosts may be asked.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// Names the whole address.
pub(super) const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
/// Names a path on ECS's own address.
pub(super) const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
/// ECS's own address, to which the relative path is added.
pub(super) const ECS: &str = "http://169.254.170.2";

const LINK_LOCAL: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
];

/// An address that may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint(Url);

impl Endpoint {
    /// The one that the environment names; `None` when it names none.
    pub(super) fn from_environment(environment: &Environment, ecs: &str) -> Result<Option<Self>> {
        if let Some(path) = environment.non_empty(RELATIVE) {
            return relative(ecs, path).map(Some);
        }
        environment.non_empty(FULL).map(|uri| check(FULL, uri)).transpose()
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }

    /// Whether TLS is needed.
    pub(super) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Scheme, host and port, for a line that says where credentials came from.
    pub(super) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Whether this is CloudShell's own address.
    pub(super) fn is_cloudshell(&self) -> bool {
        self.0.host_str() == Some("localhost") && self.0.port() == Some(1338)
    }

    /// For the name `localhost`, the addresses to use, so that what was checked is what is asked.
    pub(super) async fn pinned(&self) -> Result<Option<(String, Vec<SocketAddr>)>> {
        let Some(Host::Domain(name)) = self.0.host() else { return Ok(None) };
        if self.is_https() {
            return Ok(None);
        }
        let port = self.0.port_or_known_default().unwrap_or(80);
        let found = tokio::net::lookup_host((name, port))
            .await
            .map_err(|error| refused(&format!("`{name}` cannot be resolved: {error}")))?;
        all_loopback(name, found.collect()).map(Some)
    }
}

impl fmt::Display for Endpoint {
    /// Without the query, which may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.0.path())
    }
}

fn all_loopback(name: &str, addresses: Vec<SocketAddr>) -> Result<(String, Vec<SocketAddr>)> {
    match addresses.iter().find(|address| !address.ip().is_loopback()) {
        None if !addresses.is_empty() => Ok((name.to_owned(), addresses)),
        found => {
            let at = found.map_or("nothing".into(), |address| address.ip().to_string());
            Err(refused(&format!("`{name}` resolves to {at}, not to a loopback address")))
        }
    }
}

fn relative(ecs: &str, path: &str) -> Result<Endpoint> {
    // Glued to the address as it is, `@host` or `.host` would move it to another host.
    if !path.starts_with('/') {
        return Err(invalid(RELATIVE, "it does not begin with `/`"));
    }
    Url::parse(&format!("{ecs}{path}")).map(Endpoint).map_err(|error| invalid(RELATIVE, &error.to_string()))
}

fn check(variable: &str, uri: &str) -> Result<Endpoint> {
    let url = Url::parse(uri).map_err(|error| invalid(variable, &error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(variable, "it holds a user name or a password"));
    }
    match url.scheme() {
        "https" => Ok(Endpoint(url)),
        "http" if plain_allowed(&url) => Ok(Endpoint(url)),
        "http" => {
            Err(refused(&format!("`{variable}` names `{}` over plain http", url.host_str().unwrap_or(""))))
        }
        other => Err(invalid(variable, &format!("its scheme is `{other}`, not `http` or `https`"))),
    }
}

fn plain_allowed(url: &Url) -> bool {
    let ip = match url.host() {
        Some(Host::Domain(name)) => return name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
        None => return false,
    };
    ip.is_loopback() || LINK_LOCAL.contains(&ip)
}

fn invalid(variable: &str, cause: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("`{variable}` is not a usable address: {cause}"))
        .hint(format!("correct `{variable}`, or unset it so that the next source is asked"))
}

fn refused(message: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("container endpoint refused: {message}")).hint(
        "plain http is only spoken to loopback addresses, `localhost`, 169.254.170.2, 169.254.170.23 and \
         fd00:ec2::23, as in the AWS SDKs: use https, or another address",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_may_be_asked() {
        for (uri, allowed) in [
            ("http://localhost:1338/latest/meta-data/container/security-credentials", true),
            ("http://LOCALHOST/", true),
            ("http://127.0.0.1:8080/", true),
            ("http://127.255.0.9/", true),
            ("http://[::1]:80/", true),
            ("http://169.254.170.2/v2", true),
            ("http://169.254.170.23/v1/credentials", true),
            ("http://[fd00:ec2::23]/v1", true),
            ("https://example.com/creds", true),
            ("https://10.0.0.1/creds", true),
            ("http://example.com/", false),
            ("http://10.0.0.1/", false),
            ("http://169.254.169.254/", false),
            ("http://169.254.170.3/", false),
            ("http://[fd00:ec2::24]/", false),
            ("http://[::ffff:10.0.0.1]/", false),
            ("http://localhost.example.com/", false),
            ("http://host.docker.internal/", false),
            ("http://127.0.0.1.example.com/", false),
            ("http://0.0.0.0/", false),
            ("ftp://localhost/", false),
            ("localhost:1338/x", false),
            ("/v2/credentials", false),
            ("http://user:MARK@localhost/", false),
        ] {
            let result = check(FULL, uri);
            assert_eq!(result.is_ok(), allowed, "{uri}: {result:?}");
            let shown = result.map_or_else(|error| format!("{error} {error:?}"), |_| String::new());
            assert!(!shown.contains("MARK"), "{shown}");
        }
    }

    #[test]
    fn the_relative_path_wins_and_stays_on_its_host() {
        let named = |pairs: &[(&str, &str)]| {
            Endpoint::from_environment(&pairs.iter().copied().collect(), ECS)
                .map(|e| e.map(|e| e.to_string()))
        };
        let full = (FULL, "http://localhost/full");
        assert_eq!(named(&[full, (RELATIVE, "/v2/x")]).unwrap().unwrap(), "http://169.254.170.2/v2/x");
        assert_eq!(named(&[full, (RELATIVE, "")]).unwrap().unwrap(), "http://localhost/full");
        assert_eq!(named(&[]).unwrap(), None);
        for elsewhere in ["@example.com/", ".example.com/", "x", ":80/"] {
            assert!(named(&[(RELATIVE, elsewhere)]).is_err(), "{elsewhere}");
        }
    }

    #[test]
    fn localhost_has_to_be_loopback() {
        let (here, there) = ("127.0.0.1:80".parse().unwrap(), "10.0.0.7:80".parse().unwrap());
        assert!(all_loopback("localhost", vec![here]).is_ok());
        for addresses in [vec![here, there], vec![there], vec![]] {
            let error = all_loopback("localhost", addresses).expect_err("not loopback").to_string();
            assert!(error.contains("not to a loopback address"), "{error}");
        }
    }
}

//! The options that the `docker` command has before `run`: which engine, and how it is reached.
//!
//! Source: <https://docs.docker.com/reference/cli/docker/#options>.

/// The options as they were given; what is not given is looked for in the environment and the Docker config.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EngineOptions {
    /// `--host`; more than one is a mistake.
    pub hosts: Vec<String>,
    /// `--context`.
    pub context: Option<String>,
    /// `--config`.
    pub config: Option<String>,
    /// `--tls`.
    pub tls: Option<bool>,
    /// `--tlsverify`; given at all it turns TLS on.
    pub tls_verify: Option<bool>,
    /// `--tlscacert`.
    pub ca: Option<String>,
    /// `--tlscert`.
    pub certificate: Option<String>,
    /// `--tlskey`.
    pub key: Option<String>,
}

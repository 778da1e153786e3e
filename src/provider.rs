//! Sources of credentials.
//!
//! Whatever can answer "who is this shell, for AWS" implements [`CredentialProvider`]. This part of the
//! program knows AWS and nothing of containers.

use std::fmt;

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::credentials::Credentials;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::request::AwsOptions;

pub mod assume_role;
pub mod chain;
pub mod container;
pub mod environment_keys;
pub(crate) mod explain;
mod http;
pub mod log;
#[cfg(test)]
mod loopback;
pub(crate) mod profile;
mod sdk;
#[cfg(test)]
mod tests;

/// Why a provider gave no credentials.
#[derive(Debug)]
pub enum ProvideError {
    /// This source is not configured here: the chain tries the next one. The text says what was looked
    /// for and not found (`AWS_ACCESS_KEY_ID is not set`).
    NotConfigured(String),
    /// This source is configured and failed: the chain stops, and the user is shown why.
    Failed(Error),
}

impl fmt::Display for ProvideError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConfigured(reason) => f.write_str(reason),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ProvideError {}

impl From<Error> for ProvideError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A source of credentials.
///
/// Implement it to give containers credentials from a place that credrun does not know
/// (`examples/custom_provider.rs` does). It is object-safe: a chain holds `Box<dyn CredentialProvider>`.
#[async_trait]
pub trait CredentialProvider: fmt::Debug + Send + Sync {
    /// What this source is called, in AWS's words: `container endpoint`, `profile "dev"`.
    fn name(&self) -> String;

    /// Fetches credentials, anew at each call.
    ///
    /// # Errors
    /// [`ProvideError::NotConfigured`] when nothing here points at this source,
    /// [`ProvideError::Failed`] when something does and it did not work.
    async fn provide(&self) -> Result<Credentials, ProvideError>;
}

/// Checks the options that need no network: STS's limits on what a role is asked for with.
///
/// # Errors
/// [`ErrorKind::Usage`], naming the option, what is wrong with its value, and what would be right.
pub fn check(options: &AwsOptions) -> Result<()> {
    for (option, value) in [("--profile", &options.profile), ("--region", &options.region)] {
        if value.as_deref() == Some("") {
            return Err(Error::usage(format!("`{option}` is given without a value"))
                .hint("leave it out; is a variable of the shell empty?"));
        }
    }
    let Some(role) = &options.role else { return Ok(()) };
    assume_role::check(role)?;
    options.region.as_deref().map_or(Ok(()), |region| assume_role::check_partition(&role.role_arn, region))
}

/// Credentials as `options` ask: what the chain gives, then the role when one is named.
///
/// # Errors
/// [`ErrorKind::Credentials`] when no source gave any, when STS refused the role, and for long-term keys
/// without a role: they do not enter a container. [`ErrorKind::Usage`] as [`check`] has it.
pub async fn provide(options: &AwsOptions, environment: &Environment) -> Result<Credentials> {
    check(options)?;
    let base = base(options, environment).await?;
    match &options.role {
        Some(role) => assume_role::assume(role, &base, options, environment).await,
        None if base.is_temporary() => Ok(base),
        None => Err(long_term(&base)),
    }
}

/// What the chain gives, before any role: whoever this shell is.
pub(crate) async fn base(options: &AwsOptions, environment: &Environment) -> Result<Credentials> {
    let base = chain::of_host(options, environment).await?.credentials().await?;
    refuse_expired(&base, OffsetDateTime::now_utc())?;
    Ok(base)
}

/// SDKs use what they are served, expired or not, and the container would fail with a riddle.
fn refuse_expired(base: &Credentials, now: OffsetDateTime) -> Result<()> {
    match base.expiration() {
        Some(end) if end <= now => Err(Error::new(
            ErrorKind::Credentials,
            format!(
                "the credentials from {} expired at {}",
                base.principal_source(),
                base.expiration_iso8601().unwrap_or_default()
            ),
        )
        .hint("sign in again, or unset the variables that hold them; and compare this machine's clock (`date -u`)")),
        _ => Ok(()),
    }
}

fn long_term(base: &Credentials) -> Error {
    let message = format!(
        "the credentials from {} are long-term keys (no session token), which do not enter a container",
        base.principal_source()
    );
    Error::new(ErrorKind::Credentials, message)
        .hint("name a role with `--role-arn`, and its temporary credentials are used")
        .hint("or get temporary ones first: `aws sts get-session-token`, `aws sso login`, `aws login`")
}

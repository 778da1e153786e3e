//! Sources of credentials.
//!
//! Whatever can answer "who is this shell, for AWS" implements [`CredentialProvider`]. This part of the
//! program knows AWS and nothing of containers.

use std::fmt;

use async_trait::async_trait;
use time::OffsetDateTime;

use self::assume_role::RoleSession;
use self::session_policy::SessionPolicy;
use crate::cli::values::tag::Tag;
use crate::credentials::{Credentials, LimitCause};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::request::{AwsOptions, idle_variable};

mod assume_role;
pub mod chain;
pub mod container;
pub(crate) mod endpoint;
pub mod environment_keys;
pub(crate) mod expiration;
pub(crate) mod explain;
mod http;
pub(crate) mod imds;
pub(crate) mod ini;
pub mod keychain;
mod legacy;
pub(crate) mod limits;
pub mod log;
#[cfg(test)]
mod loopback;
mod mfa;
mod path;
pub(crate) mod process;
pub(crate) mod profile;
pub(crate) mod profile_keys;
mod profile_map;
mod profile_role;
mod prompt;
mod retry;
mod sdk;
pub mod session_policy;
mod setting;
mod sso;
pub(crate) mod sts;
#[cfg(test)]
mod tests;
pub mod unattended;
pub(crate) mod user_session;
mod web_identity;
pub mod whoami;
pub(crate) mod words;

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
    let checked = || {
        for (option, value) in [("--profile", &options.profile), ("--region", &options.region)] {
            if value.as_deref() == Some("") {
                return Err(Error::usage(format!("`{option}` is given without a value"))
                    .hint("leave it out; is a variable of the shell empty?"));
            }
        }
        limits::check(options)?;
        let (Some(role), Some(region)) = (options.roles.last(), &options.region) else { return Ok(()) };
        limits::check_partition(role, region)
    };
    checked().map_err(|error| options.name_variables(error))
}

/// Credentials as `options` ask: what the chain gives; then the roles that are named, or a federation; or, for
/// long-term keys, a session token. Narrowed by the session policy, if there is one.
///
/// # Errors
/// [`ErrorKind::Credentials`] when no source gave any or STS refused. [`ErrorKind::Usage`] as [`check`] has it, and when
/// there is a session policy and no role that it could narrow.
pub async fn provide(options: &AwsOptions, environment: &Environment) -> Result<Credentials> {
    provided(options, environment).await.map_err(|error| options.name_variables(error))
}

async fn provided(options: &AwsOptions, environment: &Environment) -> Result<Credentials> {
    let base = found(options, environment).await?;
    if let Some(name) = &options.federation_name {
        return user_session::federation_token(name, &base, options, environment).await;
    }
    if !options.roles.is_empty() {
        return roles(base, options, environment).await;
    }
    if base.is_temporary() || options.allow_long_term_keys {
        return Ok(base);
    }
    let length = user_session::length(options, &SessionPolicy::default())?;
    if let Some(serial) = &options.serial_number {
        let session = mfa::session(serial, &base, length, options, environment).await?;
        return Ok(session.limited(LimitCause::Mfa));
    }
    user_session::session_token(&base, None, length, options, environment).await
}

fn no_session(base: &Credentials) -> Error {
    let source = base.principal_source();
    Error::usage(format!(
        "`--duration-seconds` is for a session that credrun asks STS for, and {source} gave one already"
    ))
    .hint("leave it out; or name a role with `--role-arn`")
}

fn no_device(base: &Credentials) -> Error {
    let source = base.principal_source();
    Error::usage(format!(
        "`--serial-number` signs an IAM user's long-term keys in, and {source} gave temporary credentials"
    ))
    .hint("leave it out; or name a role with `--role-arn`, which is then assumed with the MFA code")
    .hint("a profile whose own role asks for MFA names the device itself, by `mfa_serial`")
}

/// What of the options the user should know before they are used.
#[must_use]
pub fn warnings(options: &AwsOptions) -> Vec<String> {
    let policy = SessionPolicy::of(&options.narrowing, "aws", OffsetDateTime::now_utc());
    let of_policy = policy.map(|policy| policy.warnings).unwrap_or_default();
    options.warnings.iter().cloned().chain(of_policy).collect()
}

/// What [`provide`] begins with: nothing of what `options` themselves ask of STS has been done.
///
/// # Errors
/// As [`provide`].
pub(crate) async fn found(options: &AwsOptions, environment: &Environment) -> Result<Credentials> {
    check(options)?;
    find(options, environment).await.map_err(|error| options.name_variables(error))
}

async fn find(options: &AwsOptions, environment: &Environment) -> Result<Credentials> {
    let last = options.roles.is_empty() && options.federation_name.is_none();
    let base = chain::ending(options, environment, last).await?.credentials().await?;
    refuse_expired(&base, OffsetDateTime::now_utc())?;
    refuse_idle_code(options, &base)?;
    fits(options, &base, environment).await?;
    if !last {
        return Ok(base);
    }
    if let Some(option) = options.narrowing.option().filter(|_| !base.is_narrowed()) {
        return Err(user_session::nothing_to_narrow(option, &base));
    }
    idle_length(options, base)
}

/// A length that is asked for where nobody is asked for a session.
fn idle_length(options: &AwsOptions, base: Credentials) -> Result<Credentials> {
    if options.duration_seconds.is_none() || base.is_asked_for() {
        return Ok(base);
    }
    if !base.is_temporary() {
        return if options.allow_long_term_keys { Err(long_term_keys_have_no_length()) } else { Ok(base) };
    }
    let error = no_session(&base);
    if options.is_variable("duration-seconds") {
        return Ok(base.warning(idle_variable("duration-seconds", &error.to_string())));
    }
    Err(error)
}

fn long_term_keys_have_no_length() -> Error {
    Error::usage("`--allow-long-term-keys` and `--duration-seconds` do not go together")
        .hint("long-term keys as they are live until somebody deletes them; leave one of the two out")
}

/// A code that no device is asked for. Whoever gives one counts on a session with MFA.
fn refuse_idle_code(options: &AwsOptions, base: &Credentials) -> Result<()> {
    let user = !base.is_temporary() && !options.allow_long_term_keys && options.federation_name.is_none();
    // By itself the option is refused where it does nothing.
    let heeded = user || !options.roles.is_empty() || !options.is_variable("serial-number");
    let named = options.serial_number.is_some() && heeded;
    if options.token_code.is_none() || named || options.device.came_up() {
        return Ok(());
    }
    let source = base.principal_source();
    Err(Error::usage(format!(
        "`--token-code` is given, and no MFA device is asked for a code: {source} gave credentials without one"
    ))
    .hint("name the device with `--serial-number`, or in the profile with `mfa_serial` beside its `role_arn`")
    .hint("or leave the code out"))
}

/// Whether what `options` ask of STS can be had with the credentials `base`, as far as that is known without asking.
///
/// # Errors
/// [`ErrorKind::Usage`] when it cannot.
async fn fits(options: &AwsOptions, base: &Credentials, environment: &Environment) -> Result<()> {
    if options.federation_name.is_some() {
        return user_session::federation_policy(base, options, environment).await.map(drop);
    }
    if options.roles.is_empty() {
        let device = options.serial_number.is_some() && !options.is_variable("serial-number");
        return if device && base.is_temporary() { Err(no_device(base)) } else { Ok(()) };
    }
    let region = crate::region::resolve(options, environment).await;
    for (index, role) in planned(options)?.iter().enumerate() {
        region.as_ref().map_or(Ok(()), |region| limits::check_partition(&role.role_arn, region))?;
        role.check_length(index > 0 || base.is_role_session())?;
    }
    Ok(())
}

/// The roles that are named, one from the other.
async fn roles(
    mut base: Credentials,
    options: &AwsOptions,
    environment: &Environment,
) -> Result<Credentials> {
    for role in planned(options)? {
        base = assume_role::assume(&role, &base, options, environment).await?;
    }
    Ok(base)
}

/// What each role that is named is asked for with.
fn planned(options: &AwsOptions) -> Result<Vec<RoleSession>> {
    let count = options.roles.len();
    let plan = |(index, role_arn): (usize, &String)| {
        let (first, last) = (index == 0, index + 1 == count);
        let transitive = |tag: &&Tag| options.transitive_tag_keys.contains(&tag.key);
        // Transitive tags stay on; the others are for the session that is used.
        let tags = options.tags.iter().filter(|tag| if transitive(tag) { first } else { last });
        let role = RoleSession {
            role_arn: role_arn.clone(),
            role_session_name: options.role_session_name.clone(),
            external_id: options.external_id.clone().filter(|_| last),
            source_identity: options.source_identity.clone().filter(|_| first),
            tags: tags.cloned().collect(),
            transitive_tag_keys: if first { options.transitive_tag_keys.clone() } else { Vec::new() },
            serial_number: options.serial_number.clone().filter(|_| first),
            ..RoleSession::default()
        };
        if last { role.last(options) } else { Ok(role) }
    };
    options.roles.iter().enumerate().map(plan).collect()
}

/// What the chain gives, before any role: whoever this shell is. Nothing of it is narrowed.
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

//! The sources in the AWS CLI's order: the first one that is configured decides.
//!
//! Anchor: smithy-rs `aws-config/src/meta/credentials/chain.rs` for the rule, botocore `credentials.py`
//! (`create_credential_resolver`) for the order.

use async_trait::async_trait;

use super::container::ContainerEndpoint;
use super::environment_keys::EnvironmentKeys;
use super::imds::InstanceMetadata;
use super::legacy::{BotoConfig, Ec2File};
use super::profile::Profile;
use super::profile_keys::ProfileKeys;
use super::profile_role::ProfileRole;
use super::web_identity::WebIdentity;
use super::{CredentialProvider, ProvideError, retry, sso};
use crate::credentials::Credentials;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::request::AwsOptions;

/// Sources that are asked one after the other.
///
/// "Not configured" goes on to the next one; any other failure stops, so that a broken source never makes
/// the run act as somebody else.
#[derive(Debug)]
pub struct Chain(Vec<Box<dyn CredentialProvider>>);

impl Chain {
    /// A chain of `providers`, asked in this order.
    #[must_use]
    pub fn new(providers: Vec<Box<dyn CredentialProvider>>) -> Self {
        Self(providers)
    }

    /// What the first configured source gives.
    ///
    /// # Errors
    /// That source's own failure, or, when none is configured, one that lists them all with the reasons.
    pub async fn credentials(&self) -> Result<Credentials> {
        let mut reasons = Vec::new();
        for provider in &self.0 {
            match provider.provide().await {
                Ok(credentials) => return Ok(credentials),
                Err(ProvideError::Failed(error)) => return Err(error),
                Err(ProvideError::NotConfigured(reason)) => reasons.push((provider.name(), reason)),
            }
        }
        Err(exhausted(&reasons))
    }
}

#[async_trait]
impl CredentialProvider for Chain {
    fn name(&self) -> String {
        "credential chain".into()
    }

    async fn provide(&self) -> Result<Credentials, ProvideError> {
        Ok(self.credentials().await?)
    }
}

fn exhausted(reasons: &[(String, String)]) -> Error {
    let lines: String = reasons.iter().map(|(name, reason)| format!("\n  {name}: {reason}")).collect();
    Error::new(
        ErrorKind::Credentials,
        format!("no AWS credentials were found; these sources were tried:{lines}"),
    )
    .hint("sign in with `aws login` or `aws sso login`, or name a profile with `--profile NAME`")
    .hint("or run in AWS CloudShell, which gives its credentials by itself")
    .hint("or set `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`")
}

/// The chain of this host, in the AWS CLI's order.
///
/// # Errors
/// When the profile files cannot be read, and when a profile that was named is not in them.
pub async fn of_host(options: &AwsOptions, environment: &Environment) -> Result<Chain> {
    ending(options, environment, false).await
}

/// The same. `last` says that what comes out is handed over: then a role that the profile or the variables name is
/// narrowed as `options` say.
pub(super) async fn ending(options: &AwsOptions, environment: &Environment, last: bool) -> Result<Chain> {
    let profile = Profile::load(options, environment).await?;
    if profile.named_by.is_some() && (profile.name.is_empty() || !profile.exists()) {
        return Err(missing(&profile));
    }
    // What the AWS CLI looks at in every call, whichever source the credentials are from.
    let metadata = InstanceMetadata::new(&profile, environment)?;
    retry::config(&profile, environment)?;
    sso::check_session(&profile, &profile.name)?;
    let (options, environment) = (options.clone(), profile.trusting(environment));
    let explicit = options.profile.is_some();
    let role = ProfileRole {
        profile: profile.clone(),
        options: options.clone(),
        last,
        metadata: metadata.clone(),
        environment: environment.clone(),
    };
    let web_identity = WebIdentity {
        name: profile.name.clone(),
        profile: profile.clone(),
        variables: !explicit,
        options: options.clone(),
        last,
        environment: environment.clone(),
    };
    let keys = ProfileKeys {
        name: profile.name.clone(),
        profile,
        source: false,
        options,
        environment: environment.clone(),
    };
    let mut chain: Vec<Box<dyn CredentialProvider>> = Vec::new();
    // An explicit profile means itself, not what variables say; AWS_PROFILE is but one more variable.
    if !explicit {
        chain.push(Box::new(EnvironmentKeys::new(&environment)));
    }
    chain.extend([
        Box::new(role) as Box<dyn CredentialProvider>,
        Box::new(web_identity),
        Box::new(keys),
        Box::new(Ec2File(environment.clone())),
        Box::new(BotoConfig(environment.clone())),
        Box::new(ContainerEndpoint::new(&environment)),
        Box::new(metadata),
    ]);
    Ok(Chain::new(chain))
}

fn missing(profile: &Profile) -> Error {
    let by = profile.named_by.unwrap_or("--profile");
    if profile.name.is_empty() {
        return Error::new(
            ErrorKind::Credentials,
            format!("`{by}` is set, and names no profile: it is empty"),
        )
        .hint(format!("unset `{by}` to use the profile `default`, as the AWS CLI does then"));
    }
    let others = profile.others().join(", ");
    let hint =
        if others.is_empty() { "there is no profile at all".into() } else { format!("there are: {others}") };
    let message = format!("no profile `{}` in ~/.aws/config or ~/.aws/credentials", profile.name);
    let error = Error::new(ErrorKind::Credentials, message).hint(hint);
    let error = profile
        .unreadable()
        .iter()
        .fold(error, |error, path| error.hint(format!("`{path}` is there, and you may not read it")));
    error.hint(format!("correct `{by}`, or make the profile with `aws configure --profile NAME`"))
}

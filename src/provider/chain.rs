//! The sources in the AWS CLI's order: the first one that is configured decides.
//!
//! Anchor: smithy-rs `aws-config/src/meta/credentials/chain.rs` for the rule, botocore `credentials.py`
//! (`create_credential_resolver`) for the order.

use async_trait::async_trait;

use super::container::ContainerEndpoint;
use super::environment_keys::EnvironmentKeys;
use super::profile::Profile;
use super::sdk::{InstanceMetadata, ProfileSource, WebIdentity};
use super::{CredentialProvider, ProvideError};
use crate::credentials::Credentials;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::region;
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

/// The chain of this host: aws-config's sources and our container endpoint, in the AWS CLI's order.
///
/// # Errors
/// When the profile files cannot be read.
pub async fn of_host(options: &AwsOptions, environment: &Environment) -> Result<Chain> {
    let profile = Profile::load(options, environment).await?;
    let region = region_for_sts(options, environment, &profile).await;
    let explicit = options.profile.is_some();
    let role_first = profile.assumes_role();
    let web = WebIdentity { environment: environment.clone(), region: region.clone() };
    let profile = ProfileSource { profile, environment: environment.clone(), region };
    let mut chain: Vec<Box<dyn CredentialProvider>> = Vec::new();
    // An explicit profile means itself, not what variables say; AWS_PROFILE is but one more variable.
    if !explicit {
        chain.push(Box::new(EnvironmentKeys::new(environment)));
    }
    match (explicit, role_first) {
        (true, _) => chain.push(Box::new(profile)),
        (false, true) => chain.extend([Box::new(profile) as Box<dyn CredentialProvider>, Box::new(web)]),
        (false, false) => chain.extend([Box::new(web) as Box<dyn CredentialProvider>, Box::new(profile)]),
    }
    chain.push(Box::new(ContainerEndpoint::new(environment)));
    chain.push(Box::new(InstanceMetadata { environment: environment.clone() }));
    Ok(Chain::new(chain))
}

/// STS is regional: without a region, one of the partition that the role belongs to.
async fn region_for_sts(options: &AwsOptions, environment: &Environment, profile: &Profile) -> String {
    if let Some(region) = region::resolve(options, environment).await {
        return region;
    }
    let role = profile.get("role_arn").or_else(|| environment.non_empty("AWS_ROLE_ARN"));
    region::default_of(role.and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws")).to_owned()
}

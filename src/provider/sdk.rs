//! The sources that aws-config knows how to ask: SSO, `aws login`, the instance metadata service.

use std::time::Duration;

use async_trait::async_trait;
use aws_config::imds;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_types::region::Region;
use aws_types::sdk_config::SharedHttpClient;
use tokio::time::timeout;

use super::profile::Profile;
use super::{CredentialProvider, ProvideError, explain, http};
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::Result;
use crate::moment;

/// A source over the network that takes longer than this is given up.
const LIMIT: Duration = Duration::from_secs(30);

/// The instance metadata service (IMDSv2).
#[derive(Debug)]
pub(crate) struct InstanceMetadata {
    pub(crate) environment: Environment,
}

/// Signed in by a browser: what aws-config makes of a profile with SSO or an `aws login` session.
///
/// # Errors
/// [`crate::error::ErrorKind::Credentials`] when the sign-in has expired or never was.
pub(crate) async fn signed_in(
    profile: &Profile,
    name: &str,
    kind: &str,
    region: &str,
    environment: &Environment,
) -> Result<Credentials> {
    let config = provider_config(http::client(&profile.trusting(environment))?, region);
    let provider = ProfileFileCredentialsProvider::builder()
        .configure(&config)
        .profile_files(profile.files.clone())
        .profile_name(name.to_owned())
        .build();
    let described = format!("profile `{name}` ({kind})");
    match timeout(LIMIT, provider.provide_credentials()).await.unwrap_or_else(|_| Err(too_long())) {
        Ok(got) => Ok(convert(&got, described)),
        Err(error) => {
            let command = if kind == "SSO" { "aws sso login" } else { "aws login" };
            Err(explain::sdk(&described, &error).hint(format!("sign in again: `{command} --profile {name}`")))
        }
    }
}

#[async_trait]
impl CredentialProvider for InstanceMetadata {
    fn name(&self) -> String {
        "instance metadata service (IMDS)".into()
    }

    /// Nobody configures this source, it is only probed: whatever goes wrong (other clouds answer at the same
    /// address, in their own way) is a reason to go on.
    async fn provide(&self) -> Result<Credentials, ProvideError> {
        if self.environment.get("AWS_EC2_METADATA_DISABLED").is_some_and(|v| v.eq_ignore_ascii_case("true")) {
            return Err(ProvideError::NotConfigured("`AWS_EC2_METADATA_DISABLED` is `true`".into()));
        }
        let second = Duration::from_secs(1);
        let config = provider_config(http::direct(), "us-east-1");
        let client = imds::Client::builder()
            .configure(&config)
            .max_attempts(1)
            .connect_timeout(second)
            .read_timeout(second)
            .build();
        let provider = ImdsCredentialsProvider::builder().configure(&config).imds_client(client).build();
        match timeout(second * 5, provider.provide_credentials()).await.unwrap_or_else(|_| Err(too_long())) {
            Ok(got) => Ok(convert(&got, self.name()).of_a_role()),
            Err(CredentialsError::CredentialsNotLoaded(_)) => Err(ProvideError::NotConfigured(
                "no answer from the instance metadata service at 169.254.169.254 within 1 s".into(),
            )),
            Err(error) => {
                Err(ProvideError::NotConfigured(format!("it gave none: {}", explain::causes(&error))))
            }
        }
    }
}

fn provider_config(client: SharedHttpClient, region: &str) -> ProviderConfig {
    ProviderConfig::without_region()
        .with_http_client(client)
        .with_region(Some(Region::new(region.to_owned())))
}

fn too_long() -> CredentialsError {
    CredentialsError::provider_timed_out(LIMIT)
}

/// The SDK's credentials as ours.
pub(crate) fn convert(got: &aws_credential_types::Credentials, source: String) -> Credentials {
    Credentials::new(
        got.access_key_id(),
        Secret::new(got.secret_access_key()),
        got.session_token().map(Secret::new),
        got.expiry().map(moment::of_system),
        source,
    )
}

/// Our credentials as the SDK's.
pub(crate) fn to_sdk(ours: &Credentials) -> aws_credential_types::Credentials {
    aws_credential_types::Credentials::new(
        ours.access_key_id(),
        ours.secret_access_key().expose(),
        ours.session_token().map(|token| token.expose().to_owned()),
        ours.expiration().map(Into::into),
        "credrun",
    )
}

//! The sources that aws-config knows how to ask: profiles (role, SSO, login, process, keys), web identity,
//! the instance metadata service.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::imds;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::{StaticConfiguration, WebIdentityTokenCredentialsProvider};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_types::region::Region;
use aws_types::sdk_config::SharedHttpClient;
use time::OffsetDateTime;
use tokio::time::timeout;

use super::container::ContainerEndpoint;
use super::environment_keys::EnvironmentKeys;
use super::profile::Profile;
use super::{CredentialProvider, ProvideError, explain, http};
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// A source over the network that takes longer than this is given up; a credential_process may wait for a person.
const LIMIT: Duration = Duration::from_secs(30);

/// The profile in use.
#[derive(Debug)]
pub(crate) struct ProfileSource {
    pub(crate) profile: Profile,
    pub(crate) environment: Environment,
    pub(crate) region: String,
}

/// The role and token that AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN name.
#[derive(Debug)]
pub(crate) struct WebIdentity {
    pub(crate) environment: Environment,
    pub(crate) region: String,
}

/// The instance metadata service (IMDSv2).
#[derive(Debug)]
pub(crate) struct InstanceMetadata {
    pub(crate) environment: Environment,
}

#[async_trait]
impl CredentialProvider for ProfileSource {
    fn name(&self) -> String {
        format!("profile `{}`", self.profile.name)
    }

    async fn provide(&self) -> Result<Credentials, ProvideError> {
        if !self.profile.exists() {
            return Err(self.missing());
        }
        if let Some(keys) = self.shared_keys() {
            return Ok(keys);
        }
        let asked = self.provider()?;
        let answer = if self.profile.runs_a_process() {
            asked.provide_credentials().await
        } else {
            timeout(LIMIT, asked.provide_credentials()).await.unwrap_or_else(|_| Err(too_long()))
        };
        match answer {
            Ok(got) => Ok(convert(&got, self.described())),
            Err(CredentialsError::CredentialsNotLoaded(_)) => {
                Err(ProvideError::NotConfigured(format!("{} holds no credentials", self.name())))
            }
            Err(error) => Err(self.explained(&error).into()),
        }
    }
}

impl ProfileSource {
    fn missing(&self) -> ProvideError {
        let message = format!("no profile `{}` in ~/.aws/config or ~/.aws/credentials", self.profile.name);
        if !self.profile.named {
            let held = "(a role, SSO, login, a credential_process, keys)";
            return ProvideError::NotConfigured(format!("{message} {held}"));
        }
        let others = self.profile.others().join(", ");
        let hint = if others.is_empty() {
            "there is no profile at all".into()
        } else {
            format!("there are: {others}")
        };
        Error::new(ErrorKind::Credentials, message)
            .hint(hint)
            .hint("correct `--profile` (or `AWS_PROFILE`), or make the profile with `aws configure --profile NAME`")
            .into()
    }

    /// Keys in the shared credentials file come before login and process in the AWS CLI, after them in aws-config.
    fn shared_keys(&self) -> Option<Credentials> {
        const BEFORE: [&str; 5] =
            ["role_arn", "web_identity_token_file", "sso_session", "sso_start_url", "sso_account_id"];
        if BEFORE.iter().any(|key| self.profile.get(key).is_some()) {
            return None;
        }
        let id = self.profile.shared("aws_access_key_id")?;
        let key = Secret::new(self.profile.shared("aws_secret_access_key")?);
        let token = self.profile.shared("aws_session_token").map(Secret::new);
        Some(Credentials::new(id, key, token, None, format!("{} (shared credentials file)", self.name())))
    }

    fn provider(&self) -> Result<ProfileFileCredentialsProvider> {
        let config = provider_config(http::client(&self.environment)?, &self.region);
        Ok(ProfileFileCredentialsProvider::builder()
            .configure(&config)
            .profile_files(self.profile.files.clone())
            .profile_name(self.profile.name.clone())
            .with_custom_provider("Environment", Adapter(EnvironmentKeys::new(&self.environment)))
            .with_custom_provider("EcsContainer", Adapter(ContainerEndpoint::new(&self.environment)))
            .with_custom_provider(
                "Ec2InstanceMetadata",
                Adapter(InstanceMetadata { environment: self.environment.clone() }),
            )
            .build())
    }

    fn kind(&self) -> &'static str {
        const KINDS: [(&str, &str); 6] = [
            ("role_arn", "role"),
            ("sso_session", "SSO"),
            ("sso_start_url", "SSO"),
            ("login_session", "login"),
            ("credential_process", "process"),
            ("aws_access_key_id", "config file"),
        ];
        KINDS.iter().find(|(key, _)| self.profile.get(key).is_some()).map_or("", |(_, kind)| kind)
    }

    fn described(&self) -> String {
        match (self.kind(), self.profile.get("role_arn")) {
            (_, Some(role)) => format!("{} (role {role})", self.name()),
            ("", None) => self.name(),
            (kind, None) => format!("{} ({kind})", self.name()),
        }
    }

    fn explained(&self, error: &CredentialsError) -> Error {
        let name = &self.profile.name;
        let error = explain::sdk(&self.described(), error);
        match self.kind() {
            "SSO" => error.hint(format!("sign in again: `aws sso login --profile {name}`")),
            "login" => error.hint(format!("sign in again: `aws login --profile {name}`")),
            "process" => error.hint("run the profile's `credential_process` by hand to see what it says"),
            _ => error
                .hint(format!("`aws sts get-caller-identity --profile {name}` should fail in the same way")),
        }
    }
}

#[async_trait]
impl CredentialProvider for WebIdentity {
    fn name(&self) -> String {
        "web identity".into()
    }

    async fn provide(&self) -> Result<Credentials, ProvideError> {
        let Some(file) = self.environment.non_empty("AWS_WEB_IDENTITY_TOKEN_FILE") else {
            return Err(ProvideError::NotConfigured("`AWS_WEB_IDENTITY_TOKEN_FILE` is not set".into()));
        };
        let Some(role) = self.environment.non_empty("AWS_ROLE_ARN") else { return Err(no_role().into()) };
        let config = provider_config(http::client(&self.environment)?, &self.region);
        let named = StaticConfiguration {
            web_identity_token_file: file.into(),
            role_arn: role.to_owned(),
            session_name: self.session_name(),
        };
        let provider = WebIdentityTokenCredentialsProvider::builder()
            .configure(&config)
            .static_configuration(named)
            .build();
        let doing = format!("role {role} with the web identity token in `{file}`, in region {}", self.region);
        match timeout(LIMIT, provider.provide_credentials()).await.unwrap_or_else(|_| Err(too_long())) {
            Ok(got) => Ok(convert(&got, format!("web identity (role {role})"))),
            Err(error) => {
                let hint = "`AWS_WEB_IDENTITY_TOKEN_FILE` has to name a readable file with a token that `AWS_ROLE_ARN` trusts";
                Err(explain::sdk(&doing, &error).hint(hint).into())
            }
        }
    }
}

impl WebIdentity {
    fn session_name(&self) -> String {
        let named = self.environment.non_empty("AWS_ROLE_SESSION_NAME").map(str::to_owned);
        named.unwrap_or_else(|| super::assume_role::default_session_name(OffsetDateTime::now_utc()))
    }
}

fn no_role() -> Error {
    Error::new(ErrorKind::Credentials, "`AWS_WEB_IDENTITY_TOKEN_FILE` is set, but `AWS_ROLE_ARN` is not")
        .hint("set `AWS_ROLE_ARN` to the role that the token is for, or unset `AWS_WEB_IDENTITY_TOKEN_FILE`")
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
            Ok(got) => Ok(convert(&got, self.name())),
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
        got.expiry().map(OffsetDateTime::from),
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

/// One of our providers, as the `credential_source` of a profile.
struct Adapter<P>(P);

impl<P: fmt::Debug> fmt::Debug for Adapter<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<P: CredentialProvider> ProvideCredentials for Adapter<P> {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move {
            match self.0.provide().await {
                Ok(ours) => Ok(to_sdk(&ours)),
                Err(ProvideError::Failed(error)) => Err(CredentialsError::provider_error(error)),
                Err(ProvideError::NotConfigured(reason)) => Err(CredentialsError::not_loaded(reason)),
            }
        })
    }
}

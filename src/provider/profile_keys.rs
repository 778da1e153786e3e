//! What a profile holds itself, in botocore's order: web identity, SSO, keys of the shared credentials file,
//! `aws login`, a credential_process, keys of the config file (`credentials.py`, `ProfileProviderBuilder`).

use async_trait::async_trait;

use super::profile::{Keys, Profile};
use super::web_identity::WebIdentity;
use super::{CredentialProvider, ProvideError, process, sdk, sso};
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::Result;
use crate::region;
use crate::request::AwsOptions;

/// A profile without its role.
#[derive(Debug)]
pub(crate) struct ProfileKeys {
    /// Which of them.
    pub(crate) name: String,
    pub(crate) profile: Profile,
    /// Whether it is the source of a role. Then its web identity is asked here, without what variables say; of the
    /// profile in use the chain of the host has asked it before.
    pub(crate) source: bool,
    pub(crate) options: AwsOptions,
    pub(crate) environment: Environment,
}

#[async_trait]
impl CredentialProvider for ProfileKeys {
    fn name(&self) -> String {
        format!("profile `{}`", self.name)
    }

    async fn provide(&self) -> Result<Credentials, ProvideError> {
        if self.source {
            match self.web_identity().provide().await {
                Err(ProvideError::NotConfigured(_)) => {}
                other => return other,
            }
        }
        if !self.profile.has(&self.name) {
            return Err(ProvideError::NotConfigured(format!(
                "no profile `{}` in ~/.aws/config or ~/.aws/credentials (a role, SSO, login, a credential_process, keys)",
                self.name
            )));
        }
        let get = |key| self.profile.of(&self.name, key);
        if let Some(settings) = sso::Settings::of(&self.profile, &self.name)? {
            return Ok(sso::credentials(&settings, &self.profile, &self.name, &self.environment).await?);
        }
        if let Some(keys) = self.profile.shared_keys(&self.name)? {
            return Ok(self.credentials(keys, "shared credentials file"));
        }
        if let Some(session) = get("login_session") {
            return Ok(self.logged_in(session).await?);
        }
        if let Some(line) = get("credential_process") {
            return Ok(process::run(&self.name, line, self.options.unattended, &self.environment).await?);
        }
        if let Some(keys) = self.profile.config_keys(&self.name)? {
            return Ok(self.credentials(keys, "config file"));
        }
        Err(ProvideError::NotConfigured(format!("{} holds no credentials", self.name())))
    }
}

impl ProfileKeys {
    fn web_identity(&self) -> WebIdentity {
        WebIdentity {
            name: self.name.clone(),
            profile: self.profile.clone(),
            variables: false,
            options: self.options.clone(),
            last: false,
            environment: self.environment.clone(),
        }
    }

    async fn logged_in(&self, session: &str) -> Result<Credentials> {
        let region = match self.profile.of(&self.name, "region") {
            Some(region) => region.to_owned(),
            None => {
                region::resolve(&self.options, &self.environment).await.unwrap_or_else(|| "us-east-1".into())
            }
        };
        sdk::logged_in(session, &self.profile, &self.name, &region, &self.environment).await
    }

    fn credentials(&self, (id, key, token): Keys<'_>, file: &str) -> Credentials {
        let source = format!("{} ({file})", self.name());
        Credentials::new(id, Secret::new(key), token.map(Secret::new), None, source)
    }
}

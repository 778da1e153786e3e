//! What a profile holds itself, in botocore's order: web identity, SSO, keys of the shared credentials file,
//! `aws login`, a credential_process, keys of the config file (`credentials.py`, `ProfileProviderBuilder`).

use async_trait::async_trait;

use super::ini::{self, Value};
use super::profile::{Keys, Profile};
use super::profile_map::{Named, ProfileMap};
use super::web_identity::WebIdentity;
use super::{CredentialProvider, ProvideError, process, sdk, sso};
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::Result;
use crate::region;
use crate::request::AwsOptions;

/// Settings of a profile that an SDK gets credentials by, or fails with, before it asks a container endpoint.
const SOURCES: [&str; 7] = [
    "aws_access_key_id",
    "role_arn",
    "web_identity_token_file",
    "sso_account_id",
    "sso_role_name",
    "login_session",
    "credential_process",
];

/// Which of the two files a text is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProfileFile {
    Config,
    Credentials,
}

/// The setting of the profile `default` in this text that an SDK gets credentials by; `None` also where the text cannot be
/// parsed.
pub(crate) fn source_of_default(file: ProfileFile, text: &str) -> Option<&'static str> {
    let sections = ini::parse(text).ok()?;
    let profiles: Named = match file {
        ProfileFile::Config => ProfileMap::of(sections).profiles,
        ProfileFile::Credentials => sections.into_iter().collect(),
    };
    let profile = profiles.get("default")?;
    let get = |key: &str| profile.get(key).and_then(Value::text).filter(|text| !text.is_empty());
    // A role that the container endpoint's own credentials are for.
    let is_of_endpoint = get("credential_source") == Some("EcsContainer");
    SOURCES.into_iter().find(|key| get(key).is_some() && !(*key == "role_arn" && is_of_endpoint))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_profile_may_lead_past_the_endpoint() {
        use ProfileFile::{Config, Credentials};
        for (file, text, expected) in [
            (
                Credentials,
                "[default]\naws_access_key_id = A\naws_secret_access_key = MARK\n",
                Some("aws_access_key_id"),
            ),
            (Config, "[default]\nregion = x\naws_access_key_id = A\n", Some("aws_access_key_id")),
            (Config, "[profile default]\ncredential_process = x\n", Some("credential_process")),
            (Config, "[default]\nrole_arn = x\nsource_profile = y\n", Some("role_arn")),
            (Config, "[default]\nsso_session = s\nsso_account_id = 123456789012\n", Some("sso_account_id")),
            (Config, "[default]\nrole_arn = x\ncredential_source = EcsContainer\n", None),
            (Config, "[default]\nsso_session = s\n", None),
            (Config, "[default]\nregion = x\noutput = json\n[profile a]\naws_access_key_id = A\n", None),
            (Credentials, "[profile default]\naws_access_key_id = A\n", None),
            (Credentials, "[default]\naws_access_key_id =\n", None),
            (Credentials, "[dev]\naws_access_key_id = A\n", None),
            (Credentials, "aws_access_key_id = A\n", None),
            (Credentials, "", None),
        ] {
            assert_eq!(source_of_default(file, text), expected, "{file:?} {text}");
        }
    }
}

//! A role for a web identity token: `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`, or a profile's
//! `web_identity_token_file` and `role_arn`; variables come first, one by one, as botocore has it.

use async_trait::async_trait;

use super::assume_role::{self, RoleSession};
use super::profile::Profile;
use super::{CredentialProvider, ProvideError};
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::request::AwsOptions;

/// It, for one profile.
#[derive(Debug)]
pub(crate) struct WebIdentity {
    /// The profile's name.
    pub(crate) name: String,
    pub(crate) profile: Profile,
    /// Whether the variables count: they do not for a profile that was named with `--profile` or by another one.
    pub(crate) variables: bool,
    pub(crate) options: AwsOptions,
    /// Whether these are the credentials that are handed over: then they are narrowed.
    pub(crate) last: bool,
    pub(crate) environment: Environment,
}

#[async_trait]
impl CredentialProvider for WebIdentity {
    fn name(&self) -> String {
        "web identity".into()
    }

    async fn provide(&self) -> Result<Credentials, ProvideError> {
        let Some((file, of_file)) = self.setting("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file")
        else {
            return Err(ProvideError::NotConfigured(self.nowhere()));
        };
        let role = self.setting("AWS_ROLE_ARN", "role_arn");
        let Some((role_arn, _)) = role else { return Err(no_role(of_file).into()) };
        let token = Self::token(file).await.map_err(|error| Self::unreadable(file, of_file, &error))?;
        let session = self.setting("AWS_ROLE_SESSION_NAME", "role_session_name");
        let role = RoleSession {
            role_arn: role_arn.to_owned(),
            role_session_name: session.map(|(name, _)| name.to_owned()),
            ..RoleSession::default()
        };
        let role = if self.last { role.last(&self.options)? } else { role };
        let source = format!("web identity token in `{file}`");
        let assumed =
            assume_role::assume_with_web_identity(&role, &token, &source, &self.options, &self.environment);
        Ok(assumed.await?)
    }
}

impl WebIdentity {
    /// A setting and what it is called where it was found. A variable that is set and empty hides the profile's.
    fn setting<'a>(&'a self, variable: &'static str, key: &'static str) -> Option<(&'a str, &'static str)> {
        if let Some(value) = self.environment.get(variable).filter(|_| self.variables) {
            return (!value.is_empty()).then_some((value, variable));
        }
        let value = self.profile.of(&self.name, key).filter(|value| !value.is_empty());
        value.map(|value| (value, key))
    }

    fn nowhere(&self) -> String {
        if self.variables {
            "`AWS_WEB_IDENTITY_TOKEN_FILE` is not set".to_owned()
        } else {
            format!("profile `{}` has no `web_identity_token_file`", self.name)
        }
    }

    /// The path is taken as it is: botocore knows no `~` here.
    async fn token(file: &str) -> std::io::Result<Secret> {
        Ok(Secret::new(tokio::fs::read_to_string(file).await?.trim()))
    }

    fn unreadable(file: &str, named_by: &str, error: &std::io::Error) -> Error {
        Error::new(
            ErrorKind::Credentials,
            format!("`{named_by}` names `{file}`, which cannot be read: {error}"),
        )
        .hint(format!("`{named_by}` has to name a readable file with a token that the role trusts"))
    }
}

fn no_role(of_file: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("`{of_file}` is set, but `AWS_ROLE_ARN` is not"))
        .hint(format!("set `AWS_ROLE_ARN` (or the profile's `role_arn`) to the role that the token is for, or unset `{of_file}`"))
}

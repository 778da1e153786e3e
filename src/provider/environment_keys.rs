//! Keys in the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
//!
//! Read from our own [`Environment`], where aws-config's provider knows only the process's.

use async_trait::async_trait;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{CredentialProvider, ProvideError};
use crate::credentials::{Credentials, LimitCause, Secret};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind};

const ID: &str = "AWS_ACCESS_KEY_ID";
const KEY: &str = "AWS_SECRET_ACCESS_KEY";

/// The keys that the environment holds.
#[derive(Debug)]
pub struct EnvironmentKeys(Environment);

impl EnvironmentKeys {
    /// Those of `environment`.
    #[must_use]
    pub fn new(environment: &Environment) -> Self {
        Self(environment.clone())
    }

    fn expiration(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::parse(self.0.non_empty("AWS_CREDENTIAL_EXPIRATION")?.trim(), &Rfc3339).ok()
    }

    fn trimmed(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(str::trim).filter(|value| !value.is_empty())
    }
}

#[async_trait]
impl CredentialProvider for EnvironmentKeys {
    fn name(&self) -> String {
        "environment variables".into()
    }

    async fn provide(&self) -> Result<Credentials, ProvideError> {
        match (self.trimmed(ID), self.trimmed(KEY)) {
            (None, None) => Err(ProvideError::NotConfigured(format!("`{ID}` is not set"))),
            (Some(_), None) => Err(half(ID, KEY).into()),
            (None, Some(_)) => Err(half(KEY, ID).into()),
            (Some(id), Some(key)) => {
                // `AWS_SECURITY_TOKEN` is the old name, which the AWS CLI still reads.
                let token = self.trimmed("AWS_SESSION_TOKEN").or_else(|| self.trimmed("AWS_SECURITY_TOKEN"));
                let token = token.map(Secret::new);
                let keys = Credentials::new(id, Secret::new(key), token, self.expiration(), self.name());
                Ok(if keys.is_temporary() { keys.limited(LimitCause::Variables) } else { keys })
            }
        }
    }
}

fn half(there: &str, missing: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("`{there}` is set, but `{missing}` is not"))
        .hint(format!("set `{missing}` as well, or unset `{there}` so that the next source is asked"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(pairs: &[(&str, &str)]) -> Result<Credentials, ProvideError> {
        EnvironmentKeys::new(&pairs.iter().copied().collect()).provide().await
    }

    #[tokio::test]
    async fn half_a_pair_is_a_failure_that_names_the_other_half() {
        for (there, missing) in [(ID, KEY), (KEY, ID)] {
            let error = ask(&[(there, "MARK-half"), (missing, " ")]).await.expect_err("half");
            let shown = format!("{error} {error:?}");
            assert!(matches!(error, ProvideError::Failed(_)), "{shown}");
            assert!(shown.contains(&format!("`{missing}` is not")) && !shown.contains("MARK"), "{shown}");
        }
        assert!(matches!(ask(&[]).await, Err(ProvideError::NotConfigured(_))));
    }

    #[tokio::test]
    async fn a_whole_set_is_taken() {
        let set = [
            (ID, "AKIA"),
            (KEY, "s"),
            ("AWS_SESSION_TOKEN", "t"),
            ("AWS_CREDENTIAL_EXPIRATION", "2024-10-10T08:44:18Z"),
        ];
        let taken = ask(&set).await.expect("keys");
        assert!(taken.is_temporary());
        assert_eq!(taken.expiration_iso8601().as_deref(), Some("2024-10-10T08:44:18Z"));
        assert!(!ask(&set[..2]).await.expect("keys").is_temporary());
    }
}

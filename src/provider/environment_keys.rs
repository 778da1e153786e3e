//! Keys in the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
//!
//! Read from our own [`Environment`], where aws-config's provider knows only the process's.
//! Anchor: botocore `credentials.py`, `EnvProvider`.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::{CredentialProvider, ProvideError, expiration};
use crate::credentials::{Credentials, LimitCause, Secret};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

const ID: &str = "AWS_ACCESS_KEY_ID";
const KEY: &str = "AWS_SECRET_ACCESS_KEY";
const EXPIRATION: &str = "AWS_CREDENTIAL_EXPIRATION";

/// The keys that the environment holds.
#[derive(Debug)]
pub struct EnvironmentKeys(Environment);

impl EnvironmentKeys {
    /// Those of `environment`.
    #[must_use]
    pub fn new(environment: &Environment) -> Self {
        Self(environment.clone())
    }

    fn expiration(&self) -> Result<Option<OffsetDateTime>> {
        let Some(text) = self.0.non_empty(EXPIRATION) else { return Ok(None) };
        let end = expiration::parse(text).ok_or_else(|| {
            let message = format!("`{EXPIRATION}` is not a time as ISO 8601 has it, with its zone");
            Error::new(ErrorKind::Credentials, message)
                .hint("write it as in `2030-01-31T08:44:18Z`, or unset it: the AWS CLI fails with it, too")
        })?;
        Ok(Some(end))
    }

    /// `AWS_SECURITY_TOKEN` is the old name, which the AWS CLI still reads, and reads first. Blanks around a token are
    /// lost on its way in a header, and do not count when the request is signed.
    fn token(&self) -> Result<Option<Secret>> {
        let names = ["AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"];
        let found = names.into_iter().find_map(|name| Some((name, self.0.non_empty(name)?)));
        let Some((name, token)) = found else { return Ok(None) };
        let token = token.trim_matches([' ', '\t']);
        if token.contains(char::is_control) {
            return Err(unusable(name, "it holds a line end or another control character"));
        }
        Ok((!token.is_empty()).then(|| Secret::new(token)))
    }
}

#[async_trait]
impl CredentialProvider for EnvironmentKeys {
    fn name(&self) -> String {
        "environment variables".into()
    }

    async fn provide(&self) -> Result<Credentials, ProvideError> {
        // A secret key without its id is nothing to the AWS CLI: it asks the next source.
        let Some(id) = self.0.non_empty(ID) else {
            let lone = if self.0.non_empty(KEY).is_some() { " (`AWS_SECRET_ACCESS_KEY` is)" } else { "" };
            return Err(ProvideError::NotConfigured(format!("`{ID}` is not set{lone}")));
        };
        let Some(key) = self.0.non_empty(KEY) else { return Err(half().into()) };
        for (name, value) in [(ID, id), (KEY, key)] {
            if value.trim() != value || value.contains(char::is_control) {
                return Err(unusable(name, "it begins or ends with a blank or a line end").into());
            }
        }
        let keys = Credentials::new(id, Secret::new(key), self.token()?, self.expiration()?, self.name());
        Ok(if keys.is_temporary() { keys.limited(LimitCause::Variables) } else { keys })
    }
}

fn half() -> Error {
    Error::new(ErrorKind::Credentials, format!("`{ID}` is set, but `{KEY}` is not"))
        .hint(format!("set `{KEY}` as well, or unset `{ID}` so that the next source is asked"))
}

/// AWS would refuse what is signed with it, and say no more than that it is wrong.
fn unusable(name: &str, cause: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("`{name}` cannot be used: {cause}"))
        .hint(format!("set `{name}` to the value alone, or unset it so that the next source is asked"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(pairs: &[(&str, &str)]) -> Result<Credentials, ProvideError> {
        EnvironmentKeys::new(&pairs.iter().copied().collect()).provide().await
    }

    #[tokio::test]
    async fn an_id_alone_is_a_failure_and_a_key_alone_is_nothing() {
        for empty in [&[(ID, "MARK")][..], &[(ID, "MARK"), (KEY, "")]] {
            let error = ask(empty).await.expect_err("half");
            let shown = format!("{error} {error:?}");
            assert!(matches!(error, ProvideError::Failed(_)), "{shown}");
            assert!(shown.contains(&format!("`{KEY}` is not")) && !shown.contains("MARK"), "{shown}");
        }
        for nothing in [&[][..], &[(ID, "")], &[(KEY, "MARK")], &[(KEY, "MARK"), (ID, "")]] {
            let error = ask(nothing).await.expect_err("nothing");
            assert!(matches!(&error, ProvideError::NotConfigured(_)), "{error}");
            assert!(!error.to_string().contains("MARK"), "{error}");
        }
    }

    #[tokio::test]
    async fn what_aws_would_refuse_without_a_reason_is_named() {
        const END: &str = "AWS_CREDENTIAL_EXPIRATION";
        const TOKEN: &str = "AWS_SESSION_TOKEN";
        for (name, value) in [
            (ID, " "),
            (ID, "MARK "),
            (KEY, "\t"),
            (KEY, "MARK\n"),
            (TOKEN, "MARK\r"),
            (TOKEN, "MARK\nMARK"),
            (END, "MARK"),
            (END, " "),
            (END, "2090-01-01T00:00:00"),
        ] {
            let mut pairs = vec![(ID, "AKIA"), (KEY, "s")];
            pairs.retain(|(other, _)| *other != name);
            pairs.push((name, value));
            let error = ask(&pairs).await.expect_err(name);
            let shown = format!("{error} {error:?}");
            assert!(matches!(error, ProvideError::Failed(_)), "{shown}");
            assert!(shown.contains(name) && !shown.contains("MARK"), "{shown}");
        }
    }

    #[tokio::test]
    async fn a_whole_set_is_taken() {
        let set = [
            (ID, "AKIA"),
            (KEY, "s"),
            ("AWS_SESSION_TOKEN", "t "),
            ("AWS_CREDENTIAL_EXPIRATION", "2024-10-10T08:44:18+0000"),
        ];
        let taken = ask(&set).await.expect("keys");
        assert_eq!(taken.session_token().map(Secret::expose), Some("t"));
        assert_eq!(taken.expiration_iso8601().as_deref(), Some("2024-10-10T08:44:18Z"));
        assert!(!ask(&set[..2]).await.expect("keys").is_temporary());
        for (old, expected) in [("u", Some("u")), ("", Some("t")), (" ", None)] {
            let taken = ask(&[set[0], set[1], set[2], ("AWS_SECURITY_TOKEN", old)]).await.expect("keys");
            assert_eq!(taken.session_token().map(Secret::expose), expected, "{old}");
        }
    }
}

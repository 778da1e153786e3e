//! SSO: a profile's settings, its own and those of its `sso-session`, and the role's credentials for the token that
//! `aws sso login` left.
//!
//! Anchor: botocore `credentials.py` (`SSOProvider`), `tokens.py`. aws-config renews the token of an `sso-session`.

use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_config::sso::SsoTokenProvider;
use aws_credential_types::provider::token::ProvideToken;
use aws_lc_rs::digest;
use aws_types::region::Region;
use serde::Deserialize;
use time::OffsetDateTime;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::ini::Value;
use super::profile::Profile;
use super::sdk::{self, LIMIT};
use super::{endpoint, expiration, explain, path};
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// What is needed to ask for a role's credentials.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    start_url: String,
    region: String,
    account_id: String,
    role_name: String,
    session: Option<String>,
}

impl Settings {
    /// Those of the profile `name`; `None` when it is no SSO profile.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when a setting is missing, or differs between the profile and its `sso-session`.
    pub(crate) fn of(profile: &Profile, name: &str) -> Result<Option<Self>> {
        let own = |key| profile.of(name, key);
        if own("sso_role_name").is_none() && own("sso_account_id").is_none() {
            return Ok(None);
        }
        let session = own("sso_session");
        if let Some(session) = session {
            agree(profile, name, session)?;
        }
        let of_session = |key| profile.sso_session(session?)?.get(key)?.text();
        let mut missing = Vec::new();
        let mut need = |key| {
            let value = own(key).or_else(|| of_session(key));
            if value.is_none() {
                missing.push(key);
            }
            value.unwrap_or_default().to_owned()
        };
        let settings = Self {
            role_name: need("sso_role_name"),
            account_id: need("sso_account_id"),
            start_url: need("sso_start_url"),
            region: need("sso_region"),
            session: session.map(str::to_owned),
        };
        if missing.is_empty() {
            return Ok(Some(settings));
        }
        Err(bad(name, &format!("of SSO's settings it lacks `{}`", missing.join("`, `"))))
    }
}

/// Looks at the `sso-session` of the profile `name`, which the AWS CLI reads for every call, whatever the credentials.
///
/// # Errors
/// [`ErrorKind::Credentials`] when there is no such section or it is not complete.
pub(crate) fn check_session(profile: &Profile, name: &str) -> Result<()> {
    let Some(session) = profile.of(name, "sso_session") else { return Ok(()) };
    let section = profile.sso_session(session).filter(|section| !section.is_empty());
    let Some(section) = section else { return Err(no_session(name, session)) };
    let missing = ["sso_start_url", "sso_region"].into_iter().find(|&key| !section.contains_key(key));
    match missing {
        Some(key) => Err(bad(name, &format!("its `[sso-session {session}]` lacks `{key}`"))),
        None => Ok(()),
    }
}

fn agree(profile: &Profile, name: &str, session: &str) -> Result<()> {
    let section = profile.sso_session(session).ok_or_else(|| no_session(name, session))?;
    let differs = section.iter().find(|(key, value)| {
        profile.of(name, key).is_some_and(|own| value.text() != Some(own))
            || matches!(value, Value::Nested(_))
    });
    match differs {
        Some((key, _)) => Err(bad(name, &format!("its `{key}` is not that of `[sso-session {session}]`"))),
        None => Ok(()),
    }
}

fn no_session(name: &str, session: &str) -> Error {
    bad(name, &format!("it names the sso-session `{session}`, and there is no `[sso-session {session}]`"))
}

fn bad(name: &str, cause: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("profile `{name}` cannot be used: {cause}")).hint(format!(
        "correct it in ~/.aws/config (`AWS_CONFIG_FILE`), or run `aws configure sso --profile {name}`"
    ))
}

/// The role's credentials.
///
/// # Errors
/// [`ErrorKind::Credentials`] when the sign-in has expired or never was, and when SSO cannot be reached.
pub(crate) async fn credentials(
    settings: &Settings,
    profile: &Profile,
    name: &str,
    environment: &Environment,
) -> Result<Credentials> {
    let described = format!("profile `{name}` (SSO)");
    let again = format!("sign in again: `aws sso login --profile {name}`");
    let fail =
        |cause: String| Error::new(ErrorKind::Credentials, format!("{described}: {cause}")).hint(&again);
    let region = Region::new(settings.region.clone());
    let config = |service| sdk::config(service, region.clone(), profile, environment);
    let token = match &settings.session {
        Some(session) => renewed(settings, session, config(endpoint::SSO_OIDC)?).await.map_err(fail)?,
        None => kept(&settings.start_url, environment).await.map_err(fail)?,
    };
    if !sdk::is_sendable(token.expose()) {
        return Err(fail("the kept sign-in holds a token that cannot be sent".into()));
    }
    let client = aws_sdk_sso::Client::new(&config(endpoint::SSO)?);
    let request = client
        .get_role_credentials()
        .role_name(&settings.role_name)
        .account_id(&settings.account_id)
        .access_token(token.expose());
    let answer = timeout(LIMIT, request.send()).await.map_err(|_| fail("SSO does not answer".into()))?;
    let answer = answer.map_err(|error| explain::sdk(&described, &error).without(&[&token]).hint(&again))?;
    let got = answer.role_credentials.ok_or_else(|| fail("SSO answered without credentials".into()))?;
    let (Some(id), Some(key)) = (got.access_key_id, got.secret_access_key) else {
        return Err(fail("SSO answered without keys".into()));
    };
    let end = OffsetDateTime::from_unix_timestamp(got.expiration / 1000).ok();
    Ok(Credentials::new(id, Secret::new(key), got.session_token.map(Secret::new), end, described).of_a_role())
}

/// The token of an `sso-session`, renewed when it is about to end.
async fn renewed(settings: &Settings, session: &str, config: SdkConfig) -> Result<Secret, String> {
    let provider = SsoTokenProvider::builder()
        .configure(&config)
        .region(Region::new(settings.region.clone()))
        .start_url(&settings.start_url)
        .session_name(session)
        .build()
        .await;
    match timeout(LIMIT, provider.provide_token()).await {
        // aws-config gives an old token, too, when it could not be renewed.
        Ok(Ok(token)) if token.expiration().is_some_and(|end| end <= SystemTime::now()) => {
            Err("the sign-in has expired and could not be renewed".into())
        }
        Ok(Ok(token)) => Ok(Secret::new(token.token())),
        Ok(Err(error)) => Err(explain::causes(&error)),
        Err(_) => Err("SSO does not answer".into()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    access_token: Zeroizing<String>,
    expires_at: String,
}

/// The token for a start URL, of a profile without an `sso-session`.
async fn kept(start_url: &str, environment: &Environment) -> Result<Secret, String> {
    let name = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, start_url.as_bytes());
    let name: String = name.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let path = path::expand_user(environment, &format!("~/.aws/sso/cache/{name}.json"));
    let text = tokio::fs::read(&path).await.map(Zeroizing::new);
    let text = text.map_err(|error| {
        format!("`{}`, where the sign-in is kept, cannot be read: {error}", path.display())
    })?;
    let kept: Kept = serde_json::from_slice(&text).map_err(|_| {
        format!("`{}`, where the sign-in is kept, is not what `aws sso login` writes", path.display())
    })?;
    match expiration::parse(&kept.expires_at) {
        Some(end) if end > OffsetDateTime::now_utc() => Ok(Secret::new(kept.access_token.as_str())),
        Some(_) => Err("the sign-in has expired".into()),
        None => Err(format!("`expiresAt` in `{}` is not a time as ISO 8601 has it", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::profile::tests::load;

    const SESSION: &str = "sso_region = r\nsso_start_url = u\n";

    #[tokio::test]
    async fn settings_of_the_profile_and_its_session() {
        let own = "sso_account_id = 1\nsso_role_name = n\n";
        let odd = "dev \"team\"";
        for (profile, session) in [
            (format!("{own}{SESSION}"), None),
            (format!("{own}sso_session = s\n"), Some("s")),
            (format!("{own}{SESSION}sso_session = s\n"), Some("s")),
            (format!("{own}sso_session = {odd}\n"), Some(odd)),
        ] {
            let config = format!(
                "[profile a]\n{profile}[sso-session s]\n{SESSION}[sso-session 'dev \"team\"']\n{SESSION}"
            );
            let settings = Settings::of(&load(&config, "a").await, "a").expect("good").expect("SSO");
            assert_eq!((settings.start_url.as_str(), settings.region.as_str()), ("u", "r"));
            assert_eq!(settings.session.as_deref(), session);
        }
        let none = load(&format!("[profile a]\n{SESSION}"), "a").await;
        assert_eq!(Settings::of(&none, "a").expect("good"), None);
    }

    #[tokio::test]
    async fn what_is_missing_or_differs_is_named() {
        for (profile, session, part) in [
            ("sso_role_name = n\n", "", "lacks `sso_account_id`, `sso_start_url`, `sso_region`"),
            ("sso_role_name = n\nsso_session = t\n", SESSION, "no `[sso-session t]`"),
            (
                "sso_role_name = n\nsso_session = s\nsso_region = x\n",
                SESSION,
                "`sso_region` is not that of `[sso-session s]`",
            ),
            ("sso_role_name = n\nsso_account_id = 1\nsso_session = s\n", "x = 1\n", "lacks `sso_start_url`"),
        ] {
            let config = format!("[profile a]\n{profile}[sso-session s]\n{session}");
            let error = Settings::of(&load(&config, "a").await, "a").expect_err(part);
            assert!(error.to_string().contains(part) && !error.hints().is_empty(), "{error}");
        }
    }

    #[tokio::test]
    async fn a_session_has_to_be_complete_whatever_the_credentials() {
        for (profile, session, good) in [
            ("", "", true),
            ("sso_session = s\n", SESSION, true),
            ("sso_session = s\n", "sso_region = r\n", false),
            ("sso_session = s\n", "", false),
            ("sso_session = t\n", SESSION, false),
        ] {
            let config = format!("[profile a]\n{profile}[sso-session s]\n{session}");
            assert_eq!(check_session(&load(&config, "a").await, "a").is_ok(), good, "{config}");
        }
    }
}

//! The SDK's configuration, made of our own settings alone, and what aws-config knows how to ask: `aws login`.

use std::time::Duration;

use aws_config::login::LoginCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_types::region::Region;
use aws_types::sdk_config::SharedTimeSource;
use tokio::time::timeout;

use super::endpoint::{self, Service};
use super::profile::Profile;
use super::setting::find;
use super::{explain, http, retry};
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::moment;
use crate::region;

/// A source over the network that takes longer than this is given up.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// The configuration of a client of `service`, without credentials. aws-config's own would be read from the process's
/// variables and by another parser, and panics over some of their values.
///
/// # Errors
/// [`crate::error::ErrorKind::Credentials`] when an endpoint, the retries or the CA bundle cannot be used.
pub(crate) fn config(
    service: Service,
    region: Region,
    profile: &Profile,
    environment: &Environment,
) -> Result<SdkConfig> {
    region::check(region.as_ref())?;
    let environment = &profile.trusting(environment);
    let limits = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(LIMIT)
        .build();
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http::client(environment)?)
        .time_source(SharedTimeSource::default())
        .retry_config(retry::config(profile, environment)?)
        .timeout_config(limits)
        .region(region);
    let named = endpoint::configured(service, profile, environment)?;
    if named.is_none() {
        // The SDK refuses these together with an endpoint; the AWS CLI ignores them then.
        let flag = |variable, key| find(variable, key, profile, environment).map(|setting| setting.is_true());
        builder.set_use_fips(flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"));
        builder.set_use_dual_stack(flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"));
    }
    builder.set_endpoint_url(named);
    Ok(builder.build())
}

/// Signed in by `aws login`: the session that the profile names.
///
/// # Errors
/// [`crate::error::ErrorKind::Credentials`] when the sign-in has expired or never was.
pub(crate) async fn logged_in(
    session: &str,
    profile: &Profile,
    name: &str,
    region: &str,
    environment: &Environment,
) -> Result<Credentials> {
    let config = ProviderConfig::without_region()
        .with_http_client(http::client(&profile.trusting(environment))?)
        .with_retry_config(retry::config(profile, environment)?)
        .with_region(Some(Region::new(region.to_owned())));
    let provider = LoginCredentialsProvider::builder(session).configure(&config).build();
    let described = format!("profile `{name}` (login)");
    match timeout(LIMIT, provider.provide_credentials()).await.unwrap_or_else(|_| Err(too_long())) {
        Ok(got) => Ok(convert(&got, described)),
        Err(error) => {
            Err(explain::sdk(&described, &error).hint(format!("sign in again: `aws login --profile {name}`")))
        }
    }
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

/// Our credentials as the SDK's, which panics over an id or a token that no header can hold.
///
/// # Errors
/// [`ErrorKind::Credentials`] for such a one.
pub(crate) fn to_sdk(ours: &Credentials) -> Result<aws_credential_types::Credentials> {
    let token = ours.session_token().map(Secret::expose);
    for (what, text) in [("access key id", Some(ours.access_key_id())), ("session token", token)] {
        if !text.is_none_or(is_sendable) {
            let source = ours.principal_source();
            let message = format!(
                "the {what} from {source} cannot be used: it holds a line end or another character that no key has"
            );
            return Err(Error::new(ErrorKind::Credentials, message)
                .hint("look at the place that it comes from: is there a blank, a comment or an indented line after it?"));
        }
    }
    Ok(aws_credential_types::Credentials::new(
        ours.access_key_id(),
        ours.secret_access_key().expose(),
        token.map(str::to_owned),
        ours.expiration().map(Into::into),
        "credrun",
    ))
}

/// Whether a header can hold the text.
pub(crate) fn is_sendable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_no_header_can_hold_are_refused_and_not_shown() {
        let keys = |id: &str, token: &str| {
            let token = Some(Secret::new(token));
            to_sdk(&Credentials::new(id, Secret::new("MARK"), token, None, "there"))
        };
        assert!(keys("ASIA", "t/+=").is_ok());
        for (id, token, part) in [
            ("ASIA\nMARK", "t", "the access key id from there"),
            ("ASIÄ", "t", "the access key id from there"),
            ("ASIA", "MARK\r", "the session token from there"),
            ("ASIA", "MARK\u{e4}", "the session token from there"),
        ] {
            let error = keys(id, token).expect_err(part);
            assert!(error.to_string().contains(part) && !error.to_string().contains("MARK"), "{error}");
        }
    }
}

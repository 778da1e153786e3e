//! The client of STS, where it is, and the credentials of its answers.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_types::region::Region;
use aws_types::service_config::ServiceConfigKey;
use time::OffsetDateTime;

use super::profile::Profile;
use super::{http, sdk};
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::region;
use crate::request::AwsOptions;

/// A client of STS and where it is.
pub(crate) struct Sts {
    pub(crate) client: aws_sdk_sts::Client,
    /// The address that somebody configured; `None` for AWS's own.
    pub(crate) endpoint: Option<String>,
    /// For messages: the region, and an endpoint that somebody configured.
    pub(crate) place: String,
}

impl Sts {
    /// STS in the region of the options; without any, in one of `partition`. With `None` nothing is signed.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when the profile files or the CA bundle cannot be read.
    pub(crate) async fn connect(
        base: Option<&Credentials>,
        partition: &str,
        options: &AwsOptions,
        environment: &Environment,
    ) -> Result<Self> {
        let named = region::resolve(options, environment).await;
        let region = named.unwrap_or_else(|| region::default_of(partition).to_owned());
        let config = config(base, &region, options, environment).await?;
        let endpoint = endpoint(&config, environment);
        Ok(Self {
            client: client(&config, environment),
            place: place(endpoint.as_deref(), &region),
            endpoint,
        })
    }
}

/// The SDK's configuration for calls with the credentials `base`.
pub(crate) async fn config(
    base: Option<&Credentials>,
    region: &str,
    options: &AwsOptions,
    environment: &Environment,
) -> Result<SdkConfig> {
    let profile = Profile::load(options, environment).await?;
    let environment = profile.trusting(environment);
    let limits = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(Duration::from_secs(30))
        .build();
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http::client(&environment)?)
        .region(Region::new(region.to_owned()))
        .profile_files(profile.files)
        .profile_name(profile.name)
        .timeout_config(limits);
    let loader = match base {
        Some(base) => loader.credentials_provider(sdk::to_sdk(base)),
        None => loader.no_credentials(),
    };
    Ok(loader.load().await)
}

fn client(config: &SdkConfig, environment: &Environment) -> aws_sdk_sts::Client {
    let mut builder = aws_sdk_sts::config::Builder::from(config);
    // aws-config reads the process's variables and the profile; what our own environment says wins.
    builder.set_endpoint_url(endpoint(config, environment));
    aws_sdk_sts::Client::from_conf(builder.build())
}

fn endpoint(config: &SdkConfig, environment: &Environment) -> Option<String> {
    let ignored = environment
        .get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
        .is_some_and(|v| v.eq_ignore_ascii_case("true"));
    if ignored {
        return None;
    }
    let named =
        environment.non_empty("AWS_ENDPOINT_URL_STS").or_else(|| environment.non_empty("AWS_ENDPOINT_URL"));
    let of_profile = || {
        let key =
            ServiceConfigKey::builder().service_id("STS").env("AWS_ENDPOINT_URL").profile("endpoint_url");
        config.service_config()?.load_config(key.build().ok()?)
    };
    named.map(str::to_owned).or_else(of_profile).or_else(|| config.endpoint_url().map(str::to_owned))
}

fn place(endpoint: Option<&str>, region: &str) -> String {
    match endpoint {
        Some(url) => format!("`{url}` (region {region})"),
        None => format!("STS in region {region}"),
    }
}

/// The partition that an ARN names.
pub(crate) fn partition_of(arn: &str) -> &str {
    arn.split(':').nth(1).unwrap_or("aws")
}

/// The credentials of an answer.
///
/// # Errors
/// [`ErrorKind::Credentials`] when it has none.
pub(crate) fn given(
    credentials: Option<&aws_sdk_sts::types::Credentials>,
    doing: &str,
    source: String,
) -> Result<Credentials> {
    let given = credentials.ok_or_else(|| {
        Error::new(ErrorKind::Credentials, format!("{doing}: STS answered without credentials"))
    })?;
    Ok(Credentials::new(
        given.access_key_id(),
        Secret::new(given.secret_access_key()),
        Some(Secret::new(given.session_token())),
        OffsetDateTime::from_unix_timestamp(given.expiration().secs()).ok(),
        source,
    )
    .asked_for())
}

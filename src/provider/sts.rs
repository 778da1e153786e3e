//! The client of STS, where it is, and the credentials of its answers.

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::region::Region;
use time::OffsetDateTime;

use super::endpoint::{self, Service};
use super::explain::Refusal;
use super::profile::Profile;
use super::sdk;
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
    /// What is sent to it, which its own words are not to repeat.
    sent: Vec<Secret>,
}

impl Sts {
    /// STS in the region of the options; without any, in one of `partition`. With `None` nothing is signed.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when the profile files, an endpoint or the CA bundle cannot be used.
    pub(crate) async fn connect(
        base: Option<&Credentials>,
        partition: &str,
        options: &AwsOptions,
        environment: &Environment,
    ) -> Result<Self> {
        let named = region::resolve(options, environment).await;
        let region = named.unwrap_or_else(|| region::default_of(partition).to_owned());
        let config = config(endpoint::STS, base, &region, options, environment).await?;
        let endpoint = config.endpoint_url().map(str::to_owned);
        Ok(Self {
            client: aws_sdk_sts::Client::new(&config),
            place: place(endpoint.as_deref(), &region),
            endpoint,
            sent: base.into_iter().flat_map(Credentials::secrets).cloned().collect(),
        })
    }

    /// What STS refused, without what it was sent.
    pub(crate) fn scrubbed(&self, refusal: Refusal, also: Option<&Secret>) -> Refusal {
        let sent: Vec<_> = self.sent.iter().chain(also).collect();
        Refusal { error: refusal.error.without(&sent), ..refusal }
    }
}

/// The SDK's configuration for calls of `service` with the credentials `base`.
///
/// # Errors
/// As [`Sts::connect`].
pub(crate) async fn config(
    service: Service,
    base: Option<&Credentials>,
    region: &str,
    options: &AwsOptions,
    environment: &Environment,
) -> Result<SdkConfig> {
    let profile = Profile::load(options, environment).await?;
    let config = sdk::config(service, Region::new(region.to_owned()), &profile, environment)?;
    let Some(base) = base else { return Ok(config) };
    let provider = SharedCredentialsProvider::new(sdk::to_sdk(base)?);
    Ok(config.into_builder().credentials_provider(provider).build())
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

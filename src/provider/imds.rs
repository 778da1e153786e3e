//! The instance metadata service: version 2, and version 1 where there is no token to be had.
//!
//! Our own client, because aws-config knows no version 1 (which stand-ins like kube2iam speak) and reads its settings from
//! the process alone. Anchor: botocore `utils.py`, `InstanceMetadataFetcher`.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, Method, StatusCode};
use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

use super::profile::Profile;
use super::setting::{Setting, find};
use super::{CredentialProvider, ProvideError, expiration};
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::{Error, Result};

const NAME: &str = "instance metadata service (IMDS)";
const IPV4: &str = "http://169.254.169.254/";
const IPV6: &str = "http://[fd00:ec2::254]/";
const ROLES: &str = "latest/meta-data/iam/security-credentials/";
/// More than any answer of the service.
const MOST: usize = 64 * 1024;

/// The instance metadata service, as variables and the profile say.
#[derive(Debug, Clone)]
pub(crate) struct InstanceMetadata {
    base: Url,
    /// In seconds, for the connection and for each read; none or a negative number is no time at all.
    timeout: i64,
    /// How often each of the three questions is asked.
    attempts: i64,
    /// Nothing is asked without a token.
    version_2_only: bool,
    disabled: bool,
}

impl InstanceMetadata {
    /// The settings, which botocore reads before it looks for credentials at all.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Credentials`] for an address, a mode or a number that cannot be used.
    pub(crate) fn new(profile: &Profile, environment: &Environment) -> Result<Self> {
        let setting = |variable, key| find(variable, key, profile, environment);
        let number = |variable, key| setting(variable, key).map_or(Ok(1), |setting| setting.whole_number());
        let disabled = environment.get("AWS_EC2_METADATA_DISABLED");
        Ok(Self {
            timeout: number("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout")?,
            attempts: number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts")?,
            base: base(profile, environment)?,
            version_2_only: setting("AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled")
                .is_some_and(|setting| setting.is_true()),
            disabled: disabled.is_some_and(|value| value.eq_ignore_ascii_case("true")),
        })
    }

    async fn credentials(&self) -> Result<Credentials, String> {
        if self.disabled {
            return Err("`AWS_EC2_METADATA_DISABLED` is `true`".into());
        }
        let client = self.client()?;
        let token = self.token(&client).await?;
        if token.is_none() && self.version_2_only {
            return Err("it gave no token, and its version 1 is switched off".into());
        }
        let ask = |path| self.ask(&client, path, token.as_ref());
        let role = ask(ROLES.to_owned()).await?;
        let answer = ask(format!("{ROLES}{}", role.lines().next().unwrap_or_default().trim())).await?;
        credentials(&answer)
    }

    fn client(&self) -> Result<Client, String> {
        let timeout = u64::try_from(self.timeout).ok().filter(|&seconds| seconds > 0);
        let timeout = timeout.map(Duration::from_secs).ok_or("its timeout is not more than nothing")?;
        let mut builder = Client::builder()
            .no_proxy()
            // Stand-ins end the connection after each answer without a word of it.
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(timeout)
            .read_timeout(timeout);
        if self.base.scheme() == "http" {
            // Loading the system's certificates costs more than the whole request.
            builder = builder.tls_certs_only([]);
        }
        builder.build().map_err(|_| "no HTTP client can be made".to_owned())
    }

    fn url(&self, path: &str) -> Result<Url, String> {
        let separator = if self.base.as_str().ends_with('/') { "" } else { "/" };
        Url::parse(&format!("{}{separator}{path}", self.base)).map_err(|_| "its address is no URL".to_owned())
    }

    fn place(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    /// `None` when the service has no version 2, or keeps silent about it: then version 1 is asked.
    async fn token(&self, client: &Client) -> Result<Option<Zeroizing<String>>, String> {
        let mut silent = self.nothing();
        for _ in 0..self.attempts {
            let request = client
                .request(Method::PUT, self.url("latest/api/token")?)
                .header("x-aws-ec2-metadata-token-ttl-seconds", "21600");
            match request.send().await {
                Ok(answer) => match answer.status() {
                    StatusCode::OK => return Ok(Some(body(answer).await?)),
                    StatusCode::NOT_FOUND | StatusCode::FORBIDDEN | StatusCode::METHOD_NOT_ALLOWED => {
                        return Ok(None);
                    }
                    StatusCode::BAD_REQUEST => {
                        return Err("it refused to give a token (HTTP status 400)".into());
                    }
                    // Anything else may pass.
                    _ => silent = String::new(),
                },
                Err(error) if error.is_timeout() && !error.is_connect() => return Ok(None),
                Err(_) => silent = self.nothing(),
            }
        }
        // Where there is no connection, version 1 cannot be asked either.
        if silent.is_empty() { Ok(None) } else { Err(silent) }
    }

    async fn ask(
        &self,
        client: &Client,
        path: String,
        token: Option<&Zeroizing<String>>,
    ) -> Result<Zeroizing<String>, String> {
        let mut last = self.nothing();
        for _ in 0..self.attempts {
            let mut request = client.get(self.url(&path)?);
            if let Some(token) = token {
                request = request.header("x-aws-ec2-metadata-token", token.as_str());
            }
            last = match request.send().await {
                Err(_) => self.nothing(),
                Ok(answer) if answer.status() != StatusCode::OK => {
                    format!("it gave none: HTTP status {}", answer.status().as_u16())
                }
                Ok(answer) => match body(answer).await {
                    Ok(text) if !text.is_empty() => return Ok(text),
                    Ok(_) => "it gave none: the answer is empty".into(),
                    Err(cause) => cause,
                },
            };
        }
        Err(last)
    }

    fn nothing(&self) -> String {
        format!("no answer from {} (a timeout of {} s, {} times)", self.place(), self.timeout, self.attempts)
    }
}

#[async_trait]
impl CredentialProvider for InstanceMetadata {
    fn name(&self) -> String {
        NAME.into()
    }

    /// Nobody configures this source, it is only probed: whatever goes wrong (other clouds answer at the same
    /// address, in their own way) is a reason to go on.
    async fn provide(&self) -> Result<Credentials, ProvideError> {
        self.credentials().await.map_err(ProvideError::NotConfigured)
    }
}

/// The address: the one that is named, else the one of the mode.
fn base(profile: &Profile, environment: &Environment) -> Result<Url> {
    let setting = |variable, key| find(variable, key, profile, environment);
    let mode = setting("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
    let ipv6 = match mode.as_ref().map(|mode| mode.value.to_lowercase()).as_deref() {
        Some("ipv6") => true,
        Some("ipv4") => false,
        Some(_) => return Err(wrong(mode, "it is not one of `ipv4`, `ipv6`")),
        None => setting("AWS_IMDS_USE_IPV6", "imds_use_ipv6").is_some_and(|setting| setting.is_true()),
    };
    let named = setting("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
    let named = named.filter(|setting| !setting.value.is_empty());
    let text = named.as_ref().map_or(if ipv6 { IPV6 } else { IPV4 }, |setting| setting.value);
    match Url::parse(text) {
        Ok(url) if is_host(&url) => Ok(url),
        _ => Err(wrong(named, "it is no address as in `http://169.254.169.254`")),
    }
}

fn wrong(setting: Option<Setting<'_>>, cause: &str) -> Error {
    setting.unwrap_or(Setting { value: "", place: "the instance metadata service".into() }).wrong(cause)
}

/// What botocore takes for a host: letters, digits and hyphens between dots, or an address.
fn is_host(url: &Url) -> bool {
    let plain = |host: &str| host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    let host = url.host().is_some_and(|host| match host {
        url::Host::Domain(name) => plain(name),
        url::Host::Ipv4(_) | url::Host::Ipv6(_) => true,
    });
    host && matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
}

async fn body(mut answer: reqwest::Response) -> Result<Zeroizing<String>, String> {
    let mut bytes = Zeroizing::new(Vec::new());
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > MOST => {
                return Err("it gave none: the answer is larger than 64 KiB".into());
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(_) => return Err("it gave none: the connection ended early".into()),
        }
    }
    std::str::from_utf8(&bytes)
        .map(|text| Zeroizing::new(text.to_owned()))
        .map_err(|_| "it gave none: the answer is not text".into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    access_key_id: Option<String>,
    secret_access_key: Option<Zeroizing<String>>,
    token: Option<Zeroizing<String>>,
    expiration: Option<String>,
    code: Option<String>,
}

pub(crate) fn credentials(text: &str) -> Result<Credentials, String> {
    let answer: Answer =
        serde_json::from_str(text).map_err(|_| "it gave none: the answer is not the JSON of credentials")?;
    let (Some(id), Some(key), Some(token), Some(end)) =
        (answer.access_key_id, answer.secret_access_key, answer.token, answer.expiration)
    else {
        let code = answer.code.map(|code| format!(" (`Code` is `{}`)", super::explain::first_line(&code)));
        return Err(format!("it gave none: a field is missing{}", code.unwrap_or_default()));
    };
    let end = expiration::parse(&end).ok_or("it gave none: `Expiration` is not a time as ISO 8601 has it")?;
    let (key, token) = (Secret::new(key.as_str()), Secret::new(token.as_str()));
    Ok(Credentials::new(id, key, Some(token), Some(end), NAME).of_a_role())
}

#[cfg(test)]
mod tests;

//! The container-credentials endpoint: CloudShell, ECS, EKS.
//!
//! Our own client instead of aws-config's, because how it fails, how long it takes and when the credentials
//! end is what this program is about.
//! Anchor: smithy-rs `aws-config/src/ecs.rs`; <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>.

pub(crate) mod answer;
mod endpoint;
#[cfg(test)]
mod tests;

use std::collections::hash_map::RandomState;
use std::error::Error as StdError;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION};
use reqwest::{Client, Response, StatusCode};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use zeroize::Zeroizing;

use self::answer::Defect;
use self::endpoint::Endpoint;
use super::{CredentialProvider, ProvideError};
use crate::agent::wiped::Wiped;
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
const TRIES: u32 = 3;
/// An endpoint near its rotation may hand out what is about to end: ask again then.
const NEARLY_OVER: time::Duration = time::Duration::seconds(60);

/// How long to wait for an endpoint that should answer within milliseconds.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For the connection.
    pub connect: Duration,
    /// For one try, connection included.
    pub attempt: Duration,
    /// For all of it.
    pub overall: Duration,
    /// Before the second try; the third waits twice as long. Up to as much again is added by chance.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_millis(1500),
            attempt: Duration::from_secs(2),
            overall: Duration::from_secs(8),
            pause: Duration::from_millis(150),
        }
    }
}

/// The endpoint that the environment names.
#[derive(Debug)]
pub struct ContainerEndpoint {
    environment: Environment,
    limits: Limits,
    ecs: String,
}

/// How one try ended without credentials.
enum Failure {
    Again(Error),
    Final(Error),
}

impl Failure {
    /// The same without the token, in case the endpoint's own words echo it.
    fn without(self, token: Option<&HeaderValue>) -> Self {
        let Some(token) = token.and_then(|value| value.to_str().ok()).map(Secret::new) else { return self };
        let scrubbed = |error: Error| error.without(&[&token]);
        match self {
            Self::Again(error) => Self::Again(scrubbed(error)),
            Self::Final(error) => Self::Final(scrubbed(error)),
        }
    }
}

impl ContainerEndpoint {
    /// The one that `environment` names, with the usual limits.
    #[must_use]
    pub fn new(environment: &Environment) -> Self {
        Self { environment: environment.clone(), limits: Limits::default(), ecs: endpoint::ECS.into() }
    }

    /// With other time limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// With another base for the relative URI than ECS's `http://169.254.170.2`.
    #[must_use]
    pub fn with_ecs_address(mut self, base: impl Into<String>) -> Self {
        self.ecs = base.into();
        self
    }

    fn endpoint(&self) -> Result<Option<Endpoint>> {
        Endpoint::from_environment(&self.environment, &self.ecs)
    }

    fn source(&self, endpoint: &Endpoint) -> String {
        let execution = self.environment.non_empty("AWS_EXECUTION_ENV");
        if execution == Some("CloudShell") || endpoint.is_cloudshell() {
            return format!("CloudShell (container endpoint {})", endpoint.origin());
        }
        format!("container endpoint {}", endpoint.origin())
    }

    async fn fetch(&self, endpoint: &Endpoint) -> Result<Credentials> {
        let deadline = Instant::now() + self.limits.overall;
        let session = Session { provider: self, endpoint, client: self.client(endpoint).await? };
        let first = session.with_tries(deadline).await?;
        if left(&first) >= NEARLY_OVER {
            return Ok(first);
        }
        sleep(self.limits.pause).await;
        let second = session.with_tries(deadline).await;
        fresher(first, second, endpoint)
    }

    async fn client(&self, endpoint: &Endpoint) -> Result<Client> {
        let mut builder = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(self.limits.connect);
        if let Some((name, addresses)) = endpoint.pinned().await? {
            builder = builder.resolve_to_addrs(&name, &addresses);
        }
        if !endpoint.is_https() {
            // Loading the system's certificates costs more than the whole request.
            builder = builder.tls_certs_only([]);
        }
        builder.build().map_err(|error| failed(endpoint, &causes(&error)))
    }

    /// The token, sent as it is; the file wins and is read at each try, because it rotates.
    async fn token(&self) -> Result<Option<HeaderValue>> {
        let (name, token) = match self.environment.non_empty(TOKEN_FILE) {
            Some(path) => (TOKEN_FILE, read_token(path).await?),
            None => (TOKEN, self.environment.get(TOKEN).unwrap_or_default().to_owned().into()),
        };
        if token.is_empty() {
            return Ok(None);
        }
        let mut value = HeaderValue::from_str(&token).map_err(|_| unsendable(name))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

#[async_trait]
impl CredentialProvider for ContainerEndpoint {
    fn name(&self) -> String {
        "container endpoint".into()
    }

    async fn provide(&self) -> Result<Credentials, ProvideError> {
        match self.endpoint()? {
            Some(endpoint) => Ok(self.fetch(&endpoint).await?),
            None => Err(ProvideError::NotConfigured(format!(
                "`{}` and `{}` are not set",
                endpoint::FULL,
                endpoint::RELATIVE
            ))),
        }
    }
}

/// One conversation with an endpoint.
struct Session<'a> {
    provider: &'a ContainerEndpoint,
    endpoint: &'a Endpoint,
    client: Client,
}

impl Session<'_> {
    async fn with_tries(&self, deadline: Instant) -> Result<Credentials> {
        let mut last = None;
        for number in 1..=TRIES {
            match timeout_at(deadline, self.once()).await {
                Ok(Ok(credentials)) => return Ok(credentials),
                Ok(Err(Failure::Final(error))) => return Err(error),
                Ok(Err(Failure::Again(error))) => last = Some(error),
                Err(_) => break,
            }
            let pause = jitter(self.provider.limits.pause * number);
            if number < TRIES && timeout_at(deadline, sleep(pause)).await.is_err() {
                break;
            }
        }
        Err(last.unwrap_or_else(|| self.silent(self.provider.limits.overall)))
    }

    async fn once(&self) -> Result<Credentials, Failure> {
        let limit = self.provider.limits.attempt;
        match timeout(limit, self.exchange()).await {
            Ok(result) => result,
            Err(_) => Err(Failure::Again(self.silent(limit))),
        }
    }

    async fn exchange(&self) -> Result<Credentials, Failure> {
        let token = self.provider.token().await.map_err(Failure::Final)?;
        let result = self.ask(token.clone()).await;
        result.map_err(|failure| failure.without(token.as_ref()))
    }

    async fn ask(&self, token: Option<HeaderValue>) -> Result<Credentials, Failure> {
        let mut request = self.client.get(self.endpoint.url().clone());
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, token);
        }
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status == StatusCode::OK {
            return self.success(response).await;
        }
        let place = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = read_capped(response).await.unwrap_or_default();
        Err(self.refusal(status, place.as_deref(), body.expose()))
    }

    async fn success(&self, response: Response) -> Result<Credentials, Failure> {
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        let body = read_capped(response).await.map_err(|defect| self.defect(defect))?;
        answer::parse(body.expose(), &content_type, &self.provider.source(self.endpoint))
            .map_err(|d| self.defect(d))
    }

    fn defect(&self, defect: Defect) -> Failure {
        let hint = "something other than a credentials endpoint may be listening there";
        match defect {
            Defect::Truncated(cause) => Failure::Again(failed(self.endpoint, &cause).hint(hint)),
            Defect::Final(cause) => Failure::Final(failed(self.endpoint, &cause).hint(hint)),
        }
    }

    fn refusal(&self, status: StatusCode, place: Option<&str>, body: &[u8]) -> Failure {
        let said = answer::complaint(body).map(|said| format!(": {said}")).unwrap_or_default();
        let error = failed(self.endpoint, &format!("HTTP status {status}{said}"));
        match status.as_u16() {
            401 | 403 => Failure::Final(error.hint(format!(
                "token rejected: open a new CloudShell tab, or check `{TOKEN}` and `{TOKEN_FILE}`"
            ))),
            404 => Failure::Final(error.hint(format!(
                "check the path in `{}` or `{}`",
                endpoint::FULL,
                endpoint::RELATIVE
            ))),
            429 | 500..=599 => {
                Failure::Again(error.hint("the endpoint is in trouble: try again in a minute"))
            }
            300..=399 => Failure::Final(self.redirected(status, place)),
            _ => Failure::Final(error),
        }
    }

    fn redirected(&self, status: StatusCode, place: Option<&str>) -> Error {
        let target = place.and_then(|place| self.endpoint.url().join(place).ok());
        let target =
            target.map(|url| format!(" to `{}`", url.origin().ascii_serialization())).unwrap_or_default();
        failed(self.endpoint, &format!("HTTP status {status}: a redirect{target}, which is not followed"))
            .hint("credentials are taken from the address itself only: name the final one")
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        if error.is_timeout() {
            let limits = &self.provider.limits;
            return Failure::Again(self.silent(if error.is_connect() {
                limits.connect
            } else {
                limits.attempt
            }));
        }
        let what = if error.is_connect() { "cannot connect" } else { "the connection broke" };
        Failure::Again(failed(self.endpoint, &format!("{what}: {}", causes(error))).hint(format!(
            "nothing usable listens there: is this still the shell or task that `{}` was set for? {UNSET}",
            endpoint::FULL
        )))
    }

    fn silent(&self, limit: Duration) -> Error {
        failed(
            self.endpoint,
            &format!("timed out: no answer within {} s, in up to {TRIES} tries", limit.as_secs_f32()),
        )
        .hint(format!("the endpoint is there but slow, or packets to it are dropped. {UNSET}"))
    }
}

const UNSET: &str = "unset the variable to ask other sources";

fn failed(endpoint: &Endpoint, cause: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("container endpoint `{endpoint}`: {cause}"))
}

/// The better of two answers, of which the first has (nearly) ended.
fn fresher(first: Credentials, second: Result<Credentials>, endpoint: &Endpoint) -> Result<Credentials> {
    let best = match second {
        Ok(second) if second.expiration() >= first.expiration() => second,
        _ => first,
    };
    if left(&best) > time::Duration::ZERO {
        return Ok(best);
    }
    let end = best.expiration_iso8601().unwrap_or_default();
    Err(failed(endpoint, &format!("its credentials expired at {end}, and asking again gave no newer ones"))
        .hint("compare this machine's clock (`date -u`) with the time above; in CloudShell, open a new tab"))
}

fn left(credentials: &Credentials) -> time::Duration {
    credentials.expiration().map_or(time::Duration::MAX, |end| end - OffsetDateTime::now_utc())
}

async fn read_token(path: &str) -> Result<Zeroizing<String>> {
    tokio::fs::read_to_string(path).await.map(Zeroizing::new).map_err(|error| {
        Error::new(
            ErrorKind::Credentials,
            format!("`{TOKEN_FILE}` names `{path}`, which cannot be read: {error}"),
        )
        .hint(format!("correct `{TOKEN_FILE}`, or unset it to use `{TOKEN}`"))
    })
}

fn unsendable(variable: &str) -> Error {
    let message = format!("the token of `{variable}` holds a newline or another control character");
    Error::new(ErrorKind::Credentials, message)
        .hint("write it without a line end, as in `printf %s \"$token\" > file`")
}

/// The body, up to the most that credentials can plausibly take.
async fn read_capped(mut response: Response) -> Result<Wiped, Defect> {
    const MOST: usize = 64 * 1024;
    let mut body = Wiped::default();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.expose().len() + chunk.len() > MOST => {
                return Err(Defect::Final("the answer is larger than 64 KiB".into()));
            }
            Ok(Some(chunk)) => body.push(&chunk),
            Ok(None) => return Ok(body),
            Err(_) => {
                let got = body.expose().len();
                return Err(Defect::Truncated(format!(
                    "the answer is truncated: the connection ended after {got} bytes"
                )));
            }
        }
    }
}

/// The last cause of a transport error, which is the operating system's word for it.
fn causes(error: &dyn StdError) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// `pause` and up to as much again; chance comes from the standard library's hash seeds.
fn jitter(pause: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish() % 1024;
    pause + pause * u32::try_from(random).unwrap_or_default() / 1024
}

//! Who the container will be, and where that is fetched from.

use time::OffsetDateTime;

use crate::agent;
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::Result;
use crate::injection::{Injection, Keys};
use crate::refresh::halves::PORT;
use crate::request::RunRequest;
use crate::spec::ContainerSpec;
use crate::{provider, region};

/// Who the container will be.
#[derive(Debug)]
pub(crate) struct Identity {
    /// `None` when the user gave the container keys of their own.
    pub(crate) credentials: Option<Credentials>,
    pub(crate) injection: Injection,
    fetched: OffsetDateTime,
}

impl Identity {
    /// Whether less than half of the life that they had when fetched is left at `now`.
    pub(super) fn is_past_half_life(&self, now: OffsetDateTime) -> bool {
        let expiration = self.credentials.as_ref().and_then(Credentials::expiration);
        expiration.is_some_and(|end| (end - now) * 2 < end - self.fetched)
    }

    /// Nothing is left of it: the container, or its keeper, has what it is to have.
    pub(crate) fn forget(&mut self) {
        (self.credentials, self.injection) = (None, Injection::none());
    }

    /// The same, whose endpoint is at this port.
    pub(super) fn move_endpoint(&mut self, spec: &ContainerSpec, port: u16, token: &Secret) {
        self.injection = endpoint(spec, port, token, self.injection.region());
    }
}

/// The variables that lead to an agent's endpoint.
pub(crate) fn endpoint(spec: &ContainerSpec, port: u16, token: &Secret, region: Option<&str>) -> Injection {
    Injection::endpoint(spec, &format!("http://127.0.0.1:{port}{}", agent::PATH), token, region)
}

/// Where an identity is fetched from, once or again.
pub(super) struct Source<'a> {
    pub(super) request: &'a RunRequest,
    pub(super) environment: &'a Environment,
    pub(super) keys: Keys,
    /// With `--refresh`: what the endpoint is asked with.
    pub(super) token: Option<&'a Secret>,
}

impl Source<'_> {
    pub(super) async fn fetch(&self) -> Result<Identity> {
        let (aws, spec) = (&self.request.aws, &self.request.spec);
        let credentials = match self.keys {
            Keys::Provided => Some(provider::provide(aws, self.environment).await?),
            Keys::Users => None,
        };
        let region = region::resolve(aws, self.environment).await;
        let injection = match self.token {
            Some(token) => endpoint(spec, PORT, token, region.as_deref()),
            None => Injection::static_variables(spec, credentials.as_ref(), region.as_deref()),
        };
        Ok(Identity { credentials, injection, fetched: OffsetDateTime::now_utc() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    #[test]
    fn a_pull_that_took_half_of_the_life_is_too_long() {
        let fetched = OffsetDateTime::UNIX_EPOCH;
        let end = Some(fetched + Duration::minutes(10));
        let credentials = Credentials::new("ASIAIOSFODNN7EXAMPLE", Secret::new("s"), None, end, "test");
        let injection = Injection::static_variables(&ContainerSpec::new("x"), Some(&credentials), None);
        let identity = Identity { credentials: Some(credentials), injection, fetched };
        assert!(!identity.is_past_half_life(fetched + Duration::seconds(299)));
        assert!(identity.is_past_half_life(fetched + Duration::seconds(301)));
    }
}

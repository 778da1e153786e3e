//! Temporary credentials, and the type that keeps their secret parts out of sight.
//!
//! Anchor: smithy-rs `aws-credential-types/src/credentials_impl.rs`.

mod renewal;
mod scrubbing;

use std::borrow::Cow;
use std::fmt;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

pub use self::renewal::{LimitCause, RenewalLimit};
pub(crate) use self::scrubbing::without;
use crate::moment;

/// A string that shows itself to nobody: `Debug` prints asterisks, there is no `Display`, and the
/// memory is wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a secret.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The secret itself. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("** redacted **")
    }
}

/// AWS credentials with the moment they end and where they came from.
#[derive(Clone)]
pub struct Credentials {
    access_key_id: String,
    secret_access_key: Secret,
    session_token: Option<Secret>,
    expiration: Option<OffsetDateTime>,
    /// The last step first.
    chain: Vec<String>,
    principal_source: String,
    narrowed: bool,
    role_session: bool,
    asked_for: bool,
    warnings: Vec<String>,
    kept_as: Option<String>,
    limit: Option<RenewalLimit>,
}

impl Credentials {
    /// Credentials from their parts.
    ///
    /// `expiration` of `None` means that the source names no end. `principal_source` says in
    /// words where they came from (`container endpoint localhost:1338`), and never holds a secret.
    pub fn new(
        access_key_id: impl Into<String>,
        secret_access_key: Secret,
        session_token: Option<Secret>,
        expiration: Option<OffsetDateTime>,
        principal_source: impl Into<String>,
    ) -> Self {
        let principal_source = principal_source.into();
        Self {
            access_key_id: access_key_id.into(),
            secret_access_key,
            session_token,
            expiration: expiration.map(moment::in_utc),
            chain: vec![principal_source.clone()],
            principal_source,
            narrowed: false,
            role_session: false,
            asked_for: false,
            warnings: Vec::new(),
            kept_as: None,
            limit: None,
        }
    }

    /// The same, known to be a session that this program asked STS for.
    #[must_use]
    pub(crate) fn asked_for(self) -> Self {
        Self { asked_for: true, ..self }
    }

    /// Whether this program asked STS for them, and so said how long they live.
    #[must_use]
    pub(crate) fn is_asked_for(&self) -> bool {
        self.asked_for
    }

    /// The same, with something that the user should know of how they were got.
    #[must_use]
    pub(crate) fn warning(mut self, text: String) -> Self {
        self.warnings.push(text);
        self
    }

    /// What the user should know of how they were got.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The same, known to come from the keychain, where this is its name.
    #[must_use]
    pub(crate) fn kept(self, name: &str) -> Self {
        Self { kept_as: Some(name.to_owned()), ..self }
    }

    /// The name under which an earlier run kept them; `None` for what this run got.
    #[must_use]
    pub(crate) fn kept_as(&self) -> Option<&str> {
        self.kept_as.as_deref()
    }

    /// The same, known to be a role's session.
    #[must_use]
    pub(crate) fn of_a_role(self) -> Self {
        Self { role_session: true, ..self }
    }

    /// The same, which cannot be had anew without a person once they have ended.
    #[must_use]
    pub(crate) fn limited(self, cause: LimitCause) -> Self {
        let own = Some(RenewalLimit { at: self.expiration, cause });
        Self { limit: RenewalLimit::earlier(own, self.limit), ..self }
    }

    /// What keeps the source from giving others for ever; `None` when nothing is known to.
    #[must_use]
    pub fn renewal_limit(&self) -> Option<RenewalLimit> {
        self.limit
    }

    /// The same, got with the help of `base`.
    #[must_use]
    pub fn after(mut self, base: &Self) -> Self {
        self.chain.extend(base.chain.iter().cloned());
        self.principal_source = self.chain.join(", from ");
        self.limit = RenewalLimit::earlier(self.limit, base.limit);
        self
    }

    /// The same, allowed no more than a session policy says.
    #[must_use]
    pub(crate) fn narrowed(self, narrowed: bool) -> Self {
        Self { narrowed, ..self }
    }

    /// The same, told to end no later than `end`.
    #[must_use]
    pub(crate) fn until(self, end: Option<OffsetDateTime>) -> Self {
        let expiration = match (self.expiration, end) {
            (Some(own), Some(end)) => Some(own.min(end)),
            (own, end) => own.or(end),
        };
        let expiration = expiration.map(moment::in_utc);
        let own = end.map(|at| RenewalLimit { at: Some(at), cause: LimitCause::Until });
        Self { expiration, limit: RenewalLimit::earlier(own, self.limit), ..self }
    }

    /// The access key id (`ASIA…` for temporary ones); not a secret, yet shown only where it helps.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The secret access key.
    #[must_use]
    pub fn secret_access_key(&self) -> &Secret {
        &self.secret_access_key
    }

    /// The session token; long-term keys have none.
    #[must_use]
    pub fn session_token(&self) -> Option<&Secret> {
        self.session_token.as_ref()
    }

    /// What of them is secret.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        [&self.secret_access_key].into_iter().chain(&self.session_token)
    }

    /// When they end, in UTC.
    #[must_use]
    pub fn expiration(&self) -> Option<OffsetDateTime> {
        self.expiration
    }

    /// Where they came from, in words.
    #[must_use]
    pub fn principal_source(&self) -> &str {
        &self.principal_source
    }

    /// The steps that led to them, the last one first: the role, the credentials that asked for it, and so on.
    #[must_use]
    pub fn chain(&self) -> &[String] {
        &self.chain
    }

    /// Whether a session policy holds for them.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        self.narrowed
    }

    /// Whether they are known to be a role's session; those that a variable or an endpoint gives can be one, too.
    #[must_use]
    pub fn is_role_session(&self) -> bool {
        self.role_session
    }

    /// Whether these are temporary, that is, come with a session token.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.session_token.is_some()
    }

    /// The variables that every SDK reads them from, with the region; `None` for what is not known
    /// (<https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html>). Secrets in clear.
    pub(crate) fn variables<'a>(
        &'a self,
        region: Option<&'a str>,
    ) -> [(&'static str, Option<Cow<'a, str>>); 6] {
        let region = || region.map(Cow::Borrowed);
        [
            ("AWS_ACCESS_KEY_ID", Some(self.access_key_id.as_str().into())),
            ("AWS_SECRET_ACCESS_KEY", Some(self.secret_access_key.expose().into())),
            ("AWS_SESSION_TOKEN", self.session_token().map(|token| token.expose().into())),
            ("AWS_CREDENTIAL_EXPIRATION", self.expiration_iso8601().map(Into::into)),
            ("AWS_REGION", region()),
            ("AWS_DEFAULT_REGION", region()),
        ]
    }

    /// The expiration as ISO 8601 with `Z` and whole seconds, the form of `AWS_CREDENTIAL_EXPIRATION`.
    #[must_use]
    pub fn expiration_iso8601(&self) -> Option<String> {
        let whole = self.expiration?.replace_nanosecond(0).ok()?;
        whole.format(&Rfc3339).ok()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .field("secret_access_key", &self.secret_access_key)
            .field("session_token", &self.session_token)
            .field("expiration", &self.expiration_iso8601())
            .field("principal_source", &self.principal_source)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let credentials = Credentials::new(
            "ASIAIOSFODNN7EXAMPLE",
            Secret::new("wJalrXUtnFEMI"),
            Some(Secret::new("IQoJb3JpZ2lu")),
            OffsetDateTime::from_unix_timestamp(1_728_549_858).ok(),
            "test",
        );
        let shown = format!("{credentials:?} {credentials:#?}");
        assert!(!shown.contains("wJalr") && !shown.contains("IQoJ"), "{shown}");
        assert!(shown.contains("2024-10-10T08:44:18Z"), "{shown}");
    }

    /// From a variable, a file or an endpoint: whatever they say.
    #[test]
    fn moments_at_the_end_of_the_calendar_are_moments() {
        for (text, expected) in [
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
            ("9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59Z"),
            ("0000-01-01T00:00:00+01:00", "0000-01-01T00:00:00Z"),
        ] {
            let end = OffsetDateTime::parse(text, &Rfc3339).ok();
            let of = |end| Credentials::new("ASIAIOSFODNN7EXAMPLE", Secret::new("s"), None, end, "test");
            for credentials in [of(end), of(end).until(end), of(None).until(end)] {
                assert_eq!(credentials.expiration_iso8601().as_deref(), Some(expected), "{text}");
            }
        }
    }
}

//! What the endpoint answers: the JSON of the container-credentials protocol
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>).

use std::fmt;

use serde::Serialize;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use zeroize::Zeroizing;

use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};

/// All four, as strings: an SDK takes an answer without one of them for a broken one.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Fields<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    token: &'a str,
    expiration: &'a str,
}

/// An answer with secrets in clear: `Debug` shows its length alone, and its memory is wiped on drop.
pub struct Body(Zeroizing<Vec<u8>>);

impl Body {
    /// The answer for `credentials`, which are said to end at `expiration` (told in UTC, whole seconds, rounded down).
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] for long-term keys, which have no session token.
    pub fn of(credentials: &Credentials, expiration: OffsetDateTime) -> Result<Self> {
        let Some(token) = credentials.session_token() else { return Err(no_token(credentials)) };
        let expiration = iso8601(expiration);
        let fields = Fields {
            access_key_id: credentials.access_key_id(),
            secret_access_key: credentials.secret_access_key().expose(),
            token: token.expose(),
            expiration: &expiration,
        };
        let lengths =
            [fields.access_key_id, fields.secret_access_key, fields.token, fields.expiration].map(str::len);
        // Room for all of it, six bytes for an escaped one: a buffer that grows leaves its secrets behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(128 + 6 * lengths.iter().sum::<usize>()));
        serde_json::to_writer(&mut *bytes, &fields)
            .map_err(|_| Error::new(ErrorKind::Credentials, "the endpoint's answer cannot be written"))?;
        Ok(Self(bytes))
    }

    /// The bytes, secrets in clear. Whoever calls this answers for where they go.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

fn iso8601(moment: OffsetDateTime) -> String {
    let utc = moment.to_offset(UtcOffset::UTC);
    utc.replace_nanosecond(0).unwrap_or(utc).format(&Rfc3339).unwrap_or_default()
}

fn no_token(credentials: &Credentials) -> Error {
    let source = credentials.principal_source();
    let message = format!(
        "{source} gave long-term keys, which have no session token and cannot be served to a container"
    );
    Error::new(ErrorKind::Credentials, message)
        .hint("leave `--allow-long-term-keys` out: credrun gets temporary credentials for them")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::Secret;
    use time::macros::datetime;

    fn credentials(token: Option<&str>) -> Credentials {
        let key = Secret::new("MARK-key/+\"\\\u{1}");
        Credentials::new("ASIAIOSFODNN7EXAMPLE", key, token.map(Secret::new), None, "a test")
    }

    #[test]
    fn four_strings_and_nothing_else() {
        let token = "MARK-token\u{1}".repeat(200);
        let body = Body::of(&credentials(Some(&token)), datetime!(2026-01-01 13:00:08.9 +1)).expect("a body");
        let read: serde_json::Value = serde_json::from_slice(body.expose()).expect("JSON");
        let expected = serde_json::json!({
            "AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": "MARK-key/+\"\\\u{1}",
            "Token": token, "Expiration": "2026-01-01T12:00:08Z",
        });
        assert_eq!(read, expected);
        assert!(!format!("{body:?} {body:#?}").contains("MARK"));
    }

    #[test]
    fn long_term_keys_are_not_served() {
        let error = Body::of(&credentials(None), datetime!(2026-01-01 12:00 UTC)).expect_err("no token");
        let shown = format!("{error} {error:?} {}", error.hints().join(" "));
        assert!(shown.contains("a test gave long-term keys") && !shown.contains("MARK"), "{shown}");
    }
}

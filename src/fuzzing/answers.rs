//! What sources of credentials answer, and the moments that they name.

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;
use time::{OffsetDateTime, UtcOffset};

use super::{MARK, assert_hushed, choice};
use crate::cli::values::until::{self, Until};
use crate::credentials::{Credentials, Secret};
use crate::provider::container::answer;
use crate::provider::{expiration, imds, process};
use crate::refresh::body::Body;
use crate::registry::ecr;

/// The first byte chooses the source. Neither what is wrong with an answer nor `Debug` of what is in it shows a secret.
pub(super) fn answers(data: &[u8]) {
    let Some((chosen, body)) = choice(data) else { return };
    let read = match chosen % 4 {
        0 => answer::parse(body, "application/json", "the source").map_err(|defect| format!("{defect:?}")),
        1 => process::answer(body, "a"),
        2 => std::str::from_utf8(body).map_err(|_| String::new()).and_then(imds::credentials),
        _ => return others(body),
    };
    let shown = match &read {
        Ok(credentials) => format!("{credentials:?}"),
        Err(cause) => cause.clone(),
    };
    if !is_marked_openly(body) {
        assert_hushed(&shown);
    }
    if let Ok(credentials) = read {
        served(&credentials);
    }
}

/// Whether the mark stands where it may be shown: a key's id is no secret, and a refusal is told.
fn is_marked_openly(body: &[u8]) -> bool {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let open = ["Code", "code", "Message", "message", "AccessKeyId"];
    open.into_iter().any(|name| json[name].as_str().is_some_and(|text| text.contains(MARK)))
}

/// What `--refresh` serves of these is read as these.
fn served(credentials: &Credentials) {
    let end = credentials.expiration();
    assert_eq!(end.is_some(), credentials.expiration_iso8601().is_some(), "{end:?}");
    let (Some(token), Some(end)) = (credentials.session_token(), end) else { return };
    let body = Body::of(credentials, end).expect("these are temporary");
    let read = answer::parse(body.expose(), "", "");
    let wanted = [credentials.access_key_id(), credentials.secret_access_key().expose(), token.expose()];
    if wanted.contains(&"") {
        return;
    }
    let read = read.expect("what is served can be read");
    let keys = [read.access_key_id(), read.secret_access_key().expose()];
    assert_eq!(keys[..], wanted[..2]);
    assert_eq!(read.session_token(), Some(token));
    assert_eq!(read.expiration(), end.replace_nanosecond(0).ok());
}

/// A registry's token; and what an endpoint says with another status than 200.
fn others(body: &[u8]) {
    if let Ok(text) = std::str::from_utf8(body) {
        let decoded = ecr::decode(&Secret::new(text));
        assert!(decoded.is_none_or(|(user, _)| !user.contains(':')));
    }
    if let Some(complaint) = answer::complaint(body) {
        assert!(!complaint.contains(char::is_control), "{complaint:?}");
        assert!(complaint.chars().count() < 700, "{complaint:?}");
    }
}

/// Moments as sources and as users write them.
pub(super) fn moments(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(moment) = expiration::parse(text) {
        assert_eq!(moment.offset(), UtcOffset::UTC);
        let written = moment.format(&Rfc3339).unwrap_or_else(|_| panic!("{text:?} cannot be written"));
        let again = expiration::parse(&written).map(OffsetDateTime::unix_timestamp);
        assert_eq!(again, Some(moment.unix_timestamp()), "{text:?} was written as {written:?}");
    }
    let now = datetime!(2026-01-01 12:00:00.5 UTC);
    let Ok(until) = until::parse(text) else { return };
    let end = until.moment(now);
    let written = match until {
        Until::In(length) => {
            assert!(end > now && end - now <= time::Duration::hours(36), "{text:?}");
            format!("{}s", length.whole_seconds())
        }
        Until::At(_) => end.format(&Rfc3339).unwrap_or_else(|_| panic!("{text:?} cannot be written")),
    };
    assert_eq!(until::parse(&written).map(|until| until.moment(now)), Ok(end), "{text:?}: {written}");
}

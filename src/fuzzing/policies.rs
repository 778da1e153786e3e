//! Session policies: what narrows goes on narrowing, however it is written.

use serde_json::Value;
use time::macros::datetime;

use super::choice;
use crate::cli::values::until::Until;
use crate::cli::values::{allow, json};
use crate::provider::session_policy::{self, SessionPolicy};
use crate::request::Narrowing;
use crate::role_template::Trust;

/// The first byte says what stands beside `--policy`; before a NUL stands an `--allow`.
pub(super) fn policies(data: &[u8]) {
    let Some((chosen, rest)) = choice(data) else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let _ = Trust::parse(text);
    let (allowed, policy) = text.split_once('\0').map_or((None, text), |(a, p)| (Some(a), p));
    let allow: Vec<_> = allowed.and_then(|text| allow::parse(text).ok()).into_iter().collect();
    if let Ok(value) = json::parse(policy) {
        assert_eq!(Some(&value), serde_json::from_str(policy).ok().as_ref(), "read as other JSON: {policy}");
    }
    if let Ok(Some(document)) = session_policy::document(Some(policy), &allow) {
        let written = document.to_string();
        let again = session_policy::document(Some(&written), &[]);
        assert_eq!(again.ok(), Some(Some(document)), "{policy} was written as {written}");
    }
    let now = datetime!(2026-01-01 12:00 UTC);
    let until = (chosen & 1 != 0).then_some(Until::In(time::Duration::hours(1)));
    let narrowing = Narrowing { policy: Some(policy.to_owned()), allow, until, ..Narrowing::default() };
    let Ok(made) = SessionPolicy::of(&narrowing, "aws", now) else { return };
    let document = made.document.expect("there was one");
    let read: Value = json::parse(&document).expect("it is what IAM would take");
    let statements = match &read["Statement"] {
        Value::Array(all) => all.len(),
        _ => 1,
    };
    assert!(statements > narrowing.allow.len(), "{document}");
    assert_eq!(made.end.is_some(), until.is_some());
    if until.is_some() {
        let denial = read["Statement"].as_array().and_then(|all| all.last());
        let denial = denial.unwrap_or_else(|| panic!("nothing ends it: {document}"));
        let end = &denial["Condition"]["DateGreaterThanEquals"]["aws:CurrentTime"];
        assert!(denial["Effect"] == "Deny" && end == "2026-01-01T13:00:00Z", "{document}");
    }
}

//! The length of a session that is to live until `--until`.

use time::OffsetDateTime;

use super::CHAINED;
use crate::error::{Error, Result};
use crate::provider::session_policy::{SessionPolicy, iso};

/// The longest session of a kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Longest {
    seconds: i64,
    told: &'static str,
}

/// AssumeRole's and AssumeRoleWithWebIdentity's.
pub(crate) const OF_A_ROLE: Longest =
    Longest { seconds: 43200, told: "a role's session lasts 43200 seconds (12 hours) at most" };
/// AssumeRole's with the credentials of a role.
pub(crate) const OF_A_CHAIN: Longest = Longest {
    seconds: CHAINED,
    told: "a role that is assumed from a role lasts 3600 seconds (one hour) at most",
};
/// GetFederationToken's.
pub(crate) const OF_A_USER: Longest =
    Longest { seconds: 129_600, told: "a user's session lasts 129600 seconds (36 hours) at most" };

/// The length in seconds that a session has to be asked for with to live until `--until`; `None` without that.
///
/// # Errors
/// [`crate::error::ErrorKind::Usage`] when STS makes none that long.
pub(crate) fn until(policy: &SessionPolicy, longest: Longest, now: OffsetDateTime) -> Result<Option<i32>> {
    let (Some(end), Some(seconds)) = (policy.end, policy.seconds(now)) else { return Ok(None) };
    match i32::try_from(seconds) {
        Ok(length) if seconds <= longest.seconds => Ok(Some(length)),
        _ => Err(Error::usage(format!("`--until` names {}, and {}", iso(end), longest.told)).hint(
            "name an earlier moment; or give `--duration-seconds`, after which the session ends all the same",
        )),
    }
}

/// Says of a length that STS refused, and that nobody typed, where it comes from.
pub(crate) fn name_until(
    error: Error,
    code: Option<&str>,
    policy: &SessionPolicy,
    length_given: bool,
) -> Error {
    let refused = matches!(code, Some("ValidationError" | "ValidationException"));
    if !refused || length_given || policy.end.is_none() {
        return error;
    }
    error.hint(
        "the duration that was asked for is what `--until` needs: name an earlier moment, or give `--duration-seconds`, too",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::values::until::Until;
    use crate::provider::limits::check;
    use crate::request::{AwsOptions, Narrowing};
    use time::macros::datetime;

    const ARN: &str = "arn:aws:iam::123456789012:role/Reader";

    fn outcome(result: Result<()>) -> String {
        result.map_or_else(|error| error.to_string(), |()| "ok".into())
    }

    fn role(arn: &str) -> AwsOptions {
        AwsOptions { roles: vec![arn.into()], ..AwsOptions::default() }
    }

    #[test]
    fn a_moment_beyond_every_session_is_refused_under_its_name() {
        let now = OffsetDateTime::now_utc();
        let far =
            Narrowing { until: Some(Until::At(datetime!(9999-12-31 23:59:59 UTC))), ..Narrowing::default() };
        let hours = |hours| Narrowing {
            until: Some(Until::At(now + time::Duration::hours(hours))),
            ..Narrowing::default()
        };
        let federation = AwsOptions { federation_name: Some("alice".into()), ..AwsOptions::default() };
        let chain = AwsOptions { roles: vec![ARN.into(), ARN.into()], ..AwsOptions::default() };
        for (options, narrowing, expected) in [
            (
                role(ARN),
                far.clone(),
                "`--until` names 9999-12-31T23:59:59Z, and a role's session lasts 43200",
            ),
            (
                federation.clone(),
                far.clone(),
                "names 9999-12-31T23:59:59Z, and a user's session lasts 129600",
            ),
            (
                chain.clone(),
                far,
                "names 9999-12-31T23:59:59Z, and a role that is assumed from a role lasts 3600",
            ),
            (role(ARN), hours(11), "ok"),
            (role(ARN), hours(13), "12 hours"),
            (federation.clone(), hours(35), "ok"),
            (federation, hours(37), "36 hours"),
            (chain.clone(), hours(2), "one hour"),
            (AwsOptions { duration_seconds: Some("3600".into()), ..chain }, hours(2), "ok"),
            // Who the session is asked of is not known yet.
            (AwsOptions::default(), hours(37), "ok"),
        ] {
            let said = outcome(check(&AwsOptions { narrowing, ..options }));
            assert!(said.contains(expected), "{expected}: {said}");
        }
    }

    #[test]
    fn a_refused_length_is_named_after_what_it_comes_from() {
        let policy = |end| SessionPolicy { end, ..SessionPolicy::default() };
        let end = Some(datetime!(2026-01-01 12:00 UTC));
        for (code, end, length_given, named) in [
            (Some("ValidationError"), end, false, true),
            (Some("ValidationException"), end, false, true),
            (Some("ValidationError"), end, true, false),
            (Some("ValidationError"), None, false, false),
            (Some("AccessDenied"), end, false, false),
            (None, end, false, false),
        ] {
            let error = name_until(Error::usage("refused"), code, &policy(end), length_given);
            let hints = error.hints().join("\n");
            assert_eq!(hints.contains("`--until`"), named, "{code:?} {length_given}: {hints}");
        }
    }
}

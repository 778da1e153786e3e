//! STS's limits, held against the options before anything is asked
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html> and its neighbours).

mod until;

pub(crate) use self::until::{OF_A_CHAIN, OF_A_ROLE, OF_A_USER, name_until, until};

use time::OffsetDateTime;

use super::session_policy::SessionPolicy;
use super::sts::partition_of;
use crate::error::{Error, Result};
use crate::region;
use crate::request::AwsOptions;

/// What a session is asked for with: which lengths STS has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lengths {
    /// AssumeRole and AssumeRoleWithWebIdentity.
    Role,
    /// GetSessionToken and GetFederationToken.
    User,
}

/// Checks what needs no network.
///
/// # Errors
/// [`crate::error::ErrorKind::Usage`] for the first option that is outside the limits.
pub fn check(options: &AwsOptions) -> Result<()> {
    options.roles.iter().try_for_each(|arn| check_arn(arn))?;
    for (option, value, least, most, extra) in [
        ("--role-session-name", &options.role_session_name, 2, 64, "+=,.@-"),
        ("--source-identity", &options.source_identity, 2, 64, "+=,.@-"),
        ("--external-id", &options.external_id, 2, 1224, "+=,.@:/-"),
        ("--federation-name", &options.federation_name, 2, 32, "+=,.@-"),
        ("--serial-number", &options.serial_number, 9, 256, "+=/:,.@-"),
    ] {
        value.as_deref().map_or(Ok(()), |value| check_text(option, value, least, most, extra))?;
    }
    if let Some(code) = &options.token_code {
        check_token_code("`--token-code`", code.expose())?;
    }
    if options.tags.len() > 50 {
        let message = format!("{} tags are given, and STS takes 50 at most", options.tags.len());
        return Err(Error::usage(message).hint("leave some of `--tags` out"));
    }
    let lengths = if options.roles.is_empty() { Lengths::User } else { Lengths::Role };
    options.duration_seconds.as_deref().map_or(Ok(()), |value| duration(value, lengths).map(drop))?;
    chained(options, options.roles.len() > 1)?;
    let partition = options.roles.last().map_or("aws", |arn| partition_of(arn));
    let now = OffsetDateTime::now_utc();
    let policy = SessionPolicy::of(&options.narrowing, partition, now)?;
    match (&options.duration_seconds, options.roles.len(), &options.federation_name) {
        (None, 0, Some(_)) => until(&policy, OF_A_USER, now).map(drop),
        (None, 1, _) => until(&policy, OF_A_ROLE, now).map(drop),
        _ => Ok(()),
    }
}

/// A role that is assumed from a role lasts an hour: AWS refuses to be asked for more. `from_a_role` says so of the last
/// one of `options`.
///
/// # Errors
/// [`crate::error::ErrorKind::Usage`] when more is asked for, or `--until` needs more.
pub(crate) fn chained(options: &AwsOptions, from_a_role: bool) -> Result<()> {
    if !from_a_role {
        return Ok(());
    }
    match options.duration_seconds.as_deref().map(str::parse::<i64>) {
        Some(Ok(seconds)) if seconds > CHAINED => {
            Err(chained_too_long(&format!("`--duration-seconds` is {seconds}")))
        }
        None => {
            let now = OffsetDateTime::now_utc();
            let policy = SessionPolicy::of(&options.narrowing, "aws", now)?;
            until(&policy, OF_A_CHAIN, now).map(drop)
        }
        _ => Ok(()),
    }
}

/// The longest session of a role that was assumed from a role, in seconds
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining>).
pub(crate) const CHAINED: i64 = 3600;

/// The error for a session in a chain that is longer; `asked` says who asks for it.
pub(crate) fn chained_too_long(asked: &str) -> Error {
    let message = format!("{asked}, and a role that is assumed from a role lasts {CHAINED} at most");
    Error::usage(message)
        .hint("ask for less with `--duration-seconds`, or assume the role with a user's credentials")
}

/// A code of an MFA device; `what` says in a message where it comes from.
///
/// # Errors
/// [`crate::error::ErrorKind::Usage`] when it is not six digits; it is not repeated.
pub(crate) fn check_token_code(what: &str, code: &str) -> Result<()> {
    if code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(Error::usage(format!("{what} is not the six digits that an MFA device shows"))
        .hint("type the code as the device shows it, without blanks"))
}

/// Checks that the role's partition is the region's: elsewhere the call could only fail.
///
/// # Errors
/// [`ErrorKind::Usage`] when they differ.
pub fn check_partition(role_arn: &str, region_name: &str) -> Result<()> {
    let (role, here) = (partition_of(role_arn), region::partition(region_name));
    if role == here {
        return Ok(());
    }
    Err(Error::usage(format!("the role is in partition `{role}`, but region `{region_name}` is in `{here}`"))
        .hint(format!("name a region of `{role}`, such as `--region {}`", region::default_of(role))))
}

fn check_arn(arn: &str) -> Result<()> {
    let length = arn.chars().count();
    if !(20..=2048).contains(&length) {
        return Err(bad_arn(&format!("`--role-arn` has {length} characters, outside 20 to 2048")));
    }
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "sts", "", _, resource] if resource.starts_with("assumed-role/") => {
            Err(bad_arn("`--role-arn` names a session (`assumed-role`), not the role that it came from"))
        }
        ["arn", partition, "iam", "", account, resource] => check_parts(partition, account, resource),
        _ => Err(bad_arn(&format!("`--role-arn` `{arn}` is not the ARN of an IAM role"))),
    }
}

fn check_parts(partition: &str, account: &str, resource: &str) -> Result<()> {
    let tail = partition.strip_prefix("aws");
    if !tail.is_some_and(|tail| tail.chars().all(|c| c.is_ascii_lowercase() || c == '-')) {
        return Err(bad_arn(&format!(
            "`--role-arn` names partition `{partition}`, which does not begin with `aws`"
        )));
    }
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad_arn(&format!("`--role-arn` names account `{account}`, which is not 12 digits")));
    }
    let name = resource.strip_prefix("role/").and_then(|path| path.rsplit('/').next());
    if name.is_none_or(str::is_empty) || !resource.chars().all(|c| c.is_ascii_graphic()) {
        return Err(bad_arn(&format!(
            "`--role-arn` ends in `{}`, not in `role/NAME`",
            resource.escape_debug()
        )));
    }
    Ok(())
}

fn bad_arn(message: &str) -> Error {
    Error::usage(message).hint(
        "a role's ARN looks like `arn:aws:iam::123456789012:role/NAME` (`aws iam list-roles` shows them)",
    )
}

/// Checks a text's length and characters.
///
/// # Errors
/// [`crate::error::ErrorKind::Usage`] when it is outside them.
pub(crate) fn check_text(option: &str, value: &str, least: usize, most: usize, extra: &str) -> Result<()> {
    let length = value.chars().count();
    if !(least..=most).contains(&length) {
        return Err(Error::usage(format!("`{option}` has {length} characters, outside {least} to {most}"))
            .hint(format!("give `{option}` a value of {least} to {most} characters")));
    }
    match value.chars().find(|&c| !(c.is_ascii_alphanumeric() || c == '_' || extra.contains(c))) {
        None => Ok(()),
        Some(other) => Err(Error::usage(format!(
            "`{option}` holds `{}`, which STS does not accept",
            other.escape_debug()
        ))
        .hint(format!("`{option}` may hold letters, digits, `_` and any of `{extra}`"))),
    }
}

/// The error for a role's session, of a length that a profile asks for, which is longer than any.
pub(crate) fn too_long(seconds: i32) -> Error {
    let message =
        format!("`duration_seconds` is {seconds}, and a role's session lasts 43200 (12 hours) at most");
    Error::usage(message).hint("write less in the profile, or give `--duration-seconds`, which wins over it")
}

/// `--duration-seconds`.
///
/// # Errors
/// [`crate::error::ErrorKind::Usage`] when STS has no session of that length.
pub(crate) fn duration(value: &str, lengths: Lengths) -> Result<i32> {
    let (most, hint) = match lengths {
        Lengths::Role => (
            43200,
            "STS gives a role for 900 seconds (15 minutes) to 43200 (12 hours), and no longer than the role's own maximum",
        ),
        Lengths::User => {
            (129_600, "STS gives a user's session for 900 seconds (15 minutes) to 129600 (36 hours)")
        }
    };
    match value.parse() {
        Ok(seconds) if (900..=most).contains(&seconds) => Ok(seconds),
        Ok(_) => {
            Err(Error::usage(format!("`--duration-seconds` is {value}, outside 900 to {most}")).hint(hint))
        }
        Err(_) => Err(Error::usage(format!(
            "`--duration-seconds` `{value}` is not a whole number within 900 to {most}"
        ))
        .hint(hint)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::values::tag::Tag;
    use crate::credentials::Secret;
    use crate::error::ErrorKind;

    const ARN: &str = "arn:aws:iam::123456789012:role/Reader";

    fn role(arn: &str) -> AwsOptions {
        AwsOptions { roles: vec![arn.into()], ..AwsOptions::default() }
    }

    fn outcome(result: Result<()>) -> String {
        result.map_or_else(
            |e| {
                assert_eq!(e.kind(), ErrorKind::Usage);
                assert!(!e.hints().is_empty());
                e.to_string()
            },
            |()| "ok".into(),
        )
    }

    #[test]
    fn role_arns() {
        let long = format!("arn:aws:iam::123456789012:role/{}", "a".repeat(2048));
        for (arn, expected) in [
            (ARN, "ok"),
            ("arn:aws-cn:iam::123456789012:role/path/to/Reader", "ok"),
            ("arn:aws-us-gov:iam::123456789012:role/Reader", "ok"),
            ("", "has 0 characters, outside 20 to 2048"),
            ("arn:aws:iam::1:role", "has 19 characters"),
            (&long, "outside 20 to 2048"),
            ("Reader-but-longer-than-20", "not the ARN of an IAM role"),
            ("arn:aws:s3:::a-bucket-of-mine", "not the ARN of an IAM role"),
            ("arn:aws:iam::12345678901:role/Reader", "account `12345678901`, which is not 12 digits"),
            ("arn:aws:iam::123456789012:user/Reader", "not in `role/NAME`"),
            ("arn:aws:iam::123456789012:role/", "not in `role/NAME`"),
            ("arn:aws:iam::123456789012:role/a b", "not in `role/NAME`"),
            ("arn:gcp:iam::123456789012:role/Reader", "partition `gcp`"),
            ("arn:aws:sts::123456789012:assumed-role/Reader/me", "names a session"),
        ] {
            assert!(outcome(check(&role(arn))).contains(expected), "{arn}: {}", outcome(check(&role(arn))));
        }
    }

    #[test]
    fn session_names_external_ids_and_durations() {
        let text = |s: &str| Some(s.to_owned());
        for (name, id, seconds, expected) in [
            (text("a-b_c+d=e,f.g@h"), text("a:/b"), text("900"), "ok"),
            (text(&"n".repeat(64)), text(&"i".repeat(1224)), text("43200"), "ok"),
            (text("a"), None, None, "`--role-session-name` has 1 characters, outside 2 to 64"),
            (text(&"n".repeat(65)), None, None, "has 65 characters"),
            (text("a b"), None, None, "`--role-session-name` holds ` `"),
            (text("a/b"), None, None, "holds `/`"),
            (text("né"), None, None, "holds `é`"),
            (None, text(""), None, "`--external-id` has 0 characters, outside 2 to 1224"),
            (None, text(&"i".repeat(1225)), None, "has 1225 characters"),
            (None, text("a#b"), None, "`--external-id` holds `#`"),
            (None, None, text("899"), "`--duration-seconds` is 899, outside 900 to 43200"),
            (None, None, text("43201"), "is 43201, outside"),
            (None, None, text("1h"), "`1h` is not a whole number"),
            (None, None, text(""), "is not a whole number"),
            (None, None, text("3600.0"), "is not a whole number"),
        ] {
            let role = AwsOptions {
                role_session_name: name,
                external_id: id,
                duration_seconds: seconds,
                ..role(ARN)
            };
            assert!(outcome(check(&role)).contains(expected), "{role:?}: {}", outcome(check(&role)));
        }
    }

    #[test]
    fn a_partition_has_to_fit_the_region() {
        assert_eq!(outcome(check_partition(ARN, "eu-west-1")), "ok");
        let shown = outcome(check_partition(ARN, "cn-north-1"));
        assert!(shown.contains("partition `aws`") && shown.contains("`aws-cn`"), "{shown}");
    }

    #[test]
    fn what_else_sts_limits() {
        let text = |s: &str| Some(s.to_owned());
        let code = |s: &str| Some(Secret::new(s));
        let tags = |n: usize| (0..n).map(|n| Tag { key: n.to_string(), value: String::new() }).collect();
        let none = AwsOptions::default;
        for (options, expected) in [
            (AwsOptions { serial_number: text("GAHT12345678"), token_code: code("123456"), ..none() }, "ok"),
            (
                AwsOptions { serial_number: text("short"), ..none() },
                "`--serial-number` has 5 characters, outside 9 to 256",
            ),
            (AwsOptions { token_code: code("12345"), ..none() }, "`--token-code` is not the six digits"),
            (AwsOptions { token_code: code("12345x"), ..none() }, "is not the six digits"),
            (AwsOptions { federation_name: text(&"n".repeat(33)), ..none() }, "outside 2 to 32"),
            (AwsOptions { source_identity: text("a b"), ..role(ARN) }, "`--source-identity` holds ` `"),
            (AwsOptions { tags: tags(51), ..role(ARN) }, "51 tags"),
            (AwsOptions { duration_seconds: text("129600"), ..none() }, "ok"),
            (AwsOptions { duration_seconds: text("129601"), ..none() }, "outside 900 to 129600"),
            (
                AwsOptions { roles: vec![ARN.into(), ARN.into()], duration_seconds: text("3600"), ..none() },
                "ok",
            ),
            (
                AwsOptions { roles: vec![ARN.into(), ARN.into()], duration_seconds: text("3601"), ..none() },
                "assumed from a role lasts 3600",
            ),
            (AwsOptions { roles: vec![ARN.into(), "x".into()], ..none() }, "has 1 characters, outside 20"),
        ] {
            let said = outcome(check(&options));
            assert!(said.contains(expected) && !said.contains("12345x"), "{options:?}: {said}");
        }
    }
}

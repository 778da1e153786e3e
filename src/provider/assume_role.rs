//! `sts:AssumeRole` from whatever the chain gave, with STS's limits checked before the call.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_types::region::Region;
use time::OffsetDateTime;
use time::macros::format_description;

use super::profile::Profile;
use super::{explain, http, sdk};
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::region;
use crate::request::{AwsOptions, RoleOptions};

/// Checks `role` against the limits that STS itself documents.
///
/// # Errors
/// [`ErrorKind::Usage`] for the first option that is outside them.
pub fn check(role: &RoleOptions) -> Result<()> {
    check_arn(&role.role_arn)?;
    let text = |option, value: &Option<String>, most, extra| match value {
        Some(value) => check_text(option, value, most, extra),
        None => Ok(()),
    };
    text("--role-session-name", &role.role_session_name, 64, "+=,.@-")?;
    text("--external-id", &role.external_id, 1224, "+=,.@:/-")?;
    role.duration_seconds.as_deref().map_or(Ok(()), |value| duration(value).map(|_| ()))
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

fn check_text(option: &str, value: &str, most: usize, extra: &str) -> Result<()> {
    let length = value.chars().count();
    if !(2..=most).contains(&length) {
        return Err(Error::usage(format!("`{option}` has {length} characters, outside 2 to {most}"))
            .hint(format!("give `{option}` a value of 2 to {most} characters")));
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

fn duration(value: &str) -> Result<i32> {
    match value.parse() {
        Ok(seconds) if (900..=43200).contains(&seconds) => Ok(seconds),
        Ok(_) => Err(bad_duration(&format!("`--duration-seconds` is {value}, outside 900 to 43200"))),
        Err(_) => Err(bad_duration(&format!(
            "`--duration-seconds` `{value}` is not a whole number within 900 to 43200"
        ))),
    }
}

fn bad_duration(message: &str) -> Error {
    Error::usage(message).hint("STS gives a role for 900 seconds (15 minutes) to 43200 (12 hours), and no longer than the role's own maximum")
}

/// The session's name when none is given: it tells this program and the time in CloudTrail.
pub(crate) fn default_session_name(now: OffsetDateTime) -> String {
    let form = format_description!("credrun-[year][month][day]T[hour][minute][second]Z");
    now.to_offset(time::UtcOffset::UTC).format(form).unwrap_or_else(|_| "credrun".into())
}

/// Assumes `role` with the credentials `base`.
///
/// # Errors
/// [`ErrorKind::Credentials`] when STS cannot be reached or refuses, with what that can mean.
pub async fn assume(
    role: &RoleOptions,
    base: &Credentials,
    options: &AwsOptions,
    environment: &Environment,
) -> Result<Credentials> {
    let named = region::resolve(options, environment).await;
    let region = named.unwrap_or_else(|| region::default_of(partition_of(&role.role_arn)).to_owned());
    check_partition(&role.role_arn, &region)?;
    let config = config(base, &region, options, environment).await?;
    let session = role.role_session_name.clone();
    let session = session.unwrap_or_else(|| default_session_name(OffsetDateTime::now_utc()));
    let request = client(&config, environment)
        .assume_role()
        .role_arn(&role.role_arn)
        .role_session_name(&session)
        .set_duration_seconds(role.duration_seconds.as_deref().map(duration).transpose()?)
        .set_external_id(role.external_id.clone());
    let place = place(&config, environment, &region);
    let doing = format!("assuming role `{}` at {place} with {}", role.role_arn, base.principal_source());
    let answer = request.send().await.map_err(|error| explain::call(&doing, &error))?;
    let source = format!("role {} (session {session}), from {}", role.role_arn, base.principal_source());
    let given = answer.credentials().ok_or_else(|| {
        Error::new(ErrorKind::Credentials, format!("{doing}: STS answered without credentials"))
    })?;
    Ok(Credentials::new(
        given.access_key_id(),
        Secret::new(given.secret_access_key()),
        Some(Secret::new(given.session_token())),
        OffsetDateTime::from_unix_timestamp(given.expiration().secs()).ok(),
        source,
    ))
}

pub(crate) async fn config(
    base: &Credentials,
    region: &str,
    options: &AwsOptions,
    environment: &Environment,
) -> Result<SdkConfig> {
    let profile = Profile::load(options, environment).await?;
    let limits = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(Duration::from_secs(30))
        .build();
    Ok(aws_config::defaults(BehaviorVersion::latest())
        .http_client(http::client(environment)?)
        .region(Region::new(region.to_owned()))
        .profile_files(profile.files)
        .profile_name(profile.name)
        .credentials_provider(sdk::to_sdk(base))
        .timeout_config(limits)
        .load()
        .await)
}

fn client(config: &SdkConfig, environment: &Environment) -> aws_sdk_sts::Client {
    let mut builder = aws_sdk_sts::config::Builder::from(config);
    // aws-config reads the process's variables and the profile; what our own environment says wins.
    builder.set_endpoint_url(endpoint(config, environment));
    aws_sdk_sts::Client::from_conf(builder.build())
}

fn endpoint(config: &SdkConfig, environment: &Environment) -> Option<String> {
    let ignored = environment
        .get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
        .is_some_and(|v| v.eq_ignore_ascii_case("true"));
    if ignored {
        return None;
    }
    let named =
        environment.non_empty("AWS_ENDPOINT_URL_STS").or_else(|| environment.non_empty("AWS_ENDPOINT_URL"));
    named.or_else(|| config.endpoint_url()).map(str::to_owned)
}

fn place(config: &SdkConfig, environment: &Environment, region: &str) -> String {
    match endpoint(config, environment) {
        Some(url) => format!("`{url}` (region {region})"),
        None => format!("STS in region {region}"),
    }
}

fn partition_of(arn: &str) -> &str {
    arn.split(':').nth(1).unwrap_or("aws")
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const ARN: &str = "arn:aws:iam::123456789012:role/Reader";

    fn role(arn: &str) -> RoleOptions {
        RoleOptions { role_arn: arn.into(), ..RoleOptions::default() }
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
            let role = RoleOptions {
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
    fn the_default_session_name_is_a_utc_time() {
        let name = default_session_name(datetime!(2026-01-01 13:00:00 +1));
        assert_eq!(name, "credrun-20260101T120000Z");
        let named = RoleOptions { role_session_name: Some(name), ..role(ARN) };
        assert_eq!(outcome(check(&named)), "ok");
    }
}

//! Which region: the flag, the environment, the profile, in that order.

use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::provider::profile::Profile;
use crate::request::AwsOptions;

/// `--region`, AWS_REGION, AWS_DEFAULT_REGION, the profile's `region`; `None` when nobody says.
///
/// A config file that cannot be read counts as one that names no region: the credential chain, which needs
/// the same file, reports it.
pub async fn resolve(options: &AwsOptions, environment: &Environment) -> Option<String> {
    if let Some(region) = given(options, environment) {
        return Some(region);
    }
    let profile = Profile::load(options, environment).await.ok()?;
    profile.get("region").filter(|region| !region.is_empty()).map(str::to_owned)
}

fn given(options: &AwsOptions, environment: &Environment) -> Option<String> {
    let flag = options.region.as_deref().filter(|region| !region.is_empty());
    flag.or_else(|| environment.non_empty("AWS_REGION"))
        .or_else(|| environment.non_empty("AWS_DEFAULT_REGION"))
        .map(str::to_owned)
}

/// Refuses what cannot be a region's name, and so no part of an address: letters, digits and hyphens, not digits alone
/// (botocore `utils.py`, `validate_region_name`).
///
/// # Errors
/// [`ErrorKind::Credentials`], with the name and who can have given it.
pub(crate) fn check(region: &str) -> Result<()> {
    let all = |is: fn(&u8) -> bool| region.as_bytes().iter().all(is);
    let label = all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') && (1..=63).contains(&region.len());
    if label && !region.starts_with('-') && !region.ends_with('-') && !all(u8::is_ascii_digit) {
        return Ok(());
    }
    let message = format!("`{}` is not the name of a region", region.escape_debug());
    Err(Error::new(ErrorKind::Credentials, message)
        .hint("a region is called as in `eu-west-1`; it is given by `--region`, `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile's `region`"))
}

/// The partition (`aws`, `aws-cn`, …) that a region belongs to.
pub(crate) fn partition(region: &str) -> &'static str {
    const PREFIXES: [(&str, &str); 7] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
        ("eusc-", "aws-eusc"),
    ];
    PREFIXES.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

/// A region of `partition` where STS answers, for when nobody names one.
pub(crate) fn default_of(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-iso" => "us-iso-east-1",
        "aws-iso-b" => "us-isob-east-1",
        "aws-iso-e" => "eu-isoe-west-1",
        "aws-iso-f" => "us-isof-south-1",
        "aws-eusc" => "eusc-de-east-1",
        _ => "us-east-1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> (tempfile::TempDir, String) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("config");
        std::fs::write(&path, text).expect("a file");
        (directory, path.to_string_lossy().into_owned())
    }

    #[tokio::test]
    async fn the_flag_beats_the_variables_and_they_beat_the_profile() {
        let (_directory, path) = config(
            "[default]\nregion = sa-east-1\n[profile dev]\nregion = ap-south-1\n[profile bare]\n[profile empty]\nregion =\n",
        );
        let flag = Some("eu-west-1");
        type Case = (
            Option<&'static str>,
            Option<&'static str>,
            &'static [(&'static str, &'static str)],
            Option<&'static str>,
        );
        let cases: [Case; 10] = [
            (flag, None, &[("AWS_REGION", "eu-west-2")], Some("eu-west-1")),
            (None, None, &[("AWS_REGION", "eu-west-2"), ("AWS_DEFAULT_REGION", "x")], Some("eu-west-2")),
            (None, None, &[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "eu-west-3")], Some("eu-west-3")),
            (None, None, &[], Some("sa-east-1")),
            (None, None, &[("AWS_PROFILE", "dev")], Some("ap-south-1")),
            // To the AWS CLI an empty name is one, too.
            (None, None, &[("AWS_PROFILE", "")], None),
            (None, Some("dev"), &[("AWS_PROFILE", "bare")], Some("ap-south-1")),
            (None, Some("bare"), &[], None),
            (None, Some("empty"), &[], None),
            (None, Some("nowhere"), &[], None),
        ];
        for (region, profile, variables, expected) in cases {
            let options = AwsOptions {
                profile: profile.map(str::to_owned),
                region: region.map(str::to_owned),
                ..AwsOptions::default()
            };
            let file = [("AWS_CONFIG_FILE", path.as_str()), ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")];
            let environment = variables.iter().copied().chain(file).collect();
            assert_eq!(
                resolve(&options, &environment).await.as_deref(),
                expected,
                "{options:?} {variables:?}"
            );
        }
    }

    #[test]
    fn names_that_no_region_can_have_are_refused() {
        for region in ["us-east-1", "US-EAST-1", "a", "1a"] {
            assert!(check(region).is_ok(), "{region}");
        }
        for region in ["", "us east", "us\neast", "ü", "123", "-a", "a-", "a.b", "a_b", &"a".repeat(64)] {
            let error = check(region).expect_err(region);
            assert!(!error.to_string().contains('\n') && !error.hints().is_empty(), "{error}");
        }
    }

    #[test]
    fn a_partition_s_default_region_belongs_to_it() {
        for partition_name in
            ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"]
        {
            assert_eq!(partition(default_of(partition_name)), partition_name);
        }
    }
}

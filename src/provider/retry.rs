//! How often a call to AWS is tried: `AWS_RETRY_MODE` and `AWS_MAX_ATTEMPTS`, or the profile's `retry_mode` and `max_attempts`.

use aws_config::retry::RetryConfig;

use super::profile::Profile;
use super::setting::find;
use crate::environment::Environment;
use crate::error::Result;

/// The SDK's standard retries, three tries in all unless a setting says another number. Of the modes, only whether there
/// is one of that name matters here: it changes the pace, and a run makes a handful of calls.
///
/// # Errors
/// [`crate::error::ErrorKind::Credentials`] for a mode or a number that botocore refuses.
pub(crate) fn config(profile: &Profile, environment: &Environment) -> Result<RetryConfig> {
    if let Some(mode) = find("AWS_RETRY_MODE", "retry_mode", profile, environment)
        && !["legacy", "standard", "adaptive"].contains(&mode.value)
    {
        return Err(mode.wrong("it is not one of `legacy`, `standard`, `adaptive`"));
    }
    let standard = RetryConfig::standard();
    let Some(attempts) = find("AWS_MAX_ATTEMPTS", "max_attempts", profile, environment) else {
        return Ok(standard);
    };
    match attempts.whole_number()? {
        ..1 => Err(attempts.wrong("it is less than 1")),
        number => Ok(standard.with_max_attempts(u32::try_from(number).unwrap_or(u32::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::profile::tests::load;

    #[tokio::test]
    async fn modes_and_attempts() {
        for (section, variables, attempts) in [
            ("", &[][..], Some(3)),
            ("", &[("AWS_RETRY_MODE", "legacy")], Some(3)),
            ("retry_mode = adaptive\nmax_attempts = 7\n", &[], Some(7)),
            ("max_attempts = 7\n", &[("AWS_MAX_ATTEMPTS", "1")], Some(1)),
            ("", &[("AWS_MAX_ATTEMPTS", "99999999999")], Some(u32::MAX)),
            ("", &[("AWS_MAX_ATTEMPTS", "0")], None),
            ("", &[("AWS_MAX_ATTEMPTS", "-1")], None),
            ("", &[("AWS_MAX_ATTEMPTS", "many")], None),
            ("max_attempts = 7\n", &[("AWS_MAX_ATTEMPTS", "")], None),
            ("max_attempts = x\n", &[], None),
            ("", &[("AWS_RETRY_MODE", "Standard")], None),
            ("retry_mode = \n", &[], None),
        ] {
            let profile = load(&format!("[profile a]\n{section}"), "a").await;
            let config = config(&profile, &variables.iter().copied().collect());
            assert_eq!(config.ok().map(|config| config.max_attempts()), attempts, "{section} {variables:?}");
        }
    }
}

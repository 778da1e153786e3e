//! A `credential_process` that runs credrun for the profile which it is to give credentials for would start itself
//! without end.
//!
//! What is asked already goes down to the processes in a variable; that there is a circle comes up on stderr, through
//! whatever program stands between two credruns and whatever exit code it has.

use sha2::{Digest, Sha256};

use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::provider::path;

/// Holds a hash for each credential_process that waits for this process, with blanks between. No name that an option's
/// variable could have.
pub(crate) const VARIABLE: &str = "_CREDRUN_PROCESSES";

/// What to write instead, and the line by which a credrun knows what kept another one from its credentials.
const HINT: &str = "a `credential_process` that runs credrun names another profile: `credrun export --format process --profile OTHER`";

/// The variable's value for the credential_process `line` of `profile`.
///
/// # Errors
/// [`ErrorKind::Credentials`] when this very one is waiting for an answer.
pub(super) fn enter(profile: &str, line: &str, environment: &Environment) -> Result<String> {
    let waiting = environment.get(VARIABLE).unwrap_or_default();
    let own = name(profile, line, environment);
    if waiting.split_whitespace().any(|known| known == own) {
        return Err(found(profile));
    }
    Ok(format!("{waiting} {own}").trim_start().to_owned())
}

/// The same profile of other files, or with another line, is another one. Hashed, since the line may hold a secret.
fn name(profile: &str, line: &str, environment: &Environment) -> String {
    let path = |variable, default| {
        let path = environment.non_empty(variable).unwrap_or(default);
        path::expand(environment, path).display().to_string()
    };
    let config = path("AWS_CONFIG_FILE", "~/.aws/config");
    let credentials = path("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
    let mut hash = Sha256::new();
    for part in [profile, line, &config, &credentials] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a credrun further down has found the circle.
pub(super) fn is_told(stderr: &[u8]) -> bool {
    stderr.windows(HINT.len()).any(|window| window == HINT.as_bytes())
}

/// The error, for the profile at hand.
pub(super) fn found(profile: &str) -> Error {
    let message = format!(
        "the credential_process of profile `{profile}` goes in a circle: it runs credrun for a profile whose credential_process is being asked"
    );
    Error::new(ErrorKind::Credentials, message).hint(HINT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_profile_of_the_same_files_is_a_circle() {
        let home = |more: &[(&str, &str)]| -> Environment {
            [("HOME", "/home/alice")].iter().chain(more).copied().collect()
        };
        let line = "credrun export --format process";
        let a = enter("a", line, &home(&[])).expect("the first");
        let inner = |more: &[(&str, &str)]| home(&[&[(VARIABLE, a.as_str())], more].concat());
        let b = enter("b", line, &inner(&[])).expect("another profile");
        assert_eq!(b.split(' ').next(), Some(a.as_str()));
        for (profile, line, environment, circle) in [
            ("a", line, inner(&[]), true),
            ("a", line, home(&[(VARIABLE, &b)]), true),
            ("b", line, home(&[(VARIABLE, &b)]), true),
            ("c", line, home(&[(VARIABLE, &b)]), false),
            ("a", "other export", inner(&[]), false),
            ("a", line, inner(&[("AWS_CONFIG_FILE", "/home/alice/.aws/config")]), true),
            ("a", line, inner(&[("AWS_CONFIG_FILE", "/elsewhere")]), false),
            ("a", line, inner(&[("AWS_SHARED_CREDENTIALS_FILE", "/elsewhere")]), false),
            ("a", line, inner(&[("HOME", "/home/bob")]), false),
        ] {
            let entered = enter(profile, line, &environment);
            assert_eq!(entered.is_err(), circle, "{profile} {line} {environment:?}");
            if let Err(error) = entered {
                assert!(error.to_string().contains("profile `a`") || profile == "b", "{error}");
                assert!(error.hints()[0].contains("--profile OTHER"));
            }
        }
    }

    #[test]
    fn the_line_is_not_in_the_variable() {
        let value = enter("a", "program --key MARK", &Environment::default()).expect("the first");
        assert!(!value.contains("MARK") && value.len() == 64, "{value}");
    }

    #[test]
    fn a_circle_is_known_by_what_it_says() {
        let hint = &found("a").hints()[0].clone();
        for (stderr, told) in [
            (format!("credrun: …\n  hint: {hint}\n"), true),
            (format!("aws: error in custom-process: {hint}"), true),
            ("credrun: no profile `a`".into(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_told(stderr.as_bytes()), told, "{stderr}");
        }
    }
}

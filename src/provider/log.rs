//! Which lines of the libraries below us may be logged.

use tracing::Level;

/// Whether a line of `target` at `level` may be written to a log, whatever filter the user asks for.
///
/// Seen in the libraries' sources: at trace level aws-sigv4 and aws-smithy-runtime print the request with
/// `x-amz-security-token`, and HTTP clients the bodies that they send; aws-config prints what a failed
/// credential_process wrote to stderr as a warning. No filter of the user's may bring these out.
///
/// ```
/// use tracing::Level;
/// use credrun::provider::log::may_log;
/// assert!(may_log("credrun::session", &Level::TRACE));
/// assert!(!may_log("aws_sigv4::http_request::sign", &Level::TRACE));
/// ```
#[must_use]
pub fn may_log(target: &str, level: &Level) -> bool {
    match target.split("::").next().unwrap_or_default() {
        "credrun" => true,
        "aws_config" => false,
        _ => *level <= Level::INFO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_lines_with_secrets_are_held_back() {
        for (target, level, allowed) in [
            ("credrun", Level::TRACE, true),
            ("credrun_of_another", Level::TRACE, false),
            ("aws_smithy_runtime::client::orchestrator", Level::TRACE, false),
            ("aws_smithy_runtime::client::orchestrator", Level::WARN, true),
            ("aws_config::profile::credentials", Level::WARN, false),
            ("hyper_util::client", Level::DEBUG, false),
            ("bollard::uri", Level::INFO, true),
        ] {
            assert_eq!(may_log(target, &level), allowed, "{target} {level}");
        }
    }
}

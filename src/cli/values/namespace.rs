//! `--pid`, `--uts`, `--userns`, `--cgroupns`: which namespace the container uses. (`--ipc` is the engine's to check.)

use super::Parsed;

/// Checks a `--pid`: empty, `host` or `container:NAME`.
///
/// # Errors
/// When it is none of these.
pub fn check_pid(text: &str) -> Parsed<()> {
    let other = text.strip_prefix("container:").is_some_and(|name| !name.is_empty());
    if other {
        Ok(())
    } else {
        one_of(text, &["host"], "invalid PID mode: it takes `host` or `container:NAME`")
    }
}

/// Checks a `--uts` or `--userns`: empty or `host`.
///
/// # Errors
/// When it is neither.
pub fn check_host(text: &str) -> Parsed<()> {
    one_of(text, &["host"], "invalid mode: it takes `host`")
}

/// Checks a `--cgroupns`: empty, `host` or `private`.
///
/// # Errors
/// When it is none of these.
pub fn check_cgroup(text: &str) -> Parsed<()> {
    one_of(text, &["host", "private"], "invalid CGROUP mode: it takes `host` or `private`")
}

fn one_of(text: &str, words: &[&str], cause: &str) -> Parsed<()> {
    if text.is_empty() || words.contains(&text) { Ok(()) } else { Err(cause.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (text, pid, host, cgroup) in [
            ("", true, true, true),
            ("host", true, true, true),
            ("private", false, false, true),
            ("container:a", true, false, false),
            ("container:", false, false, false),
            ("HOST", false, false, false),
        ] {
            let seen = (check_pid(text).is_ok(), check_host(text).is_ok(), check_cgroup(text).is_ok());
            assert_eq!(seen, (pid, host, cgroup), "{text}");
        }
    }
}

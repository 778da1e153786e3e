//! `--security-opt`: `name=value` or `name:value`, as docker/cli's `parseSecurityOpts` reads it.

use super::Parsed;

/// What a security option asks of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecurityOption<'a> {
    /// Nothing: it goes to the engine as it is.
    Engine,
    /// `seccomp=FILE`: the profile in this file goes in its place.
    SeccompFile(&'a str),
    /// `systempaths=unconfined`: no path is masked or read-only.
    UnconfinedPaths,
}

/// The option that `text` spells.
///
/// # Errors
/// When it has no value and is not `no-new-privileges`.
pub fn parse(text: &str) -> Parsed<SecurityOption<'_>> {
    let pair = text.split_once('=').or_else(|| text.split_once(':').filter(|_| text != NO_NEW_PRIVILEGES));
    let (name, value) = pair.unwrap_or((text, ""));
    match (name, value) {
        _ if text == "systempaths=unconfined" => Ok(SecurityOption::UnconfinedPaths),
        (_, "") if name != NO_NEW_PRIVILEGES => {
            Err(format!("invalid --security-opt: `{text}`: it takes NAME=VALUE"))
        }
        ("seccomp", file) if !["builtin", "unconfined"].contains(&file) => {
            Ok(SecurityOption::SeccompFile(file))
        }
        _ => Ok(SecurityOption::Engine),
    }
}

const NO_NEW_PRIVILEGES: &str = "no-new-privileges";

/// `json` without the white space between its tokens; nothing else is changed, as Go's `json.Compact` has it.
///
/// # Errors
/// When it is not JSON.
pub fn compact(json: &str) -> Parsed<String> {
    serde_json::from_str::<serde::de::IgnoredAny>(json).map_err(|error| error.to_string())?;
    let (mut quoted, mut escaped) = (false, false);
    Ok(json
        .chars()
        .filter(|&c| {
            let kept = quoted || !matches!(c, ' ' | '\t' | '\r' | '\n');
            (quoted, escaped) = (quoted != (c == '"' && !escaped), quoted && c == '\\' && !escaped);
            kept
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (text, expected) in [
            ("no-new-privileges", SecurityOption::Engine),
            ("no-new-privileges:true", SecurityOption::Engine),
            ("no-new-privileges=", SecurityOption::Engine),
            ("apparmor=x", SecurityOption::Engine),
            ("label:disable", SecurityOption::Engine),
            ("seccomp=unconfined", SecurityOption::Engine),
            ("seccomp:builtin", SecurityOption::Engine),
            ("seccomp=a=b", SecurityOption::SeccompFile("a=b")),
            ("seccomp:f", SecurityOption::SeccompFile("f")),
            ("systempaths=unconfined", SecurityOption::UnconfinedPaths),
            ("systempaths:unconfined", SecurityOption::Engine),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        for text in ["", "a", "a=", "a:", "=", "seccomp="] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_white_space_between_tokens_goes() {
        let json = "{ \"a b\\\" c\" : [ 1.50,\n\t\"\\\\\" , \" \" ] }\r\n";
        assert_eq!(compact(json).as_deref(), Ok("{\"a b\\\" c\":[1.50,\"\\\\\",\" \"]}"));
        assert!(compact("{").is_err());
    }
}

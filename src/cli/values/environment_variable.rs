//! `--env`: `NAME=value`, or `NAME` for the host's value. Names are the container's affair and not checked.

use super::Parsed;

/// The name, and the value where one is given.
///
/// # Errors
/// When there is no name. The cause shows nothing of the text: it may be a secret.
pub fn parse(text: &str) -> Parsed<(&str, Option<&str>)> {
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
    if name.is_empty() {
        return Err("invalid environment variable: there is no name before the `=`".into());
    }
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (text, expected) in [
            ("A", ("A", None)),
            ("A=", ("A", Some(""))),
            ("A=b=c", ("A", Some("b=c"))),
            ("A B=1", ("A B", Some("1"))),
            ("--rm", ("--rm", None)),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        for text in ["", "=", "=x"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

//! `--attach`: the name of a stream.

use super::Parsed;

/// The stream's name in lower case.
///
/// # Errors
/// When it is none of the three.
pub fn parse(value: &str) -> Parsed<String> {
    let name = value.to_lowercase();
    match name.as_str() {
        "stdin" | "stdout" | "stderr" => Ok(name),
        _ => Err("valid streams are STDIN, STDOUT and STDERR".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (text, expected) in [
            ("stdin", Some("stdin")),
            ("STDOUT", Some("stdout")),
            ("StdErr", Some("stderr")),
            ("", None),
            ("tty", None),
        ] {
            assert_eq!(parse(text).ok().as_deref(), expected, "{text}");
        }
    }
}

//! `--label`: `name=value`, or `name` for an empty value.

use super::Parsed;

/// Name and value.
///
/// # Errors
/// When the name is empty or holds white space after its first sign.
pub fn parse(text: &str) -> Parsed<(&str, &str)> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let trimmed = name.trim_start_matches([' ', '\t']);
    if trimmed.is_empty() {
        return Err("invalid label: empty name".into());
    }
    if trimmed.contains([' ', '\t']) {
        return Err(format!("label `{trimmed}` contains white space"));
    }
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (text, expected) in [
            ("a", ("a", "")),
            ("a=b", ("a", "b")),
            ("a=b=c", ("a", "b=c")),
            (" a=b", (" a", "b")),
            ("a= b", ("a", " b")),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        for text in ["", "=x", " =x", "a b=c", "a =b"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

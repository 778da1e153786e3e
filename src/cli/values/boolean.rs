//! Switches: the words of Go's `strconv.ParseBool`.

use super::Parsed;

/// The truth value of `value`.
///
/// # Errors
/// When it is not one of Go's words.
pub fn parse(value: &str) -> Parsed<bool> {
    match value {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err("it is neither `true` nor `false`".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for text in ["1", "t", "T", "TRUE", "true", "True"] {
            assert_eq!(parse(text), Ok(true), "{text}");
        }
        for text in ["0", "f", "F", "FALSE", "false", "False"] {
            assert_eq!(parse(text), Ok(false), "{text}");
        }
        for text in ["", "tRUE", "yes", "no", "on", "2", " true"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

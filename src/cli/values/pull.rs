//! `--pull`.

use super::Parsed;
use crate::request::PullPolicy;

/// When to pull. Docker takes an empty value, and then never pulls.
///
/// # Errors
/// When it is none of Docker's three words.
pub fn parse(value: &str) -> Parsed<PullPolicy> {
    match value {
        "always" => Ok(PullPolicy::Always),
        "missing" => Ok(PullPolicy::Missing),
        "never" | "" => Ok(PullPolicy::Never),
        _ => Err("it must be one of `always`, `missing` or `never`".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        assert_eq!(parse("always"), Ok(PullPolicy::Always));
        assert_eq!(parse("missing"), Ok(PullPolicy::Missing));
        assert_eq!(parse("never"), Ok(PullPolicy::Never));
        assert_eq!(parse(""), Ok(PullPolicy::Never));
        assert!(parse("Always").is_err());
    }
}

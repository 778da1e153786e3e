//! `--memory-swap`: a size, or -1 for no limit.

use super::{Parsed, size};

/// The number of bytes, or -1.
///
/// # Errors
/// As [`size::parse`].
pub fn parse(text: &str) -> Parsed<i64> {
    if text == "-1" { Ok(-1) } else { size::parse(text) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn table() {
        for (text, expected) in
            [("-1", Some(-1)), ("1g", Some(1 << 30)), ("-2", None), ("-1b", None), ("", None)]
        {
            assert_eq!(super::parse(text).ok(), expected, "{text}");
        }
    }
}

//! Sizes in bytes (`512m`, `1.5 GiB`), as docker/go-units' `RAMInBytes` reads them: powers of 1024, truncated.

use super::{Parsed, float};

/// The number of bytes.
///
/// # Errors
/// When number or unit is none, or when the number is negative.
pub fn parse(value: &str) -> Parsed<i64> {
    let invalid = || format!("invalid size: `{value}` (a number, then b, k, m, g, t or p)");
    let end = value.rfind(|c: char| c.is_ascii_digit() || c == '.' || c == ' ').ok_or_else(invalid)?;
    let (number, unit) = (value[..=end].strip_suffix(' ').unwrap_or(&value[..=end]), &value[end + 1..]);
    let number = float::parse(number).filter(|number| *number >= 0.0).ok_or_else(invalid)?;
    let bytes = number * multiplier(unit).ok_or_else(|| format!("invalid suffix: `{unit}`"))?;
    // 2^63, the first number that an int64 cannot hold. Go's conversion then gives the smallest one (on amd64),
    // and Docker sends that, for the engine to refuse.
    if bytes >= 9_223_372_036_854_775_808.0 {
        return Ok(i64::MIN);
    }
    #[allow(clippy::cast_possible_truncation, reason = "Go truncates, and the range was checked above")]
    Ok(bytes as i64)
}

fn multiplier(unit: &str) -> Option<f64> {
    let unit = unit.to_ascii_lowercase();
    let mut letters = unit.chars();
    let power = match letters.next() {
        None => return Some(1.0),
        Some('b') => return letters.as_str().is_empty().then_some(1.0),
        Some(letter) => "kmgtp".find(letter)? + 1,
    };
    matches!(letters.as_str(), "" | "b" | "ib").then(|| 1024_f64.powi(i32::try_from(power).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (text, expected) in [
            ("0", 0),
            ("32", 32),
            ("32b", 32),
            ("32B", 32),
            ("32k", 32 << 10),
            ("32kb", 32 << 10),
            ("32Kib", 32 << 10),
            ("32 KiB", 32 << 10),
            ("1.5g", 3 << 29),
            ("2t", 2 << 40),
            ("1p", 1 << 50),
            (".5k", 512),
            ("1.9", 1),
            ("1e3", 1000),
            ("+5", 5),
            ("5 ", 5),
            ("1_0", 10),
            ("0x1p4", 16),
            ("0x1.8p4k", 24 << 10),
            ("32.3 kB", 33075),
            ("99999999999g", i64::MIN),
            ("9223372036854775808", i64::MIN),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        for text in [
            "", "k", "-1", "-32k", "hello", "32bb", "32kk", "32kbb", "32ibk", "32 bb", "32m b", "32  k",
            "1 5", "nan", "inf", "0x10", "1e400", "1é",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

//! `--health-interval` and its kin: Go's `time.ParseDuration` (`1h30m`, `1.5s`), in nanoseconds.

use super::Parsed;

/// One past the largest number of nanoseconds; as the smallest it has a sign.
const LIMIT: u64 = 1 << 63;

/// The number of nanoseconds.
///
/// # Errors
/// When it has another form or does not fit 64 bits.
pub fn parse(text: &str) -> Parsed<i64> {
    let invalid =
        || format!("invalid duration `{text}` (a number and ns, us, ms, s, m or h, for example 1m30s)");
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if unsigned == "0" {
        return Ok(0);
    }
    let mut rest = unsigned;
    let mut sum: u64 = 0;
    loop {
        let (part, after) = component(rest).ok_or_else(invalid)?;
        sum = sum.checked_add(part).filter(|sum| *sum <= LIMIT).ok_or_else(invalid)?;
        if after.is_empty() {
            break;
        }
        rest = after;
    }
    let signed = if negative { -i128::from(sum) } else { i128::from(sum) };
    i64::try_from(signed).map_err(|_| invalid())
}

/// The first number with its unit, in nanoseconds, and what follows.
fn component(text: &str) -> Option<(u64, &str)> {
    let (whole, rest) = digits(text);
    let (part, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let unit = unit(&rest[..end])?;
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let whole = whole.checked_mul(unit).filter(|value| *value <= LIMIT)?;
    let sum = whole.checked_add(fraction(part, unit)).filter(|value| *value <= LIMIT)?;
    Some((sum, &rest[end..]))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// Digits after the point, in units. Those that do not fit 63 bits are dropped, as Go does.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "as Go computes it"
)]
fn fraction(digits: &str, unit: u64) -> u64 {
    let (mut value, mut scale) = (0_u64, 1_f64);
    for digit in digits.bytes().map(|b| u64::from(b - b'0')) {
        match value.checked_mul(10).map(|value| value + digit) {
            Some(next) if value <= (LIMIT - 1) / 10 && next <= LIMIT => (value, scale) = (next, scale * 10.0),
            _ => break,
        }
    }
    (value as f64 * (unit as f64 / scale)) as u64
}

fn unit(name: &str) -> Option<u64> {
    Some(match name {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn table() {
        for (text, expected) in [
            ("0", 0),
            ("-0", 0),
            ("1s", 1_000_000_000),
            ("+1.5s", 1_500_000_000),
            ("-.5s", -500_000_000),
            ("1.s", 1_000_000_000),
            ("1h1m1s1ms1us1ns", 3_661_001_001_001),
            ("1\u{b5}s", 1_000),
            ("1s1s", 2_000_000_000),
            ("0.100000000000000000000h", 360_000_000_000),
            ("2562047h47m16.854775807s", i64::MAX),
            ("-2562047h47m16.854775808s", i64::MIN),
        ] {
            assert_eq!(super::parse(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "1",
            "-",
            ".s",
            "s",
            "1 s",
            "1d",
            "1S",
            "1e3s",
            "2562047h47m16.854775808s",
            "9223372036854775808ns",
            "1.1.1s",
            "--1s",
        ] {
            assert!(super::parse(text).is_err(), "{text}");
        }
    }
}

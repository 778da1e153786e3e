//! Integers: Go's `strconv.ParseInt(text, 0, 64)`. A prefix names the base; `_` may stand between digits.

use super::Parsed;

/// The number that `value` spells.
///
/// # Errors
/// When it is no integer, or does not fit 64 bits.
pub fn parse(value: &str) -> Parsed<i64> {
    let (negative, digits) = match value.as_bytes().first() {
        Some(b'-') => (true, &value[1..]),
        Some(b'+') => (false, &value[1..]),
        _ => (false, value),
    };
    let (radix, digits) = split_base(digits);
    if digits.is_empty() || digits.starts_with(['+', '-']) {
        return Err("it is not an integer".into());
    }
    let digits = without_underscores(digits, radix).ok_or("it is not an integer")?;
    let magnitude = i128::from_str_radix(&digits, radix).map_err(|error| match error.kind() {
        std::num::IntErrorKind::PosOverflow => "value out of range".to_owned(),
        _ => "it is not an integer".to_owned(),
    })?;
    i64::try_from(if negative { -magnitude } else { magnitude }).map_err(|_| "value out of range".into())
}

/// The unsigned number of at most `bits` bits that `value` spells: Go's `strconv.ParseUint(text, 0, bits)`.
///
/// # Errors
/// When it is no such number.
pub fn parse_unsigned(value: &str, bits: u32) -> Parsed<u64> {
    let (radix, digits) = split_base(value);
    let digits = without_underscores(digits, radix).filter(|digits| !digits.starts_with(['+', '-']));
    let digits = digits.ok_or("it is not an integer")?;
    let number = u64::from_str_radix(&digits, radix).map_err(|error| match error.kind() {
        std::num::IntErrorKind::PosOverflow => "value out of range",
        _ => "it is not an integer without a sign",
    })?;
    if number <= u64::MAX >> (64 - bits) { Ok(number) } else { Err("value out of range".into()) }
}

/// The base and the digits after its prefix. An octal `0` stays: it is a digit too.
fn split_base(text: &str) -> (u32, &str) {
    let prefix = text.get(..2).map(str::to_ascii_lowercase);
    match prefix.as_deref() {
        Some("0x") => (16, &text[2..]),
        Some("0o") => (8, &text[2..]),
        Some("0b") => (2, &text[2..]),
        _ if text.len() > 1 && text.starts_with('0') => (8, text),
        _ => (10, text),
    }
}

/// `digits` without underscores; `None` when one of them does not stand between two digits (the prefix
/// of a base counts as one).
#[must_use]
pub fn without_underscores(digits: &str, radix: u32) -> Option<String> {
    let mut previous_is_digit = matches!(radix, 2 | 16) || (radix == 8 && !digits.starts_with('0'));
    let mut previous = ' ';
    for c in digits.chars() {
        let is_digit = c.is_digit(radix);
        if (c == '_' && !previous_is_digit) || (previous == '_' && !is_digit) {
            return None;
        }
        (previous, previous_is_digit) = (c, is_digit);
    }
    (!digits.ends_with('_')).then(|| digits.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsigned() {
        for (text, bits, expected) in [
            ("0", 16, Some(0)),
            ("65535", 16, Some(65_535)),
            ("0x1_0", 16, Some(16)),
            ("010", 16, Some(8)),
            ("18446744073709551615", 64, Some(u64::MAX)),
            ("65536", 16, None),
            ("-1", 16, None),
            ("+1", 16, None),
            ("", 16, None),
            ("0x", 16, None),
            ("18446744073709551616", 64, None),
        ] {
            assert_eq!(parse_unsigned(text, bits).ok(), expected, "{text}");
        }
    }

    #[test]
    fn table() {
        for (text, expected) in [
            ("0", 0),
            ("10", 10),
            ("+3", 3),
            ("-3", -3),
            ("0x10", 16),
            ("0X1f", 31),
            ("010", 8),
            ("0o10", 8),
            ("0b11", 3),
            ("1_0", 10),
            ("0x_1", 1),
            ("0_7", 7),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "-",
            "+-3",
            "1.5",
            "abc",
            "08",
            "_1",
            "1_",
            "1__0",
            "0x",
            "1e3",
            " 1",
            "9223372036854775808",
            "é1",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn too_large_is_told_from_no_number() {
        assert_eq!(parse("99999999999999999999"), Err("value out of range".into()));
    }
}

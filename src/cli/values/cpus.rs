//! `--cpus`: a rational number of CPUs, as Go's `big.Rat.SetString` reads it, in billionths.

use super::{Parsed, integer};

const BILLION: i128 = 1_000_000_000;

/// Billionths of a CPU.
///
/// # Errors
/// When it is no number, or needs more than nine decimals.
pub fn parse(value: &str) -> Parsed<i64> {
    let no_number = || format!("failed to parse `{value}` as a rational number");
    let (numerator, denominator) = match value.split_once('/') {
        Some((above, below)) => fraction(above, below),
        None => decimal(value),
    }
    .ok_or_else(no_number)?;
    let scaled = numerator.checked_mul(BILLION).ok_or("value out of range")?;
    if scaled % denominator != 0 {
        return Err("value is too precise: a CPU has a billion parts".into());
    }
    i64::try_from(scaled / denominator).map_err(|_| "value out of range".into())
}

/// `3/2`: two integers with Go's prefixes of bases; the lower one has no sign.
fn fraction(above: &str, below: &str) -> Option<(i128, i128)> {
    if below.starts_with(['+', '-']) {
        return None;
    }
    let (above, below) = (integer::parse(above).ok()?, integer::parse(below).ok()?);
    (below != 0).then_some((above.into(), below.into()))
}

/// `1.5`, `.5`, `1e-1`, `0x10`. A leading zero does not mean octal here.
fn decimal(text: &str) -> Option<(i128, i128)> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.get(..2).is_some_and(|prefix| ["0x", "0X", "0b", "0B", "0o", "0O"].contains(&prefix)) {
        return Some((integer::parse(text).ok()?.into(), 1));
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = integer::without_underscores(&format!("{whole}{part}"), 10)?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i128 = digits.parse().ok()?;
    let number = if text.starts_with('-') { -number } else { number };
    let shift = exponent.checked_sub(i32::try_from(part.replace('_', "").len()).ok()?)?;
    let power = 10_i128.checked_pow(shift.unsigned_abs())?;
    if shift < 0 { Some((number, power)) } else { Some((number.checked_mul(power)?, 1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (text, expected) in [
            ("1", 1_000_000_000),
            ("1.5", 1_500_000_000),
            (".5", 500_000_000),
            ("5.", 5_000_000_000),
            ("+.5", 500_000_000),
            ("-1", -1_000_000_000),
            ("1/2", 500_000_000),
            ("1e-1", 100_000_000),
            ("1e1", 10_000_000_000),
            ("010", 10_000_000_000),
            ("010/1", 8_000_000_000),
            ("1/010", 125_000_000),
            ("1_0", 10_000_000_000),
            ("0x10", 16_000_000_000),
            ("0.000000001", 1),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            " 1",
            "1/0",
            "1/3",
            "3/-2",
            "1e-10",
            "0.0000000001",
            "a",
            "1.2.3",
            ".",
            "1e",
            "-",
            "--1",
            "1e999999999",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

//! `--cpus`: a rational number of CPUs, as Go's `big.Rat.SetString` reads it, in billionths.

use super::{Parsed, integer};

/// Billionths of a CPU.
///
/// # Errors
/// When it is no number, or needs more than nine decimals.
pub fn parse(value: &str) -> Parsed<i64> {
    let no_number = || format!("failed to parse `{value}` as a rational number");
    let number = match value.split_once('/') {
        Some((above, below)) => fraction(above, below),
        None => Mantissa::split(value).and_then(Mantissa::number),
    };
    number.ok_or_else(no_number)?.billionths()
}

/// `numerator / denominator * 2^exp2 * 5^exp5`.
struct Rational {
    numerator: i128,
    denominator: i128,
    exp2: i32,
    exp5: i32,
}

impl Rational {
    fn billionths(self) -> Parsed<i64> {
        let power = |base: i128, exponent: i32| base.checked_pow(exponent.unsigned_abs());
        let (mut above, mut below) = (Some(self.numerator), Some(self.denominator));
        for (base, exponent) in [(2, self.exp2.saturating_add(9)), (5, self.exp5.saturating_add(9))] {
            let side = if exponent < 0 { &mut below } else { &mut above };
            *side = side.and_then(|side| side.checked_mul(power(base, exponent)?));
        }
        match (above, below) {
            _ if self.numerator == 0 => Ok(0),
            (Some(above), Some(below)) if above % below == 0 => {
                i64::try_from(above / below).map_err(|_| "value out of range".into())
            }
            (None, _) => Err("value out of range".into()),
            _ => Err("value is too precise: a CPU has a billion parts".into()),
        }
    }
}

/// `3/2`: two integers with Go's prefixes of bases; the lower one has no sign.
fn fraction(above: &str, below: &str) -> Option<Rational> {
    if below.starts_with(['+', '-']) {
        return None;
    }
    let (numerator, denominator) = (integer::parse(above).ok()?.into(), integer::parse(below).ok()?.into());
    (denominator != 0).then_some(Rational { numerator, denominator, exp2: 0, exp5: 0 })
}

/// A number in positional notation: `1.5`, `.5`, `1e-1`, `0x1.8p1`. A leading zero does not mean octal here.
struct Mantissa<'a> {
    negative: bool,
    radix: u32,
    whole: &'a str,
    part: &'a str,
    exponent: Option<(char, &'a str)>,
}

impl<'a> Mantissa<'a> {
    fn split(text: &'a str) -> Option<Self> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let radix = match unsigned.get(..2).unwrap_or_default() {
            "0x" | "0X" => 16,
            "0b" | "0B" => 2,
            "0o" | "0O" => 8,
            _ => 10,
        };
        let digits = if radix == 10 { unsigned } else { &unsigned[2..] };
        // In hexadecimal an `e` is a digit.
        let marks: &[char] = if radix == 16 { &['p', 'P'] } else { &['e', 'E', 'p', 'P'] };
        let (digits, exponent) = match digits.find(marks) {
            Some(at) => {
                (&digits[..at], Some((digits.as_bytes()[at].to_ascii_lowercase().into(), &digits[at + 1..])))
            }
            None => (digits, None),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        Some(Self { negative: text.starts_with('-'), radix, whole, part, exponent })
    }

    fn number(self) -> Option<Rational> {
        let (whole, part) = (self.digits(self.whole, self.radix != 10)?, self.digits(self.part, false)?);
        if whole.is_empty() && part.is_empty() {
            return None;
        }
        let numerator = i128::from_str_radix(&format!("{whole}{part}"), self.radix).ok()?;
        let numerator = if self.negative { -numerator } else { numerator };
        let places = i32::try_from(part.len()).ok()?;
        let (mut exp2, mut exp5) = match self.radix {
            10 => (-places, -places),
            radix => (-places * i32::try_from(radix.ilog2()).ok()?, 0),
        };
        if let Some((mark, text)) = self.exponent {
            let exponent = exponent(text)?;
            exp2 = exp2.checked_add(exponent)?;
            exp5 = if mark == 'e' { exp5.checked_add(exponent)? } else { exp5 };
        }
        Some(Rational { numerator, denominator: 1, exp2, exp5 })
    }

    /// The digits without the underscores between them; the prefix of a base counts as one.
    fn digits(&self, text: &str, after_prefix: bool) -> Option<String> {
        let mut previous_is_digit = after_prefix;
        for c in text.chars() {
            let is_digit = c.is_digit(self.radix);
            if !(is_digit || (c == '_' && previous_is_digit)) {
                return None;
            }
            previous_is_digit = is_digit;
        }
        (!text.ends_with('_')).then(|| text.replace('_', ""))
    }
}

fn exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number: i32 = integer::without_underscores(digits, 10)?.parse().ok()?;
    let digits_only = digits.starts_with(|c: char| c.is_ascii_digit());
    digits_only.then_some(if text.starts_with('-') { -number } else { number })
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
            ("0x1p-1", 500_000_000),
            ("0x.8p1", 1_000_000_000),
            ("0x_1.8", 1_500_000_000),
            ("0b1.1", 1_500_000_000),
            ("1p1", 2_000_000_000),
            ("1e3", 1_000_000_000_000),
            ("-1.5e+1", -15_000_000_000),
            ("0e99", 0),
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
            "1e_1",
            "0x",
            "0x.p1",
            "0b2",
            "1_.5",
            "1._5",
            "1ee1",
            "1e1.5",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

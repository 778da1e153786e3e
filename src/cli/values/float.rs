//! Numbers with a fraction, as Go's `strconv.ParseFloat` reads them: `1.5`, `1e3`, `0x1.8p4`
//! (<https://pkg.go.dev/strconv#ParseFloat>).

use super::integer;

/// The number; `None` when it is none, or not finite.
#[must_use]
pub fn parse(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let prefix = digits.get(..2).filter(|prefix| prefix.eq_ignore_ascii_case("0x"));
    let number = match prefix {
        Some(_) => hexadecimal(&integer::without_underscores(&digits[2..], 16)?),
        None if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
            integer::without_underscores(digits, 10)?.parse().ok()
        }
        None => None,
    };
    let number = number.filter(|number: &f64| number.is_finite())?;
    Some(if text.starts_with('-') { -number } else { number })
}

/// `1.8p4`. The exponent has to be there, and is one of 2.
fn hexadecimal(text: &str) -> Option<f64> {
    let (digits, exponent) = text.split_once(['p', 'P'])?;
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_number = !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + part.len() == 0 || !is_number {
        return None;
    }
    let mut mantissa = 0_f64;
    for digit in whole.chars().chain(part.chars()) {
        mantissa = mantissa * 16.0 + f64::from(digit.to_digit(16)?);
    }
    // Beyond these bounds the number is out of range, or nothing, however long its digits are here.
    let exponent = exponent.parse().unwrap_or(if exponent.starts_with('-') { -9999 } else { 9999 });
    let exponent = exponent.clamp(-9999, 9999) - 4 * i32::try_from(part.len()).ok()?;
    if mantissa == 0.0 { Some(0.0) } else { Some(mantissa * 2_f64.powi(exponent)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (text, expected) in [
            ("0", 0.0),
            ("1.5", 1.5),
            ("-1.5", -1.5),
            ("+.5", 0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
            ("1_0", 10.0),
            ("0x1p4", 16.0),
            ("0X1.8P+4", 24.0),
            ("0x_1p-2", 0.25),
            ("0x.8p0", 0.5),
            ("-0x1p1", -2.0),
            ("0x0p99999", 0.0),
            ("0x1p-99999999999", 0.0),
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "+",
            ".",
            "nan",
            "inf",
            "infinity",
            "1e400",
            "0x1",
            "0x",
            "0xp1",
            "0x1p",
            "0x1p+",
            "0x1p99999",
            "1_.5",
            "1__0",
            "0x1_p1",
            "--1",
            "0x+1p1",
            "1p1",
            "0x1pé",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

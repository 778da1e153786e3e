//! `--device-read-bps` and its kin: `/dev/name:rate`, and `--blkio-weight-device`: `/dev/name:weight`.

use super::{Parsed, size};

/// A device and the rate of bytes per second.
///
/// # Errors
/// When there is no device or the rate is no size.
pub fn parse_bytes(text: &str) -> Parsed<(&str, u64)> {
    let (device, rate) = device(text)?;
    let rate = size::parse(rate).ok().and_then(|rate| u64::try_from(rate).ok());
    let form = "the form is <device-path>:<number>[<unit>], with a unit of kb, mb or gb";
    Ok((device, rate.ok_or_else(|| format!("invalid rate for device: {form}"))?))
}

/// A device and the rate of operations per second.
///
/// # Errors
/// When there is no device or the rate is no number.
pub fn parse_operations(text: &str) -> Parsed<(&str, u64)> {
    let (device, rate) = device(text)?;
    let rate = number(rate).ok_or("invalid rate for device: the form is <device-path>:<number>")?;
    Ok((device, rate))
}

/// A device and its weight.
///
/// # Errors
/// When there is no device, or the weight is neither 0 nor between 10 and 1000.
pub fn parse_weight(text: &str) -> Parsed<(&str, u64)> {
    let (device, weight) = device(text)?;
    let weight = number(weight).filter(|weight| *weight == 0 || (10..=1000).contains(weight));
    Ok((device, weight.ok_or("invalid weight for device: it is 10 to 1000, or 0 for none")?))
}

fn device(text: &str) -> Parsed<(&str, &str)> {
    let (device, value) = text
        .split_once(':')
        .ok_or_else(|| format!("bad format: `{text}`: it takes <device-path>:<number>"))?;
    if !device.starts_with("/dev/") {
        return Err(format!("bad format for device path: `{device}` does not start with /dev/"));
    }
    Ok((device, value))
}

/// Without a sign, which Rust would let pass and Go does not.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        assert_eq!(parse_bytes("/dev/a:1kb"), Ok(("/dev/a", 1024)));
        assert_eq!(parse_bytes("/dev/a:0"), Ok(("/dev/a", 0)));
        assert_eq!(parse_operations("/dev/a:100"), Ok(("/dev/a", 100)));
        assert_eq!(parse_weight("/dev/a:10"), Ok(("/dev/a", 10)));
        assert_eq!(parse_weight("/dev/:0"), Ok(("/dev/", 0)));
        for text in ["", "/dev/a", ":1", "a:1", "/dev/a:-1", "/dev/a:", "/dev/a:1:2"] {
            assert!(
                parse_bytes(text).is_err() && parse_operations(text).is_err() && parse_weight(text).is_err(),
                "{text}"
            );
        }
        assert!(parse_operations("/dev/a:1kb").is_err() && parse_operations("/dev/a:+1").is_err());
        assert!(parse_weight("/dev/a:9").is_err() && parse_weight("/dev/a:1001").is_err());
    }
}

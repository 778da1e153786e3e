//! `--add-host`: `name=address` or `name:address`; the address may stand in brackets, or be `host-gateway`.

use std::net::IpAddr;

use super::Parsed;

/// The entry as the engine takes it, `name:address`.
///
/// # Errors
/// When there is no name, or the address is none.
pub fn parse(text: &str) -> Parsed<String> {
    let (name, address) = text
        .split_once('=')
        .or_else(|| text.split_once(':'))
        .filter(|(name, _)| !name.is_empty() && !name.contains(':'))
        .ok_or("bad format for add-host: it takes `name:address`")?;
    let bare =
        address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(|bare| !bare.is_empty());
    let bare = bare.unwrap_or(address);
    // Docker trims before it parses, and sends what it was given.
    if address != "host-gateway" && bare.trim().parse::<IpAddr>().is_err() {
        return Err(format!("invalid IP address in add-host: `{bare}`"));
    }
    Ok(format!("{name}:{bare}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (text, expected) in [
            ("a:1.2.3.4", "a:1.2.3.4"),
            ("a=1.2.3.4", "a:1.2.3.4"),
            ("a=::1", "a:::1"),
            ("a:::1", "a:::1"),
            ("a:[::1]", "a:::1"),
            ("a=[1.2.3.4]", "a:1.2.3.4"),
            ("a=0:0:0:0:0:0:0:1", "a:0:0:0:0:0:0:0:1"),
            ("a:host-gateway", "a:host-gateway"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(expected), "{text}");
        }
        for text in [
            "",
            "a",
            "a:",
            ":1.2.3.4",
            "a:foo",
            "a=[::1",
            "a=[]",
            "a=b=1.2.3.4",
            "a:b=1.2.3.4",
            "a=[host-gateway]",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

//! `--dns`: an address, in the form in which Go's `net.IP` prints it.

use std::net::IpAddr;

use super::Parsed;

/// The address in its canonical form.
///
/// # Errors
/// When it is none.
pub fn parse(text: &str) -> Parsed<String> {
    let address: IpAddr =
        text.trim().parse().map_err(|_| format!("IP address is not correctly formatted: `{text}`"))?;
    Ok(match address.to_canonical() {
        IpAddr::V6(v6) => go_v6(v6),
        IpAddr::V4(v4) => v4.to_string(),
    })
}

/// Go knows no dotted tail but that of an IPv4-mapped address, which it prints as IPv4.
fn go_v6(address: std::net::Ipv6Addr) -> String {
    let shown = address.to_string();
    if !shown.contains('.') {
        return shown;
    }
    let [.., high, low] = address.segments();
    format!("::{high:x}:{low:x}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn table() {
        for (text, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            (" 192.0.2.1\t", "192.0.2.1"),
            ("2001:db8:0:0:0:0:0:1", "2001:db8::1"),
            ("2001:DB8::A", "2001:db8::a"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::192.0.2.1", "::c000:201"),
            ("::", "::"),
        ] {
            assert_eq!(super::parse(text).as_deref(), Ok(expected), "{text}");
        }
        for text in ["", "192.0.2", "192.0.2.256", "192.0.02.1", "fe80::1%eth0", "[::1]", "name"] {
            assert!(super::parse(text).is_err(), "{text}");
        }
    }
}

//! `--publish`: `[ip:][host[-host]:]container[-container][/protocol]`, or `target=…,published=…,protocol=…`,
//! as docker/go-connections reads it.

use std::net::IpAddr;

use super::Parsed;

/// One published port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortMapping {
    /// `80/tcp`.
    pub container: String,
    /// The host's address; empty for all.
    pub host_ip: String,
    /// The host's port, a range to choose from (`8000-8010`), or empty for any.
    pub host_port: String,
}

/// The ports that `text` publishes.
///
/// # Errors
/// When a part of it is not what its place asks for.
pub fn parse(text: &str) -> Parsed<Vec<PortMapping>> {
    if text.contains('=') { short_form(&from_long_form(text)?) } else { short_form(text) }
}

/// The ports that an `--expose` names, `80/tcp` each; any word is a protocol.
///
/// # Errors
/// When the port is no number, or the range none.
pub fn parse_exposed(text: &str) -> Parsed<Vec<String>> {
    if text.contains(':') {
        return Err(format!(
            "invalid port format for --expose: `{text}`: it takes the container's port only"
        ));
    }
    let (port, protocol) = split_protocol(text);
    let (first, last) = range(port).ok_or_else(|| format!("invalid range format for --expose: `{text}`"))?;
    Ok((first..=last).map(|port| format!("{port}/{protocol}")).collect())
}

/// Docker knows three of the fields, ignores any other, and makes the short form of them.
fn from_long_form(text: &str) -> Parsed<String> {
    let (mut target, mut published, mut protocol) = ("", "", "tcp");
    for field in text.split(',') {
        match field.split_once('=') {
            None | Some(("", _)) => {
                return Err(format!("invalid publish opts format (should be name=value but got `{field}`)"));
            }
            Some(("target", value)) => target = value,
            Some(("published", value)) => published = value,
            Some(("protocol", value)) => protocol = value,
            Some(_) => {}
        }
    }
    Ok(format!("{published}:{target}/{protocol}"))
}

fn short_form(text: &str) -> Parsed<Vec<PortMapping>> {
    let (ip, host, container) = split_parts(text);
    let (container, protocol) = split_protocol(container);
    let host_ip = address(ip)?;
    if container.is_empty() {
        return Err(format!("no port specified: `{text}`"));
    }
    let (first, last) = range(container).ok_or_else(|| format!("invalid container port: `{container}`"))?;
    let (host_first, host_last) = match host {
        "" => (0, 0),
        ports => range(ports).ok_or_else(|| format!("invalid host port: `{host}`"))?,
    };
    if !host.is_empty() && first != last && last - first != host_last - host_first {
        return Err(format!(
            "invalid ranges specified for container and host ports: `{container}` and `{host}`"
        ));
    }
    let protocol = protocol.to_lowercase();
    if !["tcp", "udp", "sctp"].contains(&protocol.as_str()) {
        return Err(format!("invalid protocol: `{protocol}` (one of tcp, udp, sctp)"));
    }
    let host_port = |offset: u32| match host {
        "" => String::new(),
        // One container port and a range on the host: the engine chooses.
        _ if first == last && host_first != host_last => format!("{host_first}-{host_last}"),
        _ => (host_first + offset).to_string(),
    };
    let mapping = |offset| PortMapping {
        container: format!("{}/{protocol}", first + offset),
        host_ip: host_ip.clone(),
        host_port: host_port(offset),
    };
    Ok((0..=last - first).map(mapping).collect())
}

/// Address, host part and container part, cut from the right: an IPv6 address has colons of its own.
fn split_parts(text: &str) -> (&str, &str, &str) {
    let (before, container) = text.rsplit_once(':').unwrap_or(("", text));
    let (ip, host) = before.rsplit_once(':').unwrap_or(("", before));
    (ip, host, container)
}

/// Port and protocol. What follows a second slash is ignored, as Docker does.
fn split_protocol(text: &str) -> (&str, &str) {
    let mut parts = text.split('/');
    let port = parts.next().unwrap_or_default();
    (port, parts.next().filter(|protocol| !protocol.is_empty()).unwrap_or("tcp"))
}

/// Docker takes empty brackets for no address.
fn address(text: &str) -> Parsed<String> {
    let bare = text.strip_prefix('[').map_or(Some(text), |rest| rest.strip_suffix(']'));
    bare.filter(|bare| bare.is_empty() || bare.parse::<IpAddr>().is_ok())
        .map(str::to_owned)
        .ok_or_else(|| format!("invalid IP address: `{text}`"))
}

fn range(text: &str) -> Option<(u32, u32)> {
    let mut ends = text.split('-').map(port);
    let first = ends.next()??;
    let last = ends.next().unwrap_or(Some(first))?;
    (first <= last).then_some((first, last))
}

fn port(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u16>().ok()).flatten().map(u32::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exposed() {
        for (text, expected) in [
            ("80", Some("80/tcp")),
            ("80/", Some("80/tcp")),
            ("80/UDP", Some("80/UDP")),
            ("80/foo/x", Some("80/foo")),
            ("80-82/udp", Some("80/udp 81/udp 82/udp")),
            ("82-80", None),
            ("80:80", None),
            ("", None),
            ("/tcp", None),
            ("65536", None),
        ] {
            let ports = parse_exposed(text).ok().map(|ports| ports.join(" "));
            assert_eq!(ports.as_deref(), expected, "{text}");
        }
    }

    fn shown(text: &str) -> Option<String> {
        let mappings = parse(text).ok()?;
        let each = mappings.iter().map(|m| format!("{}|{}|{}", m.host_ip, m.host_port, m.container));
        Some(each.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn table() {
        for (text, expected) in [
            ("80", "||80/tcp"),
            ("80/", "||80/tcp"),
            (":80", "||80/tcp"),
            ("80/TCP", "||80/tcp"),
            ("80/sctp", "||80/sctp"),
            ("80/tcp/udp", "||80/tcp"),
            ("80:90", "|80|90/tcp"),
            ("00080:0090", "|80|90/tcp"),
            ("0:80", "|0|80/tcp"),
            ("127.0.0.1:80:90/udp", "127.0.0.1|80|90/udp"),
            ("0.0.0.0::80", "0.0.0.0||80/tcp"),
            ("[::1]:80:90", "::1|80|90/tcp"),
            ("::1:80:90", "::1|80|90/tcp"),
            ("1-2:4-5", "|1|4/tcp |2|5/tcp"),
            ("80-81", "||80/tcp ||81/tcp"),
            ("1-3:80", "|1-3|80/tcp"),
            ("8000-8000:80", "|8000|80/tcp"),
            ("8000-8002:80-80", "|8000-8002|80/tcp"),
            ("target=80", "||80/tcp"),
            ("target=80,published=90,protocol=udp", "|90|80/udp"),
            ("target=80,mode=host,foo=1", "||80/tcp"),
            ("target=80,published=1-3", "|1-3|80/tcp"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "80:",
            "abc",
            "a:80",
            "80/foo",
            "70000",
            "70000:80",
            "3-1:80",
            "1-3:4-5",
            "80-80:80-82",
            "1.2.3:80:80",
            "localhost:80:80",
            "80:90:100",
            "[::1:80:80",
            "[::1%lo]:80:80",
            "80 :90",
            "80,90",
            "+80",
            "published=80",
            "TARGET=80",
            "target=80,foo",
            "=80",
            "target=80,protocol=foo",
            "target=a",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}

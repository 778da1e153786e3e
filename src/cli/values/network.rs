//! `--network`: a network's name, or `name=…,alias=…,ip=…`, as docker/cli's `opts/network.go` reads it.

use serde_json::{Map, Value, json};

use super::{Parsed, csv};

/// A network and how the container is attached to it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Attachment {
    /// The network's name, or `host`, `none`, `container:…`.
    pub target: String,
    /// The endpoint's settings in Docker's field names; empty when only the name was given.
    pub endpoint: Map<String, Value>,
}

impl Attachment {
    /// Whether it is a network that a user made, rather than one of Docker's own modes.
    #[must_use]
    pub fn is_user_defined(&self) -> bool {
        !matches!(self.target.as_str(), "default" | "bridge" | "host" | "none")
            && !self.target.starts_with("container:")
    }
}

/// The attachment that `text` spells.
///
/// # Errors
/// When a field of the long form is unknown or malformed.
pub fn parse(text: &str) -> Parsed<Attachment> {
    if !is_long_form(text) {
        return Ok(Attachment { target: text.into(), ..Attachment::default() });
    }
    let mut attachment = Attachment::default();
    for field in csv::fields(text)? {
        set(&mut attachment, &field)?;
    }
    if attachment.target.is_empty() {
        return Err("network name/id is not specified: the long form needs `name=`".into());
    }
    Ok(attachment)
}

/// Docker looks for `\w+=\w+` anywhere in the text.
fn is_long_form(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.as_bytes().windows(3).any(|w| word(w[0]) && w[1] == b'=' && word(w[2]))
}

fn set(attachment: &mut Attachment, field: &str) -> Parsed<()> {
    let lower = field.to_lowercase();
    let (key, value) = lower
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| format!("invalid field `{field}`"))?;
    let (key, value) = (key.trim(), value.trim());
    let endpoint = &mut attachment.endpoint;
    match key {
        "name" => value.clone_into(&mut attachment.target),
        "alias" => push(endpoint, "Aliases", value),
        "ip" => put(ipam(endpoint), "IPv4Address", value),
        "ip6" => put(ipam(endpoint), "IPv6Address", value),
        "link-local-ip" => push(ipam(endpoint), "LinkLocalIPs", value),
        "mac-address" => put(endpoint, "MacAddress", value),
        "driver-opt" => {
            let (name, setting) = value
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .ok_or("invalid key value pair format in driver options")?;
            put(object(endpoint, "DriverOpts"), name.trim(), setting.trim());
        }
        "gw-priority" => {
            let priority: i64 =
                value.parse().map_err(|_| format!("invalid gw-priority ({value}): not an integer"))?;
            endpoint.insert("GwPriority".into(), priority.into());
        }
        _ => return Err(format!("invalid field key `{key}`")),
    }
    Ok(())
}

/// What can be said about the attachment only after all flags were read.
///
/// # Errors
/// When the name is blank, an alias is on a network that has none, or the MAC address is none.
pub fn check(attachment: &Attachment) -> Parsed<()> {
    if attachment.target.trim().is_empty() {
        return Err("no name set for network".into());
    }
    if attachment.endpoint.contains_key("Aliases") && !attachment.is_user_defined() {
        return Err("network-scoped aliases are only supported for user-defined networks".into());
    }
    match attachment.endpoint.get("MacAddress").and_then(Value::as_str) {
        Some(mac) if !mac.is_empty() && !is_mac_address(mac.trim()) => {
            Err(format!("`{mac}` is not a valid mac address"))
        }
        _ => Ok(()),
    }
}

/// Go's `net.ParseMAC`: 6, 8 or 20 bytes, in pairs with `:` or `-`, or in fours with `.`.
#[must_use]
pub fn is_mac_address(text: &str) -> bool {
    let hex = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_hexdigit());
    [(':', 2), ('-', 2), ('.', 4)].into_iter().any(|(separator, length)| {
        let parts: Vec<&str> = text.split(separator).collect();
        [6, 8, 20].contains(&(parts.len() * length / 2)) && parts.iter().all(|part| hex(part, length))
    })
}

fn ipam(endpoint: &mut Map<String, Value>) -> &mut Map<String, Value> {
    object(endpoint, "IPAMConfig")
}

fn object<'a>(parent: &'a mut Map<String, Value>, field: &str) -> &'a mut Map<String, Value> {
    let slot = parent.entry(field).or_insert_with(|| json!({}));
    slot.as_object_mut().unwrap_or_else(|| unreachable!("only objects are put under these names"))
}

fn put(object: &mut Map<String, Value>, field: &str, value: &str) {
    object.insert(field.to_owned(), value.into());
}

fn push(object: &mut Map<String, Value>, field: &str, value: &str) {
    if let Value::Array(items) = object.entry(field).or_insert_with(|| json!([])) {
        items.push(value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (text, target, endpoint) in [
            ("foo", "foo", json!({})),
            ("Foo", "Foo", json!({})),
            ("name=Foo", "foo", json!({})),
            ("container:x", "container:x", json!({})),
            ("name=foo,alias=X,alias=y", "foo", json!({"Aliases": ["x", "y"]})),
            (
                "name=foo,ip=1.2.3.4,ip6=::1",
                "foo",
                json!({"IPAMConfig": {"IPv4Address": "1.2.3.4", "IPv6Address": "::1"}}),
            ),
            (
                "name=foo,link-local-ip=169.254.1.1",
                "foo",
                json!({"IPAMConfig": {"LinkLocalIPs": ["169.254.1.1"]}}),
            ),
            ("name=foo,driver-opt=A=b", "foo", json!({"DriverOpts": {"a": "b"}})),
            ("name=foo,gw-priority=-3", "foo", json!({"GwPriority": -3})),
        ] {
            let parsed = parse(text).unwrap();
            assert_eq!(
                (parsed.target.as_str(), Value::Object(parsed.endpoint)),
                (target, endpoint),
                "{text}"
            );
        }
        for text in [
            "alias=a",
            "name=foo,zzz",
            "name=foo,zz=1",
            "name=foo,gw-priority=a",
            "name=foo,driver-opt=a",
            "container:name=1",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn checks_after_all_flags() {
        for (text, fine) in [
            ("foo", true),
            ("", false),
            (" ", false),
            ("name=foo,alias=x", true),
            ("name=host,alias=x", false),
            ("name=foo,mac-address=92:d0:c6:0a:29:33", true),
            ("name=foo,mac-address=92d0.c60a.2933", true),
            ("name=foo,mac-address=zz", false),
        ] {
            assert_eq!(check(&parse(text).unwrap()).is_ok(), fine, "{text}");
        }
    }
}

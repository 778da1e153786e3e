//! `--device`: `host[:container][:rwm]`, or a qualified name of the Container Device Interface, `vendor/class=name`
//! (<https://github.com/cncf-tags/container-device-interface>); and `--device-cgroup-rule`.

use serde_json::{Value, json};

use super::Parsed;

/// What a `--device` asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Device {
    /// A file of the host, as the engine takes it.
    Mapping(Value),
    /// A name that a device driver resolves.
    Cdi,
}

/// The device that `text` names.
///
/// # Errors
/// When a path is not absolute, the rights are none, or there are too many parts.
pub fn parse(text: &str) -> Parsed<Device> {
    if is_qualified_name(text) {
        return Ok(Device::Cdi);
    }
    let (host, container, rights) = match text.split(':').collect::<Vec<_>>()[..] {
        [""] | ["", ..] => return Err(format!("bad format for path: `{text}`")),
        [path] => (clean(absolute(path)?), String::new(), "rwm"),
        [path, rights] if is_rights(rights) => (clean(absolute(path)?), String::new(), rights),
        [host, container] => (host.to_owned(), clean(absolute(container)?), "rwm"),
        [_, _, rights] if !is_rights(rights) => {
            return Err(format!("bad mode specified: `{rights}` (of r, w and m)"));
        }
        // With rights given, docker takes a second part that looks like rights for nothing but that.
        [host, container, rights] => (host.to_owned(), absolute(container)?.to_owned(), rights),
        _ => return Err(format!("bad format for path: `{text}`")),
    };
    let container = if container.is_empty() { host.clone() } else { container };
    Ok(Device::Mapping(
        json!({"PathOnHost": host, "PathInContainer": container, "CgroupPermissions": rights}),
    ))
}

/// Checks `type major:minor rights`.
///
/// # Errors
/// When it has another form.
pub fn check_cgroup_rule(text: &str) -> Parsed<()> {
    let number = |part: &str| part == "*" || (!part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let rights = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b"rwm".contains(&b));
    let fine = match text.split(' ').collect::<Vec<_>>()[..] {
        ["a" | "c" | "b", device, allowed] => {
            device.split_once(':').is_some_and(|(major, minor)| number(major) && number(minor))
                && rights(allowed)
        }
        _ => false,
    };
    if fine { Ok(()) } else { Err(format!("invalid device cgroup format `{text}`")) }
}

fn absolute(path: &str) -> Parsed<&str> {
    if path.starts_with('/') { Ok(path) } else { Err(format!("`{path}` is not an absolute path")) }
}

/// Each of the three letters at most once.
fn is_rights(text: &str) -> bool {
    let once = |letter| text.matches(letter).count() <= 1;
    !text.is_empty() && text.bytes().all(|b| b"rwm".contains(&b)) && "rwm".chars().all(once)
}

/// Go's `path.Clean` of an absolute path.
fn clean(path: &str) -> String {
    super::volume::absolute(path, std::path::Path::new("/"))
}

fn is_qualified_name(text: &str) -> bool {
    let Some((kind, name)) = text.split_once('=').filter(|_| !text.starts_with('/')) else { return false };
    let Some((vendor, class)) = kind.split_once('/') else { return false };
    let part = |text: &str, first: fn(&u8) -> bool, signs: &[u8]| {
        let bytes = text.as_bytes();
        bytes.first().is_some_and(first)
            && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || signs.contains(b))
    };
    part(vendor, u8::is_ascii_alphabetic, b"_-.")
        && part(class, u8::is_ascii_alphabetic, b"_-.")
        && part(name, u8::is_ascii_alphanumeric, b"_-.:")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(host: &str, container: &str, rights: &str) -> Device {
        Device::Mapping(
            json!({"PathOnHost": host, "PathInContainer": container, "CgroupPermissions": rights}),
        )
    }

    #[test]
    fn table() {
        for (text, expected) in [
            ("/dev/a", mapping("/dev/a", "/dev/a", "rwm")),
            ("/dev//a/../b/", mapping("/dev/b", "/dev/b", "rwm")),
            ("/dev/a:r", mapping("/dev/a", "/dev/a", "r")),
            ("/dev/a:/dev//b", mapping("/dev/a", "/dev/b", "rwm")),
            ("/dev//a:/dev/b:mr", mapping("/dev//a", "/dev/b", "mr")),
            ("a:/b", mapping("a", "/b", "rwm")),
            ("vendor.com/class=name", Device::Cdi),
            ("v/c=1:2", Device::Cdi),
        ] {
            assert_eq!(parse(text).as_ref(), Ok(&expected), "{text}");
        }
        for text in
            ["", ":", "a", "/a:b", "/a:/b:rr", "/a:/b:x", "/a:/b:", "/a:/b:r:w", "1v/c=n", "v/c=", "/a:rr"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn cgroup_rules() {
        for (text, fine) in [
            ("c 1:3 mr", true),
            ("a *:* rwm", true),
            ("b 7:* rrr", true),
            ("c 1:3", false),
            ("d 1:3 r", false),
            ("c 1 r", false),
            ("c 1:3 rwmr", false),
            ("c  1:3 r", false),
            ("c 1:3 x", false),
            ("", false),
        ] {
            assert_eq!(check_cgroup_rule(text).is_ok(), fine, "{text}");
        }
    }
}

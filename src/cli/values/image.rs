//! IMAGE: a reference as distribution/reference has it: `[registry/]path[:tag][@digest]`, or an image's id.

use super::Parsed;

/// Checks the reference's form; what it names is the engine's to say.
///
/// # Errors
/// When it is not of that form.
pub fn parse(text: &str) -> Parsed<()> {
    let form = |fine: bool, cause: &str| if fine { Ok(()) } else { Err(cause.to_owned()) };
    if is_id(text) {
        return Ok(());
    }
    let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
    let (name, tag) = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (name, None),
    };
    let path = without_registry(name);
    form(!path.is_empty() && !path.starts_with('/') && !path.ends_with('/'), "invalid reference format")?;
    form(
        !path.bytes().any(|b| b.is_ascii_uppercase()),
        &format!("invalid reference format: repository name (`{path}`) must be lowercase"),
    )?;
    // What cannot be a host may still be the first component of the path.
    let host = name.strip_suffix(path).unwrap_or_default().trim_end_matches('/');
    let components = if host.is_empty() || is_host(host) { path } else { name };
    form(components.split('/').all(is_component) && name.len() <= 255, "invalid reference format")?;
    form(
        tag.is_none_or(is_tag),
        &format!("invalid reference format: `{}` is no tag", tag.unwrap_or_default()),
    )?;
    form(
        digest.is_none_or(is_digest),
        &format!("invalid reference format: `{}` is no digest", digest.unwrap_or_default()),
    )
}

/// Whether this is an image's id, which nobody can pull: 64 hexadecimal digits, or a digest.
#[must_use]
pub fn is_id(text: &str) -> bool {
    is_bare_id(text) || is_digest(text)
}

/// Whether this is an image's id without the name of its algorithm. Docker takes no such thing for a name, not even
/// where it would have to ask a registry for it.
#[must_use]
pub fn is_bare_id(text: &str) -> bool {
    text.len() == 64 && is_hexadecimal(text)
}

/// The path after a first part that is a host: it has a dot, a colon or a capital, or is `localhost`.
fn without_registry(name: &str) -> &str {
    match name.split_once('/') {
        Some((host, path))
            if host == "localhost" || host.contains(['.', ':']) || host != host.to_lowercase() =>
        {
            path
        }
        _ => name,
    }
}

fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            let fine = !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
            (if fine { "v6" } else { "" }, port.strip_prefix(':').or((!port.is_empty()).then_some("")))
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.split('.').all(label)
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

/// Runs of lower-case letters and digits with `.`, `_`, `__` or dashes between them.
fn is_component(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separator = |run: &str| matches!(run, "." | "_" | "__") || run.bytes().all(|b| b == b'-');
    text.starts_with(alphanumeric)
        && text.ends_with(alphanumeric)
        && text.split(alphanumeric).filter(|run| !run.is_empty()).all(separator)
}

fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|b| word(b) || matches!(b, b'.' | b'-'))
}

/// The algorithms of <https://github.com/opencontainers/go-digest>.
fn is_digest(text: &str) -> bool {
    let known = [("sha256:", 64), ("sha384:", 96), ("sha512:", 128)];
    known.into_iter().any(|(prefix, length)| {
        text.strip_prefix(prefix).is_some_and(|digits| digits.len() == length && is_hexadecimal(digits))
    })
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_from_names() {
        let id = "0123456789abcdef".repeat(4);
        assert!(is_id(&id) && is_id(&format!("sha256:{id}")));
        assert!(is_id(&format!("sha512:{id}{id}")) && !is_id(&format!("sha512:{id}")));
        assert!(is_bare_id(&id) && !is_bare_id(&format!("sha256:{id}")));
        assert!(!is_id("busybox") && !is_id(&id[1..]) && !is_id(&id.to_uppercase()));
    }

    #[test]
    fn table() {
        let id = "a".repeat(64);
        for text in [
            "busybox",
            "amazon/aws-cli",
            "localhost:5000/x:y",
            "reg.example/a/b:1.0",
            "a__b/c-d",
            "a--b",
            "a_b.c/d",
            "sha256:abc",
            "Host/x",
            &id,
            &format!("sha256:{id}"),
            &format!("busybox@sha256:{id}"),
            &format!("busybox:1@sha256:{id}"),
            "[::1]:5000/x",
            "run",
        ] {
            assert_eq!(parse(text), Ok(()), "{text}");
        }
        for text in [
            "",
            "-",
            "-x",
            "UPPER",
            "bb:",
            ":x",
            "a@b",
            "b b",
            "a//b",
            "/a",
            "a/",
            "a___b",
            "a..b",
            "reg.example/",
            "a:b:c",
            "a:-b",
            "$IMAGE",
            "reg.example/UPPER",
            "a_B.c/d",
            "a-.b/x",
            &format!("a@sha256:{}", &id[1..]),
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

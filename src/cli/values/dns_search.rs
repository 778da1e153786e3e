//! `--dns-search`: a domain, as docker/cli's `ValidateDNSSearch` reads it, quirks included: its pattern lets
//! colons stand before labels.

use super::Parsed;

/// The domain without blanks around it and the dot at its end; `.` alone means none.
///
/// # Errors
/// When it is no domain.
pub fn parse(text: &str) -> Parsed<String> {
    let trimmed = text.trim_matches(' ');
    if trimmed == "." {
        return Ok(trimmed.into());
    }
    domain(trimmed).map(str::to_owned).ok_or_else(|| format!("`{trimmed}` is not a valid domain"))
}

fn domain(text: &str) -> Option<&str> {
    if !text.bytes().any(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    // Go's \s, which knows no vertical tab.
    let bare = text.trim_end_matches(['\t', '\n', '\u{c}', '\r', ' ']);
    let bare = bare.strip_suffix('.').unwrap_or(bare);
    let mut labels = bare.split('.');
    // Up to two colons before the first label; before each further dot one, and after it one.
    let first = without_colons(labels.next()?, 2);
    let mut carried = Some(first);
    for label in labels {
        let previous = carried.take()?;
        is_label(previous.strip_suffix(':').unwrap_or(previous)).then_some(())?;
        carried = Some(without_colons(label, 1));
    }
    (is_label(carried?) && bare.len() < 255).then_some(bare)
}

fn without_colons(label: &str, most: usize) -> &str {
    (0..most).fold(label, |label, _| label.strip_prefix(':').unwrap_or(label))
}

fn is_label(text: &str) -> bool {
    let letter = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    letter(bytes.first())
        && letter(bytes.last())
        && bytes.iter().all(|&b| b == b'-' || b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    #[test]
    fn table() {
        for (text, expected) in [
            (".", "."),
            (" . ", "."),
            ("example.com", "example.com"),
            ("example.com.", "example.com"),
            (" a ", "a"),
            ("a-b.c1", "a-b.c1"),
            ("::a:.:b", "::a:.:b"),
            ("1.a", "1.a"),
        ] {
            assert_eq!(super::parse(text).as_deref(), Ok(expected), "{text}");
        }
        for text in ["", "1.2", "-a", "a-", "a..b", "a_b", ":::a", "a.::b", "a b", "a:"] {
            assert!(super::parse(text).is_err(), "{text}");
        }
        assert!(super::parse(&"a".repeat(254)).is_ok() && super::parse(&"a".repeat(255)).is_err());
    }
}

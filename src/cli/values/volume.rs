//! `--volume`: `[source:]target[:options]`, as docker/cli's `ParseVolume` takes it apart.

use std::path::Path;

use super::Parsed;

/// What a `--volume` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Volume {
    /// A target alone: an anonymous volume.
    Anonymous,
    /// A source and a target: a bind mount or a named volume.
    Bind,
}

/// Which of the two `text` is.
///
/// # Errors
/// When it or a section of it is empty, or has too many sections.
pub fn parse(text: &str) -> Parsed<Volume> {
    match text.len() {
        0 => return Err("invalid empty volume spec".into()),
        1 | 2 => return Ok(Volume::Anonymous),
        _ => {}
    }
    let sections = sections(text);
    if sections.iter().any(String::is_empty) {
        return Err(format!("invalid spec: `{text}`: empty section between colons"));
    }
    match sections.len() {
        1 => Ok(Volume::Anonymous),
        2 | 3 => Ok(Volume::Bind),
        _ => Err(format!("invalid spec: `{text}`: too many colons")),
    }
}

/// `text` cut at its colons, but for the one after a drive's letter (`c:\data`).
fn sections(text: &str) -> Vec<String> {
    let mut sections = vec![String::new()];
    for c in text.chars() {
        let last = sections.len() - 1;
        let mut letters = sections[last].chars();
        let drive =
            matches!((letters.next(), letters.next()), (Some(letter), None) if letter.is_alphabetic());
        if c == ':' && !drive { sections.push(String::new()) } else { sections[last].push(c) }
    }
    sections
}

/// The bind as Docker sends it: a source that starts with `.` is taken relative to `directory`, any other
/// stays as it is (`~` too: that is for a shell to expand).
#[must_use]
pub fn absolute_bind(text: &str, directory: &Path) -> String {
    match text.split_once(':') {
        Some((source, rest)) if source.starts_with('.') => format!("{}:{rest}", absolute(source, directory)),
        _ => text.to_owned(),
    }
}

/// `path` under `directory` with `.`, `..` and double slashes taken out of the text, as Go's `filepath.Abs`.
#[must_use]
pub fn absolute(path: &str, directory: &Path) -> String {
    let joined = format!("{}/{path}", directory.display());
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for text in ["/", ".", "..", "/a", "a", "a:", ":a", "C:/b", ".abc", "c:\\data"] {
            assert_eq!(parse(text), Ok(Volume::Anonymous), "{text}");
        }
        for text in
            ["/a:/b", "a1:/b", "/a:/b:ro", "./a:/b", "/a:/b:x:y:z", "c:/b:/d", "~/x:/y", "c:\\a:d:\\b:ro"]
        {
            let expected = if text == "/a:/b:x:y:z" { Err(()) } else { Ok(Volume::Bind) };
            assert_eq!(parse(text).map_err(|_| ()), expected, "{text}");
        }
        for text in ["", "/a:", ":/a", "/a::/b", "/a:/b:", "/a:/b:ro:/d:e"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn only_dots_are_made_absolute() {
        for (text, expected) in [
            ("./a:/b", "/w/d/a:/b"),
            ("../a/./b:/b:ro", "/w/a/b:/b:ro"),
            ("../../../..:/b", "/:/b"),
            (".abc:/b", "/w/d/.abc:/b"),
            ("abc:/b", "abc:/b"),
            ("~/a:/b", "~/a:/b"),
        ] {
            assert_eq!(absolute_bind(text, Path::new("/w/d")), expected, "{text}");
        }
    }
}

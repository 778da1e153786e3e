//! A line split into words as Python's `shlex.split` does it, which botocore uses for the names of sections and for
//! `credential_process`.
//!
//! Anchor: CPython `Lib/shlex.py`, POSIX mode, `whitespace_split`, no comments. A shell's own rules differ in what a
//! backslash does between double quotes and at the end of a line.

/// The words of `text`.
///
/// # Errors
/// When a quote is open or a backslash is the last character.
pub(crate) fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        match next {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            // A pair of quotes makes a word even if there is nothing between them.
            '\'' | '"' => quoted(next, &mut rest, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(rest.next().ok_or(NOTHING_ESCAPED)?),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

const NOTHING_ESCAPED: &str = "nothing follows the last backslash";

fn quoted(quote: char, rest: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), &'static str> {
    loop {
        match rest.next().ok_or("a quote is open")? {
            next if next == quote => return Ok(()),
            '\\' if quote == '"' => {
                let escaped = rest.next().ok_or(NOTHING_ESCAPED)?;
                // Between double quotes only these two can be escaped: before others the backslash is itself.
                if escaped != '"' && escaped != '\\' {
                    word.push('\\');
                }
                word.push(escaped);
            }
            next => word.push(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_python_s() {
        for (text, words) in [
            ("", &[][..]),
            ("  \t ", &[]),
            ("profile dev", &["profile", "dev"]),
            ("profile \"dev team\"", &["profile", "dev team"]),
            ("profile dev\\ team", &["profile", "dev team"]),
            ("profile 'a\\b'\"c\\d\\\"\"", &["profile", "a\\bc\\d\""]),
            ("a '' \"\"", &["a", "", ""]),
            ("a #b # c", &["a", "#b", "#", "c"]),
            ("a\u{a0}b", &["a\u{a0}b"]),
            ("\"a$b`\\$\"", &["a$b`\\$"]),
        ] {
            assert_eq!(
                split(text).as_deref(),
                Ok(words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>().as_slice()),
                "{text}"
            );
        }
        for text in ["profile \"dev", "'", "a\\", "\"a\\"] {
            assert!(split(text).is_err(), "{text}");
        }
    }
}

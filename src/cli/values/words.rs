//! Words as a shell reads them: blanks stand between them; quotes and backslashes take a blank into a word.
//!
//! Source: POSIX, XCU 2.2 "Quoting". Nothing is expanded, and there are no comments (which `shlex` has): what stands
//! behind a `#` would be dropped unseen.

use std::iter::Peekable;
use std::str::Chars;

use super::Parsed;

/// The words of `text`.
///
/// # Errors
/// When a quote is not closed, or nothing follows a backslash.
pub fn split(text: &str) -> Parsed<Vec<String>> {
    let mut rest = text.chars().peekable();
    let mut words = Vec::new();
    while rest.peek().is_some() {
        if rest.next_if(|c| is_blank(*c)).is_none() {
            words.push(word(&mut rest)?);
        }
    }
    Ok(words)
}

/// Whether it stands between words. Other white space of Unicode does not, in a shell.
fn is_blank(c: char) -> bool {
    c.is_ascii_whitespace()
}

fn word(rest: &mut Peekable<Chars<'_>>) -> Parsed<String> {
    let mut word = String::new();
    while let Some(c) = rest.next_if(|c| !is_blank(*c)) {
        match c {
            '\'' => single(rest, &mut word)?,
            '"' => double(rest, &mut word)?,
            '\\' => {
                word.push(rest.next().ok_or("it ends in a backslash, which takes a character behind it")?);
            }
            c => word.push(c),
        }
    }
    Ok(word)
}

fn single(rest: &mut Peekable<Chars<'_>>, word: &mut String) -> Parsed<()> {
    for c in rest.by_ref() {
        match c {
            '\'' => return Ok(()),
            c => word.push(c),
        }
    }
    Err("a `'` is not closed".into())
}

/// Within these a backslash is itself but before the few characters that it quotes.
fn double(rest: &mut Peekable<Chars<'_>>, word: &mut String) -> Parsed<()> {
    while let Some(c) = rest.next() {
        match c {
            '"' => return Ok(()),
            '\\' => word.push(rest.next_if(|c| matches!(c, '$' | '`' | '"' | '\\')).unwrap_or('\\')),
            c => word.push(c),
        }
    }
    Err("a `\"` is not closed".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_hold_blanks() {
        for (text, expected) in [
            ("", &[][..]),
            (" \t\r\n", &[]),
            ("a b", &["a", "b"]),
            (" a\n\tb ", &["a", "b"]),
            ("Key=Team,Value='a b' x", &["Key=Team,Value=a b", "x"]),
            (r#""a b"c d"#, &["a bc", "d"]),
            (r"a\ b c", &["a b", "c"]),
            (r#""a\"b" '\"'"#, &[r#"a"b"#, r#"\""#]),
            (r#""a\b""#, &[r"a\b"]),
            ("'' x", &["", "x"]),
            ("a #b c", &["a", "#b", "c"]),
            ("$HOME `x` *", &["$HOME", "`x`", "*"]),
            ("a\u{a0}b", &["a\u{a0}b"]),
        ] {
            assert_eq!(split(text).expect(text), expected, "{text}");
        }
        for (text, part) in
            [("'a", "a `'`"), ("a \"b", "a `\"`"), (r"a\", "backslash"), (r#""a\""#, "a `\"`")]
        {
            assert!(split(text).expect_err(text).contains(part), "{text}");
        }
    }

    /// `shlex` differs but in comments, carriage returns and the end of a line behind a backslash.
    #[test]
    fn they_are_those_of_shlex() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..20_000 {
            let length = random.usize(..12);
            let letters = ['a', 'b', ' ', '\'', '"', '\\', '\t', '$', 'é'];
            let text: String = (0..length).map(|_| random.choice(letters).expect("some")).collect();
            assert_eq!(split(&text).ok(), shlex::split(&text), "{text:?}");
        }
    }
}

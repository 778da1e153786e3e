//! Texts of others that may repeat what they were sent: an engine, a proxy before it, an STS that is none.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::Secret;

/// So much of a secret's beginning is taken for the secret: texts are cut off before they are shown.
const BEGINNING: usize = 12;
/// What is shorter stands in texts by chance.
const SHORTEST: usize = 6;
/// What stands for it.
const MARK: &str = "**";

/// The text without these secrets, in whatever form they are likely to be repeated.
pub(crate) fn without<'a>(text: &'a str, secrets: &[&Secret]) -> Cow<'a, str> {
    let forms = secrets.iter().flat_map(|secret| forms(secret.expose()));
    forms.fold(Cow::Borrowed(text), |text, form| match cut(&text, &form) {
        Some(cut) => Cow::Owned(cut),
        None => text,
    })
}

/// As it is, in JSON that escapes slashes, in a URL, and in base64 by either alphabet, which is found where it begins with it.
fn forms(secret: &str) -> Vec<Zeroizing<String>> {
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    let mut forms = vec![
        secret.to_owned(),
        secret.replace('/', "\\/"),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        BASE64_STANDARD_NO_PAD.encode(secret),
        BASE64_URL_SAFE_NO_PAD.encode(secret),
    ];
    forms.dedup();
    forms.into_iter().map(Zeroizing::new).collect()
}

/// The text without the form, or the part of it that is there; `None` when there is nothing to take out.
fn cut(text: &str, form: &str) -> Option<String> {
    let beginning: String = form.chars().take(BEGINNING).collect();
    let (mut rest, mut kept) = (text, String::new());
    while let Some(at) = rest.find(&beginning) {
        let same = rest[at..].chars().zip(form.chars()).take_while(|(one, other)| one == other);
        let length: usize = same.map(|(c, _)| c.len_utf8()).sum();
        kept.extend([&rest[..at], MARK]);
        rest = &rest[at + length..];
    }
    (rest.len() < text.len()).then(|| kept + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_out_in_any_form() {
        let secret = Secret::new("wJalr/XUtnFEMI+K7MDENG=");
        for (text, expected) in [
            ("nothing of it: wJalr/XUtn", "nothing of it: wJalr/XUtn"),
            ("a wJalr/XUtnFEMI+K7MDENG= b wJalr/XUtnFEMI+K7MDENG=", "a ** b **"),
            ("cut off: wJalr/XUtnFEMI", "cut off: **"),
            ("other ending: wJalr/XUtnFEMIxyz", "other ending: **xyz"),
            (r#"{"a":"wJalr\/XUtnFEMI+K7MDENG="}"#, r#"{"a":"**"}"#),
            ("?k=wJalr%2FXUtnFEMI%2BK7MDENG%3D&b", "?k=**&b"),
            ("d0phbHIvWFV0bkZFTUkrSzdNREVORz0=", "**="),
        ] {
            assert_eq!(without(text, &[&secret]), expected);
        }
    }

    #[test]
    fn short_words_are_no_secrets() {
        for short in ["", "a", "x1234"] {
            assert_eq!(without("a text x1234", &[&Secret::new(short)]), "a text x1234");
        }
        assert_eq!(without("code 123456 was used", &[&Secret::new("123456")]), "code ** was used");
    }
}

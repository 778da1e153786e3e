//! Secrets that can be told from all others, and the search for them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;

/// The secrets of one scenario. Nobody else has them, so that scenarios can run side by side.
#[derive(Debug, Clone)]
pub struct Marks {
    /// The secret key of the credentials that the scenario ends with.
    pub key: String,
    /// Their session token.
    pub token: String,
    /// What gets them: the authorization of an endpoint, a sign-in's token, a web identity.
    pub ticket: String,
    /// A key of the source, where that is another one.
    pub source_key: String,
    /// The beginning of each of them in every form, in the order above.
    forms: Vec<(String, Vec<String>)>,
}

impl Marks {
    /// New ones, with characters that are written in other ways in JSON, in URLs and in base64.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = u64::from(std::process::id()) << 16 | u64::from(COUNT.fetch_add(1, Ordering::Relaxed));
        let mark = |what| format!("{what}{number:010x}Mark/of+the/Leaks+Test");
        let token = format!("{}{}==", mark("LeakedTkn"), "IQoJb3JpZ2lu".repeat(30));
        let all = [mark("LeakedKey"), token, mark("LeakedTkt"), mark("LeakedSrc")];
        let forms = all.iter().map(|secret| (secret[..BEGINNING].to_owned(), forms(&secret[..BEGINNING])));
        let forms = forms.collect();
        let [key, token, ticket, source_key] = all;
        Self { key, token, ticket, source_key, forms }
    }

    /// Where one of them stands in these bytes, and which: the beginning of it is enough, in any form.
    pub fn found_in(&self, bytes: &[u8]) -> Option<String> {
        found(&self.forms, bytes)
    }

    /// The same of those that are not in the variables of the program itself.
    pub fn fetched_in(&self, bytes: &[u8]) -> Option<String> {
        found(&self.forms[..2], bytes)
    }

    #[track_caller]
    pub fn assert_not_in(&self, bytes: &[u8], place: &str) {
        let found = self.found_in(bytes);
        let text = String::from_utf8_lossy(bytes);
        assert!(found.is_none(), "{place} holds {}: {text}", found.unwrap_or_default());
    }
}

/// What tells one secret from all others is in so many characters of it, which are the same in JSON and in URLs.
const BEGINNING: usize = 23;

fn found(all: &[(String, Vec<String>)], bytes: &[u8]) -> Option<String> {
    // All forms are ASCII.
    let text = String::from_utf8_lossy(bytes);
    let find = |(word, forms): &(String, Vec<String>)| {
        let form = forms.iter().find(|form| text.contains(form.as_str()))?;
        Some(format!("`{word}` as `{form}`"))
    };
    all.iter().find_map(find)
}

/// As it is; in base64, whatever comes before it; in hexadecimal digits.
fn forms(word: &str) -> Vec<String> {
    let mut forms = vec![word.to_owned()];
    for before in 0..3 {
        let encoded = BASE64_STANDARD_NO_PAD.encode([&vec![b'x'; before][..], word.as_bytes()].concat());
        // Its first and last characters depend on what stands around it.
        let first = (before * 8).div_ceil(6);
        forms.push(encoded[first..encoded.len() - 2].to_owned());
    }
    for hex in [|byte| format!("{byte:02x}"), |byte: u8| format!("{byte:02X}")] {
        forms.push(word.bytes().map(hex).collect());
    }
    forms
}

/// Every file below a directory.
pub fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let below = entries.flat_map(|entry| {
        let path = entry.path();
        if path.is_dir() { files_below(&path) } else { vec![path] }
    });
    below.collect()
}

#[test]
fn the_search_finds_every_form() {
    let marks = Marks::new();
    assert_eq!(marks.found_in(b"nothing of it, LeakedKey"), None);
    for secret in [&marks.key, &marks.token, &marks.ticket, &marks.source_key] {
        let json = serde_json::json!({ "x": secret }).to_string().replace('/', "\\/");
        let url: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let mut forms = vec![secret.clone(), json, url, secret[..24].to_owned()];
        forms.extend(
            ["", "a", "bc", "def"].map(|before| BASE64_STANDARD_NO_PAD.encode(format!("{before}{secret}"))),
        );
        forms.push(secret.bytes().map(|byte| format!("{byte:02x}")).collect());
        for form in forms {
            let text = format!("before {form} after");
            assert!(
                marks.found_in(text.as_bytes()).is_some_and(|told| told.contains(&secret[..BEGINNING])),
                "{text}"
            );
            assert!(Marks::new().found_in(text.as_bytes()).is_none(), "another's: {text}");
        }
    }
}

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
}

impl Marks {
    /// New ones, with characters that are written in other ways in JSON, in URLs and in base64.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = u64::from(std::process::id()) << 16 | u64::from(COUNT.fetch_add(1, Ordering::Relaxed));
        let mark = |what| format!("{what}{number:010x}Mark/of+the/Leaks+Test");
        Self {
            key: mark("LeakedKey"),
            token: format!("{}{}==", mark("LeakedTkn"), "IQoJb3JpZ2lu".repeat(30)),
            ticket: mark("LeakedTkt"),
            source_key: mark("LeakedSrc"),
        }
    }

    fn all(&self) -> [&String; 4] {
        [&self.key, &self.token, &self.ticket, &self.source_key]
    }

    /// Where one of them stands in these bytes, and which: the beginning of it is enough, in any form.
    pub fn found_in(&self, bytes: &[u8]) -> Option<String> {
        self.all().into_iter().find_map(|secret| found(&secret[..BEGINNING], bytes))
    }

    /// The same of those that are not in the variables of the program itself.
    pub fn fetched_in(&self, bytes: &[u8]) -> Option<String> {
        [&self.key, &self.token].into_iter().find_map(|secret| found(&secret[..BEGINNING], bytes))
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

fn found(word: &str, bytes: &[u8]) -> Option<String> {
    let form = forms(word).into_iter().find(|form| holds(bytes, form.as_bytes()))?;
    Some(format!("`{word}` as `{form}`"))
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

/// Whether the bytes hold the word. By its first byte first: memory and logs are large.
pub fn holds(bytes: &[u8], word: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == word[0]) {
        if rest[at..].starts_with(word) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
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
    for secret in marks.all() {
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

//! Where docker refuses a line, credrun names at least the same things.

use super::compare::Record;

/// What docker quotes and credrun says otherwise: docker's own name, names of its checks, and patterns.
const THEIRS: [&str; 3] = ["docker run", "specify mac-address per network", "specify container networks"];

/// Flags whose values may hold secrets: no message of credrun's shows these, nor the lines of files that may, which it
/// names by their number.
const SECRET: [&str; 1] = ["env"];

/// The records that docker refused, before it asked the engine for anything, naming what credrun does not name.
pub fn less_said(records: &[Record]) -> Vec<String> {
    let refused = records.iter().filter(|record| record.docker.code != 0 && record.docker.asked.is_empty());
    refused
        .filter(|record| record.docker.code != 2)
        .filter_map(|record| {
            let missing: Vec<_> =
                named(&record.docker.said).into_iter().filter(|name| !record.said.contains(name)).collect();
            let (docker, credrun) = (record.docker.said.trim(), record.said.trim());
            (!missing.is_empty())
                .then(|| format!("{:?}: not named: {missing:?}\n    {docker}\n    {credrun}", record.line))
        })
        .collect()
}

/// What a message of docker's names: whatever it quotes.
fn named(said: &str) -> Vec<String> {
    let text: String = said.lines().take_while(|line| !line.is_empty()).collect();
    let mut names = quoted(&text);
    if SECRET.iter().any(|flag| text.contains(&format!("--{flag}\" flag"))) {
        names.clear();
    }
    if text.contains(" on line '") {
        names.pop();
    }
    // docker shows a short flag beyond ASCII by the first of its bytes.
    names.retain(|name| !name.starts_with('^') && name != "\u{c3}" && !THEIRS.contains(&name.as_str()));
    names
}

/// What stands between two `"`, as Go's `%q` writes it, and between two `'`.
fn quoted(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(['"', '\'']) {
        let (quote, inside) = (&rest[start..=start], &rest[start + 1..]);
        let Some(end) = end_of(inside, quote) else { break };
        let literal = &rest[start..start + end + 2];
        // An apostrophe quotes nothing.
        let apostrophe = quote == "'" && rest[..start].ends_with(char::is_alphanumeric);
        if apostrophe {
            rest = inside;
            continue;
        }
        let plain = inside[..end].to_owned();
        names.push(if quote == "\"" { serde_json::from_str(literal).unwrap_or(plain) } else { plain });
        rest = &inside[end + 1..];
    }
    names
}

/// Where the quotation ends that `text` is inside of; a backslash keeps a quote from doing so.
fn end_of(text: &str, quote: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let ends = !escaped && quote.starts_with(c);
        escaped = c == '\\' && !escaped && quote == "\"";
        ends.then_some(at)
    })
}

#[test]
fn quotations_are_found() {
    for (text, expected) in [
        (r#"invalid argument "a\"b" for "-p, --publish" flag"#, vec!["a\"b", "-p, --publish"]),
        ("unknown shorthand flag: 'z' in -z", vec!["z"]),
        ("isn't 'this'", vec!["this"]),
        ("nothing", vec![]),
    ] {
        assert_eq!(quoted(text), expected, "{text}");
    }
}

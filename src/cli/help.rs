//! `--help`, from the table.

use std::fmt::Write as _;

use super::flags::{Flag, TABLE, Topic};

/// The line that says how to call credrun.
pub const USAGE: &str = "usage: credrun [OPTIONS] IMAGE [COMMAND] [ARG...]";

const HEAD: &str = "Run an image as `docker run --rm` does, with temporary AWS credentials inside.

usage: credrun [OPTIONS] IMAGE [COMMAND] [ARG...]
       credrun run [OPTIONS] IMAGE [COMMAND] [ARG...]
       credrun version
       credrun help
";

const TOPICS: [(Topic, &str); 6] = [
    (Topic::Aws, "AWS credentials"),
    (Topic::Container, "Container"),
    (Topic::Streams, "Streams and signals"),
    (Topic::Content, "Variables and files"),
    (Topic::Network, "Network"),
    (Topic::Limits, "Limits and rights"),
];

/// The whole text.
#[must_use]
pub fn text() -> String {
    let mut text = HEAD.to_owned();
    for (topic, title) in TOPICS {
        let _ = write!(text, "\n{title}:\n");
        for flag in TABLE.iter().filter(|flag| flag.topic == topic) {
            line(&mut text, flag);
        }
    }
    text
}

/// The flag's line; a long name gets its description on the next.
fn line(text: &mut String, flag: &Flag) {
    const COLUMN: usize = 36;
    let short = flag.short.map_or("    ".to_owned(), |short| format!("-{short}, "));
    let names = format!("  {short}--{} {}", flag.long, flag.value);
    let names = names.trim_end();
    let _ = if names.len() + 2 > COLUMN {
        writeln!(text, "{names}\n{:COLUMN$}{}", "", flag.help)
    } else {
        writeln!(text, "{names:COLUMN$}{}", flag.help)
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_is_listed_once() {
        let text = text();
        for flag in TABLE {
            let word = format!("--{}", flag.long);
            let lines = text.lines().filter(|line| {
                line.trim_start()
                    .split([' ', ','])
                    .filter(|word| word.starts_with("--"))
                    .take(1)
                    .any(|w| w == word)
            });
            assert_eq!(lines.count(), 1, "{word}");
            assert!(text.contains(flag.help), "{word}");
        }
        assert!(text.contains(USAGE));
    }
}

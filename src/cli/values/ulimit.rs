//! `--ulimit`: `type=soft[:hard]`, as docker/go-units reads it. -1 is unlimited.

use super::Parsed;

/// The types that Docker knows.
const TYPES: [&str; 15] = [
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
];

/// One limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ulimit {
    /// Its type.
    pub name: String,
    /// The soft limit.
    pub soft: i64,
    /// The hard limit, by default the soft one.
    pub hard: i64,
}

/// The limit that `text` spells.
///
/// # Errors
/// When the type is unknown, a limit is no integer, or the soft one is above the hard one.
pub fn parse(text: &str) -> Parsed<Ulimit> {
    let (name, limits) =
        text.split_once('=').ok_or("invalid ulimit argument: it takes `type=soft[:hard]`")?;
    if !TYPES.contains(&name) {
        return Err(format!("invalid ulimit type: `{name}` (one of {})", TYPES.join(", ")));
    }
    let limits: Vec<&str> = limits.split(':').collect();
    let (soft, hard) = match limits[..] {
        [soft] => (limit(soft)?, limit(soft)?),
        [soft, hard] => (limit(soft)?, limit(hard)?),
        _ => return Err("too many limits: it can have two at most, `soft[:hard]`".into()),
    };
    if hard != -1 && (soft == -1 || soft > hard) {
        return Err(format!("ulimit soft limit must be less than or equal to hard limit: {soft} > {hard}"));
    }
    Ok(Ulimit { name: name.into(), soft, hard })
}

fn limit(text: &str) -> Parsed<i64> {
    text.parse().map_err(|_| format!("limit `{text}` is not an integer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (text, name, soft, hard) in [
            ("nofile=1:2", "nofile", 1, 2),
            ("nofile=3", "nofile", 3, 3),
            ("core=-1", "core", -1, -1),
            ("stack=5:-1", "stack", 5, -1),
        ] {
            assert_eq!(parse(text), Ok(Ulimit { name: name.into(), soft, hard }), "{text}");
        }
        for text in [
            "",
            "nofile",
            "foo=1",
            "nofile=",
            "nofile=a",
            "nofile=2:1",
            "nofile=-1:5",
            "nofile=1:2:3",
            "nofile=0x1",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

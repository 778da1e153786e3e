//! Flags that are none: which one was meant.

use super::flags::{self, Table};
use crate::error::Error;

/// The error for `--name`.
pub fn long(name: &str, table: Table) -> Error {
    let error = Error::usage(format!("unknown flag: `--{name}`"));
    match (name, nearest(name, table)) {
        ("version", _) => error.hint("`credrun version` tells versions"),
        (_, Some(known)) => error.hint(format!("did you mean `--{known}`?")),
        (_, None) => error,
    }
}

/// The error for the letter `short`, found at the start of `cluster`.
pub fn short(short: char, cluster: &str) -> Error {
    if short.is_whitespace() {
        return Error::usage(format!("unknown shorthand flag: `{short}` in `-{cluster}`"))
            .hint("a blank is in that word: are there quotes around more than one option?");
    }
    Error::usage(format!("unknown shorthand flag: `{short}` in `-{cluster}`"))
}

/// The known name that is most like `name`, if one is like it at all.
pub fn nearest(name: &str, table: Table) -> Option<&'static str> {
    let names =
        flags::rows(table).flat_map(|flag| std::iter::once(flag.long).chain(flag.aliases.iter().copied()));
    nearest_of(names, name)
}

/// The one of these that is most like `name`, if one is like it at all.
pub fn nearest_of(names: impl Iterator<Item = &'static str>, name: &str) -> Option<&'static str> {
    names
        .map(|known| (known, strsim::damerau_levenshtein(known, name)))
        .filter(|(known, distance)| *distance * 3 <= known.len().max(name.len()))
        .min_by_key(|(_, distance)| *distance)
        .map(|(known, _)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_named() {
        for (name, known) in [
            ("nmae", "name"),
            ("volumes", "volume"),
            ("netwrok", "network"),
            ("role_arn", "role-arn"),
            ("environment", ""),
        ] {
            assert_eq!(nearest(name, flags::TABLE).unwrap_or_default(), known, "{name}");
        }
    }
}

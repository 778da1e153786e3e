//! Docker's grammar of flags: spf13/pflag, not interspersed. Flags end at the first word that is none.
//!
//! Written out rather than put on clap: pflag's oddities (`-e=` is `=`, `-i=` is an unknown flag `=`, a value
//! flag takes the next word whatever it is, the first bad value in argv's order decides) are the contract.

use std::collections::BTreeMap;

use super::flags::{self, Flag, Kind, Table};
use super::unknown;
use crate::error::{Error, Result};

/// argv, sorted into flags and the rest.
pub struct Scan {
    /// The values of each flag by its long name.
    pub flags: BTreeMap<&'static str, Vec<String>>,
    /// IMAGE, COMMAND, ARG…
    pub positionals: Vec<String>,
    /// The table that the flags are of.
    pub table: Table,
}

/// Sorts `words` by `table` and checks each value's syntax. The first mistake ends it; what came before is there.
pub fn scan(words: Vec<String>, table: Table) -> (Scan, Result<()>) {
    let mut scan = Scan { flags: BTreeMap::new(), positionals: Vec::new(), table };
    let done = scan.words(words.into_iter());
    (scan, done)
}

impl Scan {
    fn words(&mut self, mut words: impl Iterator<Item = String>) -> Result<()> {
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            } else if let Some(long) = word.strip_prefix("--") {
                self.long(long, &mut words)?;
            } else if let Some(shorts) = word.strip_prefix('-').filter(|shorts| !shorts.is_empty()) {
                self.shorts(shorts, &mut words)?;
            } else {
                self.positionals.push(word);
                break;
            }
        }
        self.positionals.extend(words);
        Ok(())
    }

    fn long(&mut self, text: &str, next: &mut impl Iterator<Item = String>) -> Result<()> {
        if text.starts_with(['-', '=']) {
            return Err(Error::usage(format!("bad flag syntax: `--{text}`")));
        }
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let flag = flags::by_long(self.table, name).ok_or_else(|| unknown::long(name, self.table))?;
        let value = match (value, flag.kind) {
            (Some(value), _) => value.to_owned(),
            (None, Kind::Switch) => "true".to_owned(),
            (None, _) => next.next().ok_or_else(|| needs_argument(flag))?,
        };
        self.add(flag, value)
    }

    fn shorts(&mut self, cluster: &str, next: &mut impl Iterator<Item = String>) -> Result<()> {
        let mut rest = cluster;
        while let Some(short) = rest.chars().next() {
            let flag = flags::by_short(self.table, short).ok_or_else(|| unknown::short(short, rest))?;
            let after = &rest[short.len_utf8()..];
            // `-e=` is the value `=`: pflag takes the sign away only when something follows it.
            match (after.strip_prefix('=').filter(|value| !value.is_empty()), flag.kind) {
                (Some(value), _) => return self.add(flag, value.to_owned()),
                (None, Kind::Switch) => self.add(flag, "true".to_owned())?,
                (None, _) if !after.is_empty() => return self.add(flag, after.to_owned()),
                (None, _) => {
                    let value = next.next().ok_or_else(|| needs_argument(flag))?;
                    return self.add(flag, value);
                }
            }
            rest = after;
        }
        Ok(())
    }

    fn add(&mut self, flag: &'static Flag, value: String) -> Result<()> {
        flag.check_value(&value)?;
        let values = self.flags.entry(flag.long).or_default();
        if flag.once && values.last().is_some_and(|other| *other != value) {
            return Err(flag.twice());
        }
        values.push(value);
        Ok(())
    }
}

fn needs_argument(flag: &Flag) -> Error {
    Error::usage(format!("flag needs an argument: `{}`", flag.shown()))
        .hint(format!("it takes a value: `--{} {}`", flag.long, flag.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `flag=value …| positionals`, or the error's first words.
    fn shown(line: &str) -> String {
        let words = line.split_whitespace().map(str::to_owned).collect();
        let (Scan { flags, positionals, .. }, done) = scan(words, flags::TABLE);
        match done {
            Ok(()) => {
                let flags =
                    flags.iter().flat_map(|(name, values)| values.iter().map(move |v| format!("{name}={v}")));
                format!("{}| {}", flags.map(|flag| flag + " ").collect::<String>(), positionals.join(" "))
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn grammar() {
        for (line, expected) in [
            ("bb", "| bb"),
            ("-- bb -- x", "| bb -- x"),
            ("- x", "| - x"),
            ("--rm bb --rm", "rm=true | bb --rm"),
            ("--rm true bb", "rm=true | true bb"),
            ("--rm=false bb", "rm=false | bb"),
            ("-it=false bb", "interactive=true tty=false | bb"),
            ("-itePQ=1 bb", "env=PQ=1 interactive=true tty=true | bb"),
            ("-tiu5 bb", "interactive=true tty=true user=5 | bb"),
            ("-e --rm bb", "env=--rm | bb"),
            ("-e=A=1 bb", "env=A=1 | bb"),
            ("-u= bb", "user== | bb"),
            ("-u==x bb", "user==x | bb"),
            ("--name -- bb", "name=-- | bb"),
            ("--net a --network b bb", "network=a network=b | bb"),
            ("-help bb", "hostname=elp | bb"),
            ("--user= bb", "user= | bb"),
            ("--user a --user b bb", "user=a user=b | bb"),
            ("--until 30m --until 30m bb", "until=30m until=30m | bb"),
        ] {
            assert_eq!(shown(line), expected, "{line}");
        }
        for (line, message) in [
            ("--zz bb", "unknown flag: `--zz`"),
            ("-z bb", "unknown shorthand flag: `z` in `-z`"),
            ("-iz bb", "unknown shorthand flag: `z` in `-z`"),
            ("-i= bb", "unknown shorthand flag: `=` in `-=`"),
            ("--e=x bb", "unknown flag: `--e`"),
            ("--=x bb", "bad flag syntax: `--=x`"),
            ("---x bb", "bad flag syntax: `---x`"),
            ("--name", "flag needs an argument: `--name`"),
            ("--until 30m --until 1h bb", "`--until` is given twice, with different values"),
            ("--policy a --policy=b bb", "`--policy` is given twice, with different values"),
            ("-e", "flag needs an argument: `-e, --env`"),
            (
                "-e= bb",
                "invalid argument for `-e, --env`: invalid environment variable: there is no name before the `=`",
            ),
        ] {
            assert_eq!(shown(line), message, "{line}");
        }
    }
}

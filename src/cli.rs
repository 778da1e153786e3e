//! The command line as text: which words are flags, which is the image. No I/O.

pub mod flags;
pub mod help;
mod scan;
mod unknown;
pub mod values;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use self::flags::Table;
use crate::error::{Error, ErrorKind, Result};

/// What a command line asks for.
#[derive(Debug)]
pub enum Invocation {
    /// Run an image.
    Run(Cli),
    /// Tell versions.
    Version,
    /// Print this text to stdout.
    Help(String),
}

/// The command line of a run: well formed, and nothing of the host looked at yet.
#[derive(Clone)]
pub struct Cli {
    /// IMAGE.
    pub image: String,
    /// COMMAND and ARG…
    pub command: Vec<String>,
    /// The values given to each flag, by its long name, in their order.
    flags: BTreeMap<&'static str, Vec<String>>,
    table: Table,
}

impl Cli {
    /// The table that its flags are of.
    #[must_use]
    pub fn table(&self) -> Table {
        self.table
    }

    /// All values that were given to the flag with this long name.
    #[must_use]
    pub fn values(&self, long: &str) -> &[String] {
        self.flags.get(long).map_or(&[], Vec::as_slice)
    }

    /// The value that counts where a flag takes only one: the last.
    #[must_use]
    pub fn last(&self, long: &str) -> Option<&str> {
        self.values(long).last().map(String::as_str)
    }

    /// Whether a switch is on; `None` when it was not given.
    #[must_use]
    pub fn switch(&self, long: &str) -> Option<bool> {
        self.last(long).and_then(|text| values::boolean::parse(text).ok())
    }
}

impl fmt::Debug for Cli {
    /// Names of flags only: values (`-e`) and arguments can hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cli")
            .field("image", &self.image)
            .field("flags", &self.flags.keys())
            .finish_non_exhaustive()
    }
}

/// Reads argv without the program's name.
///
/// # Errors
/// [`ErrorKind::Usage`] for a flag or value that is wrong, [`ErrorKind::Refused`] when IMAGE is missing: the
/// kinds lead to the exit codes of `docker run`.
pub fn parse(argv: Vec<OsString>) -> Result<Invocation> {
    parse_with(flags::TABLE, argv)
}

/// Reads argv by another table of flags: what a test of the table, or a program with flags of its own, needs.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(table: Table, argv: Vec<OsString>) -> Result<Invocation> {
    let mut words = utf8(argv)?;
    match words.first().map(String::as_str) {
        Some("run") => drop(words.remove(0)),
        Some(name @ ("version" | "help")) => return subcommand(name, &words[1..]),
        _ => {}
    }
    run(words, table)
}

/// What stands before the first mistake of an argv that [`parse_with`] refuses. docker judges these flags first.
#[must_use]
pub fn before_mistake(table: Table, argv: Vec<OsString>) -> Cli {
    let mut words = utf8(argv).unwrap_or_default();
    if words.first().is_some_and(|word| word == "run") {
        words.remove(0);
    }
    let (scan::Scan { flags, table, .. }, _) = scan::scan(words, table);
    Cli { image: String::new(), command: Vec::new(), flags, table }
}

fn subcommand(name: &str, arguments: &[String]) -> Result<Invocation> {
    if let Some(word) = arguments.first() {
        return Err(Error::usage(format!("`credrun {name}` takes no arguments, and got `{word}`"))
            .hint(format!("to run an image called `{name}`, write `credrun run {name}`")));
    }
    Ok(if name == "version" { Invocation::Version } else { Invocation::Help(help::text()) })
}

fn run(words: Vec<String>, table: Table) -> Result<Invocation> {
    let (scan::Scan { flags, positionals, .. }, done) = scan::scan(words, table);
    done?;
    let mut cli = Cli { image: String::new(), command: Vec::new(), flags, table };
    if cli.switch("help") == Some(true) {
        return Ok(Invocation::Help(help::text()));
    }
    let mut positionals = positionals.into_iter();
    cli.image = positionals.next().ok_or_else(no_image)?;
    cli.command = positionals.collect();
    Ok(Invocation::Run(cli))
}

fn no_image() -> Error {
    Error::new(ErrorKind::Refused, "`credrun` requires at least 1 argument: no IMAGE was given")
        .hint(help::USAGE)
        .hint("`credrun --help` lists the options")
}

fn utf8(argv: Vec<OsString>) -> Result<Vec<String>> {
    let word = |(index, word): (usize, OsString)| {
        word.into_string().map_err(|_| {
            Error::usage(format!("argument {} is not valid UTF-8", index + 1))
                .hint("the Docker Engine API takes JSON, which holds only UTF-8 text")
        })
    };
    argv.into_iter().enumerate().map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(line: &str) -> Invocation {
        parse(line.split_whitespace().map(OsString::from).collect()).unwrap()
    }

    #[test]
    fn subcommands_are_first_words_only() {
        assert!(matches!(invocation("version"), Invocation::Version));
        assert!(matches!(invocation("help"), Invocation::Help(_)));
        assert!(matches!(invocation("--help"), Invocation::Help(_)));
        assert!(matches!(invocation("run --help"), Invocation::Help(_)));
        for (line, image, command) in [
            ("run bb run", "bb", &["run"][..]),
            ("run run", "run", &[]),
            ("run version", "version", &[]),
            ("--rm version x", "version", &["x"]),
            ("-- help", "help", &[]),
            ("bb --help", "bb", &["--help"]),
            ("--help=false bb", "bb", &[]),
        ] {
            let Invocation::Run(cli) = invocation(line) else { panic!("{line} is a run") };
            assert_eq!(
                (cli.image.as_str(), &cli.command[..]),
                (image, &command.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
                "{line}"
            );
        }
    }

    #[test]
    fn debug_shows_no_value() {
        let shown = format!("{:?}", invocation("-e SECRET=hush bb hush"));
        assert!(shown.contains("env") && !shown.contains("hush"), "{shown}");
    }
}

//! The command line as text: which words are flags, which is the image. No I/O.

mod defaults;
pub mod flags;
pub mod help;
mod scan;
pub mod subcommand;
mod unknown;
pub mod values;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;

use self::flags::Table;
use self::subcommand::Subcommand;
use crate::completions;
use crate::engine::EngineOptions;
use crate::error::{Error, ErrorKind, Result};

/// What a command line asks for.
#[derive(Debug)]
pub enum Invocation {
    /// Run an image.
    Run(Cli),
    /// Tell versions, the engine's too.
    Version(EngineOptions),
    /// Print this text to stdout.
    Help(String),
    /// Print the manual page, as roff.
    Man,
    /// Complete the last of these words.
    Complete(Vec<String>),
    /// Something else that credrun does, with options of its own.
    Other(&'static Subcommand, Cli),
}

/// The values of each flag, by its long name.
type Flags = BTreeMap<&'static str, Vec<String>>;

/// The command line of a run: well formed, and nothing of the host looked at yet.
#[derive(Clone)]
pub struct Cli {
    /// IMAGE.
    pub image: String,
    /// COMMAND and ARG…
    pub command: Vec<String>,
    /// The values given to each flag, by its long name, in their order.
    flags: Flags,
    /// The flags whose values come from variables.
    defaults: BTreeSet<&'static str>,
    warnings: Vec<String>,
    table: Table,
}

impl Cli {
    fn new(flags: Flags, table: Table) -> Self {
        Self {
            image: String::new(),
            command: Vec::new(),
            flags,
            defaults: BTreeSet::new(),
            warnings: Vec::new(),
            table,
        }
    }

    /// Whether no flag is given.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.flags.is_empty()
    }

    /// Whether this flag's value comes from a variable.
    #[must_use]
    pub fn is_default(&self, long: &str) -> bool {
        self.defaults.contains(long)
    }

    /// What the user should know of variables that do not count.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

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

    /// Which engine, and how it is reached.
    #[must_use]
    pub fn engine_options(&self) -> EngineOptions {
        let text = |long| self.last(long).filter(|text| !text.is_empty()).map(str::to_owned);
        EngineOptions {
            hosts: self.values("host").to_vec(),
            context: text("context"),
            config: text("config"),
            tls: self.switch("tls"),
            tls_verify: self.switch("tlsverify"),
            ca: text("tlscacert"),
            certificate: text("tlscert"),
            key: text("tlskey"),
        }
    }

    /// The level of the log that `--debug` or `--log-level` asks for.
    #[must_use]
    pub fn log_level(&self) -> Option<&'static str> {
        if self.switch("debug") == Some(true) {
            return Some("debug");
        }
        match self.last("log-level")?.to_ascii_lowercase().as_str() {
            "" => None,
            "trace" => Some("trace"),
            "debug" => Some("debug"),
            "info" => Some("info"),
            "warn" | "warning" => Some("warn"),
            _ => Some("error"),
        }
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
    let (global, mut words) = split_global(utf8(argv)?);
    match words.first().map(String::as_str) {
        Some("run") => drop(words.remove(0)),
        Some("--version") if words.len() == 1 => {
            return Ok(Invocation::Help(concat!("credrun version ", env!("CARGO_PKG_VERSION")).to_owned()));
        }
        // Not listed: the shells' scripts ask so.
        Some("__complete") => return Ok(Invocation::Complete(words.split_off(1))),
        Some(name) if SUBCOMMANDS.contains(&name) => return subcommand(name, &words[1..], global),
        _ => {}
    }
    run(words, table, global)
}

/// What the first word may be instead of an option or an image.
pub const SUBCOMMANDS: &[&str] = &[
    "run",
    "exec",
    "export",
    "whoami",
    "ps",
    "stop",
    "role-template",
    "logout",
    "version",
    "help",
    "completions",
    "man",
];

/// Whether this word, standing first, names what to do.
pub(crate) fn is_subcommand(word: &str) -> bool {
    SUBCOMMANDS.contains(&word)
}

/// Where the first word stands that belongs to none of the options that docker has before a subcommand.
pub(crate) fn first_positional(argv: &[OsString]) -> Option<usize> {
    let words = utf8(argv.to_vec()).ok()?;
    let (scan, done) = scan::scan(words, flags::engine::BEFORE_SUBCOMMAND);
    (done.is_ok() && !scan.positionals.is_empty()).then(|| argv.len() - scan.positionals.len())
}

/// The options that docker has before a subcommand, when nothing else stands there; and the rest.
fn split_global(words: Vec<String>) -> (Flags, Vec<String>) {
    let (scan, done) = scan::scan(words.clone(), flags::engine::BEFORE_SUBCOMMAND);
    let subcommand = scan.positionals.first().is_some_and(|word| SUBCOMMANDS.contains(&word.as_str()));
    let last = words.len() - scan.positionals.len();
    // After `--` docker too reads no subcommand.
    let only_flags = done.is_ok() && last > 0 && words[last - 1] != "--";
    if only_flags && subcommand { (scan.flags, scan.positionals) } else { (Flags::new(), words) }
}

/// `first`'s values, then `then`'s.
fn joined(first: Flags, then: Flags) -> Flags {
    then.into_iter().fold(first, |mut all, (name, values)| {
        all.entry(name).or_default().extend(values);
        all
    })
}

/// What stands before the first mistake of an argv that [`parse_with`] refuses. docker judges these flags first.
#[must_use]
pub fn before_mistake(table: Table, argv: Vec<OsString>) -> Cli {
    let (global, mut words) = split_global(utf8(argv).unwrap_or_default());
    if words.first().is_some_and(|word| word == "run") {
        words.remove(0);
    }
    let (scan::Scan { flags, table, .. }, _) = scan::scan(words, table);
    Cli::new(joined(global, flags), table)
}

/// A word that stands where it should not, for a message: of `NAME=value`, which may be a secret behind a mistyped `-e`,
/// the name alone.
pub(crate) fn without_value(word: &str) -> Cow<'_, str> {
    match word.split_once('=') {
        Some((name, value)) if !value.is_empty() => format!("{name}=…").into(),
        _ => word.into(),
    }
}

fn subcommand(name: &str, arguments: &[String], global: Flags) -> Result<Invocation> {
    if let Some(other) = subcommand::by_name(name) {
        return subcommand::parse(other, global, arguments.to_vec());
    }
    match (name, arguments) {
        ("help", [topic]) => return help::topic(topic).map(Invocation::Help),
        ("completions", [shell]) => return completion_script(shell),
        ("completions", []) => {
            return Err(Error::usage("`credrun completions` takes the name of a shell")
                .hint(format!("one of {}", completions::SHELLS.join(", "))));
        }
        (_, []) => {}
        (_, [word, ..]) => {
            let word = without_value(word);
            return Err(Error::usage(format!("`credrun {name}` takes no arguments, and got `{word}`"))
                .hint(format!("to run an image called `{name}`, write `credrun run {name}`")));
        }
    }
    let cli = Cli::new(global, flags::TABLE);
    Ok(match name {
        "version" => Invocation::Version(cli.engine_options()),
        "man" => Invocation::Man,
        _ => Invocation::Help(help::text()),
    })
}

fn completion_script(shell: &str) -> Result<Invocation> {
    let script = completions::script(shell).ok_or_else(|| {
        Error::usage(format!("there is no completion for the shell `{shell}`"))
            .hint(format!("there is one for {}", completions::SHELLS.join(", ")))
    })?;
    Ok(Invocation::Help(script.to_owned()))
}

fn run(words: Vec<String>, table: Table, global: Flags) -> Result<Invocation> {
    let (scan::Scan { flags, positionals, .. }, done) = scan::scan(words, table);
    done.map_err(|error| match error.hints() {
        [] => error.hint("`credrun --help` lists the options"),
        _ => error,
    })?;
    let mut cli = Cli::new(joined(global, flags), table);
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
    fn of_a_word_that_may_be_a_variable_the_name_is_shown() {
        for (word, shown) in [("s3", "s3"), ("A=hush=hush", "A=…"), ("A=", "A="), ("=x", "=…")] {
            assert_eq!(without_value(word), shown);
        }
    }

    #[test]
    fn subcommands_are_first_words_only() {
        assert!(matches!(invocation("version"), Invocation::Version(_)));
        assert!(matches!(invocation("--version"), Invocation::Help(_)));
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
    fn docker_s_options_stand_before_a_subcommand_or_among_ours() {
        for (line, image, host, context) in [
            ("-H unix:///x run bb", "bb", Some("unix:///x"), None),
            ("-c prod -l debug run bb -c 1", "bb", None, Some("prod")),
            ("--context prod run -c 5 bb", "bb", None, Some("prod")),
            ("--context prod bb", "bb", None, Some("prod")),
            ("--rm -H unix:///x bb", "bb", Some("unix:///x"), None),
            ("-c 512 bb", "bb", None, None),
            ("--context a run --context b bb", "bb", None, Some("b")),
            ("--context a --rm run", "run", None, Some("a")),
        ] {
            let Invocation::Run(cli) = invocation(line) else { panic!("{line} is a run") };
            let options = cli.engine_options();
            assert_eq!(
                (cli.image.as_str(), options.hosts.first().map(String::as_str), options.context.as_deref()),
                (image, host, context),
                "{line}"
            );
        }
        let Invocation::Version(options) = invocation("-c prod version") else { panic!("version") };
        assert_eq!(options.context.as_deref(), Some("prod"));
    }

    #[test]
    fn debug_shows_no_value() {
        let shown = format!("{:?}", invocation("-e SECRET=hush bb hush"));
        assert!(shown.contains("env") && !shown.contains("hush"), "{shown}");
    }
}

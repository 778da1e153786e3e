//! The one table of flags. A flag is a row of it and a test of its value's syntax; the grammar, `--help`, the
//! completions, the man pages and what a run asks of the engine all come from it.
//!
//! Rows take effect in the table's order, which matters for `--env-file` before `--env` and for `--tags`
//! before `--transitive-tag-keys`.

mod aws;
mod container;
mod devices;
pub mod engine;
mod files;
mod health;
mod limits;
mod network;
pub mod place;
mod security;
mod streams;
pub mod subcommands;

pub use self::place::Place;
use super::values::{Parsed, boolean, integer, size};
use crate::error::{Error, Result};
use crate::request::{ApiVersion, AwsOptions, Host, RunRequest};
use std::path::Path;

/// How many values a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// None: it is on, or `=false`.
    Switch,
    /// One; the last one given counts.
    Scalar,
    /// Any number.
    List,
}

/// What a flag does to the request.
#[derive(Clone, Copy)]
pub enum Effect {
    /// Sets the body's field at this path to true or false.
    Switch(&'static str),
    /// Sets it to the text.
    Text(&'static str),
    /// Appends the text to it.
    Texts(&'static str),
    /// Sets it to the integer.
    Integer(&'static str),
    /// Sets it to the number of bytes.
    Size(&'static str),
    /// One of credrun's own: whose credentials, and how much of them. Called as `Each` is.
    Aws(fn(&mut AwsOptions, &str, &Path) -> Parsed<()>),
    /// Anything else; called for each value, in their order (for the last one of a scalar).
    Each(fn(&mut RunRequest, &str, &Host<'_>) -> Parsed<()>),
    /// Anything else; gets all values at once.
    All(fn(&mut RunRequest, &[String], &Host<'_>) -> Parsed<()>),
    /// Nothing by itself: [`crate::request::resolve`] weighs it against other flags.
    Weighed,
}

/// What a shell may offer for a flag's value.
#[derive(Debug, Clone, Copy)]
pub enum Completion {
    /// Nothing is known.
    Nothing,
    /// Files.
    Files,
    /// These words.
    Words(&'static [&'static str]),
    /// The engine's networks, and `container:` with each container.
    Networks,
    /// The engine's containers.
    Containers,
    /// These words, and `container:` with each container.
    Namespaces(&'static [&'static str]),
    /// The engine's volumes, and files.
    Volumes,
    /// The profiles of the AWS configuration.
    Profiles,
    /// Docker contexts.
    Contexts,
    /// The names of the host's environment variables.
    Variables,
}

/// One row of the table.
#[derive(Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is a column of its own")]
pub struct Flag {
    /// The long name, without dashes.
    pub long: &'static str,
    /// The letter.
    pub short: Option<char>,
    /// Other long names, not listed in `--help`.
    pub aliases: &'static [&'static str],
    /// How many values.
    pub kind: Kind,
    /// The first version of the Engine API that has it.
    pub api: ApiVersion,
    /// Only an engine that runs Windows containers has it.
    pub windows_only: bool,
    /// It is credrun's own: a variable `CREDRUN_…` stands in for it.
    pub own: bool,
    /// Left out unseen, it would let the container have more, or somebody else's, or a run happen that was not meant to:
    /// its variable is never passed over.
    pub narrows: bool,
    /// It is refused when it is given twice with different values: the first would be lost, and that narrowed, too.
    pub once: bool,
    /// Which container's it is, when a run is two.
    pub place: Place,
    /// What the value is called.
    pub value: &'static str,
    /// What it does, in a line.
    pub help: &'static str,
    /// How it looks on a command line.
    pub example: &'static str,
    /// What else a user should know of it; empty where the line says all.
    pub note: &'static str,
    /// What a shell may offer for its value.
    pub completion: Completion,
    /// Checks a value's syntax, where Docker does so before anything else.
    pub check: fn(&str) -> Parsed<()>,
    /// What it does to the request.
    pub effect: Effect,
}

/// The rows under one heading of `--help`.
#[derive(Clone, Copy)]
pub struct Section {
    /// The heading.
    pub title: &'static str,
    /// Its flags.
    pub rows: &'static [Flag],
}

/// A table of flags.
pub type Table = &'static [Section];

/// Whose credentials.
pub const CREDENTIALS: Section = Section { title: "AWS credentials", rows: aws::ROWS };
/// Which engine.
pub const ENGINE: Section = Section { title: "Engine", rows: engine::ROWS };
/// How much of them.
pub const NARROWING: Section = Section { title: "Narrowing them", rows: aws::NARROWING };

/// All flags of a run.
pub const TABLE: Table = &[
    CREDENTIALS,
    NARROWING,
    Section { title: "credrun", rows: aws::CREDRUN },
    ENGINE,
    Section { title: "Container", rows: container::ROWS },
    Section { title: "Streams and signals", rows: streams::ROWS },
    Section { title: "Variables, labels and files", rows: files::ROWS },
    Section { title: "Network", rows: network::ROWS },
    Section { title: "CPU, memory and other limits", rows: limits::ROWS },
    Section { title: "Devices", rows: devices::ROWS },
    Section { title: "Security and namespaces", rows: security::ROWS },
    Section { title: "Health check", rows: health::ROWS },
];

/// The rows of a table, in its order.
pub fn rows(table: Table) -> impl Iterator<Item = &'static Flag> {
    table.iter().flat_map(|section| section.rows)
}

/// The flag with this long name or alias.
#[must_use]
pub fn by_long(table: Table, name: &str) -> Option<&'static Flag> {
    rows(table).find(|flag| flag.long == name || flag.aliases.contains(&name))
}

/// The flag with this letter.
#[must_use]
pub fn by_short(table: Table, letter: char) -> Option<&'static Flag> {
    rows(table).find(|flag| flag.short == Some(letter))
}

/// The variable that stands in for credrun's own flag of this name.
#[must_use]
pub fn variable(long: &str) -> String {
    format!("CREDRUN_{}", long.to_uppercase().replace('-', "_"))
}

/// Says that credrun's own flag of this name is given by its variable.
#[must_use]
pub fn given_by(long: &str) -> String {
    format!("`--{long}` is given by the variable `{}`", variable(long))
}

/// A row for a switch. `example` is what a command line would hold, as of every row.
const fn switch(long: &'static str, help: &'static str, example: &'static str) -> Flag {
    Flag {
        long,
        short: None,
        aliases: &[],
        kind: Kind::Switch,
        api: (1, 41),
        windows_only: false,
        own: false,
        narrows: false,
        once: false,
        place: Place::Target,
        value: "",
        help,
        example,
        note: "",
        completion: Completion::Nothing,
        check: |_| Ok(()),
        effect: Effect::Weighed,
    }
}

/// A row for a flag that takes one value.
const fn scalar(long: &'static str, value: &'static str, help: &'static str, example: &'static str) -> Flag {
    Flag { kind: Kind::Scalar, value, ..switch(long, help, example) }
}

/// A row for a flag that may be given more than once.
const fn list(long: &'static str, value: &'static str, help: &'static str, example: &'static str) -> Flag {
    Flag { kind: Kind::List, value, ..switch(long, help, example) }
}

/// What a row says beyond its names.
impl Flag {
    const fn short(self, letter: char) -> Self {
        Self { short: Some(letter), ..self }
    }

    const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    const fn since(self, api: ApiVersion) -> Self {
        Self { api, ..self }
    }

    const fn windows_only(self) -> Self {
        Self { windows_only: true, ..self }
    }

    const fn completes(self, completion: Completion) -> Self {
        Self { completion, ..self }
    }

    const fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    const fn check(self, check: fn(&str) -> Parsed<()>) -> Self {
        Self { check, ..self }
    }

    const fn effect(self, effect: Effect) -> Self {
        Self { effect, ..self }
    }

    const fn each(self, effect: fn(&mut RunRequest, &str, &Host<'_>) -> Parsed<()>) -> Self {
        self.effect(Effect::Each(effect))
    }

    const fn all(self, effect: fn(&mut RunRequest, &[String], &Host<'_>) -> Parsed<()>) -> Self {
        self.effect(Effect::All(effect))
    }

    /// Sets a field of the body: true or false, the text, or of a list each text.
    const fn sets(self, path: &'static str) -> Self {
        match self.kind {
            Kind::Switch => self.effect(Effect::Switch(path)),
            Kind::Scalar => self.effect(Effect::Text(path)),
            Kind::List => self.effect(Effect::Texts(path)),
        }
    }

    const fn own(self) -> Self {
        Self { own: true, place: Place::Client, ..self }
    }

    const fn narrows(self) -> Self {
        Self { narrows: true, ..self }
    }

    const fn once(self) -> Self {
        Self { once: true, ..self }
    }

    const fn aws(self, effect: fn(&mut AwsOptions, &str, &Path) -> Parsed<()>) -> Self {
        self.own().effect(Effect::Aws(effect))
    }

    const fn integer(self, path: &'static str) -> Self {
        self.check(|value| integer::parse(value).map(drop)).effect(Effect::Integer(path))
    }

    const fn size(self, path: &'static str) -> Self {
        self.check(|value| size::parse(value).map(drop)).effect(Effect::Size(path))
    }
}

impl Flag {
    /// `-m, --memory`, as messages name it.
    #[must_use]
    pub fn shown(&self) -> String {
        self.short.map_or_else(|| format!("--{}", self.long), |short| format!("-{short}, --{}", self.long))
    }

    /// Checks one value's syntax.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Usage`], naming the flag, the value (unless it may be secret) and the cause.
    pub fn check_value(&self, value: &str) -> Result<()> {
        let check =
            if self.kind == Kind::Switch { |text: &str| boolean::parse(text).map(drop) } else { self.check };
        check(value).map_err(|cause| self.refuse(value, &cause))
    }

    /// The error for a second value of a flag that takes one, where docker would forget the first.
    #[must_use]
    pub fn twice(&self) -> Error {
        let error = Error::usage(format!("`--{}` is given twice, with different values", self.long))
            .hint("the first would be lost, and with it what it forbids: leave one of the two out");
        if self.long != "policy" {
            return error;
        }
        error.hint("or write the statements of both into one policy; `--allow` and `--policy-arns` may be given more than once")
    }

    /// The error for a value of this flag.
    #[must_use]
    pub fn refuse(&self, value: &str, cause: &str) -> Error {
        // The only values that are likely to be secrets.
        let value =
            if ["env", "token-code"].contains(&self.long) { String::new() } else { format!("`{value}` ") };
        let error = Error::usage(format!("invalid argument {value}for `{}`: {cause}", self.shown()));
        if self.kind == Kind::Switch {
            return error.hint(format!("write `--{0}` or `--{0}=false`", self.long));
        }
        // credrun's own notes are about what the flag does, not about how it is written.
        let error = if self.note.is_empty() || self.own { error } else { error.hint(self.note) };
        let form = format!("it takes `--{} {}`, for example `{}`", self.long, self.value, self.example);
        error.hint(form).hint(format!("`credrun help {}` explains it", self.long))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{self, Invocation};
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_rows_complete() {
        let mut names = BTreeSet::new();
        for flag in rows(TABLE) {
            for name in flag.aliases.iter().chain([&flag.long]) {
                assert!(names.insert((*name).to_owned()), "{name}");
            }
            assert!(flag.short.is_none_or(|short| names.insert(short.to_string())), "{}", flag.long);
            assert!(!flag.help.is_empty() && !flag.help.ends_with('.'), "{}", flag.long);
            assert_eq!(flag.kind == Kind::Switch, flag.value.is_empty(), "{}", flag.long);
        }
    }

    #[test]
    fn every_example_is_of_its_flag_and_parses() {
        for flag in rows(TABLE) {
            let words: Vec<String> = shlex::split(flag.example).expect("an example is words");
            let own = |word: &String| word.trim_start_matches('-').split('=').next() == Some(flag.long);
            let short = |word: &String| flag.short.is_some_and(|short| *word == format!("-{short}"));
            assert!(words.iter().any(|word| own(word) || short(word)), "--{}: {}", flag.long, flag.example);
            let argv = words.into_iter().chain(["image".to_owned()]).map(Into::into).collect();
            match cli::parse(argv) {
                Ok(Invocation::Run(cli)) => {
                    assert_eq!(cli.image, "image", "--{}: {}", flag.long, flag.example);
                    assert!(!cli.values(flag.long).is_empty(), "--{}", flag.long);
                }
                Ok(_) => assert_eq!(flag.long, "help"),
                Err(error) => panic!("--{}: `{}`: {error}", flag.long, flag.example),
            }
        }
    }

    #[test]
    fn a_bad_variable_is_not_repeated() {
        let env = by_long(TABLE, "env").unwrap();
        let error = env.check_value("=hush").unwrap_err();
        assert!(!format!("{error} {error:?} {:?}", error.hints()).contains("hush"));
    }
}

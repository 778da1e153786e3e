//! What credrun does beside running an image: each has a table of flags of its own, in the same grammar.

use std::fmt;

use super::flags::{self, Flag, Section, Table};
use super::{Cli, Flags, Invocation, help, scan};
use crate::error::{Error, ErrorKind, Result};

/// One of them.
pub struct Subcommand {
    /// The word that asks for it.
    pub name: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// How it is called.
    pub usage: &'static str,
    /// What a user should know of it.
    pub note: &'static str,
    /// Its flags.
    pub table: Table,
    /// What follows the flags.
    pub words: Words,
}

/// What follows the flags of a subcommand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Nothing.
    None,
    /// A command, with its arguments.
    Command,
    /// Runs, one or more.
    Runs,
}

impl Words {
    /// At least this many words, at most that many; and what they are called.
    fn count(self) -> (usize, usize, &'static str) {
        match self {
            Self::None => (0, 0, ""),
            Self::Command => (1, usize::MAX, "COMMAND"),
            Self::Runs => (1, usize::MAX, "RUN"),
        }
    }
}

impl Subcommand {
    /// Whether it asks an engine, and so takes the options that say which.
    fn asks_an_engine(&self) -> bool {
        flags::by_long(self.table, "host").is_some()
    }
}

impl fmt::Debug for Subcommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// All of them.
pub static ALL: [Subcommand; 7] = [
    Subcommand {
        name: "exec",
        about: "Run a command on this machine with the credentials in its environment",
        usage: "credrun exec [OPTIONS] [--] COMMAND [ARG...]",
        note: "for what is no container: `docker compose`, `terraform`. Signals and the exit code are passed through",
        table: EXEC,
        words: Words::Command,
    },
    Subcommand {
        name: "export",
        about: "Print the credentials for a shell or a program to read",
        usage: "credrun export [OPTIONS]",
        note: "as in `eval \"$(credrun export --format env)\"`. `--format process` makes credrun a profile's credential_process",
        table: EXPORT,
        words: Words::None,
    },
    Subcommand {
        name: "whoami",
        about: "Tell who the credentials are for AWS, and where they come from",
        usage: "credrun whoami [OPTIONS]",
        note: "asks STS (GetCallerIdentity), as `aws sts get-caller-identity` does",
        table: WHOAMI,
        words: Words::None,
    },
    Subcommand {
        name: "ps",
        about: "List the runs with `--refresh` that the engine knows of, and who looks after each",
        usage: "credrun ps [OPTIONS]",
        note: "what a credrun that has gone has left behind, and nobody needs, is removed first, as at every start of credrun",
        table: PS,
        words: Words::None,
    },
    Subcommand {
        name: "stop",
        about: "End runs with `--refresh`, by the id of the run or by the name or id of its container",
        usage: "credrun stop [OPTIONS] RUN|NAME|ID...",
        note: "as `docker stop` does it; what nobody looks after is removed as well",
        table: STOP,
        words: Words::Runs,
    },
    Subcommand {
        name: "role-template",
        about: "Print a CloudFormation template of a role for `--role-arn`",
        usage: "credrun role-template [OPTIONS]",
        note: "without options, a template with parameters for all of it; with them, one that is ready to be deployed",
        table: ROLE_TEMPLATE,
        words: Words::None,
    },
    Subcommand {
        name: "logout",
        about: "Forget the sessions that are kept in the system's keychain",
        usage: "credrun logout",
        note: "these are the sessions that cost an MFA code. Sign-ins of the AWS CLI are the AWS CLI's: `aws sso logout`, `aws logout`",
        table: HELP,
        words: Words::None,
    },
];

const HELP: Table = &[Section { title: "Options", rows: flags::subcommands::HELP }];
const EXEC: Table =
    &[Section { title: "Options", rows: flags::subcommands::EXEC }, flags::CREDENTIALS, flags::NARROWING];
const EXPORT: Table =
    &[Section { title: "Options", rows: flags::subcommands::EXPORT }, flags::CREDENTIALS, flags::NARROWING];
const WHOAMI: Table =
    &[Section { title: "Options", rows: flags::subcommands::WHOAMI }, flags::CREDENTIALS, flags::NARROWING];
const PS: Table = &[Section { title: "Options", rows: flags::subcommands::PS }, flags::ENGINE];
const STOP: Table = &[Section { title: "Options", rows: flags::subcommands::STOP }, flags::ENGINE];
const ROLE_TEMPLATE: Table = &[Section { title: "Options", rows: flags::subcommands::ROLE_TEMPLATE }];

/// The one of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Subcommand> {
    ALL.iter().find(|subcommand| subcommand.name == name)
}

/// Reads the words behind its name; `before` are the options that stood in front of it.
///
/// # Errors
/// As [`super::parse`].
pub(super) fn parse(
    subcommand: &'static Subcommand,
    before: Flags,
    words: Vec<String>,
) -> Result<Invocation> {
    let (scan::Scan { flags, positionals, .. }, done) = scan::scan(words, subcommand.table);
    done.map_err(|error| error.hint(format!("`credrun {} --help` lists its options", subcommand.name)))?;
    let flags = if subcommand.asks_an_engine() { super::joined(before, flags) } else { flags };
    let mut cli = Cli::new(flags, subcommand.table);
    if cli.switch("help") == Some(true) {
        return Ok(Invocation::Help(help::of(subcommand)));
    }
    let (least, most, word) = subcommand.words.count();
    if positionals.len() < least {
        return Err(Error::new(ErrorKind::Refused, format!("`credrun {}` takes a {word}", subcommand.name))
            .hint(format!("usage: {}", subcommand.usage)));
    }
    if let Some(word) = positionals.get(most) {
        let (name, word) = (subcommand.name, super::without_value(word));
        return Err(Error::usage(format!("`credrun {name}` takes no arguments, and got `{word}`"))
            .hint(format!("usage: {}", subcommand.usage))
            .hint(format!("to run an image called `{name}`, write `credrun run {name}`")));
    }
    cli.command = positionals;
    Ok(Invocation::Other(subcommand, cli))
}

/// The flag of this name in any table: for `credrun help`.
#[must_use]
pub fn flag(name: &str) -> Option<(&'static Subcommand, &'static Flag)> {
    ALL.iter().find_map(|other| Some((other, flags::by_long(other.table, name)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Invocation> {
        super::super::parse(line.split_whitespace().map(Into::into).collect())
    }

    #[test]
    fn each_has_its_options_and_words() {
        for (line, name, words) in [
            ("export --format json", "export", &[][..]),
            ("export --role-arn x --allow s3:Get*", "export", &[]),
            ("exec -- aws s3 ls --debug", "exec", &["aws", "s3", "ls", "--debug"]),
            ("exec --profile p terraform -x", "exec", &["terraform", "-x"]),
            ("whoami --format json", "whoami", &[]),
            ("role-template --trust account", "role-template", &[]),
            ("logout", "logout", &[]),
            ("ps --format json -H unix:///x", "ps", &[]),
            ("stop -t 5 tool -x", "stop", &["tool", "-x"]),
            ("stop --timeout=-1 one two", "stop", &["one", "two"]),
        ] {
            let Ok(Invocation::Other(other, cli)) = parsed(line) else { panic!("{line}") };
            assert_eq!((other.name, cli.command.len()), (name, words.len()), "{line}");
        }
        for other in &ALL {
            assert!(matches!(parsed(&format!("{} --help", other.name)), Ok(Invocation::Help(_))));
            assert!(super::super::SUBCOMMANDS.contains(&other.name));
        }
    }

    #[test]
    fn the_engine_s_options_stand_before_or_behind() {
        for (line, host, context) in [
            ("ps -H unix:///x", Some("unix:///x"), None),
            ("-H unix:///x ps", Some("unix:///x"), None),
            ("-c prod stop tool", None, Some("prod")),
            ("-c prod stop --context test tool", None, Some("test")),
        ] {
            let Ok(Invocation::Other(_, cli)) = parsed(line) else { panic!("{line}") };
            let options = cli.engine_options();
            let found = (options.hosts.first().map(String::as_str), options.context.as_deref());
            assert_eq!(found, (host, context), "{line}");
        }
        // Without options a template with parameters is printed: these are none of its own.
        let Ok(Invocation::Other(_, cli)) = parsed("-c prod role-template") else { panic!("role-template") };
        assert!(cli.is_bare());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (line, part) in [
            ("export s3", "takes no arguments, and got `s3`"),
            ("exec", "takes a COMMAND"),
            ("exec --", "takes a COMMAND"),
            ("whoami -it", "unknown shorthand flag"),
            ("export --formt x", "unknown flag: `--formt`"),
            ("export --format csv", "`csv`"),
            ("ps tool", "takes no arguments, and got `tool`"),
            ("stop", "takes a RUN"),
            ("stop --time 5", "takes a RUN"),
            ("stop --time soon x", "`soon`"),
            ("stop --time 4294967296 x", "32 bits"),
        ] {
            let error = parsed(line).expect_err(line);
            assert!(error.to_string().contains(part), "{line}: {error}");
            assert!(!error.hints().is_empty(), "{line}");
        }
    }

    #[test]
    fn every_example_parses() {
        for other in &ALL {
            for flag in flags::rows(other.table).filter(|flag| flag.long != "help") {
                let words = shlex::split(flag.example).expect("words");
                let argv = std::iter::once(other.name.to_owned())
                    .chain(words)
                    .chain((other.words != Words::None).then(|| "true".to_owned()));
                let parsed = super::super::parse(argv.map(Into::into).collect());
                let Ok(Invocation::Other(_, cli)) = parsed else {
                    panic!("{}: {}", other.name, flag.example)
                };
                assert!(!cli.values(flag.long).is_empty(), "{} --{}", other.name, flag.long);
            }
        }
    }
}

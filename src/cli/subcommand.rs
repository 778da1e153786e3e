//! What credrun does beside running an image: each has a table of flags of its own, in the same grammar.

use std::fmt;

use super::flags::{self, Flag, Section, Table};
use super::{Cli, Invocation, help, scan};
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
    /// What follows the flags: at least this many words, at most that many.
    words: (usize, usize),
}

impl Subcommand {
    /// Whether words that are its own stand behind its flags.
    #[must_use]
    pub fn takes_words(&self) -> bool {
        self.words.1 > 0
    }
}

impl fmt::Debug for Subcommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// All of them.
pub static ALL: [Subcommand; 5] = [
    Subcommand {
        name: "exec",
        about: "Run a command on this machine with the credentials in its environment",
        usage: "credrun exec [OPTIONS] [--] COMMAND [ARG...]",
        note: "for what is no container: `docker compose`, `terraform`. Signals and the exit code are passed through",
        table: EXEC,
        words: (1, usize::MAX),
    },
    Subcommand {
        name: "export",
        about: "Print the credentials for a shell or a program to read",
        usage: "credrun export [OPTIONS]",
        note: "as in `eval \"$(credrun export --format env)\"`. `--format process` makes credrun a profile's credential_process",
        table: EXPORT,
        words: (0, 0),
    },
    Subcommand {
        name: "whoami",
        about: "Tell who the credentials are for AWS, and where they come from",
        usage: "credrun whoami [OPTIONS]",
        note: "asks STS (GetCallerIdentity), as `aws sts get-caller-identity` does",
        table: WHOAMI,
        words: (0, 0),
    },
    Subcommand {
        name: "role-template",
        about: "Print a CloudFormation template of a role for `--role-arn`",
        usage: "credrun role-template [OPTIONS]",
        note: "without options, a template with parameters for all of it; with them, one that is ready to be deployed",
        table: ROLE_TEMPLATE,
        words: (0, 0),
    },
    Subcommand {
        name: "logout",
        about: "Forget the sessions that are kept in the system's keychain",
        usage: "credrun logout",
        note: "these are the sessions that cost an MFA code. Sign-ins of the AWS CLI are the AWS CLI's: `aws sso logout`, `aws logout`",
        table: HELP,
        words: (0, 0),
    },
];

const HELP: Table = &[Section { title: "Options", rows: flags::subcommands::HELP }];
const EXEC: Table =
    &[Section { title: "Options", rows: flags::subcommands::EXEC }, flags::CREDENTIALS, flags::NARROWING];
const EXPORT: Table =
    &[Section { title: "Options", rows: flags::subcommands::EXPORT }, flags::CREDENTIALS, flags::NARROWING];
const WHOAMI: Table =
    &[Section { title: "Options", rows: flags::subcommands::WHOAMI }, flags::CREDENTIALS, flags::NARROWING];
const ROLE_TEMPLATE: Table = &[Section { title: "Options", rows: flags::subcommands::ROLE_TEMPLATE }];

/// The one of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Subcommand> {
    ALL.iter().find(|subcommand| subcommand.name == name)
}

/// Reads the words behind its name.
///
/// # Errors
/// As [`super::parse`].
pub(super) fn parse(subcommand: &'static Subcommand, words: Vec<String>) -> Result<Invocation> {
    let (scan::Scan { flags, positionals, .. }, done) = scan::scan(words, subcommand.table);
    done.map_err(|error| error.hint(format!("`credrun {} --help` lists its options", subcommand.name)))?;
    let mut cli = Cli::new(flags, subcommand.table);
    if cli.switch("help") == Some(true) {
        return Ok(Invocation::Help(help::of(subcommand)));
    }
    let (least, most) = subcommand.words;
    if positionals.len() < least {
        return Err(Error::new(ErrorKind::Refused, format!("`credrun {}` takes a COMMAND", subcommand.name))
            .hint(format!("usage: {}", subcommand.usage)));
    }
    if let Some(word) = positionals.get(most) {
        let name = subcommand.name;
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
    fn what_does_not_fit_is_refused() {
        for (line, part) in [
            ("export s3", "takes no arguments, and got `s3`"),
            ("exec", "takes a COMMAND"),
            ("exec --", "takes a COMMAND"),
            ("whoami -it", "unknown shorthand flag"),
            ("export --formt x", "unknown flag: `--formt`"),
            ("export --format csv", "`csv`"),
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
                    .chain((other.words.0 > 0).then(|| "true".to_owned()));
                let parsed = super::super::parse(argv.map(Into::into).collect());
                let Ok(Invocation::Other(_, cli)) = parsed else {
                    panic!("{}: {}", other.name, flag.example)
                };
                assert!(!cli.values(flag.long).is_empty(), "{} --{}", other.name, flag.long);
            }
        }
    }
}

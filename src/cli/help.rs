//! `--help`, from the table, laid out by clap.
//!
//! The words of a command line are read by `scan`, since clap cannot read all that pflag reads; what clap is
//! good at, the layout of the help, is left to it.

use clap::{Arg, ArgAction, Command};

use super::flags::{self, Flag, Kind, TABLE, Table};
use super::subcommand::{self, Subcommand};
use crate::error::{Error, Result};

/// The line that says how to call credrun.
pub const USAGE: &str = "usage: credrun [OPTIONS] IMAGE [COMMAND] [ARG...]";

const FORMS: &str = "credrun [OPTIONS] IMAGE [COMMAND] [ARG...]
       credrun run [OPTIONS] IMAGE [COMMAND] [ARG...]
       credrun exec [OPTIONS] [--] COMMAND [ARG...]
       credrun export [OPTIONS]
       credrun whoami [OPTIONS]
       credrun ps [OPTIONS]
       credrun stop [OPTIONS] RUN|NAME|ID...
       credrun role-template [OPTIONS]
       credrun logout
       credrun version
       credrun help [OPTION|SUBCOMMAND]
       credrun completions bash|zsh|fish|powershell|elvish
       credrun man";

const TEMPLATE: &str = "{about}\n\nusage: {usage}\n\n{all-args}";

/// The whole text.
#[must_use]
pub fn text() -> String {
    command().render_help().to_string()
}

/// What `credrun help WORD` prints: one option, explained.
///
/// # Errors
/// [`crate::error::ErrorKind::Usage`] when there is no such option.
pub fn topic(word: &str) -> Result<String> {
    let name = word.trim_start_matches('-');
    let mut letters = name.chars();
    let by_letter = match (letters.next(), letters.next()) {
        (Some(letter), None) => flags::by_short(TABLE, letter),
        _ => None,
    };
    match flags::by_long(TABLE, name).or(by_letter) {
        Some(flag) => Ok(explained(flag)),
        None if super::SUBCOMMANDS.contains(&name) => Ok(subcommand::by_name(name).map_or_else(text, of)),
        None => subcommand::flag(name)
            .map(|(other, flag)| of_subcommand(other, flag))
            .ok_or_else(|| unknown(name)),
    }
}

/// A flag that only a subcommand has.
fn of_subcommand(other: &Subcommand, flag: &Flag) -> String {
    let (known, example) = (format!("Example: credrun {} IMAGE", flag.example), flag.example);
    explained(flag).replace(&known, &format!("Example: credrun {} {example}", other.name))
}

fn unknown(name: &str) -> Error {
    let error = Error::usage(format!("there is no option `{name}` to explain"));
    match super::unknown::nearest(name, TABLE) {
        Some(known) => error.hint(format!("did you mean `credrun help {known}`?")),
        None => error.hint("`credrun --help` lists the options"),
    }
}

fn explained(flag: &Flag) -> String {
    let mut lines =
        vec![format!("{} {}", flag.shown(), flag.value).trim_end().to_owned(), format!("    {}", flag.help)];
    let mut add = |text: String| lines.extend([String::new(), format!("    {text}")]);
    if !flag.note.is_empty() {
        add(flag.note.to_owned());
    }
    if flag.kind == Kind::List {
        add("It may be given more than once.".to_owned());
    }
    if flag.once {
        add("It is refused when it is given twice with different values.".to_owned());
    }
    if let [alias, ..] = flag.aliases {
        add(format!("`--{alias}` is another name for it."));
    }
    if flag.api > (1, 41) {
        add(format!("It needs an engine with API {}.{} or newer.", flag.api.0, flag.api.1));
    }
    if flag.windows_only {
        add("It needs an engine that runs Windows containers.".to_owned());
    }
    if flag.own {
        add(of_variable(flag));
    }
    add(format!("Example: credrun {} IMAGE", flag.example).replace(" --help IMAGE", " --help"));
    lines.join("\n")
}

/// How the variable of one of credrun's own stands in for it.
fn of_variable(flag: &Flag) -> String {
    let list = match flag.kind {
        Kind::List => {
            "; blanks stand between its values, and quotes or a backslash, as in a shell, take one into a value"
        }
        _ => "",
    };
    let empty = if flag.narrows { "is refused" } else { "counts as not set" };
    format!("Without it the variable `{}` counts{list}. An empty one {empty}.", flags::variable(flag.long))
}

/// The line of help, and for one of credrun's own the variable that stands in for it.
fn with_variable(flag: &Flag) -> String {
    if flag.own {
        format!("{} [env: {}]", flag.help, flags::variable(flag.long))
    } else {
        flag.help.to_owned()
    }
}

/// The table as clap sees it.
#[must_use]
pub fn command() -> Command {
    let about = "Run an image as `docker run --rm` does, with temporary AWS credentials inside.";
    laid_out(about, FORMS, TABLE)
}

/// What `credrun SUBCOMMAND --help` prints.
#[must_use]
pub fn of(other: &Subcommand) -> String {
    let about = format!("{}.\n\n{}", other.about, other.note);
    laid_out(&about, other.usage, other.table).render_help().to_string()
}

fn laid_out(about: &str, usage: &str, table: Table) -> Command {
    let command = Command::new("credrun")
        .about(about.to_owned())
        .override_usage(usage.to_owned())
        .help_template(TEMPLATE)
        .disable_help_flag(true)
        .disable_version_flag(true);
    table.iter().fold(command, |command, section| {
        command.args(section.rows.iter().map(|flag| arg(flag).help_heading(section.title)))
    })
}

fn arg(flag: &Flag) -> Arg {
    let arg = Arg::new(flag.long)
        .long(flag.long)
        .short(flag.short)
        .aliases(flag.aliases.iter().copied())
        .help(with_variable(flag));
    match flag.kind {
        Kind::Switch => arg.action(ArgAction::SetTrue),
        Kind::Scalar => arg.action(ArgAction::Set).value_name(flag.value),
        Kind::List => arg.action(ArgAction::Append).value_name(flag.value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flag_is_explained() {
        for flag in flags::rows(TABLE) {
            let text = topic(flag.long).expect("there");
            assert!(text.contains(flag.help) && text.contains(flag.example), "{text}");
        }
        for (word, part) in [
            ("-m", "--memory"),
            ("--net", "--network"),
            ("annotation", "API 1.43"),
            ("cpu-count", "Windows"),
            ("tags", "`CREDRUN_TAGS` counts; blanks stand between its values, and quotes"),
            ("until", "`CREDRUN_UNTIL` counts. An empty one is refused."),
            ("until", "refused when it is given twice"),
            ("region", "`CREDRUN_REGION` counts. An empty one counts as not set."),
        ] {
            assert!(topic(word).expect("there").contains(part), "{word}");
        }
        assert!(topic("netwrok").expect_err("none").hints()[0].contains("credrun help network"));
    }

    #[test]
    fn every_flag_is_listed_once() {
        let text = text();
        for flag in super::super::flags::rows(TABLE) {
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

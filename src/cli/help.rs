//! `--help`, from the table, laid out by clap.
//!
//! The words of a command line are read by `scan`, since clap cannot read all that pflag reads; what clap is
//! good at, the layout of the help, is left to it.

use clap::{Arg, ArgAction, Command};

use super::flags::{Flag, Kind, TABLE};

/// The line that says how to call credrun.
pub const USAGE: &str = "usage: credrun [OPTIONS] IMAGE [COMMAND] [ARG...]";

const FORMS: &str = "credrun [OPTIONS] IMAGE [COMMAND] [ARG...]
       credrun run [OPTIONS] IMAGE [COMMAND] [ARG...]
       credrun version
       credrun help";

const TEMPLATE: &str = "{about}\n\nusage: {usage}\n\n{all-args}";

/// The whole text.
#[must_use]
pub fn text() -> String {
    command().render_help().to_string()
}

/// The table as clap sees it.
#[must_use]
pub fn command() -> Command {
    let command = Command::new("credrun")
        .about("Run an image as `docker run --rm` does, with temporary AWS credentials inside.")
        .override_usage(FORMS)
        .help_template(TEMPLATE)
        .disable_help_flag(true)
        .disable_version_flag(true);
    TABLE.iter().fold(command, |command, section| {
        command.args(section.rows.iter().map(|flag| arg(flag).help_heading(section.title)))
    })
}

fn arg(flag: &Flag) -> Arg {
    let arg = Arg::new(flag.long)
        .long(flag.long)
        .short(flag.short)
        .aliases(flag.aliases.iter().copied())
        .help(flag.help);
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

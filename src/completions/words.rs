//! Which place of a command line the cursor is at.

use super::takes_next;
use crate::cli::flags::{self, Flag, TABLE, Table};
use crate::cli::subcommand::{self, Words};
use crate::environment::Environment;

/// What fits.
pub(super) enum Place {
    /// The name of a flag of this table.
    Flag(Table),
    /// A value of this flag, after this prefix of the word.
    Value(&'static Flag, String),
    /// The image; or a subcommand, when nothing stands before.
    Image {
        /// Nothing stands before.
        first: bool,
    },
    /// A shell's name.
    Shell,
    /// A flag's name, as `credrun help` takes it.
    FlagToExplain,
    /// The container's command: that is not ours to know.
    Files,
    /// Runs that the engine knows of.
    Runs,
    /// Nothing.
    Nothing,
}

/// Where `current` stands, after the words `before`.
pub(super) fn place(before: &[String], current: &str, subcommands: &[&str]) -> Place {
    let mut words = before;
    let mut table = TABLE;
    let other = before.first().and_then(|word| subcommand::by_name(word));
    match before.first().map(String::as_str) {
        Some("run") => words = &before[1..],
        Some("completions") if before.len() == 1 => return Place::Shell,
        Some("help") if before.len() == 1 => return Place::FlagToExplain,
        Some(_) if other.is_some() => {
            table = other.map_or(TABLE, |other| other.table);
            words = &before[1..];
        }
        Some(word) if subcommands.contains(&word) => return Place::Nothing,
        _ => {}
    }
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if !word.starts_with('-') || word == "-" || word == "--" {
            return match other {
                Some(other) if other.words == Words::Runs => Place::Runs,
                None if word == "--" && words.len() == 0 => Place::Image { first: false },
                _ => Place::Files,
            };
        }
        if let Some(flag) = waiting(word, table)
            && words.next().is_none()
        {
            return Place::Value(flag, String::new());
        }
    }
    if let Some((name, _)) = current.strip_prefix("--").and_then(|rest| rest.split_once('=')) {
        return flags::by_long(table, name)
            .map_or(Place::Nothing, |flag| Place::Value(flag, format!("--{name}=")));
    }
    match other {
        _ if current.starts_with('-') => Place::Flag(table),
        None => Place::Image { first: before.is_empty() },
        Some(other) => match other.words {
            Words::Command => Place::Files,
            Words::Runs => Place::Runs,
            Words::None => Place::Nothing,
        },
    }
}

/// The flag whose value the next word is.
fn waiting(word: &str, table: Table) -> Option<&'static Flag> {
    if let Some(long) = word.strip_prefix("--") {
        return flags::by_long(table, long).filter(|flag| takes_next(flag));
    }
    let mut letters = word.chars();
    letters.next();
    while let Some(letter) = letters.next() {
        let flag = flags::by_short(table, letter)?;
        if takes_next(flag) {
            return letters.as_str().is_empty().then_some(flag);
        }
    }
    None
}

/// The profiles of the AWS configuration: names only, nothing else of these files is looked at.
pub(super) fn profiles(environment: &Environment) -> Vec<String> {
    let file = |variable: &str, name: &str| {
        let given = environment.non_empty(variable).map(std::path::PathBuf::from);
        let path = given.or_else(|| Some(environment.home()?.join(".aws").join(name)));
        path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default()
    };
    let text =
        [file("AWS_CONFIG_FILE", "config"), file("AWS_SHARED_CREDENTIALS_FILE", "credentials")].join("\n");
    let sections = text.lines().filter_map(|line| line.trim().strip_prefix('[')?.split(']').next());
    let names = sections.filter(|name| !name.starts_with("sso-session ") && !name.starts_with("services "));
    let mut names: Vec<_> =
        names.map(|name| name.strip_prefix("profile ").unwrap_or(name).trim().to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let current = words.pop().expect("a word");
        match place(&words, &current, &["run", "help", "version", "completions"]) {
            Place::Value(flag, prefix) => format!("{} {prefix}", flag.long).trim().to_owned(),
            Place::Image { first } => format!("image {first}"),
            Place::Flag(_) => "flag".into(),
            Place::Shell => "shell".into(),
            Place::FlagToExplain => "flag to explain".into(),
            Place::Files => "files".into(),
            Place::Runs => "runs".into(),
            Place::Nothing => "nothing".into(),
        }
    }

    #[test]
    fn places() {
        for (line, expected) in [
            ("", "image true"),
            ("b", "image true"),
            ("run ", "image false"),
            ("--rm ", "image false"),
            ("--", "flag"),
            ("-", "flag"),
            ("--network ", "network"),
            ("--net b", "network"),
            ("--network=b", "network --network="),
            ("-it -v ", "volume"),
            ("-itv ", "volume"),
            ("-v/a:/b ", "image false"),
            ("--rm=false --name x --pull ", "pull"),
            ("bb ", "files"),
            ("bb --", "files"),
            ("-- ", "image false"),
            ("help ", "flag to explain"),
            ("completions ", "shell"),
            ("version ", "nothing"),
            ("export --fo", "flag"),
            ("export --format ", "format"),
            ("export --profile=", "profile --profile="),
            ("export ", "nothing"),
            ("exec --profile p ", "files"),
            ("exec -- aws ", "files"),
            ("exec -- ", "files"),
            ("stop ", "runs"),
            ("stop -t 5 one t", "runs"),
            ("stop --", "flag"),
            ("stop -- ", "runs"),
            ("stop --time ", "time"),
            ("stop --context=", "context --context="),
            ("ps ", "nothing"),
            ("--nope=x", "nothing"),
        ] {
            assert_eq!(shown(line), expected, "`{line}`");
        }
    }

    #[test]
    fn names_of_profiles_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path.display().to_string()
        };
        let config = write("config", "[default]\nregion=x\n[profile dev]\n[sso-session s]\n");
        let credentials = write("credentials", "[default]\naws_secret_access_key = [hush]\n[prod]\n");
        let environment =
            [("AWS_CONFIG_FILE", config), ("AWS_SHARED_CREDENTIALS_FILE", credentials)].into_iter().collect();
        assert_eq!(profiles(&environment), ["default", "dev", "prod"]);
    }
}

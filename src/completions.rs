//! Shell completions: a short script for each shell asks credrun itself, as cobra's programs do it, `docker` among
//! them. What is completed comes from the table of flags, from the engine, and from the AWS and Docker
//! configurations; when something does not answer at once, there is nothing to offer.

mod words;

use std::time::Duration;

use crate::cli::flags::{self, Completion, Flag, Kind, TABLE, Table};
use crate::docker_config::DockerConfig;
use crate::engine::{Engine, EngineOptions, context};
use crate::environment::Environment;
use crate::refresh::stop;

/// Longer than this nobody waits for a Tab.
const PATIENCE: Duration = Duration::from_secs(1);

/// The shells that there is a script for.
pub const SHELLS: [&str; 5] = ["bash", "zsh", "fish", "powershell", "elvish"];

/// The script for a shell; `None` for one that is not among [`SHELLS`].
#[must_use]
pub fn script(shell: &str) -> Option<&'static str> {
    Some(match shell {
        "bash" => include_str!("completions/credrun.bash"),
        "zsh" => include_str!("completions/credrun.zsh"),
        "fish" => include_str!("completions/credrun.fish"),
        "powershell" => include_str!("completions/credrun.ps1"),
        "elvish" => include_str!("completions/credrun.elv"),
        _ => return None,
    })
}

/// What may stand for the last word, a line each: the word, a tab, what it means. A last line `:files` says that names of
/// files fit as well.
pub async fn candidates(words: &[String], subcommands: &[&str], environment: &Environment) -> String {
    let (current, before) = words.split_last().map_or(("", &[][..]), |(last, rest)| (last.as_str(), rest));
    let found = match words::place(before, current, subcommands) {
        words::Place::Flag(table) => flag_names(table),
        words::Place::Value(flag, prefix) => {
            let values = values(flag, environment).await;
            values.into_iter().map(|(value, help)| (format!("{prefix}{value}"), help)).collect()
        }
        words::Place::Image { first } => images(first, subcommands, environment).await,
        words::Place::Shell => SHELLS.map(|shell| (shell.to_owned(), String::new())).to_vec(),
        words::Place::FlagToExplain => {
            flags::rows(TABLE).map(|flag| (flag.long.to_owned(), flag.help.to_owned())).collect()
        }
        words::Place::Nothing => Vec::new(),
        words::Place::Runs => {
            let names = from_engine(environment, async |engine| stop::names(engine).await).await;
            names.into_iter().map(|name| (name, String::new())).collect()
        }
        words::Place::Files => vec![(":files".to_owned(), String::new())],
    };
    let fits = |(word, _): &(String, String)| word.starts_with(current) || word == ":files";
    found.into_iter().filter(fits).map(line).collect()
}

fn line((word, help): (String, String)) -> String {
    if help.is_empty() { format!("{word}\n") } else { format!("{word}\t{help}\n") }
}

fn flag_names(table: Table) -> Vec<(String, String)> {
    flags::rows(table).map(|flag| (format!("--{}", flag.long), flag.help.to_owned())).collect()
}

async fn images(first: bool, subcommands: &[&str], environment: &Environment) -> Vec<(String, String)> {
    let images = from_engine(environment, async |engine| engine.images().await.unwrap_or_default()).await;
    let mut found: Vec<_> = images.into_iter().map(|image| (image, String::new())).collect();
    if first {
        found.extend(subcommands.iter().map(|word| ((*word).to_owned(), String::new())));
    }
    found
}

async fn values(flag: &Flag, environment: &Environment) -> Vec<(String, String)> {
    let plain = |words: Vec<String>| words.into_iter().map(|word| (word, String::new())).collect::<Vec<_>>();
    match flag.completion {
        Completion::Nothing => Vec::new(),
        Completion::Files => plain(vec![":files".into()]),
        Completion::Words(words) => plain(words.iter().map(ToString::to_string).collect()),
        Completion::Networks => {
            let networks =
                from_engine(environment, async |engine| engine.networks().await.unwrap_or_default());
            let mut all = networks.await;
            all.extend(prefixed(containers(environment).await));
            plain(all)
        }
        Completion::Containers => plain(containers(environment).await),
        Completion::Namespaces(words) => {
            let mut all: Vec<String> = words.iter().map(ToString::to_string).collect();
            all.extend(prefixed(containers(environment).await));
            plain(all)
        }
        Completion::Volumes => {
            let volumes = from_engine(environment, async |engine| engine.volumes().await.unwrap_or_default());
            plain(volumes.await.into_iter().map(|name| format!("{name}:")).chain([":files".into()]).collect())
        }
        Completion::Profiles => plain(words::profiles(environment)),
        Completion::Contexts => plain(context::names(&DockerConfig::load(None, environment))),
        Completion::Variables => plain(environment.names().map(str::to_owned).collect()),
    }
}

fn prefixed(containers: Vec<String>) -> impl Iterator<Item = String> {
    containers.into_iter().map(|name| format!("container:{name}"))
}

async fn containers(environment: &Environment) -> Vec<String> {
    from_engine(environment, async |engine| engine.containers().await.unwrap_or_default()).await
}

async fn from_engine(
    environment: &Environment,
    ask: impl AsyncFnOnce(&Engine) -> Vec<String>,
) -> Vec<String> {
    let asked = async {
        match Engine::of_options(&EngineOptions::default(), environment).await {
            Ok(engine) => ask(&engine).await,
            Err(_) => Vec::new(),
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or_default()
}

/// Whether a flag takes the word after it.
fn takes_next(flag: &Flag) -> bool {
    flag.kind != Kind::Switch
}

//! `credrun stop`: ends runs, by the id of the run or by its container.

use std::time::Duration;

use futures_util::future::join_all;

use super::owner::{Place, Standing};
use super::runs::{self, Remains, Run};
use super::sweep::{Sweep, take_away};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};

/// How long an owner that cannot be seen from here may take to clean up before it is done for it.
const CLEANING: Duration = Duration::from_secs(5);
/// How often it is looked for meanwhile.
const GLANCE: Duration = Duration::from_millis(200);

/// What came of it.
#[derive(Debug)]
pub struct Stopped {
    /// What was asked for and has ended, in its order.
    pub names: Vec<String>,
    /// Why the others have not.
    pub errors: Vec<Error>,
}

/// Ends what is asked for, all at once: each container by its own stop signal, and by SIGKILL after its own time or
/// `seconds` (-1: never), as `docker stop` does it. Its owner then cleans up; where there is none, it is done here.
///
/// # Errors
/// [`ErrorKind::Engine`] when the engine does not tell which runs there are.
pub async fn stop(engine: &Engine, names: &[String], seconds: Option<i32>) -> Result<Stopped> {
    let sweep = Sweep::begin(engine);
    let runs = runs::all(engine, &Place::here()).await?;
    let each = names.iter().map(async |name| {
        let run = find(name, &runs)?;
        end(engine, run, seconds)
            .await
            .map(|()| name.clone())
            .map_err(|error| error.context(format!("`{name}`")))
    });
    let (mut stopped, mut errors) = (Vec::new(), Vec::new());
    for ended in join_all(each).await {
        match ended {
            Ok(name) => stopped.push(name),
            Err(error) => errors.push(error),
        }
    }
    sweep.finish(Sweep::LINGER).await;
    Ok(Stopped { names: stopped, errors })
}

/// The names of the runs that there are, for a shell to offer: of the container where there is one, else the run's id.
pub async fn names(engine: &Engine) -> Vec<String> {
    let runs = runs::all(engine, &Place::here()).await.unwrap_or_default();
    let name = |run: &Run| run.target.as_ref().map(|target| target.name.clone());
    runs.iter().map(|run| name(run).unwrap_or_else(|| run.labels.run.to_string())).collect()
}

/// The run that `name` names: by its id, by its container's name or id, or by the beginning of either id when only one
/// has it. As in docker, a whole name goes before a beginning.
fn find<'a>(name: &str, runs: &'a [Run]) -> Result<&'a Run> {
    let is_called = |run: &Run| run.target.as_ref().is_some_and(|target| target.name == name);
    let whole = runs.iter().find(|run| is_called(run) || ids(run).any(|id| id == name));
    if let Some(run) = whole {
        return Ok(run);
    }
    let begins = |run: &&Run| !name.is_empty() && ids(run).any(|id| id.starts_with(name));
    match &runs.iter().filter(begins).collect::<Vec<_>>()[..] {
        [run] => Ok(run),
        [] => Err(Error::new(ErrorKind::Refused, format!("there is no run `{name}`"))
            .hint("`credrun ps` lists those with `--refresh`; other containers end with `docker stop`")),
        several => Err(Error::new(
            ErrorKind::Refused,
            format!("the ids of {} runs begin with `{name}`", several.len()),
        )
        .hint("write more of it")),
    }
}

/// The id of the run, and that of its container.
fn ids(run: &Run) -> impl Iterator<Item = &str> {
    let container = run.target.as_ref().map(|target| target.id.as_str());
    [Some(run.labels.run.as_str()), container].into_iter().flatten()
}

async fn end(engine: &Engine, run: &Run, seconds: Option<i32>) -> Result<()> {
    if !run.is_up() {
        return match run.remains() {
            // An owner that cleans up, or one that is about to start the container.
            Remains::Nothing => Err(not_running(run)),
            remains => take_away(engine, run, remains).await,
        };
    }
    if let Some(target) = &run.target {
        engine.stop(&target.id, seconds).await?;
    }
    match run.standing {
        // Whoever starts it anew needs its names and ports.
        Standing::Alive => wait_for_owner(engine, run).await,
        Standing::Gone => take_away(engine, run, Remains::Both).await,
        Standing::OtherMachine | Standing::OtherNamespace | Standing::Unknown => {
            wait_for_owner(engine, run).await?;
            take_away(engine, run, Remains::Both).await
        }
    }
}

/// Waits until the run is gone, for as long as an owner may take for that.
async fn wait_for_owner(engine: &Engine, run: &Run) -> Result<()> {
    let gone = async {
        while runs::all(engine, &Place::here()).await?.iter().any(|other| other.labels.run == run.labels.run)
        {
            tokio::time::sleep(GLANCE).await;
        }
        Ok(())
    };
    tokio::time::timeout(CLEANING, gone).await.unwrap_or(Ok(()))
}

fn not_running(run: &Run) -> Error {
    let error = Error::new(
        ErrorKind::Refused,
        "its container is not running, and its credrun may be about to start it",
    );
    match run.standing {
        Standing::Alive => {
            error.hint(format!("to give it up, end credrun: `kill {}`", run.labels.owner.pid()))
        }
        _ => error.hint("to give it up, end credrun where it was started"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::owner::RunId;
    use super::super::runs::tests::run;
    use super::*;
    use crate::engine::State;

    fn named(id: &str, name: &str, container: &str) -> Run {
        let mut run = run(None, Some(State::Running), Standing::Alive, 5);
        run.labels.run = RunId::parse(id).expect("an id");
        let target = run.target.as_mut().expect("it has one");
        (target.name, target.id) = (name.to_owned(), container.to_owned());
        run
    }

    #[test]
    fn runs_are_found_by_id_and_by_container() {
        let mut bare = run(Some(State::Created), None, Standing::Alive, 5);
        bare.labels.run = RunId::parse("00000000000000ff").expect("an id");
        let runs = [
            named("aaaa000000000001", "tool", "c1aa"),
            named("aaaa000000000002", "aaaa", "c2bb"),
            named("bbbb000000000003", "c1aa00", "c2bbcc"),
            bare,
        ];
        for (name, expected) in [
            ("aaaa000000000001", Ok("aaaa000000000001")),
            ("aaaa000000000002", Ok("aaaa000000000002")),
            ("bb", Ok("bbbb000000000003")),
            ("tool", Ok("aaaa000000000001")),
            ("c1", Ok("aaaa000000000001")),
            ("c2bbc", Ok("bbbb000000000003")),
            ("00000000000000f", Ok("00000000000000ff")),
            // What is a whole name or id is no beginning.
            ("aaaa", Ok("aaaa000000000002")),
            ("c2bb", Ok("aaaa000000000002")),
            ("c1aa00", Ok("bbbb000000000003")),
            ("c2", Err("2 runs begin with `c2`")),
            ("aaaa0", Err("2 runs begin with `aaaa0`")),
            ("too", Err("there is no run `too`")),
            ("", Err("there is no run ``")),
        ] {
            match (find(name, &runs), expected) {
                (Ok(run), Ok(id)) => assert_eq!(run.labels.run.as_str(), id, "{name}"),
                (Err(error), Err(part)) => {
                    assert!(error.to_string().contains(part), "{name}: {error}");
                    assert!(error.kind() == ErrorKind::Refused && !error.hints().is_empty(), "{name}");
                }
                (found, _) => panic!("{name}: {:?}", found.map(|run| run.labels.run.clone())),
            }
        }
    }
}

//! What is left when a part of a run is killed at any moment: nothing that is labelled, and a line on stderr that the
//! table has.
//!
//! Other tests start credrun on the same engine, and so sweep: what a round finds are the containers of its own owners.

mod agent;
mod engine;
mod itself;
mod nearby;
mod table;

use crate::harness::host::{Host, Program};
use crate::harness::run::{PATIENCE, eventually, run, within};
use crate::harness::tier::{is_long, moments, pause, rounds};

/// A container of a run.
#[derive(Debug, Clone)]
struct Found {
    id: String,
    state: String,
    is_agent: bool,
}

impl Found {
    fn is_running(&self) -> bool {
        self.state == "running"
    }
}

/// Those of the runs that processes with these numbers look after, or did; `None` when the engine does not answer.
fn containers(host: &Host, owners: &[u32]) -> Option<Vec<Found>> {
    let format = "{{.ID}}\t{{.State}}\t{{.Label \"credrun.agent\"}}\t{{.Label \"credrun.owner\"}}";
    let arguments = ["ps", "--all", "--filter", "label=credrun.owner", "--format", format];
    let outcome = run(host.tool("docker").args(arguments));
    if outcome.code != 0 {
        return None;
    }
    let found = |line: &str| {
        let [id, state, run, owner] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        let pid: u32 = owner.split(' ').nth(2)?.parse().ok()?;
        let found = Found { id: id.to_owned(), state: state.to_owned(), is_agent: !run.is_empty() };
        (owners.contains(&pid) && !is_ghost(host, &found)).then_some(found)
    };
    Some(outcome.text().lines().filter_map(found).collect())
}

/// A killed engine that removes a container when it is back may go on listing it as dead, and says of it that there is no
/// such container, to whoever would remove it (seen with 20.10, once in 60 kills): until its next start it is a name only.
fn is_ghost(host: &Host, found: &Found) -> bool {
    if found.state != "dead" {
        return false;
    }
    let outcome = run(host.tool("docker").args(["container", "inspect", &found.id]));
    outcome.code != 0 && outcome.stderr.contains("No such container")
}

/// Starts `credrun version` until the containers of these owners are as they should be.
fn settle(host: &Host, owners: &[u32], what: &str, is_so: impl Fn(&[Found]) -> bool) -> Vec<Found> {
    let mut last = None;
    let settled = within(PATIENCE, || {
        let outcome = run(&mut host.command(Program::Credrun, &["version"]));
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
        last = containers(host, owners);
        last.as_deref().is_some_and(&is_so)
    });
    assert!(settled, "not so after {PATIENCE:?}: {what}: {last:?}");
    last.expect("it is so")
}

/// Nothing is left of them.
fn assert_nothing(host: &Host, owners: &[u32]) {
    settle(host, owners, "nothing labelled is left", <[Found]>::is_empty);
}

/// The process that stays in the background for the container with this name, if there is one.
fn background_of(name: &str) -> Option<u32> {
    let entries = std::fs::read_dir("/proc").expect("the processes");
    let mut numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers.find(|pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<_> = line.split(|byte| *byte == 0).collect();
        words.get(1) == Some(&&b"__background"[..]) && words.contains(&name.as_bytes())
    })
}

/// What the one in the background has left behind when it has ended.
fn log(host: &Host, name: &str) -> String {
    eventually(PATIENCE, "the background has ended", || background_of(name).is_none());
    let Ok(folder) = std::fs::read_dir(host.home().join(".local/state/credrun")) else {
        return String::new();
    };
    folder.flatten().map(|file| std::fs::read_to_string(file.path()).expect("a log")).collect()
}

//! `credrun ps`: the runs that an engine knows of.

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::owner::{Place, Standing};
use super::runs::{self, Run};
use super::sweep::Sweep;
use crate::engine::Engine;
use crate::error::Result;
use crate::notice;

const HEAD: [&str; 6] = ["RUN", "NAME", "IMAGE", "STATE", "SINCE", "OWNER"];
/// Between the columns, as `docker ps` has it.
const GAP: usize = 3;

/// How the list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A line of columns for each run, under a line of headings.
    Table,
    /// A JSON object in a line for each run, as `docker ps --format json` writes them.
    Json,
}

/// The text for stdout. What nobody looks after is swept first, so that what is listed is there.
///
/// # Errors
/// [`crate::error::ErrorKind::Engine`] when the engine does not answer.
pub async fn ps(engine: &Engine, format: Format) -> Result<String> {
    Sweep::begin(engine).finish(Sweep::LINGER).await;
    let runs = runs::all(engine, &Place::here()).await?;
    Ok(match format {
        Format::Table => table(&runs),
        Format::Json => runs.iter().map(|run| format!("{}\n", object(run))).collect(),
    })
}

fn table(runs: &[Run]) -> String {
    let rows: Vec<_> = std::iter::once(HEAD.map(str::to_owned)).chain(runs.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0) + GAP;
    let widths: Vec<_> = (0..HEAD.len()).map(width).collect();
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<String>().trim_end())
    };
    rows.iter().map(line).collect()
}

fn row(run: &Run) -> [String; 6] {
    let target =
        |text: fn(&crate::engine::Labelled) -> &str| run.target.as_ref().map_or("-", text).to_owned();
    [
        run.labels.run.to_string(),
        target(|target| &target.name),
        target(|target| &target.image),
        state(run).to_owned(),
        format!("{} ago", notice::length(run.age)),
        owner(run),
    ]
}

fn object(run: &Run) -> serde_json::Value {
    let target = run.target.as_ref();
    let since = OffsetDateTime::from_unix_timestamp(run.labels.created).ok();
    json!({
        "Run": run.labels.run.as_str(),
        "Name": target.map(|target| &target.name),
        "ID": target.map(|target| &target.id),
        "Image": target.map(|target| &target.image),
        "State": state(run),
        "Since": since.and_then(|since| since.format(&Rfc3339).ok()),
        "Mode": run.labels.mode.name(),
        "Owner": owner(run),
        "Agent": run.agent.as_ref().map(|agent| &agent.id),
    })
}

/// That of the container that was asked for.
fn state(run: &Run) -> &'static str {
    run.target.as_ref().map_or("no container", |target| target.state.name())
}

fn owner(run: &Run) -> String {
    match run.standing {
        Standing::Alive => run.labels.owner.pid().to_string(),
        Standing::Gone => "gone".to_owned(),
        Standing::OtherMachine => "other machine".to_owned(),
        Standing::OtherNamespace => "other namespace".to_owned(),
        Standing::Unknown => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::runs::tests::run;
    use super::*;
    use crate::engine::State;

    #[test]
    fn a_line_for_each_run() {
        let pid = std::process::id().to_string();
        let runs = [
            run(Some(State::Running), Some(State::Running), Standing::Alive, 180),
            run(Some(State::Running), Some(State::Paused), Standing::Gone, 0),
            run(Some(State::Created), None, Standing::OtherMachine, 7200),
        ];
        let text = table(&runs);
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
            .collect();
        let ids: Vec<_> = runs.iter().map(|run| run.labels.run.to_string()).collect();
        let names: Vec<_> = ids.iter().map(|id| format!("target-{id}")).collect();
        assert_eq!(lines[0], HEAD);
        assert_eq!(lines[1], [&ids[0], &names[0], "busybox", "running", "3 minutes ago", &pid]);
        assert_eq!(lines[2], [&ids[1], &names[1], "busybox", "paused", "0 seconds ago", "gone"]);
        assert_eq!(lines[3], [&ids[2], "-", "-", "no container", "2 hours ago", "other machine"]);
        assert_eq!(table(&[]), "RUN   NAME   IMAGE   STATE   SINCE   OWNER\n");
    }

    #[test]
    fn an_object_for_each_run() {
        let mut run = run(None, Some(State::Running), Standing::Gone, 5);
        run.labels.created = 1_728_549_000;
        let told = object(&run);
        let id = run.labels.run.as_str();
        assert_eq!(
            told,
            json!({
                "Run": id, "Name": format!("target-{id}"), "ID": format!("b{id}"), "Image": "busybox", "State": "running",
                "Since": "2024-10-10T08:30:00Z", "Mode": "foreground", "Owner": "gone", "Agent": null,
            })
        );
    }
}

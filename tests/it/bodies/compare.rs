//! Many lines through both programs, by two workers; and the smallest line that still shows a difference.

use std::sync::Mutex;

use super::memory::Memory;
use super::programs::{Bench, Outcome};

/// A line and what docker made of it.
#[derive(Debug, Clone)]
pub struct Record {
    /// The API version.
    pub api: (u16, u16),
    /// The words after `run --rm`.
    pub line: Vec<String>,
    /// docker's outcome.
    pub docker: Outcome,
    /// Whether credrun's was the same.
    pub same: bool,
    /// What credrun wrote to stderr.
    pub said: String,
}

/// As many as this machine has processors.
const WORKERS: usize = 2;
/// Runs that shrinking one line may take.
const SHRINKING: usize = 300;

/// Gives the lines to both programs, on benches of `bench`.
pub fn compare(bench: impl Fn() -> Bench + Sync, lines: &[Vec<String>]) -> Vec<Record> {
    let memory = {
        let bench = bench();
        Memory::of(lines, bench.api(), &bench.surroundings())
    };
    let records = Mutex::new(Vec::with_capacity(lines.len()));
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let (bench, records, memory) = (&bench, &records, &memory);
            scope.spawn(move || {
                let bench = bench();
                for (index, line) in lines.iter().enumerate().filter(|(index, _)| index % WORKERS == worker) {
                    let credrun = bench.credrun(line);
                    let remembered = memory.outcomes.get(index).cloned();
                    let docker = remembered
                        .filter(|docker| credrun.agrees_with(docker))
                        .unwrap_or_else(|| bench.docker(line));
                    let same = credrun.agrees_with(&docker);
                    let record =
                        Record { api: bench.api(), line: line.clone(), docker, same, said: credrun.said };
                    records.lock().expect("no worker panics").push((index, record));
                }
            });
        }
    });
    let mut records = records.into_inner().expect("no worker panics");
    records.sort_by_key(|(index, _)| *index);
    memory.keep(records.iter().map(|(_, record)| &record.docker));
    records.into_iter().map(|(_, record)| record).collect()
}

/// Says which lines differ, the first ones shrunk; empty when none does.
pub fn report(bench: impl Fn() -> Bench, records: &[Record]) -> String {
    let different: Vec<_> = records.iter().filter(|record| !record.same).collect();
    if different.is_empty() {
        return String::new();
    }
    let bench = bench();
    let mut shown: Vec<String> =
        different.iter().take(12).map(|record| describe(&bench, &record.line)).collect();
    shown.dedup();
    format!(
        "{} of {} lines differ at API {:?}:\n{}",
        different.len(),
        records.len(),
        bench.api(),
        shown.join("\n")
    )
}

/// The smallest line and both sides.
fn describe(bench: &Bench, line: &[String]) -> String {
    let line = shrink(bench, line);
    let (docker, credrun) = (bench.docker(&line), bench.credrun(&line));
    let mut sides = Vec::new();
    paths("", &docker.requests(), &credrun.requests(), &mut sides);
    let sides = sides.join("\n    ");
    let short = |outcome: &Outcome| {
        let asked =
            outcome.asked.iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect::<Vec<_>>();
        format!(
            "exit {} {asked:?}: {}",
            outcome.code,
            outcome.said.lines().next().unwrap_or("(nothing said)")
        )
    };
    format!("  {line:?}\n    docker  {}\n    credrun {}\n    {sides}", short(&docker), short(&credrun))
}

/// Where two values differ, a line each.
fn paths(at: &str, docker: &serde_json::Value, credrun: &serde_json::Value, lines: &mut Vec<String>) {
    use serde_json::Value::{Null, Object};
    match (docker, credrun) {
        (Object(theirs), Object(ours)) => {
            let names: std::collections::BTreeSet<_> = theirs.keys().chain(ours.keys()).collect();
            for name in names {
                let (theirs, ours) = (theirs.get(name).unwrap_or(&Null), ours.get(name).unwrap_or(&Null));
                paths(&format!("{at}.{name}"), theirs, ours, lines);
            }
        }
        _ if docker == credrun => {}
        _ => lines.push(format!("{at}: docker {docker}, credrun {credrun}")),
    }
}

/// Takes words away, one and two at a time, and fields and letters from the ends of words, as long as the programs
/// still differ.
pub fn shrink(bench: &Bench, line: &[String]) -> Vec<String> {
    let mut runs = 0;
    let mut differs = |line: &[String]| {
        runs += 1;
        runs <= SHRINKING && !bench.credrun(line).agrees_with(&bench.docker(line))
    };
    let mut line = line.to_vec();
    while let Some(smaller) = candidates(&line).into_iter().find(|candidate| differs(candidate)) {
        line = smaller;
    }
    line
}

fn candidates(line: &[String]) -> Vec<Vec<String>> {
    let without = |at: usize, count: usize| [&line[..at], &line[at + count..]].concat();
    let mut all: Vec<_> = (0..line.len().saturating_sub(1)).map(|at| without(at, 2)).collect();
    all.extend((0..line.len()).map(|at| without(at, 1)));
    for (at, word) in line.iter().enumerate() {
        all.extend(shorter(word).into_iter().map(|shorter| {
            let mut line = line.to_vec();
            shorter.clone_into(&mut line[at]);
            line
        }));
    }
    all
}

/// Without the last field, without the last letter.
fn shorter(word: &str) -> Vec<&str> {
    let field = word.rfind([',', ':', '/']).map(|at| &word[..at]);
    let mut letters = word.chars();
    letters.next_back();
    field.into_iter().chain([letters.as_str()]).filter(|text| !text.is_empty()).collect()
}

//! Every call to the engine fails in every way, one at a time: what is said, with which code a run ends, and what is left.
//! What is expected stands in `faults/engine.txt`, and where `docker run` does otherwise behind the same proxy, that and why.
//! `CREDRUN_TEST_WRITE=1` writes the table anew; `CREDRUN_TEST_LONG=1` lets all of it happen, and asks docker, too.

mod call;
mod case;
mod docker;
mod fault;
mod proxy;
mod scenarios;
mod source;
mod sources;
mod table;

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use self::case::{Stage, Told};
use self::fault::{Fault, Kind};
use self::scenarios::Scenario;
use self::table::{Row, Table};
use super::harness::host::Program;
use super::pull::Pushed;

fn is_long() -> bool {
    std::env::var_os("CREDRUN_TEST_LONG").is_some_and(|value| !value.is_empty())
}

/// A fault of a run, and the call that comes before it.
struct Case<'a> {
    scenario: &'a Scenario,
    fault: Fault,
    before: Option<String>,
    /// Whether docker makes that call, too.
    is_dockers: bool,
}

/// The faults of a scenario that are wanted, at the calls that a run without any makes.
fn cases<'a>(
    stage: &Stage,
    scenario: &'a Scenario,
    is_docker_asked: bool,
    is_wanted: &dyn Fn(&Fault) -> bool,
) -> Vec<Case<'a>> {
    let calls = case::recorded(stage, scenario, Program::Credrun);
    let is_docker_asked = is_docker_asked && !scenario.is_refresh();
    let dockers = if is_docker_asked { case::recorded(stage, scenario, Program::Docker) } else { Vec::new() };
    let mut cases = Vec::new();
    for call in &calls {
        // What goes on beside the others comes before or after them.
        let is_beside = BESIDE.contains(&call.as_str()) || scenario.is_refresh() || !scenario.only.is_empty();
        let before = calls.iter().filter(|other| *other != SWEEP).take_while(|other| *other != call).last();
        for fault in Fault::all(call).filter(|fault| is_wanted(fault)) {
            // The others would fail with it, or not, as it happens.
            let is_a_matter_of_time =
                fault.kind == Kind::Refused || fault.is_dead && BESIDE.contains(&call.as_str());
            if is_beside && is_a_matter_of_time {
                continue;
            }
            let is_dockers = dockers.contains(call);
            cases.push(Case { scenario, fault, before: before.cloned(), is_dockers });
        }
    }
    cases
}

/// What runs have left behind is looked for beside everything else.
const SWEEP: &str = "GET /containers/json";
/// The same, and what is asked of the engine beside each other before a run with an agent.
const BESIDE: [&str; 4] = [SWEEP, "GET /info", "GET /version", "GET /images/agent/json"];

/// Lets them happen, so many at a time.
fn found(stage: &Stage, cases: &[Case], at_a_time: usize) -> Table {
    let (next, table) = (AtomicUsize::new(0), Mutex::new(Table::new()));
    std::thread::scope(|scope| {
        for _ in 0..at_a_time {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let row = row(stage, case);
                    let key = (case.scenario.name.to_owned(), case.fault.call.clone());
                    let mut table = table.lock().expect("nobody panics while it is held");
                    table.entry(key).or_default().insert(case.fault.name(), row);
                }
            });
        }
    });
    table.into_inner().expect("nobody panics while it is held")
}

/// What comes of one.
fn row(stage: &Stage, case: &Case) -> Row {
    let Case { scenario, fault, before, .. } = case;
    let told = |program| case::told(stage, scenario, program, fault, before.as_deref());
    // On a machine that is busy credentials may come too late for it.
    let ours = (0..5).find_map(|_| told(Program::Credrun));
    let ours = ours.unwrap_or_else(|| {
        panic!("{} | {} | {}: that call is not made", scenario.name, fault.call, fault.name())
    });
    eprintln!("{} | {} | {}: {}", scenario.name, fault.call, fault.name(), ended(&ours));
    assert!(ours.code >= 0, "{} | {} | {}: it hangs: {ours:?}", scenario.name, fault.call, fault.name());
    let theirs = case.is_dockers.then(|| told(Program::Docker)).flatten();
    let docker = theirs.filter(|theirs| (theirs.code, &theirs.left) != (ours.code, &ours.left));
    let said = ours.stderr.lines().map(str::to_owned);
    Row {
        ended: ended(&ours),
        // Which of two containers' connections is missed first is a matter of time.
        said: if scenario.is_refresh() && fault.is_dead { Vec::new() } else { said.collect() },
        docker: docker.map(|theirs| {
            format!("docker run: {}; {}", ended(&theirs), docker::reason(&fault.call, fault.kind, &theirs))
        }),
    }
}

fn ended(told: &Told) -> String {
    let code = if told.code < 0 { "hangs".to_owned() } else { told.code.to_string() };
    format!("{code}, left: {}", told.left)
}

#[test]
fn every_call_of_a_plain_run_fails_as_expected() {
    let stage = Stage::new("");
    let is_wanted = |fault: &Fault| matches!(fault.kind, Kind::After | Kind::Status500 | Kind::Half);
    let cases = cases(&stage, &scenarios::ALL[0], false, &|fault| is_wanted(fault) && !fault.is_dead);
    assert!(cases.len() > 12, "calls are missing");
    table::hold_against("engine.txt", &found(&stage, &cases, 2), false);
}

#[test]
fn every_call_fails_in_every_way() {
    if !is_long() {
        return;
    }
    let since = Instant::now();
    let is_docker_asked = std::env::var_os("CREDRUN_TEST_WRITE").is_some();
    let only = std::env::var("CREDRUN_TEST_FAULTS").ok();
    let chosen =
        scenarios::ALL.iter().filter(|scenario| only.as_deref().is_none_or(|only| scenario.name == only));
    let chosen: Vec<_> = chosen.collect();
    let pushed = chosen.iter().any(|scenario| scenario.name == "pull").then(Pushed::new);
    let stage = Stage::new(pushed.as_ref().map_or("", |pushed| &pushed.reference));
    let cases: Vec<_> =
        chosen.into_iter().flat_map(|scenario| cases(&stage, scenario, is_docker_asked, &|_| true)).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    cases.iter().for_each(|case| *counts.entry(case.scenario.name).or_default() += 1);
    // Most of the time they wait.
    let found = found(&stage, &cases, 12);
    println!("faults: {} in {:?}: {counts:?}", cases.len(), since.elapsed());
    table::hold_against("engine.txt", &found, true);
}

//! The table of what is expected: a text that people read, and that is compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

/// What came of a fault: how credrun ended, and where docker did otherwise, how and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// `125, left: nothing`.
    pub ended: String,
    /// What was said, a line each.
    pub said: Vec<String>,
    /// `docker run: 125, left: nothing; because …`; nothing where it ended likewise, or makes no such call.
    pub docker: Option<String>,
}

/// By scenario and call, then by fault.
pub type Table = BTreeMap<(String, String), BTreeMap<String, Row>>;

/// Faults with the same outcome stand together.
pub fn written(table: &Table) -> String {
    let mut text = String::new();
    for ((scenario, call), rows) in table {
        let _ = writeln!(text, "# {scenario} | {call}");
        let mut alike: BTreeMap<&Row, Vec<&str>> = BTreeMap::new();
        rows.iter().for_each(|(fault, row)| alike.entry(row).or_default().push(fault));
        for (row, faults) in alike {
            let _ = writeln!(text, "{}: {}", faults.join(" "), row.ended);
            if let Some(docker) = &row.docker {
                let _ = writeln!(text, "  ~ {docker}");
            }
            for line in &row.said {
                let _ = writeln!(text, "  | {line}");
            }
        }
        text.push('\n');
    }
    text
}

/// The other way round.
pub fn read(text: &str) -> Table {
    let mut table = Table::new();
    let (mut key, mut faults): (_, Vec<String>) = (Default::default(), Vec::new());
    for line in text.lines() {
        let rows: &mut BTreeMap<String, Row> = table.entry(Clone::clone(&key)).or_default();
        let mut each = |change: &dyn Fn(&mut Row)| {
            faults.iter().for_each(|fault| change(rows.entry(fault.clone()).or_default()));
        };
        if let Some(head) = line.strip_prefix("# ") {
            let (scenario, call) = head.split_once(" | ").expect("a scenario and a call");
            key = (scenario.to_owned(), call.to_owned());
        } else if let Some(said) = line.strip_prefix("  | ") {
            each(&|row| row.said.push(said.to_owned()));
        } else if let Some(docker) = line.strip_prefix("  ~ ") {
            each(&|row| row.docker = Some(docker.to_owned()));
        } else if let Some((names, ended)) = line.split_once(": ") {
            faults = names.split(' ').map(str::to_owned).collect();
            faults.iter().for_each(|fault| {
                rows.insert(fault.clone(), Row { ended: ended.to_owned(), ..Row::default() });
            });
        }
    }
    table.retain(|_, rows| !rows.is_empty());
    table
}

/// Where a table is kept.
pub fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/faults").join(name)
}

/// Holds `found` against the table of this name: all that this has of the scenarios, or a part of it. It is written anew
/// when `CREDRUN_TEST_WRITE` says so: what was found in place of the same, and the rest as it is.
pub fn hold_against(name: &str, found: &Table, is_all: bool) {
    let is_whole = |scenario: &str| is_all && found.keys().any(|(other, _)| other == scenario);
    let expected = || read(&std::fs::read_to_string(path(name)).unwrap_or_default());
    if std::env::var_os("CREDRUN_TEST_WRITE").is_some() {
        let mut table = expected();
        table.retain(|(scenario, _), _| !is_whole(scenario));
        for (key, rows) in found {
            table.entry(key.clone()).or_default().extend(rows.clone());
        }
        std::fs::write(path(name), written(&table)).expect("the file can be written");
    }
    let expected = expected();
    let mut differences = String::new();
    for ((scenario, call), rows) in expected.iter().filter(|((scenario, _), _)| is_whole(scenario)) {
        let there = found.get(&(scenario.clone(), call.clone()));
        for fault in rows.keys().filter(|fault| there.is_none_or(|there| !there.contains_key(*fault))) {
            let _ = writeln!(differences, "{scenario} | {call} | {fault}\n  has not happened");
        }
    }
    for ((scenario, call), rows) in found {
        for (fault, row) in rows {
            let known = expected.get(&(scenario.clone(), call.clone())).and_then(|rows| rows.get(fault));
            let docker = known.and_then(|known| known.docker.clone());
            // Docker is asked when the table is written.
            let row = Row { docker, ..row.clone() };
            if known != Some(&row) {
                let _ = writeln!(
                    differences,
                    "{scenario} | {call} | {fault}\n  is: {row:?}\n  expected: {known:?}"
                );
            }
        }
    }
    assert!(differences.is_empty(), "not as {name} has it:\n{differences}");
}

#[test]
fn a_table_is_read_as_it_was_written() {
    let row = |ended: &str, docker: Option<&str>| Row {
        ended: ended.to_owned(),
        said: vec!["credrun: no: not so".to_owned(), "  hint: so".to_owned()],
        docker: docker.map(str::to_owned),
    };
    let rows = [
        ("a", row("1, left: nothing", None)),
        ("b+dead", row("1, left: nothing", None)),
        ("c", row("2", Some("x: y"))),
    ];
    let rows = rows.into_iter().map(|(fault, row)| (fault.to_owned(), row)).collect();
    let table: Table = [(("run".to_owned(), "GET /x".to_owned()), rows)].into();
    assert_eq!(read(&written(&table)), table);
}

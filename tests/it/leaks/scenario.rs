//! One run of credrun and all that can be seen of it.

use std::process::Command;

use super::marks::{Marks, files_below};
use super::processes;
use super::sources::OF_THE_SOURCE;
use crate::harness::host::{Host, Program};
use crate::harness::run::{Outcome, PATIENCE, Running, run, within};

/// Everything that is logged is logged.
pub fn traced(host: Host) -> Host {
    host.with("RUST_LOG", "trace").with("CREDRUN_LOG", "trace").with("RUST_BACKTRACE", "full")
}

pub fn command(host: &Host, arguments: &[&str]) -> Command {
    host.command(Program::Credrun, arguments)
}

/// Runs it to its end, and searches what it wrote: but for its stdout, where that is what was asked for.
pub fn quiet(host: &Host, marks: &Marks, arguments: &[&str]) -> Outcome {
    let outcome = run(&mut command(host, arguments));
    marks.assert_not_in(&outcome.stdout, &format!("the stdout of {arguments:?}"));
    wrote_nothing(host, marks, &outcome, &format!("{arguments:?}"));
    outcome
}

/// Neither its stderr nor a file, but for those that the source is made of.
pub fn wrote_nothing(host: &Host, marks: &Marks, outcome: &Outcome, what: &str) {
    marks.assert_not_in(outcome.stderr.as_bytes(), &format!("the stderr of {what}"));
    assert!(!outcome.stderr.contains("panicked"), "{what}: {outcome:?}");
    no_file_holds(host, marks);
}

/// How many were searched.
pub fn no_file_holds(host: &Host, marks: &Marks) -> usize {
    let sources = OF_THE_SOURCE.map(|name| host.home().join(name));
    let files = files_below(host.root()).into_iter().filter(|file| {
        // The secrets of a source may be in the one file that the test wrote there.
        !sources.iter().any(|source| file.starts_with(source))
    });
    let mut count = 0;
    for file in files {
        // A socket is no file to be read.
        let Ok(bytes) = std::fs::read(&file) else { continue };
        marks.assert_not_in(&bytes, &file.display().to_string());
        count += 1;
    }
    count
}

/// Searches all processes again and again until the program says that it is up.
pub fn watched(running: &Running, marks: &Marks, inherited: bool) {
    let mut looks = 0;
    let up = within(PATIENCE, || {
        assert!(processes::hold_nothing(marks, inherited) > 2, "the processes can be seen");
        looks += 1;
        running.stdout().contains("up")
    });
    assert!(up && looks > 0, "not up\nstdout: {}\nstderr: {}", running.stdout(), running.stderr());
    processes::hold_nothing(marks, inherited);
}

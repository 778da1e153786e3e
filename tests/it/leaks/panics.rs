//! A defect of credrun: it is told, and not what it was working on.

use std::process::{Command, Stdio};

use super::marks::Marks;
use crate::harness::run::run;

const SECRET: &str = "CREDRUN_TEST_PANIC";
const HOOK: &str = "CREDRUN_TEST_PANIC_HOOK";

/// This program once more, with this test alone, which then is the defect.
fn defect(marks: &Marks, hook: &str) -> String {
    let mut again = Command::new(std::env::current_exe().expect("this program"));
    again.args(["--exact", "leaks::panics::a_defect_shows_nothing_of_what_it_worked_on", "--nocapture"]);
    again.env(SECRET, &marks.key).env(HOOK, hook).env("RUST_BACKTRACE", "full").stdin(Stdio::null());
    let outcome = run(&mut again);
    assert_ne!(outcome.code, 0, "{outcome:?}");
    outcome.stderr
}

#[test]
fn a_defect_shows_nothing_of_what_it_worked_on() {
    if let Ok(secret) = std::env::var(SECRET) {
        if std::env::var(HOOK).is_ok_and(|hook| hook == "on") {
            credrun::hardening::begin();
        }
        let text = format!("é{secret}");
        panic!("{}", &text[1..]);
    }
    let marks = Marks::new();
    let bare = defect(&marks, "off");
    assert!(marks.found_in(bare.as_bytes()).is_some(), "Rust's own words show it: {bare}");
    let told = defect(&marks, "on");
    marks.assert_not_in(told.as_bytes(), "what is told of a defect");
    for part in ["a defect of credrun at", "panics.rs:", "it may hold a secret", "core::str"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

//! A soak: runs, streams and refreshes, again and again, for as long as it is told, and what grows meanwhile.
//!
//! `CREDRUN_TEST_SOAK=3600 cargo test --locked --test it -- soak --nocapture` soaks for an hour; the long tier has a
//! minute of it, the quick one only the judgement.

mod growth;
mod load;
mod long_living;
mod table;

use std::time::{Duration, Instant};

use self::load::Load;
use self::long_living::LongLiving;
use self::table::Table;
use crate::harness::own_engine::OwnEngine;
use crate::harness::run::{PATIENCE, eventually};
use crate::harness::tier::is_long;

/// How long this is to go on; `None` in the quick tier.
fn length() -> Option<Duration> {
    let given = std::env::var("CREDRUN_TEST_SOAK").ok().filter(|text| !text.is_empty());
    let seconds = given.map(|text| text.parse().expect("`CREDRUN_TEST_SOAK` is a number of seconds"));
    seconds.or(is_long().then_some(60)).map(Duration::from_secs)
}

#[test]
fn nothing_grows() {
    let Some(length) = length() else { return };
    let engine = OwnEngine::start();
    let load = Load::new(&engine);
    load.pass();
    let empty = engine.api().inventory().expect("it answers");
    let mut long_living = LongLiving::start(&engine, &load);
    let (mut table, started) = (Table::default(), Instant::now());
    // As many samples as it takes to tell growth from noise, however long a pass takes here.
    while started.elapsed() < length || table.len() < 8 {
        load.pass();
        // Nothing runs now but what lives long.
        long_living.sample(&mut table, started.elapsed());
    }
    let streamed = long_living.end();
    eventually(PATIENCE, "the engine has what it had before", || {
        engine.api().inventory().is_some_and(|now| now == empty)
    });
    let soaked = started.elapsed().as_secs();
    eprintln!("soaked for {soaked} s: {}; {streamed} MB through the stream that stays", load.done());
    eprint!("{table}");
    assert!(table.grown().is_empty(), "these grow: {:?}", table.grown());
}

//! What the agent has wiped is nowhere in its memory: the memory itself is searched, of the program as it is shipped.

use std::fs::File;
use std::os::unix::fs::FileExt;

use credrun::agent::frame::{AtEnd, Hello};

use super::process::{Agent, HOUR_MS, credentials, fetch, fetch_until, hello};
use crate::harness::run::{PATIENCE, eventually};

/// In two parts, so that this binary's own copy is not what is sent as a whole.
fn body() -> String {
    format!(r#"{{"SecretAccessKey":"{}{}"}}"#, "MarkedKeyOfTheWiping", "TestsOfTheAgent0003")
}

/// How often the key stands in the memory that the process can write to.
fn copies(agent: &Agent) -> usize {
    let needle = b"MarkedKeyOfTheWipingTestsOfTheAgent0003";
    let maps = std::fs::read_to_string(format!("/proc/{}/maps", agent.pid())).expect("it runs");
    let memory = File::open(format!("/proc/{}/mem", agent.pid())).expect("a child's memory");
    let ranges = maps.lines().filter(|line| line.contains(" rw")).filter_map(|line| {
        let (start, end) = line.split(' ').next()?.split_once('-')?;
        Some((u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?))
    });
    let found = ranges.map(|(start, end)| {
        let mut bytes = vec![0; usize::try_from(end - start).expect("a length")];
        // A range may have gone meanwhile.
        if memory.read_exact_at(&mut bytes, start).is_err() {
            return 0;
        }
        bytes.windows(needle.len()).filter(|window| window == needle).count()
    });
    found.sum()
}

fn serving(hello: Hello) -> (Agent, u16) {
    let (agent, port) = Agent::serving(hello, &body());
    for _ in 0..20 {
        assert!(fetch(port).ends_with(&body()));
    }
    assert_ne!(copies(&agent), 0, "the search finds what is there");
    (agent, port)
}

#[track_caller]
fn wiped(agent: &Agent) {
    eventually(PATIENCE, "the key is nowhere in its memory", || copies(agent) == 0);
}

#[test]
fn of_the_keys_it_holds_there_is_one_copy() {
    let (agent, _) = serving(hello(AtEnd::Exit));
    // An answer that is still on its way shares it.
    eventually(PATIENCE, "one copy", || copies(&agent) == 1);
}

#[test]
fn keys_that_were_replaced_are_wiped() {
    let (mut agent, _) = serving(hello(AtEnd::Exit));
    agent.say(&credentials("{}", HOUR_MS));
    agent.settle();
    wiped(&agent);
}

#[test]
fn keys_that_have_expired_are_wiped_though_nobody_asks() {
    let (mut agent, _) = serving(hello(AtEnd::Exit));
    agent.say(&credentials(&body(), 1000));
    wiped(&agent);
}

#[test]
fn keys_of_a_host_that_is_gone_are_wiped() {
    let (mut agent, port) = serving(hello(AtEnd::Hold));
    agent.end_input();
    fetch_until(port, "CredrunGone");
    wiped(&agent);
}

#[test]
fn keys_of_a_host_that_is_silent_are_wiped_though_nobody_asks() {
    let (mut agent, _) = Agent::ready(Hello { heartbeat_ms: 700, ..hello(AtEnd::Exit) });
    // Until it is seen to hold them: a slow test can be the one that is silent.
    eventually(PATIENCE, "it holds them", || {
        agent.say(&credentials(&body(), HOUR_MS));
        copies(&agent) > 0
    });
    wiped(&agent);
}

#[test]
fn frames_that_were_cut_off_leave_nothing() {
    let (mut agent, port) = Agent::ready(hello(AtEnd::Hold));
    let bytes = credentials(&body(), HOUR_MS).to_bytes();
    agent.write(&bytes.expose()[..bytes.expose().len() - 1]);
    eventually(PATIENCE, "it has read them", || copies(&agent) > 0);
    agent.end_input();
    fetch_until(port, "CredrunGone");
    wiped(&agent);
}

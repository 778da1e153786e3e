//! What happens to a run, what is said of it on stderr, and which exit code it leads to.
//!
//! Where several endings stand for one event, it depends on what it finds: the reason is with each.

use crate::harness::pattern::fits;
use crate::harness::run::Outcome;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// credrun is killed, in the foreground.
    CredrunKilled,
    /// With `-d`: the one that stays in the background is.
    BackgroundKilled,
    /// With `-d`: the one that the user waits for is.
    StarterKilled,
    /// The agent is, or is removed.
    AgentKilled,
    /// The agent stands still for a while; then the target ends by itself.
    AgentPaused,
    /// The target is removed by force.
    TargetRemoved,
    /// Nobody reads its stdout any more.
    StdoutClosed,
    /// The user has had enough, three times or more.
    GivenUp,
    /// The engine is ended in order, which ends its containers first, and started again.
    EngineRestarted,
    /// The engine is killed, and started again; its containers live on until it is back.
    EngineKilled,
}

/// One way to end.
pub struct Ending {
    event: Event,
    /// The line without the program's name, `*` for anything; `None` when nothing is said.
    line: Option<&'static str>,
    code: i32,
}

const fn says(event: Event, line: &'static str, code: i32) -> Ending {
    Ending { event, line: Some(line), code }
}

const fn silent(event: Event, code: i32) -> Ending {
    Ending { event, line: None, code }
}

#[rustfmt::skip]
const ENDINGS: &[Ending] = &[
    silent(Event::CredrunKilled, 137),
    // Before the container ran, the code is handed on; after it the id has been told.
    silent(Event::BackgroundKilled, 137),
    silent(Event::BackgroundKilled, 0),
    // The other one gives the run up, wherever it was, if it had got anywhere.
    silent(Event::StarterKilled, 137),
    // It had nothing left to do.
    silent(Event::StarterKilled, 0),
    says(Event::StarterKilled, "the container was not started: interrupted by SIGTERM", 137),
    says(Event::StarterKilled, "the background process cannot go on alone: *", 137),
    // While it is being told what it is for, while it is given the first credentials, and from then on.
    says(Event::AgentKilled, "the agent, which would serve the credentials, is not ready: *", 125),
    says(Event::AgentKilled, "the agent does not take the credentials: *", 125),
    says(Event::AgentKilled, "the agent has ended, and with it the container's network; the container is ended, too*", 125),
    says(Event::AgentKilled, "the container has ended because its network, the agent's, is gone", 125),
    // It was gone before it was started.
    says(Event::AgentKilled, "error response from the engine: No such container: *", 125),
    silent(Event::AgentPaused, 0),
    silent(Event::TargetRemoved, 137),
    says(Event::StdoutClosed, "the container was killed: the output cannot be written: *", 1),
    says(Event::StdoutClosed, "the container was killed: the container's id cannot be written to stdout: *", 1),
    // Before there is anything to be kept from, one signal is enough.
    says(Event::GivenUp, "the container was not started: interrupted by SIGINT", 130),
    says(Event::GivenUp, "got 3 SIGTERM/SIGINTs while the engine was creating", 1),
    says(Event::GivenUp, "got 3 SIGTERM/SIGINTs while the container was being made", 1),
    says(Event::GivenUp, "got 3 SIGTERM/SIGINTs", 1),
    says(Event::GivenUp, "the container was killed: got 3 SIGTERM/SIGINTs", 1),
    // The engine ends both containers at once. Where the target was the first one, its status still comes: that of its
    // handler of SIGTERM, or of the SIGKILL that follows.
    silent(Event::EngineRestarted, STOPPED),
    silent(Event::EngineRestarted, 137),
    says(Event::EngineRestarted, "the agent has ended, and with it the container's network; the container is ended, too*", 125),
    says(Event::EngineRestarted, "the container has ended because its network, the agent's, is gone", 125),
    says(Event::EngineRestarted, "error waiting for container: *", 125),
    says(Event::EngineKilled, "error waiting for container: *", 125),
];

/// The status of a target that is told to end and does.
pub const STOPPED: i32 = 7;

/// Lines that may come besides, whatever the ending is.
#[rustfmt::skip]
const BESIDES: &[(Event, &str)] = &[
    // What the command line asks for.
    (Event::CredrunKilled, SHARED),
    (Event::BackgroundKilled, SHARED),
    (Event::StarterKilled, SHARED),
    // Keys are wiped meanwhile, and handed over again.
    (Event::AgentPaused, "warning: the connection to the agent is lost, and is made again: it says nothing for 15 seconds"),
    (Event::AgentPaused, "the agent is connected again"),
    // The agent's stream ends before the wait for the container does.
    (Event::EngineRestarted, "warning: the connection to the agent is lost, and is made again: *"),
    (Event::EngineKilled, "warning: the connection to the agent is lost, and is made again: *"),
    // Its engine does not answer any more.
    (Event::EngineRestarted, "warning: the agent `*` could not be removed; the next start of credrun tries again"),
];

const SHARED: &str = "warning: `--network host`: *";

/// Fails unless the table has this ending of the event; its line.
pub fn check(event: Event, code: i32, stderr: &str) -> &'static str {
    let said: Vec<_> = stderr.lines().filter(|line| !is_hint(line) && !is_beside(event, line)).collect();
    let ending =
        ENDINGS.iter().filter(|ending| ending.event == event && ending.code == code).find(|ending| {
            match (ending.line, &said[..]) {
                (None, []) => true,
                (Some(pattern), [line]) => fits(&format!("credrun: {pattern}"), line),
                _ => false,
            }
        });
    let ending = ending.unwrap_or_else(|| panic!("not in the table: {event:?} ended with {code}:\n{stderr}"));
    // Whoever ended it knows what to do.
    let by_the_user = matches!(event, Event::StarterKilled | Event::StdoutClosed | Event::GivenUp);
    if ending.line.is_some() && !by_the_user {
        assert!(stderr.lines().any(is_hint), "{event:?} has no hint:\n{stderr}");
    }
    ending.line.unwrap_or("nothing said")
}

/// The same of a program that has ended.
pub fn check_outcome(event: Event, outcome: &Outcome) -> &'static str {
    check(event, outcome.code, &outcome.stderr)
}

fn is_hint(line: &str) -> bool {
    line.starts_with("  hint: ")
}

fn is_beside(event: Event, line: &str) -> bool {
    BESIDES.iter().any(|(of, pattern)| *of == event && fits(&format!("credrun: {pattern}"), line))
}

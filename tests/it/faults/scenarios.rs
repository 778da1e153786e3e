//! What is run while faults happen.

use std::time::Duration;

use super::call::is_others;
use crate::harness::host::image;

/// One command line, and what belongs to it.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    /// `IMAGE` stands for the tests' image, `PUSHED` for one in the tests' registry.
    pub arguments: &'static [&'static str],
    /// Its container goes on unless it is ended.
    pub is_endless: bool,
    /// The engine is said not to have the agent's image.
    pub is_without_agent: bool,
    /// Which calls are let fail; all of them when this is empty.
    pub only: &'static [&'static str],
}

const PLAIN: Scenario = Scenario {
    name: "run",
    arguments: &["--network=none", "IMAGE", "true"],
    is_endless: false,
    is_without_agent: false,
    only: &[],
};

pub const ALL: [Scenario; 9] = [
    PLAIN,
    Scenario {
        name: "endless",
        arguments: &["--network=none", "IMAGE", "sleep", "600"],
        is_endless: true,
        only: &["POST /containers/target/wait", "POST /containers/target/start"],
        ..PLAIN
    },
    Scenario { name: "stdin", arguments: &["-i", "--network=none", "IMAGE", "cat"], ..PLAIN },
    Scenario { name: "terminal", arguments: &["-t", "--network=none", "IMAGE", "sleep", "0.5"], ..PLAIN },
    Scenario {
        name: "detached",
        arguments: &["-d", "--network=none", "IMAGE", "sleep", "600"],
        is_endless: true,
        ..PLAIN
    },
    Scenario {
        name: "pull",
        arguments: &["--pull", "always", "--quiet", "--network=none", "PUSHED"],
        only: &["POST /images/create", "POST /containers/create target"],
        ..PLAIN
    },
    Scenario { name: "refresh", arguments: &["--refresh", "--network=none", "IMAGE", "true"], ..PLAIN },
    Scenario {
        name: "refresh, detached",
        arguments: &["--refresh", "-d", "--network=none", "IMAGE", "sleep", "600"],
        is_endless: true,
        ..PLAIN
    },
    Scenario {
        name: "refresh, the agent's image is loaded",
        arguments: &["--refresh", "--network=none", "IMAGE", "true"],
        is_without_agent: true,
        only: &["GET /images/agent/json", "POST /images/load", "GET /images/agent/json again"],
        ..PLAIN
    },
];

const AT_THE_END: [&str; 3] =
    ["POST /containers/target/kill", "DELETE /containers/agent", "GET /containers/agent/json"];

impl Scenario {
    /// Whether its stdin is a line and its end; otherwise it is at its end from the beginning.
    pub fn has_input(&self) -> bool {
        self.arguments.contains(&"-i")
    }

    /// Whether it has a terminal.
    pub fn has_terminal(&self) -> bool {
        self.arguments.contains(&"-t")
    }

    /// Whether credrun has an agent beside the container; docker has none.
    pub fn is_refresh(&self) -> bool {
        self.arguments.contains(&"--refresh")
    }

    /// Whether a run without a fault goes on for ever.
    pub fn never_ends(&self) -> bool {
        self.is_endless && !self.arguments.contains(&"-d")
    }

    /// The command line.
    pub fn words(&self, pushed: &str) -> Vec<String> {
        let word = |word: &&str| match *word {
            "IMAGE" => image().to_owned(),
            "PUSHED" => pushed.to_owned(),
            other => other.to_owned(),
        };
        self.arguments.iter().map(word).collect()
    }

    /// How long it is waited for what a run leaves to go. What never goes by itself is not waited for as long.
    pub fn patience(&self, code: i32) -> Duration {
        Duration::from_secs(if self.is_endless && code == 0 { 3 } else { 40 })
    }

    /// Whether a call is let fail: one that happens in every such run.
    pub fn has(&self, call: &str) -> bool {
        if is_others(call) {
            return false;
        }
        if !self.only.is_empty() {
            return self.only.contains(&call);
        }
        // In the background, when the test ends its containers.
        if self.is_refresh() && self.is_endless && AT_THE_END.contains(&call) {
            return false;
        }
        // How often somebody looks whether a container is gone is a matter of time.
        !call.ends_with(|last: char| last.is_ascii_digit()) && !call.ends_with(" again")
    }
}

//! Where credrun is not the docker CLI on purpose: the whole list, which the comparisons read. At most ten rules,
//! each about one field or event, none about a certain command line.

/// What both programs did, as far as a rule may ask.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// docker's exit code.
    pub docker_code: i32,
    /// credrun's exit code.
    pub credrun_code: i32,
    /// What docker wrote to stderr.
    pub docker_said: &'a str,
    /// What credrun wrote to stderr.
    pub credrun_said: &'a str,
}

/// One rule.
pub struct Difference {
    /// The field or event.
    pub what: &'static str,
    /// Why credrun is other than docker there.
    pub reason: &'static str,
    /// Whether it explains what was seen.
    pub explains: fn(Seen<'_>) -> bool,
}

/// The rules of the comparison of requests.
pub const OF_REQUESTS: &[Difference] = &[
    Difference {
        what: "docker crashes",
        reason: "a Go panic (exit code 2, a stack trace) is a defect of docker's; credrun goes on or refuses",
        explains: |seen| seen.docker_code == 2 && seen.docker_said.starts_with("panic: "),
    },
    Difference {
        what: "detach keys that are none",
        reason: "docker creates the container, fails at the attach and leaves it behind; credrun refuses before",
        explains: |seen| seen.credrun_code == 1 && seen.credrun_said.contains("for `--detach-keys`: "),
    },
];

/// The rule that explains what was seen, where there is one.
pub fn explanation(seen: Seen<'_>) -> Option<&'static Difference> {
    OF_REQUESTS.iter().find(|difference| (difference.explains)(seen))
}

/// What a run came to, as far as a rule may ask.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// What was asked of the engine, in its order.
    pub calls: Vec<String>,
    /// What the program wrote to stdout, or to its terminal.
    pub output: String,
    /// The container after the program's end: its state, or `none`.
    pub left: String,
}

/// One rule about runs.
pub struct RunDifference {
    /// The field or event.
    pub what: &'static str,
    /// Why credrun is other than docker there.
    pub reason: &'static str,
    /// Whether it explains the difference between docker's run and credrun's.
    pub explains: fn(docker: &Ran, credrun: &Ran) -> bool,
}

/// What was asked besides clean-up and waits.
fn essential(ran: &Ran) -> Vec<&str> {
    let besides = |call: &&str| {
        call.contains("/kill?signal=KILL") || call.starts_with("DELETE ") || call.contains("/wait?condition")
    };
    // Which half of the stream ends first, when the program leaves a container behind, is chance.
    let whole = |call| str::trim_end_matches(call, " (half closed)");
    ran.calls.iter().map(|call| whole(call.as_str())).filter(|call| !besides(call)).collect()
}

/// The rules of the comparison of runs.
pub const OF_RUNS: &[RunDifference] = &[RunDifference {
    what: "a container that docker abandons",
    reason: "it holds credentials: credrun kills it and waits for its removal before it ends",
    explains: |docker, credrun| {
        let (theirs, ours) = (essential(docker), essential(credrun));
        // The last signal, at which docker gives up, is KILL instead.
        let signals = theirs.iter().skip(ours.len()).all(|call| call.contains("/kill?signal="));
        let same = theirs.starts_with(&ours) && signals;
        docker.left == "running" && credrun.left == "none" && same
    },
}];

/// What is different on Podman, where its answers are not Docker's.
pub const ON_PODMAN: &[RunDifference] = &[
    RunDifference {
        what: "the exit code of a container that is removed at its end",
        reason: "Podman answers a wait for the removal with status 0, so that docker ends with 0; credrun waits for \
                 the exit, and then for the removal",
        explains: |docker, credrun| {
            let same = essential(credrun) == essential(docker) && docker.output == credrun.output;
            same && docker.left == credrun.left && (docker.code == 0 || docker.code == credrun.code)
        },
    },
    RunDifference {
        what: "a command that is refused at the attach",
        reason: "Podman makes the container ready there, where docker expects no such error and ends with 1; credrun \
                 ends with 126 or 127 as for a refused start",
        explains: |docker, credrun| {
            docker.code == 1 && matches!(credrun.code, 126 | 127) && essential(credrun) == essential(docker)
        },
    },
    RunDifference {
        what: "a stream that was not asked for",
        reason: "Podman sends stdout and stderr whatever the attach asks for: docker crashes, credrun drops it",
        explains: |docker, credrun| docker.code == 2 && credrun.code == 0 && credrun.left == "none",
    },
];

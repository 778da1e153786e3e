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

//! What fuzzing throws bytes at: one function a target, which panics where what it says of credrun does not hold.
//!
//! `fuzz/` runs them under libFuzzer, which learns new inputs; [`tests`] runs the same ones over those that were kept,
//! and over mutations of them, with `cargo test`. Only these two builds have this module.

mod agent;
mod answers;
mod command_line;
mod engine;
mod files;
mod pieces;
mod policies;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use self::pieces::Pieces;

/// A target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// As the folder of its inputs in `fuzz/corpus` has it.
    pub name: &'static str,
    /// What is done with an input.
    pub run: fn(&[u8]),
}

/// All of them. Each has a file in `fuzz/fuzz_targets`.
pub const TARGETS: &[Target] = &[
    Target { name: "agent_frames", run: agent::frames },
    Target { name: "agent_held", run: agent::held },
    Target { name: "agent_http", run: agent::http },
    Target { name: "agent_output", run: agent::output },
    Target { name: "answers", run: answers::answers },
    Target { name: "command_line", run: command_line::command_line },
    Target { name: "docker_config", run: files::docker_config },
    Target { name: "engine_answers", run: engine::answers },
    Target { name: "engine_pull", run: engine::pull },
    Target { name: "engine_stream", run: crate::session::fuzzing::stream },
    Target { name: "env_file", run: files::env_file },
    Target { name: "ini", run: files::ini },
    Target { name: "moments", run: answers::moments },
    Target { name: "policies", run: policies::policies },
    Target { name: "values", run: values::values },
];

/// Does what the target of this name does.
///
/// # Panics
/// When there is none of this name; and when something does not hold.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.unwrap_or_else(|| panic!("there is no target `{name}`")).run)(data);
}

/// Stands for a secret in inputs: where it may not be shown it is looked for.
const MARK: &str = "hush-hush";

/// That no text shows the mark.
#[track_caller]
fn assert_hushed(shown: &str) {
    assert!(!shown.contains(MARK), "a secret is shown: {shown}");
}

/// The first byte, by which a target chooses, and the rest; none of an empty input.
fn choice(data: &[u8]) -> Option<(usize, &[u8])> {
    data.split_first().map(|(first, rest)| (usize::from(*first), rest))
}

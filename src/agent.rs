//! The agent: a small program in a container of its own, which hands out credentials on that container's loopback to
//! whoever has the run's token. The target joins its network.
//!
//! `build.rs` builds the program (`agent/program`) for every Linux architecture that it can; [`image::AgentImage`] packs
//! it as an image, and [`image_in`] brings that to an engine. What the agent is told and what it says are the messages
//! of [`frame`], over its stdin and stdout; [`link::AgentOutput`] reads them from an attached container.
//!
//! On the agent's loopback `GET` of [`PATH`] with the token as its `Authorization` gives the bytes that were handed
//! over last, until the earlier one of their two ends; then, and while there are none, 503 with a `code` and a
//! `message`. Anything else is refused.

pub mod frame;
pub mod image;
pub mod link;
mod loading;
mod token;
pub mod wiped;

// Parts of the program, for their tests.
#[cfg(any(test, fuzzing))]
#[path = "agent/program/held.rs"]
#[allow(dead_code, reason = "the program uses the rest")]
pub(crate) mod held;
#[cfg(any(test, fuzzing))]
#[path = "agent/program/http.rs"]
#[allow(dead_code, reason = "the program uses the rest")]
pub(crate) mod http;

pub use loading::{Loaded, image_in, remove_unused_images};
pub use token::token;

/// The path that is served.
pub const PATH: &str = "/v1/credentials";

/// The agent's program for one architecture.
#[derive(Clone, Copy)]
pub struct AgentProgram {
    /// Linux's architecture in Docker's words, `amd64`.
    pub architecture: &'static str,
    /// The image's only layer, a tar archive with the program alone, packed by gzip.
    pub layer: &'static [u8],
    /// The SHA-256 of the archive, as images name it.
    diff_id: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/agent_programs.rs"));

impl AgentProgram {
    /// All that this build has.
    #[must_use]
    pub fn all() -> &'static [Self] {
        PROGRAMS
    }

    /// The program for an architecture, by Docker's name of it or the kernel's (`x86_64`).
    ///
    /// # Errors
    /// Why this build has none, in words.
    pub fn of(architecture: &str) -> Result<Self, String> {
        let name = match architecture {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        let found = PROGRAMS.iter().find(|program| program.architecture == name);
        found.copied().ok_or_else(|| {
            let why = MISSING.iter().find(|(missing, _)| *missing == name).map(|(_, why)| format!(": {why}"));
            format!("this credrun has no agent for `{architecture}`{}", why.unwrap_or_default())
        })
    }
}

impl std::fmt::Debug for AgentProgram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentProgram")
            .field("architecture", &self.architecture)
            .field("diff_id", &self.diff_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The program itself.
    pub(super) fn executable(program: AgentProgram) -> Vec<u8> {
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(program.layer));
        let mut file = archive.entries().expect("entries").next().expect("one").expect("an entry");
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut bytes).expect("content");
        bytes
    }

    #[test]
    fn architectures_have_two_names_each() {
        for (name, other) in [("amd64", "x86_64"), ("arm64", "aarch64")] {
            let found = [name, other].map(|name| AgentProgram::of(name).map(|program| program.architecture));
            match (&found[0], &found[1]) {
                (Ok(one), Ok(two)) => assert_eq!((*one, *two), (name, name)),
                (Err(one), Err(two)) => assert!(one.contains(": ") && two.contains(other), "{found:?}"),
                _ => panic!("{found:?}"),
            }
        }
        let error = AgentProgram::of("riscv64").expect_err("there is none");
        assert_eq!(error, "this credrun has no agent for `riscv64`");
    }

    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    #[test]
    fn there_is_a_small_static_program_for_this_machine() {
        let program = AgentProgram::of(std::env::consts::ARCH).expect("one is built");
        let executable = executable(program);
        assert!(executable.starts_with(b"\x7fELF"));
        assert!(executable.len() < 1_500_000, "{} bytes", executable.len());
        let has = |text: &[u8]| executable.windows(text.len()).any(|window| window == text);
        assert!(!has(b"/lib64/ld-linux") && !has(b"/lib/ld-musl"), "it has no interpreter");
        assert!(!has(env!("CARGO_MANIFEST_DIR").as_bytes()), "it does not say where it was built");
    }

    #[test]
    fn the_program_serves_the_path_that_is_promised() {
        assert_eq!(http::PATH, PATH.as_bytes());
    }
}

//! What docker made of long lists of lines, kept from one run of the tests to the next: the same docker makes the same
//! of the same lines in the same surroundings. Whatever of these changes, docker is asked anew; so it is wherever
//! credrun makes something else of a line than is remembered.

use std::path::PathBuf;
use std::process::Command;

use sha2::{Digest, Sha256};

use super::programs::Outcome;

/// Shorter lists are not worth it.
const LONG_ENOUGH: usize = 100;

/// What the surroundings of the lines are made of.
const SURROUNDINGS: [&str; 4] = [
    include_str!("programs.rs"),
    include_str!("engine.rs"),
    include_str!("normal.rs"),
    include_str!("memory.rs"),
];

/// What is remembered of a list of lines.
pub struct Memory {
    file: Option<PathBuf>,
    /// docker's outcomes, in the order of the lines; empty when there are none yet.
    pub outcomes: Vec<Outcome>,
}

impl Memory {
    /// What is remembered of these lines, on benches of this API version whose surroundings are these variables
    /// and this configuration.
    pub fn of(lines: &[Vec<String>], api: (u16, u16), surroundings: &str) -> Self {
        if lines.len() < LONG_ENOUGH || super::long() {
            return Self { file: None, outcomes: Vec::new() };
        }
        let key = format!("{lines:?} {api:?} {surroundings} {} {SURROUNDINGS:?}", docker());
        let key: String = Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("docker-run");
        std::fs::create_dir_all(&folder).expect("a folder for what is remembered");
        let file = folder.join(key + ".json");
        let text = std::fs::read(&file).unwrap_or_default();
        let outcomes: Vec<Outcome> = serde_json::from_slice(&text).unwrap_or_default();
        let is_whole = outcomes.len() == lines.len();
        Self { file: Some(file), outcomes: if is_whole { outcomes } else { Vec::new() } }
    }

    /// Remembers what docker made of them.
    pub fn keep<'a>(self, outcomes: impl Iterator<Item = &'a Outcome>) {
        let Some(file) = self.file else { return };
        let outcomes: Vec<_> = outcomes.collect();
        // By a name of its own first: another run may be reading.
        let own = file.with_extension(std::process::id().to_string());
        std::fs::write(&own, serde_json::to_vec(&outcomes).expect("JSON"))
            .expect("what is remembered can be written");
        std::fs::rename(own, file).expect("what is remembered can be put in its place");
    }
}

/// Which docker it is: its build, and the file.
fn docker() -> String {
    let said = Command::new("docker").args(["version", "--format", "{{json .Client}}"]).output();
    let said = said.expect("docker on PATH").stdout;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let file = std::env::split_paths(&path)
        .map(|folder| folder.join("docker"))
        .find_map(|file| file.metadata().ok());
    let file = file.map(|file| (file.len(), file.modified().ok()));
    format!("{} {file:?}", String::from_utf8_lossy(&said))
}

//! One program's run, measured.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

use super::Bench;

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// From its start to its end.
    pub wall: Duration,
    /// Of the process itself, in user and kernel mode, and of those of its children that it has waited for.
    pub cpu: Duration,
    /// The most memory that it had resident, in KiB.
    pub peak: u64,
}

/// What is asked of a sample.
pub type Figure = fn(&Sample) -> f64;

pub const WALL: Figure = |sample| sample.wall.as_secs_f64();
pub const CPU: Figure = |sample| sample.cpu.as_secs_f64();
#[allow(clippy::cast_precision_loss, reason = "no process has that many kibibytes")]
pub const PEAK: Figure = |sample| sample.peak as f64;

/// Runs it, which has to succeed. Its output goes nowhere.
pub fn sample(command: &mut Command) -> Sample {
    let started = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("it starts");
    let ended = child.wait4().expect("it ends");
    let wall = started.elapsed();
    assert!(ended.status.success(), "{command:?}: {}", ended.status);
    let usage = ended.rusage;
    Sample { wall, cpu: usage.utime + usage.stime, peak: usage.maxrss / 1024 }
}

/// Samples of each of these, in turn; the first one to run changes from round to round. One round is for warming up.
pub fn in_turn<const N: usize>(rounds: usize, each: [&mut dyn FnMut() -> Sample; N]) -> [Vec<Sample>; N] {
    let mut samples = [const { Vec::new() }; N];
    for round in 0..=rounds {
        for step in 0..N {
            let which = (round + step) % N;
            let sample = each[which]();
            if round > 0 {
                samples[which].push(sample);
            }
        }
    }
    samples
}

/// The median of the ratios of each round.
pub fn ratio(ours: &[Sample], theirs: &[Sample], figure: Figure) -> f64 {
    median(ours.iter().zip(theirs).map(|(ours, theirs)| figure(ours) / figure(theirs)))
}

/// The median of a figure.
pub fn middle(samples: &[Sample], figure: Figure) -> f64 {
    median(samples.iter().map(figure))
}

pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = values.collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

impl Bench {
    /// `credrun`, with credentials from the stand-in for CloudShell's endpoint and none of this machine's own.
    pub fn credrun(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_credrun"));
        command.args(arguments);
        without_aws(&mut command);
        command
            .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &self.endpoint.uri)
            .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "not-a-token")
            .env("AWS_REGION", "eu-west-1");
        command
    }

    /// `docker run --rm`, without credentials.
    #[allow(clippy::unused_self, reason = "beside `credrun`")]
    pub fn docker(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(["run", "--rm"]).args(arguments);
        without_aws(&mut command);
        command
    }
}

/// Takes away what this machine's user has set.
pub fn without_aws(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("AWS_") || name.starts_with("CREDRUN_")) {
            command.env_remove(name);
        }
    }
}

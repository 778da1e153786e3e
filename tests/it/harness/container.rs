//! Containers as the tests see them: by name, and gone when the test is.

use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::run::{PATIENCE, eventually};

/// A name that nobody else uses, and the container that may be there under it.
pub struct Container {
    /// To be given as `--name`.
    pub name: String,
}

impl Container {
    /// Reserves a name; `topic` tells it apart when something is left behind.
    pub fn named(topic: &str) -> Self {
        Self { name: unique(topic) }
    }

    /// The name as an option, and no network: making one takes the engine half of a run's time, and most tests
    /// are not about it.
    pub fn options(&self) -> [&str; 3] {
        ["--name", &self.name, "--network=none"]
    }

    /// Is there a container of this name, in whatever state?
    pub fn exists(&self) -> bool {
        self.inspect("{{.Id}}").is_some()
    }

    /// Waits until it runs.
    pub fn wait_running(&self) {
        eventually(PATIENCE, &format!("container `{}` runs", self.name), || {
            self.inspect("{{.State.Running}}").as_deref() == Some("true")
        });
    }

    /// Waits until there is none of this name; false when it stays.
    pub fn is_gone_within(&self, limit: Duration) -> bool {
        super::run::within(limit, || !self.exists())
    }

    /// What `docker inspect --format` says of it; `None` when there is none.
    pub fn inspect(&self, format: &str) -> Option<String> {
        let output = docker(&["container", "inspect", "--format", format, &self.name]);
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(text)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        docker(&["rm", "--force", &self.name]);
    }
}

/// A name that nobody else uses, on this engine and in this run.
pub fn unique(topic: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("credrun-it-{}-{}-{topic}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The `docker` CLI as the tests' own tool, in the tests' own environment.
pub fn docker(arguments: &[&str]) -> Output {
    Command::new("docker").args(arguments).output().expect("the `docker` CLI")
}

/// The same, where failing is not expected.
pub fn docker_ok(arguments: &[&str]) -> String {
    let output = docker(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker {arguments:?} failed: {stderr}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

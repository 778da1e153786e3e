//! An engine as these tests see it: containers by name, as one of `docker run` or as credrun's two, gone when the test is.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Output};

use crate::harness::container::unique;
use crate::harness::host::{image, required_variable};
use crate::harness::run::{Outcome, PATIENCE, eventually, within};
use crate::refresh::stage::Stage;

/// How a container is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// `docker run --rm`, the oracle.
    Plain,
    /// `credrun --refresh`.
    Refresh,
}

/// It, and what was made on it.
pub struct Engine {
    /// Whether it is Podman.
    pub is_podman: bool,
    address: String,
    containers: RefCell<Vec<String>>,
    networks: RefCell<Vec<String>>,
    /// They live as long as what was started on them, which asks them for credentials.
    stages: RefCell<Vec<Stage>>,
}

impl Engine {
    pub fn docker() -> Self {
        let address = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".into());
        Self::at(address, false)
    }

    pub fn podman() -> Self {
        Self::at(required_variable("CREDRUN_TEST_PODMAN"), true)
    }

    fn at(address: String, is_podman: bool) -> Self {
        // Fails with what to do when there is none.
        image();
        Self {
            is_podman,
            address,
            containers: RefCell::default(),
            networks: RefCell::default(),
            stages: RefCell::default(),
        }
    }

    pub fn cli(&self, arguments: &[&str]) -> Output {
        Command::new("docker")
            .args(["--host", &self.address])
            .args(arguments)
            .output()
            .expect("the `docker` CLI")
    }

    pub fn cli_ok(&self, arguments: &[&str]) -> String {
        let output = self.cli(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "docker {arguments:?} failed: {stderr}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A name for a container, which is removed in the end.
    pub fn name(&self, topic: &str) -> String {
        let name = unique(topic);
        self.containers.borrow_mut().push(name.clone());
        name
    }

    /// A network of the test's own: its name, and the first three bytes of its addresses.
    pub fn network(&self) -> (String, String) {
        let name = unique("halves");
        // Of the addresses for benchmarks, of which the second engine of the tests has others. The two engines do not
        // know of each other's subnets.
        let first = std::process::id() % 64 + if self.is_podman { 128 } else { 0 };
        for third in first..first + 64 {
            let prefix = format!("198.19.{third}");
            let subnet = format!("{prefix}.0/24");
            if self.cli(&["network", "create", "--subnet", &subnet, &name]).status.success() {
                self.networks.borrow_mut().push(name.clone());
                return (name, prefix);
            }
        }
        panic!("no subnet is free");
    }

    /// Starts a container; the one that owns its network.
    pub fn start(&self, way: Way, line: &[&str]) -> String {
        if way == Way::Plain {
            self.cli_ok(&[&["run", "--rm", "--detach"], line].concat());
            return named(line).to_owned();
        }
        let outcome = self.refresh(line);
        assert_eq!(outcome.code, 0, "{line:?}: {outcome:?}");
        self.agent_of(named(line)).expect("it has an agent")
    }

    /// `credrun --refresh --detach LINE`.
    pub fn refresh(&self, line: &[&str]) -> Outcome {
        let stage = Stage::at(&self.address);
        let outcome = stage.run(&[&["--detach"], line].concat());
        self.stages.borrow_mut().push(stage);
        outcome
    }

    /// The name of the agent beside the container of this name.
    pub fn agent_of(&self, name: &str) -> Option<String> {
        let format = "{{index .Config.Labels \"credrun.target\"}}";
        let output = self.cli(&["container", "inspect", "--format", format, name]);
        let run = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (!run.is_empty()).then(|| format!("credrun-agent-{run}"))
    }

    /// Why containers are not made, or `None` when they are.
    pub fn refusal(&self, way: Way, line: &[&str]) -> Option<String> {
        if way == Way::Refresh {
            let outcome = self.refresh(line);
            return (outcome.code != 0).then(|| last_line(&outcome.stderr));
        }
        let output = self.cli(&[&["run", "--rm", "--detach"], line].concat());
        (!output.status.success()).then(|| last_line(&String::from_utf8_lossy(&output.stderr)))
    }

    /// What the container has written, once it says that it is ready.
    pub fn said(&self, name: &str) -> String {
        let mut said = String::new();
        eventually(PATIENCE, &format!("`{name}` is ready"), || {
            let output = self.cli(&["logs", name]);
            said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            said.contains("ready at") || said.contains("Traceback")
        });
        said
    }

    /// Has Podman check the container's health.
    pub fn check_health(&self, name: &str) {
        let socket = self.address.strip_prefix("unix://").expect("a socket");
        let mut engine = UnixStream::connect(socket).expect("Podman");
        let path = format!("/v4.0.0/libpod/containers/{name}/healthcheck");
        write!(engine, "GET {path} HTTP/1.0\r\n\r\n").expect("asked");
        let mut answer = String::new();
        engine.read_to_string(&mut answer).expect("an answer");
        assert!(answer.contains(" 200 ") || answer.contains(" 409 "), "{answer}");
    }

    /// The container's address on that network.
    pub fn address_of(&self, name: &str, network: &str) -> String {
        let format = format!("{{{{(index .NetworkSettings.Networks \"{network}\").IPAddress}}}}");
        self.cli_ok(&["container", "inspect", "--format", &format, name])
    }

    /// Removes a container, and waits until its name is free.
    pub fn remove(&self, name: &str) {
        eventually(PATIENCE, &format!("`{name}` is removed"), || {
            self.cli(&["rm", "--force", name]);
            !self.cli(&["container", "inspect", name]).status.success()
        });
    }
}

impl Drop for Engine {
    /// Again and again, because Podman keeps a container that others depend on: a target its agent, an agent the container
    /// whose network it joined.
    fn drop(&mut self) {
        let (mut containers, mut networks) = (self.containers.take(), self.networks.take());
        within(PATIENCE, || {
            containers.retain(|name| {
                self.cli(&["rm", "--force", name]);
                self.cli(&["container", "inspect", name]).status.success()
            });
            containers.is_empty()
        });
        within(PATIENCE, || {
            networks.retain(|name| {
                self.cli(&["network", "rm", name]);
                self.cli(&["network", "inspect", name]).status.success()
            });
            networks.is_empty()
        });
    }
}

fn named<'a>(line: &[&'a str]) -> &'a str {
    let named = line.iter().position(|word| *word == "--name").expect("it has a name");
    line[named + 1]
}

/// The message without what the programs put around it.
fn last_line(text: &str) -> String {
    let text = text.lines().find(|line| line.contains("rror response from")).unwrap_or(text);
    let text = text.split_once("rror response from ").map_or(text, |(_, rest)| rest);
    text.split_once(": ").map_or(text, |(_, rest)| rest).trim().to_owned()
}

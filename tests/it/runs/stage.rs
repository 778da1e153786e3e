//! Stand-ins for a run's two containers, and for the process that looks after it.

use std::process::{Child, Command, Output, Stdio};

use credrun::refresh::labels::{Labels, Mode, Network, Role};
use credrun::refresh::owner::{Owner, Place};

use crate::harness::container::unique;
use crate::harness::host::{Host, Program, image, required_variable};
use crate::harness::run::{Outcome, PATIENCE, eventually, run, within};

/// A process that looks after runs until it is ended.
pub struct Keeper(Child);

impl Keeper {
    /// One that lives.
    pub fn start() -> Self {
        Self(Command::new("sleep").arg("3600").stdin(Stdio::null()).spawn().expect("sleep"))
    }

    /// Labels of a run that it looks after.
    pub fn labels(&self, mode: Mode, network: Network) -> Labels {
        let labels = Labels::new(mode, network);
        Labels { owner: Owner::of_process(&labels.run, &Place::here(), self.0.id()), ..labels }
    }

    /// Ends it: from here on its runs are nobody's.
    pub fn end(mut self) {
        self.kill();
    }

    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Labels of a run that a process of another machine looks after.
pub fn labels_of_another_machine(mode: Mode) -> Labels {
    let labels = Labels::new(mode, Network::Agents);
    let there = Place { boot: Some("of another machine".into()), ..Place::here() };
    Labels { owner: Owner::of_process(&labels.run, &there, 1), ..labels }
}

/// A run's containers, on one of the engines; gone when the test is.
pub struct Run {
    /// What its labels say.
    pub labels: Labels,
    /// The name of the one that would serve credentials.
    pub agent: String,
    /// The name of the one that was asked for.
    pub target: String,
    engine: Option<String>,
}

impl Run {
    /// One without containers so far.
    pub fn of(labels: Labels) -> Self {
        Self { labels, agent: unique("agent"), target: unique("target"), engine: None }
    }

    /// The same, on Podman.
    pub fn on_podman(labels: Labels) -> Self {
        let mut run = Self::of(labels);
        run.engine = Some(required_variable("CREDRUN_TEST_PODMAN"));
        run
    }

    /// The `docker` CLI, at the run's engine.
    pub fn docker(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("docker");
        command.args(self.engine.iter().flat_map(|address| ["-H", address]));
        command.args(arguments).output().expect("the `docker` CLI")
    }

    /// The same, where failing is not expected.
    pub fn docker_ok(&self, arguments: &[&str]) -> String {
        let output = self.docker(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "docker {arguments:?} failed: {stderr}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A host whose programs use the run's engine.
    pub fn host(&self) -> Host {
        let host = Host::new();
        match &self.engine {
            Some(address) => host.with("DOCKER_HOST", address),
            None => host,
        }
    }

    /// Creates the agent.
    pub fn create_agent(self) -> Self {
        self.create(Role::Agent, &["--network=none"], &["sleep", "3600"]);
        self
    }

    /// Creates the agent and starts it.
    pub fn with_agent(self) -> Self {
        let run = self.create_agent();
        run.docker_ok(&["start", &run.agent]);
        run
    }

    /// Creates the target in the agent's network.
    pub fn create_target(self) -> Self {
        let network = format!("--network=container:{}", self.agent);
        self.create(Role::Target, &["--rm", &network], &["sleep", "3600"]);
        self
    }

    /// Creates the target in the agent's network and starts it.
    pub fn with_target(self) -> Self {
        let run = self.create_target();
        run.docker_ok(&["start", &run.target]);
        run
    }

    /// Creates the target with these options and starts it with this script, which has to write `ready`.
    pub fn with_script(self, options: &[&str], script: &str) -> Self {
        self.create(Role::Target, options, &["sh", "-c", script]);
        self.docker_ok(&["start", &self.target]);
        eventually(PATIENCE, "the target is ready", || {
            self.docker_ok(&["logs", &self.target]).contains("ready")
        });
        self
    }

    /// Ends the agent and waits until it has ended.
    pub fn kill_agent(self) -> Self {
        // Podman may answer 404 to a kill that it has carried out.
        self.docker(&["kill", &self.agent]);
        eventually(PATIENCE, "the agent has ended", || self.agent_state().as_deref() == Some("exited"));
        self
    }

    fn create(&self, role: Role, options: &[&str], command: &[&str]) {
        let name = if role == Role::Agent { &self.agent } else { &self.target };
        let labels = self.labels.pairs(role).map(|(name, value)| format!("--label={name}={value}"));
        let labels: Vec<_> = labels.iter().map(String::as_str).collect();
        let first = ["create", "--name", name];
        self.docker_ok(&[&first[..], &labels, options, &[image()], command].concat());
    }

    /// How the agent is; `None` when there is none.
    pub fn agent_state(&self) -> Option<String> {
        self.inspect(&self.agent, "{{.State.Status}}")
    }

    /// How the target is; `None` when there is none.
    pub fn target_state(&self) -> Option<String> {
        self.inspect(&self.target, "{{.State.Status}}")
    }

    /// What `docker inspect --format` says of a container.
    pub fn inspect(&self, name: &str, format: &str) -> Option<String> {
        let output = self.docker(&["container", "inspect", "--format", format, name]);
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(text)
    }

    /// Whether neither container is there.
    pub fn is_gone(&self) -> bool {
        self.agent_state().is_none() && self.target_state().is_none()
    }

    /// Starts credrun until the run is gone: what one start has not swept in its time is the next one's.
    pub fn wait_swept(&self) {
        let host = self.host();
        let swept = within(PATIENCE, || {
            sweep(&host);
            self.is_gone()
        });
        assert!(swept, "agent {:?}, target {:?}", self.agent_state(), self.target_state());
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // The target first: Podman keeps an agent whose target is there.
        self.docker(&["rm", "--force", &self.target]);
        self.docker(&["rm", "--force", &self.agent]);
    }
}

/// A start of credrun that waits for its sweep.
pub fn sweep(host: &Host) {
    let outcome = credrun(host, &["version"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
}

/// `credrun`, to its end.
pub fn credrun(host: &Host, arguments: &[&str]) -> Outcome {
    run(&mut host.command(Program::Credrun, arguments))
}

//! A run under `--refresh` and what can be seen of it from outside.

use std::process::{Command, Stdio};

use crate::harness::container::{Container, docker};
use crate::harness::endpoint::{AUTHORIZATION, Endpoint, Keys, cloud_shell};
use crate::harness::host::{Host, Program};
use crate::harness::run::{Outcome, PATIENCE, Running, run, start};

/// Prints what the endpoint answers: with the run's own token, or with another one.
pub const ASK: &str = "import os, sys, urllib.error, urllib.request
uri = sys.argv[1] if len(sys.argv) > 1 else os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI']
token = sys.argv[2] if len(sys.argv) > 2 else os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN']
request = urllib.request.Request(uri, headers={'Authorization': token} if token else {})
try:
    with urllib.request.urlopen(request, timeout=5) as answer:
        print(answer.status, answer.read().decode(), flush=True)
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode(), flush=True)
except OSError as error:
    print('unreachable', error, flush=True)
";

/// A host like a CloudShell, with the marked credentials for ten minutes.
pub struct Stage {
    pub host: Host,
    /// Lives as long as its user may ask.
    _source: Endpoint,
}

impl Stage {
    pub fn new() -> Self {
        let source = Endpoint::giving(&Keys::marked());
        Self { host: cloud_shell(&source.uri()), _source: source }
    }

    /// The same, with an engine of its own choice.
    pub fn at(docker_host: &str) -> Self {
        let stage = Self::new();
        Self { host: stage.host.without("DOCKER_HOST").with("DOCKER_HOST", docker_host), ..stage }
    }

    /// The same, on a host that is a little different.
    pub fn with(self, change: impl FnOnce(Host) -> Host) -> Self {
        Self { host: change(self.host), ..self }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        self.host.command(Program::Credrun, &[&["--refresh"], arguments].concat())
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        run(&mut self.command(arguments))
    }

    pub fn start(&self, arguments: &[&str]) -> Running {
        start(self.command(arguments).stdin(Stdio::null()))
    }
}

/// What nobody but the agent may hold.
pub fn assert_no_secret(text: &str, whose: &str) {
    let keys = Keys::marked();
    for secret in [&keys.secret_access_key, &keys.session_token, &AUTHORIZATION.to_owned()] {
        assert!(!text.contains(secret.as_str()), "{whose} holds a secret:\n{text}");
    }
}

/// The id of the agent of the run whose target has this name; `None` when there is none.
pub fn agent_of(target: &Container) -> Option<String> {
    let run = target.inspect("{{index .Config.Labels \"credrun.target\"}}")?;
    let filter = format!("label=credrun.agent={run}");
    let output = docker(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &filter]);
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()).filter(|id| !id.is_empty())
}

/// The name of that agent, to be looked for when the run is over.
pub fn agent_container(target: &Container) -> Container {
    let run = target.inspect("{{index .Config.Labels \"credrun.target\"}}").expect("the target is there");
    Container { name: format!("credrun-agent-{run}") }
}

/// Waits until neither is there.
pub fn assert_gone(containers: &[&Container]) {
    for container in containers {
        assert!(container.is_gone_within(PATIENCE), "`{}` is still there", container.name);
    }
}

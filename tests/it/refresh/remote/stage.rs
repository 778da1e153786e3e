//! The second engine, as these tests reach it and as they look at it.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use super::line::Engine;
use crate::harness::container::unique;
use crate::harness::host::required_variable;
use crate::harness::run::{PATIENCE, Running, eventually, within};
use crate::refresh::stage::{ASK, Stage};

/// The second engine's address with TLS.
pub const ADDRESS: &str = "198.18.213.2:2376";

/// The second engine's folder.
pub fn second(path: &str) -> PathBuf {
    PathBuf::from(required_variable("CREDRUN_TEST_SECOND")).join(path)
}

pub fn socket() -> Engine {
    Engine::Unix(second("docker.sock"))
}

/// A host that reaches it by TLS.
pub fn over_tls() -> Stage {
    let stage = Stage::at(&format!("tcp://{ADDRESS}"));
    stage.with(|host| host.with("DOCKER_TLS_VERIFY", "1").with("DOCKER_CERT_PATH", second("certs/client")))
}

/// A host that reaches it by ssh; which process each `ssh` is stands in `ssh.pids` there.
pub fn over_ssh() -> Stage {
    let stage = Stage::at("ssh://second");
    let bin = stage.host.root().join("bin");
    std::fs::create_dir(&bin).expect("a directory");
    let path = std::env::var("PATH").expect("PATH");
    let real = std::env::split_paths(&path).map(|folder| folder.join("ssh")).find(|ssh| ssh.exists());
    let real = real.expect("no `ssh` on PATH: run `bash tests/run.sh`");
    let pids = stage.host.root().join("ssh.pids");
    let script = format!(
        "#!/bin/sh\necho $$ >>{}\nexec {} -F {} \"$@\"\n",
        pids.display(),
        real.display(),
        second("ssh/config").display()
    );
    let ssh = bin.join("ssh");
    std::fs::write(&ssh, script).expect("a file");
    std::fs::set_permissions(&ssh, PermissionsExt::from_mode(0o755)).expect("an executable");
    stage.with(|host| host.with("PATH", format!("{}:{path}", bin.display())))
}

/// The `docker` CLI at an engine's socket, past every line.
fn docker(socket: &str, arguments: &[&str]) -> Output {
    let mut docker = Command::new("docker");
    docker.arg("--host").arg(socket).args(arguments).output().expect("the `docker` CLI")
}

/// A container, seen past the line; gone when the test is.
pub struct Seen {
    /// To be given as `--name`.
    pub name: String,
    socket: String,
}

impl Seen {
    /// Reserves a name at the second engine.
    pub fn named(topic: &str) -> Self {
        Self { name: unique(topic), socket: format!("unix://{}", second("docker.sock").display()) }
    }

    /// The same at the engine that all tests have.
    pub fn near(topic: &str) -> Self {
        let socket = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".into());
        Self { name: unique(topic), socket }
    }

    pub fn options(&self) -> [&str; 3] {
        ["--name", &self.name, "--network=none"]
    }

    /// What the `docker` CLI writes; `None` when it fails.
    pub fn docker(&self, arguments: &[&str]) -> Option<String> {
        let output = docker(&self.socket, arguments);
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    pub fn inspect(&self, format: &str) -> Option<String> {
        self.docker(&["container", "inspect", "--format", format, &self.name])
    }

    pub fn exists(&self) -> bool {
        self.inspect("{{.Id}}").is_some()
    }

    pub fn is_gone(&self) -> bool {
        within(PATIENCE, || !self.exists())
    }

    /// Its agent, by name.
    pub fn agent(&self) -> Self {
        let run = self.inspect("{{index .Config.Labels \"credrun.target\"}}").expect("the target is there");
        Self { name: format!("credrun-agent-{run}"), socket: self.socket.clone() }
    }

    /// What the endpoint answers inside.
    pub fn ask(&self) -> String {
        self.docker(&["exec", &self.name, "python3", "-c", ASK]).unwrap_or_default()
    }

    /// Waits until the endpoint's answer begins, or goes on, like this.
    pub fn wait_for_answer(&self, part: &str) {
        let mut last = String::new();
        let is_so = within(PATIENCE, || {
            last = self.ask();
            last.contains(part)
        });
        assert!(is_so, "`{part}` is not answered, but {last}");
    }

    /// Makes a file in it, for which its script waits. A script that is quick takes whoever made it along.
    pub fn touch(&self, path: &str) {
        eventually(PATIENCE, "a file is made in the container", || {
            self.docker(&["exec", &self.name, "touch", path]).is_some() || !self.exists()
        });
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        docker(&self.socket, &["rm", "--force", "--volumes", &self.name]);
    }
}

/// Waits until a run has said this on stderr.
pub fn wait_to_hear(running: &Running, text: &str) {
    let is_said = within(PATIENCE, || running.stderr().contains(text));
    assert!(is_said, "`{text}` is not said\nstdout: {}\nstderr: {}", running.stdout(), running.stderr());
}

//! The agent as a container, with all that it is not allowed to do, on Docker and on Podman.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Output};

use bytes::Bytes;
use credrun::agent::frame::{AtEnd, FromAgent, Hello, ToAgent};
use credrun::agent::image::AgentImage;
use credrun::agent::link::AgentOutput;
use credrun::agent::{image_in, remove_unused_images};
use credrun::engine::{AttachOptions, Attached, Engine, EngineOptions};
use credrun::environment::Environment;
use time::{Duration, OffsetDateTime};
use tokio::io::AsyncWriteExt;

use super::process::{HOUR_MS, TOKEN, credentials, hello};
use crate::harness::container::unique;
use crate::harness::host::{image, required_variable};
use crate::harness::run::{PATIENCE, eventually};

const BODY: &str = r#"{"SecretAccessKey":"MarkedSecretKeyOfTheAgentsContainer0004"}"#;

/// One of the two engines, and what the test leaves on it.
struct Stage {
    address: String,
    engine: Engine,
    containers: Vec<String>,
    images: Vec<String>,
}

impl Stage {
    async fn docker() -> Self {
        let default = || "unix:///var/run/docker.sock".to_owned();
        Self::at(std::env::var("DOCKER_HOST").unwrap_or_else(|_| default())).await
    }

    async fn podman() -> Self {
        Self::at(required_variable("CREDRUN_TEST_PODMAN")).await
    }

    async fn at(address: String) -> Self {
        let options = EngineOptions { hosts: vec![address.clone()], ..EngineOptions::default() };
        let environment: Environment = [("HOME", "/nonexistent")].into_iter().collect();
        let engine = Engine::of_options(&options, &environment).await.expect("the engine answers");
        Self { address, engine, containers: Vec::new(), images: Vec::new() }
    }

    fn cli(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", &self.address).args(arguments).output().expect("the `docker` CLI")
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.cli(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "docker {arguments:?} failed: {stderr}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// An agent that serves [`BODY`], and its port.
    async fn agent(&mut self, hello: Hello) -> Agent {
        let loaded = image_in(&self.engine, OffsetDateTime::now_utc()).await.expect("the image is there");
        let name = unique("agent");
        self.containers.push(name.clone());
        let limits =
            ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--log-driver=none"];
        let head = ["create", "--interactive", "--network=none", "--name", &name];
        self.ok(&[&head[..], &limits, &[&loaded.id]].concat());
        let options = AttachOptions { stdin: true, stdout: true, stderr: true, ..AttachOptions::default() };
        let Attached { reader, mut writer } =
            self.engine.attach(&name, &options).await.expect("it can be attached to");
        let mut output = AgentOutput::attached(reader);
        self.engine.start(&name).await.expect("it starts");
        for message in [ToAgent::Hello(hello), credentials(BODY, HOUR_MS), ToAgent::Heartbeat { sequence: 1 }]
        {
            writer.write_all(message.to_bytes().expose()).await.expect("sent");
        }
        writer.flush().await.expect("sent");
        let mut next = async || {
            let next = tokio::time::timeout(PATIENCE, output.next()).await.expect("it says something");
            next.expect("frames").expect("no end")
        };
        let FromAgent::Ready { port, .. } = next().await else { panic!("it is not ready") };
        assert!(matches!(next().await, FromAgent::Pong { sequence: 1, holds: true, .. }));
        Agent { name, port, writer }
    }

    /// What a container that has joined the agent's network gets.
    fn fetch(&self, agent: &Agent, token: &str) -> String {
        let script = "import socket, sys\n\
            stream = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n\
            head = 'GET /v1/credentials HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: ' + sys.argv[2] + '\\r\\n\\r\\n'\n\
            stream.sendall(head.encode())\n\
            print(b''.join(iter(lambda: stream.recv(4096), b'')).decode())";
        let network = format!("container:{}", agent.name);
        let port = agent.port.to_string();
        self.ok(&["run", "--rm", "--network", &network, image(), "python3", "-c", script, &port, token])
    }

    fn inspect(&self, agent: &Agent, format: &str) -> String {
        self.ok(&["container", "inspect", "--format", format, &agent.name])
    }

    fn wait_exited(&self, agent: &Agent, code: &str) {
        eventually(PATIENCE, "the agent has exited", || {
            self.inspect(agent, "{{.State.Status}} {{.State.ExitCode}}") == format!("exited {code}")
        });
    }

    /// An image as [`AgentImage`] makes it, of a date and with a name of its own.
    async fn image_of(&mut self, date: OffsetDateTime) -> String {
        let name = format!("localhost/credrun-agent:{}", unique("image"));
        self.images.push(name.clone());
        let archive = AgentImage::of(std::env::consts::ARCH).and_then(|image| image.archive(date));
        let archive = renamed(&archive.expect("an archive"), &name);
        self.engine.load_images(archive).await.expect("it is loaded");
        name
    }

    /// The same with a container, which is never started. Whoever else clears up here may be faster than that.
    async fn image_in_use(&mut self, date: OffsetDateTime) -> String {
        let container = unique("old-agent");
        self.containers.push(container.clone());
        for _ in 0..50 {
            let name = self.image_of(date).await;
            if self.cli(&["create", "--pull=never", "--name", &container, &name]).status.success() {
                return name;
            }
        }
        panic!("no container can be made of an old image");
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for name in &self.containers {
            self.cli(&["rm", "--force", name]);
        }
        for name in &self.images {
            self.cli(&["rmi", "--force", name]);
        }
    }
}

struct Agent {
    name: String,
    port: u16,
    writer: tokio::io::WriteHalf<hyper_util::rt::TokioIo<hyper::upgrade::Upgraded>>,
}

/// The archive with another name for its image.
fn renamed(archive: &Bytes, name: &str) -> Bytes {
    let mut to = tar::Builder::new(Vec::new());
    for entry in tar::Archive::new(&archive[..]).entries().expect("entries") {
        let mut entry = entry.expect("an entry");
        let path = entry.path().expect("a path").display().to_string();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("content");
        if path == "manifest.json" {
            let mut manifest: serde_json::Value = serde_json::from_slice(&content).expect("json");
            manifest[0]["RepoTags"] = serde_json::json!([name]);
            content = manifest.to_string().into_bytes();
        }
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        to.append_data(&mut header, path, content.as_slice()).expect("packed");
    }
    to.into_inner().expect("packed").into()
}

async fn serves_its_network_and_ends_with_its_input(mut stage: Stage) {
    let agent = stage.agent(hello(AtEnd::Exit)).await;
    let answer = stage.fetch(&agent, TOKEN);
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with(BODY), "{answer}");
    let answer = stage.fetch(&agent, "wrong");
    assert!(answer.starts_with("HTTP/1.1 403 ") && !answer.contains("MarkedSecretKey"), "{answer}");
    for (kind, what) in [("container", &agent.name), ("image", &stage.inspect(&agent, "{{.Image}}"))] {
        assert!(!stage.ok(&[kind, "inspect", what]).contains("MarkedSecretKey"), "{kind}");
    }
    let mut writer = agent.writer;
    writer.shutdown().await.expect("closed");
    let agent = Agent { writer, ..agent };
    stage.wait_exited(&agent, "0");
}

async fn has_no_rights(mut stage: Stage) {
    let agent = stage.agent(hello(AtEnd::Exit)).await;
    let process = std::path::PathBuf::from("/proc").join(stage.inspect(&agent, "{{.State.Pid}}"));
    let status = std::fs::read_to_string(process.join("status")).expect("it runs on this machine");
    for line in [
        "Name:\tcredrun-agent",
        "Uid:\t65534\t65534\t65534\t65534",
        "Gid:\t65534\t65534\t65534\t65534",
        "CapEff:\t0000000000000000",
        "CapPrm:\t0000000000000000",
        "CapBnd:\t0000000000000000",
        "NoNewPrivs:\t1",
    ] {
        assert!(status.lines().any(|found| found == line), "`{line}` in {status}");
    }
    // Not even its own user may look into its memory: proc(5) gives such a process's files to root.
    assert_eq!(std::fs::metadata(process.join("environ")).expect("it runs").uid(), 0);
}

async fn holds_on_and_is_stopped_at_once(mut stage: Stage) {
    let mut agent = stage.agent(hello(AtEnd::Hold)).await;
    agent.writer.shutdown().await.expect("closed");
    eventually(PATIENCE, "the host is gone", || stage.fetch(&agent, TOKEN).contains("CredrunGone"));
    assert_eq!(stage.inspect(&agent, "{{.State.Running}}"), "true");
    // Podman shows its number.
    let signal = stage.inspect(&agent, "{{.Config.StopSignal}}");
    assert!(["SIGKILL", "9"].contains(&signal.as_str()), "{signal}");
    stage.cli(&["stop", &agent.name]);
    stage.wait_exited(&agent, "137");
}

async fn removes_only_old_images_that_nobody_uses(mut stage: Stage) {
    let now = OffsetDateTime::now_utc();
    let current = image_in(&stage.engine, now).await.expect("the image is there");
    let old = stage.image_of(now - Duration::hours(3)).await;
    let young = stage.image_of(now - Duration::minutes(5)).await;
    let used = stage.image_in_use(now - Duration::hours(5)).await;
    remove_unused_images(&stage.engine, &current, now).await.expect("they are listed");
    for (name, stays) in [(&old, false), (&used, true), (&young, true), (&current.id, true)] {
        assert_eq!(stage.engine.image(name).await.expect("an answer").is_some(), stays, "{name}");
    }
}

macro_rules! on_both_engines {
    ($($name:ident),*) => {
        mod docker {
            $(#[tokio::test] async fn $name() { super::$name(super::Stage::docker().await).await; })*
        }
        mod podman {
            $(#[tokio::test] async fn $name() { super::$name(super::Stage::podman().await).await; })*
        }
    };
}

on_both_engines!(
    serves_its_network_and_ends_with_its_input,
    has_no_rights,
    holds_on_and_is_stopped_at_once,
    removes_only_old_images_that_nobody_uses
);

#[tokio::test]
async fn those_who_load_it_side_by_side_all_have_it() {
    let stage = Stage::docker().await;
    let now = OffsetDateTime::now_utc();
    let all = futures_util::future::join_all((0..8).map(|_| image_in(&stage.engine, now))).await;
    for loaded in all {
        let loaded = loaded.expect("the image is there");
        let found = stage.engine.image(&loaded.id).await.expect("an answer").expect("it is there");
        assert!(AgentImage::of(std::env::consts::ARCH).expect("one is built").is(&found), "{found:?}");
    }
}

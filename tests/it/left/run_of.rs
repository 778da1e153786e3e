//! The kinds of runs that things are done to, and what each is started with.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::NamedTempFile;

use crate::harness::container::unique;
use crate::harness::endpoint::{Endpoint, Keys, cloud_shell};
use crate::harness::host::{ACCESS_KEY_ID, Host, Program, SECRET_ACCESS_KEY, SESSION_TOKEN};
use crate::harness::own_engine::IMAGE;
use crate::harness::processes::MARK;
use crate::harness::pty::Terminal;
use crate::harness::run::{PATIENCE, send, wait};

/// A way to run a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Plain,
    /// `-i`, with lines that come back.
    Streams,
    /// `-t`, without a terminal.
    Tty,
    /// `-it`, on one.
    Terminal,
    Detached,
    Refresh,
    RefreshDetached,
    Cidfile,
    /// `--role-arn`.
    Role,
    /// Credentials of a program that takes its time.
    Process,
    /// `docker run --rm`, the oracle.
    Docker,
    /// The same with `--detach`.
    DockerDetached,
}

impl Kind {
    pub fn is_refresh(self) -> bool {
        matches!(self, Self::Refresh | Self::RefreshDetached)
    }

    pub fn is_detached(self) -> bool {
        matches!(self, Self::Detached | Self::RefreshDetached | Self::DockerDetached)
    }

    pub fn is_docker(self) -> bool {
        matches!(self, Self::Docker | Self::DockerDetached)
    }
}

/// One run of a kind.
pub struct RunOf {
    pub kind: Kind,
    /// Of the container; it marks all processes, too.
    pub name: String,
    pub host: Host,
    child: Child,
    terminal: Option<Terminal>,
    stdout: NamedTempFile,
    stderr: NamedTempFile,
    /// Writes to its stdin.
    writer: Option<JoinHandle<()>>,
    /// Lives as long as it may be asked.
    _source: Endpoint,
}

/// How it ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stderr: String,
}

/// Where role sessions come from.
#[derive(Debug, Clone)]
pub struct Role {
    pub endpoint: String,
    pub arn: String,
    /// Of somebody who may assume it.
    pub keys: Keys,
}

impl RunOf {
    /// Starts it at this engine; the container does as `script` says.
    pub fn start(kind: Kind, docker_host: &str, role: Option<&Role>, script: &str) -> Self {
        let name = unique(&format!("left-{kind:?}").to_lowercase());
        let keys = role.filter(|_| kind == Kind::Role).map_or_else(Keys::marked, |role| role.keys.clone());
        let source = Endpoint::giving(&keys);
        let host = cloud_shell(&source.uri()).without("DOCKER_HOST").with("DOCKER_HOST", docker_host);
        let host = prepared(kind, host.with(MARK, &name), &name, role);
        let mut command = command(kind, &host, &name, role, script);
        let file = || NamedTempFile::new().expect("a file");
        let (stdout, stderr) = (file(), file());
        let to = |file: &NamedTempFile| Stdio::from(file.reopen().expect("a file"));
        let terminal = (kind == Kind::Terminal).then(Terminal::open);
        let mut child = match &terminal {
            Some(terminal) => terminal.start_with_stderr(&mut command, to(&stderr)),
            None => command
                .stdin(if kind == Kind::Streams { Stdio::piped() } else { Stdio::null() })
                .stdout(to(&stdout))
                .stderr(to(&stderr))
                .process_group(0)
                .spawn()
                .expect("the program"),
        };
        let stdin = child.stdin.take();
        let writer = stdin.map(|stdin| std::thread::spawn(move || write_lines(stdin)));
        Self { kind, name, host, child, terminal, stdout, stderr, writer, _source: source }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        send(&self.child, signal);
    }

    /// What it has written.
    pub fn stdout(&self) -> String {
        match &self.terminal {
            Some(terminal) => terminal.text(),
            None => text(&self.stdout),
        }
    }

    pub fn stderr(&self) -> String {
        text(&self.stderr)
    }

    /// Waits for its end; fails when it hangs.
    pub fn ended(&mut self) -> Ended {
        let code = wait(&mut self.child, PATIENCE);
        let code = code.unwrap_or_else(|| {
            panic!("{:?} hangs\nstdout: {}\nstderr: {}", self.kind, self.stdout(), self.stderr())
        });
        if let Some(writer) = self.writer.take() {
            writer.join().expect("the writer");
        }
        Ended { code, stderr: self.stderr() }
    }

    pub fn cidfile(&self) -> Option<String> {
        std::fs::read_to_string(self.host.home().join("cid")).ok()
    }
}

impl Drop for RunOf {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// For four seconds at most, or until nobody reads any more.
fn write_lines(mut stdin: impl Write) {
    let end = Instant::now() + Duration::from_secs(4);
    while Instant::now() < end && stdin.write_all(b"a line that comes back\n").is_ok() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn text(file: &NamedTempFile) -> String {
    String::from_utf8_lossy(&std::fs::read(file.path()).expect("a file")).into_owned()
}

/// The host with the files and variables that the kind needs.
fn prepared(kind: Kind, host: Host, name: &str, role: Option<&Role>) -> Host {
    match (kind, role) {
        (Kind::Role, Some(role)) => host.with("AWS_ENDPOINT_URL", &role.endpoint),
        (Kind::Process, _) => {
            let keys = format!(
                "{{\"Version\":1,\"AccessKeyId\":\"{ACCESS_KEY_ID}\",\"SecretAccessKey\":\"{SECRET_ACCESS_KEY}\",\
                 \"SessionToken\":\"{SESSION_TOKEN}\"}}"
            );
            host.write(name, &format!("sleep 0.3\necho '{keys}'\n"));
            let process = host.home().join(name).display().to_string();
            host.write(".aws/config", &format!("[default]\ncredential_process = sh {process}\n"));
            host.without("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        }
        _ => host,
    }
}

fn command(kind: Kind, host: &Host, name: &str, role: Option<&Role>, script: &str) -> Command {
    let cidfile = host.home().join("cid").display().to_string();
    let mine: Vec<&str> = match kind {
        Kind::Plain | Kind::Process | Kind::Docker => vec![],
        Kind::Streams => vec!["-i"],
        Kind::Tty => vec!["-t"],
        Kind::Terminal => vec!["-it"],
        Kind::Detached | Kind::DockerDetached => vec!["-d"],
        Kind::Refresh => vec!["--refresh"],
        Kind::RefreshDetached => vec!["-d", "--refresh"],
        Kind::Cidfile => vec!["--cidfile", &cidfile],
        Kind::Role => vec!["--role-arn", &role.expect("there is an emulator").arn],
    };
    let program = if kind.is_docker() { Program::Docker } else { Program::Credrun };
    // A volume of its own, which has to go with it.
    let options = ["--name", name, "--network=none", "--volume=/volume", IMAGE, "sh", "-c", script];
    host.command(program, &[&mine[..], &options].concat())
}

//! The surroundings of one run: a home and a temporary directory of its own, and only the variables it is given.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

/// The key id of AWS's documentation, as a temporary one.
pub const ACCESS_KEY_ID: &str = "ASIAIOSFODNN7EXAMPLE";
/// Marked, so that it can be found wherever it should not be.
pub const SECRET_ACCESS_KEY: &str = "MarkedSecretKeyOfTheIntegrationTests0001";
/// Marked likewise.
pub const SESSION_TOKEN: &str = "MarkedSessionTokenOfTheIntegrationTests0002";

/// Which program is under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `docker run --rm`, the oracle.
    Docker,
    /// `credrun`.
    Credrun,
}

/// The oracle first, so that a wrong expectation shows as such.
pub const BOTH: [Program; 2] = [Program::Docker, Program::Credrun];

/// A home, a temporary directory and variables. Nothing of the test's own environment gets through but PATH and
/// the engine's address.
pub struct Host {
    directory: TempDir,
    variables: Vec<(OsString, OsString)>,
}

impl Host {
    /// A host on which AWS is configured nowhere.
    pub fn bare() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut host = Self { directory, variables: Vec::new() };
        for (variable, name) in [("HOME", "home"), ("TMPDIR", "tmp")] {
            let path = host.directory.path().join(name);
            std::fs::create_dir(&path).expect("a directory");
            host = host.with(variable, path);
        }
        for variable in ["PATH", "DOCKER_HOST"] {
            if let Some(value) = std::env::var_os(variable) {
                host = host.with(variable, value);
            }
        }
        // The only source that is asked without being configured, and at an address that is not the test's to ask.
        host.with("AWS_EC2_METADATA_DISABLED", "true")
    }

    /// A host with temporary credentials in its environment.
    pub fn new() -> Self {
        Self::bare()
            .with("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
            .with("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
            .with("AWS_SESSION_TOKEN", SESSION_TOKEN)
            .with("AWS_REGION", "eu-west-1")
    }

    /// Sets a variable.
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Takes a variable away.
    pub fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(variable, _)| variable != name);
        self
    }

    /// Its home directory.
    pub fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    /// Everything that the programs here may write to.
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// Puts a file below its home.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.home().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }

    /// The program with these arguments, in these surroundings. `docker` gets the `run --rm` that credrun implies.
    pub fn command<S: AsRef<str>>(&self, program: Program, arguments: &[S]) -> Command {
        let mut command = match program {
            Program::Docker => self.tool("docker"),
            Program::Credrun => self.tool(env!("CARGO_BIN_EXE_credrun")),
        };
        if program == Program::Docker {
            command.args(["run", "--rm"]);
        }
        command.args(arguments.iter().map(AsRef::as_ref));
        command
    }

    /// Another program in these surroundings.
    pub fn tool(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.directory.path());
        command
    }
}

/// The image that the tests run: `CREDRUN_TEST_IMAGE`, or `credrun-test:latest`.
///
/// Without an engine or the image the tests fail: one that was skipped proves nothing.
pub fn image() -> &'static str {
    static IMAGE: OnceLock<String> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let image = std::env::var("CREDRUN_TEST_IMAGE").unwrap_or_else(|_| "credrun-test:latest".into());
        require_image(&image);
        image
    })
}

/// Fails with what to do unless the engine has `image`.
pub fn require_image(image: &str) {
    let engine = Command::new("docker").args(["version", "--format", "{{.Server.APIVersion}}"]).output();
    let engine = engine.expect("no `docker` CLI on PATH: run `bash tests/run.sh`");
    assert!(
        engine.status.success(),
        "no Docker engine answers: run `bash tests/run.sh`\n{}",
        String::from_utf8_lossy(&engine.stderr)
    );
    let found = Command::new("docker").args(["image", "inspect", image]).output().expect("docker");
    assert!(found.status.success(), "the engine has no image `{image}`: run `bash tests/run.sh`");
}

/// A variable that `tests/run.sh` sets.
pub fn required_variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("`{name}` is not set: run `bash tests/run.sh`"))
}

//! A Docker engine that may be ended and killed: a dockerd of the test's own, in a network namespace of its own, with
//! nothing of the machine's.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::host::{Host, image};
use super::inventory::Api;
use super::run::{Outcome, PATIENCE, run, within};

/// An image with shells, and what they need to wait and to copy.
pub const IMAGE: &str = "localhost/small:one";

/// It; ended when dropped.
pub struct OwnEngine {
    folder: TempDir,
}

impl OwnEngine {
    /// Starts one that has [`IMAGE`].
    pub fn start() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary directory") }.with_image()
    }

    /// The same, on a disk that holds so many bytes and no more.
    pub fn on_small_disk(bytes: u64) -> Self {
        let engine = Self { folder: tempfile::tempdir().expect("a temporary directory") };
        engine.script("disk", &bytes.to_string());
        engine.with_image()
    }

    fn with_image(self) -> Self {
        let engine = self;
        engine.start_again();
        let pack = "all=$(for name in sh bash sleep cat head stty; do command -v $name; done)
            tar --hard-dereference -chf - $all $(ldd $all | grep -o '/[^ :]* ' | sort -u)";
        let script = format!(
            "docker run --rm --network=none {} sh -c \"$1\" | docker --host {} import - {IMAGE}",
            image(),
            engine.docker_host(),
        );
        let made = run(Command::new("sh").args(["-c", &script, "sh", pack]));
        assert_eq!(made.code, 0, "{made:?}");
        engine
    }

    /// Starts it once more, and waits until it answers.
    pub fn start_again(&self) {
        let group =
            String::from_utf8(Command::new("id").arg("-gn").output().expect("id").stdout).expect("text");
        let host = Host::bare().with("DOCKER_HOST", self.docker_host());
        // On a machine that has much else to do it gives its containerd up.
        let answers = (0..3).any(|_| {
            self.script("end", "KILL");
            self.script("start", group.trim());
            within(PATIENCE / 2, || run(host.tool("docker").arg("version")).code == 0)
        });
        assert!(answers, "the test's own dockerd does not answer:\n{}", self.log());
    }

    /// Ends it with this signal.
    pub fn end(&self, signal: &str) {
        self.script("end", signal);
    }

    /// Its API.
    pub fn api(&self) -> Api {
        Api::at(&self.folder.path().join("docker.sock"))
    }

    /// What `DOCKER_HOST` is to be.
    pub fn docker_host(&self) -> String {
        format!("unix://{}/docker.sock", self.folder.path().display())
    }

    fn script(&self, command: &str, argument: &str) {
        let outcome = self.as_root(command, argument);
        assert_eq!(outcome.code, 0, "{command}: {outcome:?}\n{}", self.log());
    }

    fn as_root(&self, command: &str, argument: &str) -> Outcome {
        let setup = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/setup");
        let script =
            ". \"$1/common.sh\"; as_root 'for an engine of the test' sh \"$1/own_dockerd.sh\" \"${@:2}\"";
        let mut bash = Command::new("bash");
        bash.args(["-c", script, "bash"]).arg(setup).arg(command).arg(self.folder.path()).arg(argument);
        run(bash.stdin(Stdio::null()))
    }

    fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("dockerd.log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        self.as_root("end", "TERM");
        self.as_root("forget", "");
    }
}

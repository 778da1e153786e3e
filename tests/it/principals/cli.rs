//! The AWS CLI, started once for many calls: its start takes three times as long as a call.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::run::Outcome;

/// `aws.py`, until it is dropped.
pub struct Cli {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Holds the home directory of all calls: a link, which leads to that of the call.
    directory: TempDir,
}

impl Cli {
    /// Loads the AWS CLI of this Python.
    pub fn start(python: &Path, script: &Path) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut command = Command::new(python);
        command.arg(script).env_clear().env("HOME", directory.path().join("home"));
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python");
        let (requests, answers) = (child.stdin.take(), child.stdout.take().expect("piped"));
        Self { child, requests, answers: BufReader::new(answers), directory }
    }

    /// Runs what `command` would run, in its surroundings.
    pub fn run(&mut self, command: &Command) -> Outcome {
        let started = Instant::now();
        let text = |text: &OsStr| text.to_str().expect("UTF-8").to_owned();
        let variables = command.get_envs().filter_map(|(name, value)| Some((text(name), text(value?))));
        let mut variables: BTreeMap<_, _> = variables.collect();
        let home = self.directory.path().join("home");
        let _ = std::fs::remove_file(&home);
        let theirs = variables.insert("HOME".into(), text(home.as_os_str()));
        symlink(theirs.expect("each host has a home"), &home).expect("a link");
        let request = json!({
            "variables": variables,
            "arguments": command.get_args().map(text).collect::<Vec<_>>(),
            "directory": command.get_current_dir().expect("each host has a directory"),
        });
        writeln!(self.requests.as_mut().expect("open until the drop"), "{request}").expect("it listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        let answer: Value = serde_json::from_str(&line).expect("JSON");
        let text = |name: &str| answer[name].as_str().expect("text").to_owned();
        Outcome {
            code: answer["code"].as_i64().and_then(|code| i32::try_from(code).ok()).expect("a code"),
            stdout: text("stdout").into_bytes(),
            stderr: text("stderr"),
            took: started.elapsed(),
        }
    }
}

impl Drop for Cli {
    fn drop(&mut self) {
        drop(self.requests.take());
        let _ = self.child.wait();
    }
}

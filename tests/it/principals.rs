//! credrun is who `aws` is, in one environment after the other. Each is a folder of `principals/cases`:
//!
//! - `environment`: the variables, `NAME=value`, a line each, with `\r` for a carriage return; `NAME` alone takes away
//!   what all cases have;
//! - `arguments`: what both programs are given, `--profile NAME`;
//! - `home`: the home directory's files; its `aws` becomes `.aws`;
//! - `expected`: `user NAME`, `session NAME`, `role NAME`, or `failure`, so that both cannot be wrong in the same way.
//!
//! In all of them `{{id:NAME}}` and its like stand for what `principals/world.py` makes up.

mod cli;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use self::cli::Cli;

use super::harness::host::{Host, Program, required_variable};
use super::harness::run::{Outcome, run};

/// world.py, until the test is over.
struct World {
    child: Child,
    run: String,
    values: BTreeMap<String, String>,
}

impl World {
    fn start() -> Self {
        let script = folder().join("world.py");
        let mut command = Command::new(python());
        command.arg(script).arg(required_variable("CREDRUN_TEST_EMULATOR"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let told: Value = serde_json::from_str(&line).expect("world.py tells its values");
        let values = told["values"].as_object().expect("an object").iter();
        let values = values.map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned()));
        Self { child, run: told["run"].as_str().expect("text").to_owned(), values: values.collect() }
    }

    /// The text with its placeholders filled in.
    fn fill(&self, text: &str, home: &Path) -> String {
        let home = home.display().to_string();
        let mut parts = text.split("{{");
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once("}}").expect("a placeholder ends");
            filled.push_str(if name == "home" {
                &home
            } else {
                self.values.get(name).unwrap_or_else(|| panic!("`{name}`"))
            });
            filled.push_str(rest);
        }
        filled
    }
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/principals")
}

/// The Python that the AWS CLI runs with: it has botocore.
fn python() -> PathBuf {
    Path::new(&required_variable("CREDRUN_TEST_AWS_CLI")).with_file_name("python")
}

/// The host that a case describes, and the arguments.
fn host(case: &Path, world: &World) -> (Host, Vec<String>) {
    let mut host = Host::bare()
        .with("AWS_ENDPOINT_URL_STS", required_variable("CREDRUN_TEST_EMULATOR"))
        .with("AWS_DEFAULT_REGION", "us-east-1")
        // On a busy machine a second is too short for the stand-in of the metadata service.
        .with("AWS_METADATA_SERVICE_TIMEOUT", "60");
    let home = host.home();
    copy(&case.join("home"), &home, world, &home);
    let read = |name: &str| fs::read_to_string(case.join(name)).unwrap_or_default();
    for line in read("environment").lines() {
        host = match line.split_once('=') {
            Some((name, value)) => host.with(name, world.fill(&value.replace("\\r", "\r"), &home)),
            None => host.without(line),
        };
    }
    (host, read("arguments").split_whitespace().map(str::to_owned).collect())
}

fn copy(from: &Path, to: &Path, world: &World, home: &Path) {
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().expect("UTF-8");
        let target = to.join(if from.ends_with("home") && name == "aws" { ".aws".to_owned() } else { name });
        if entry.path().is_dir() {
            fs::create_dir_all(&target).expect("a directory");
            copy(&entry.path(), &target, world, home);
        } else {
            let filled = match String::from_utf8(fs::read(entry.path()).expect("a file")) {
                // A token in a file of its own ends with its last letter.
                Ok(text) => world.fill(&text, home).trim_end_matches('\n').into(),
                // What is not UTF-8 is so on purpose.
                Err(error) => error.into_bytes(),
            };
            fs::create_dir_all(to).expect("a directory");
            fs::write(target, filled).expect("a file");
        }
    }
}

/// Who a program says that it is; a failure is nobody. Only names that are made up at each run are left out.
fn principal(outcome: &Outcome, key: &str) -> String {
    if outcome.code != 0 {
        return "failure".to_owned();
    }
    let told: Value = serde_json::from_slice(&outcome.stdout).expect("JSON");
    let arn = told[key].as_str().expect("an ARN").to_owned();
    match arn.rsplit_once('/') {
        Some((role, session))
            if session.starts_with("botocore-session-") || session.starts_with("credrun-") =>
        {
            format!("{role}/…")
        }
        _ => arn,
    }
}

fn matches(expected: &str, principal: &str, run: &str) -> bool {
    match expected.split_once(' ') {
        Some(("user", name)) => principal.ends_with(&format!(":user/{name}-{run}")),
        Some(("session", name)) => principal.ends_with(&format!("/{name}")),
        Some(("role", name)) => principal.ends_with(&format!(":assumed-role/{name}-{run}/…")),
        _ => principal == expected,
    }
}

/// How credrun and the AWS CLI differ in a case, or from what it expects.
fn judge(case: &Path, aws: &mut dyn FnMut(&mut Command) -> Outcome, world: &World) -> Vec<String> {
    let (host, arguments) = host(case, world);
    let mut command = host.tool(&required_variable("CREDRUN_TEST_AWS_CLI"));
    command.args(&arguments).args(["--output", "json", "sts", "get-caller-identity"]);
    let (theirs, mut ours) = (aws(&mut command), vec!["whoami", "--format", "json"]);
    ours.extend(arguments.iter().map(String::as_str));
    let ours = run(&mut host.command(Program::Credrun, &ours));
    let expected = fs::read_to_string(case.join("expected")).expect("an expectation");
    let (their, our) = (principal(&theirs, "Arn"), principal(&ours, "Arn"));
    let name = case.file_name().expect("a name").to_string_lossy().into_owned();
    let mut wrong = Vec::new();
    if their != our || !matches(expected.trim(), &our, &world.run) {
        wrong
            .push(format!("{name}: expected {expected}aws: {their}\n{theirs:?}\ncredrun: {our}\n{ours:?}\n"));
    }
    // A refusal is explained: it is no crash, and says how to go on.
    if our == "failure" && (ours.code != 125 || !ours.stderr.contains("hint:")) {
        wrong.push(format!("{name}: not explained: {ours:?}"));
    }
    // Lines of the files hold keys, and a key may stand where no key belongs.
    let secrets =
        world.values.iter().filter(|(name, _)| name.starts_with("secret:") || name.starts_with("token:"));
    if secrets
        .map(|(_, secret)| secret)
        .chain([&"MARK".to_owned()])
        .any(|secret| ours.stderr.contains(secret))
    {
        wrong.push(format!("{name}: a secret is shown"));
    }
    wrong
}

/// As many at once as keep the processors busy.
const AT_ONCE: usize = 4;
/// Every case of this many is asked of the AWS CLI itself, so that the short cut to it cannot go astray.
const THE_LONG_WAY: usize = 15;

#[test]
fn the_same_principal_as_the_aws_cli() {
    let world = World::start();
    let version = run(Command::new(required_variable("CREDRUN_TEST_AWS_CLI")).arg("--version"));
    println!("judged by {}", version.text());
    let mut cases: Vec<_> =
        fs::read_dir(folder().join("cases")).expect("cases").flatten().map(|entry| entry.path()).collect();
    cases.sort();
    assert!(cases.len() >= 290, "{}", cases.len());
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        let mut cli = Cli::start(&python(), &folder().join("aws.py"));
        loop {
            let number = next.fetch_add(1, Ordering::SeqCst);
            let Some(case) = cases.get(number) else { break };
            let mut long_way = |command: &mut Command| run(command);
            let mut short_cut = |command: &mut Command| cli.run(command);
            let found = if number % THE_LONG_WAY == 0 {
                judge(case, &mut long_way, &world)
            } else {
                judge(case, &mut short_cut, &world)
            };
            wrong.lock().expect("no panic").extend(found);
        }
    };
    std::thread::scope(|scope| {
        (0..AT_ONCE).for_each(|_| drop(scope.spawn(work)));
    });
    let wrong = wrong.into_inner().expect("no panic");
    println!("{} environments", cases.len());
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

//! While a container runs, its credentials are in memory and nowhere else on this side of the engine.

use std::path::Path;
use std::process::Stdio;

use super::harness::container::Container;
use super::harness::endpoint::{AUTHORIZATION, Endpoint, Keys, cloud_shell};
use super::harness::host::{Host, Program, SECRET_ACCESS_KEY, SESSION_TOKEN, image};
use super::harness::run::start;

/// What must be nowhere, also as base64.
const SECRETS: [&str; 3] = [SECRET_ACCESS_KEY, SESSION_TOKEN, AUTHORIZATION];

/// The secret that these bytes hold.
fn secret_in(bytes: &[u8]) -> Option<&'static str> {
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    SECRETS.into_iter().find(|secret| {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD_NO_PAD.encode(secret);
        holds(secret) || holds(&encoded)
    })
}

/// Every file below a directory.
fn files_below(directory: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory of the test") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files_below(&path, found) } else { found.push(path) }
    }
}

fn no_arguments_hold_a_secret() -> usize {
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    let arguments = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    arguments
        .inspect(|arguments| assert_eq!(secret_in(arguments), None, "in the arguments of a process"))
        .count()
}

/// A run at the highest log level, looked at from all sides while it runs.
fn nothing_leaks(host: &Host, topic: &str) {
    let container = Container::named(topic);
    // The lengths show that the container has them, and show nothing else.
    let script = "echo ${#AWS_SECRET_ACCESS_KEY} ${#AWS_SESSION_TOKEN}; cat";
    let cidfile = host.home().join("cid");
    let cidfile = cidfile.to_str().expect("a path in UTF-8");
    let rest = ["--cidfile", cidfile, "-i", "--verbose", image(), "sh", "-c", script];
    let arguments = [&container.options()[..], &rest].concat();
    let mut running = start(host.command(Program::Credrun, &arguments).stdin(Stdio::piped()));
    let lengths = format!("{} {}", SECRET_ACCESS_KEY.len(), SESSION_TOKEN.len());
    running.wait_for("\n");
    assert!(no_arguments_hold_a_secret() > 2, "the processes can be seen");
    let mut files = Vec::new();
    files_below(host.root(), &mut files);
    assert!(files.iter().any(|file| file.ends_with("cid")), "the files can be seen: {files:?}");
    for file in files {
        let bytes = std::fs::read(&file).expect("a file of the test");
        assert_eq!(secret_in(&bytes), None, "in {}", file.display());
    }
    drop(running.stdin());
    let outcome = running.outcome();
    assert_eq!((outcome.code, outcome.text()), (0, lengths));
    let logged = ["TRACE", "DEBUG"].iter().any(|level| outcome.stderr.contains(level));
    assert!(logged, "the log is on: {}", outcome.stderr);
    for line in outcome.stderr.lines() {
        assert_eq!(secret_in(line.as_bytes()), None, "on stderr: {line}");
    }
}

fn traced(host: Host) -> Host {
    host.with("RUST_LOG", "trace").with("CREDRUN_LOG", "trace").with("RUST_BACKTRACE", "full")
}

#[test]
fn from_the_environment() {
    nothing_leaks(&traced(Host::new()), "leak-env");
}

#[test]
fn from_an_endpoint() {
    let endpoint = Endpoint::giving(&Keys::marked());
    nothing_leaks(&traced(cloud_shell(&endpoint.uri())), "leak-endpoint");
}

#[test]
fn from_a_process() {
    let host = traced(Host::bare().with("AWS_REGION", "eu-west-1"));
    // Outside of what is searched: this file holds the secrets by its nature.
    let answer = tempfile::NamedTempFile::new().expect("a temporary file");
    let keys = format!(
        r#"{{"Version":1,"AccessKeyId":"ASIAIOSFODNN7EXAMPLE","SecretAccessKey":"{SECRET_ACCESS_KEY}","SessionToken":"{SESSION_TOKEN}"}}"#
    );
    std::fs::write(answer.path(), keys).expect("a temporary file");
    let config = format!("[default]\ncredential_process = cat {}\n", answer.path().display());
    host.write(".aws/config", &config);
    nothing_leaks(&host, "leak-process");
}

#[test]
fn the_search_finds_what_it_looks_for() {
    assert_eq!(secret_in(format!("x{SESSION_TOKEN}y").as_bytes()), Some(SESSION_TOKEN));
    assert_eq!(secret_in(b"nothing"), None);
}

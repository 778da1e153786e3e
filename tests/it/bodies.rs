//! The docker CLI as the judge: the same command line through it and through us must lead to the same request,
//! or be refused with the same exit code before any request.

mod engine;
mod lines;

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use credrun::cli::{self, Invocation};
use credrun::docker_config::DockerConfig;
use credrun::environment::Environment;
use credrun::error::Result;
use credrun::exit_code;
use credrun::request::{self, Host};
use serde_json::{Map, Value};

use self::engine::FakeEngine;

/// What a command line led to.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// A create request: its query and its body, normalised.
    Create(Vec<(String, String)>, Value),
    /// None; the exit code.
    Refused(i32),
}

#[test]
fn docker_and_credrun_read_alike() {
    let different = differences((1, 41), lines::LINES);
    assert!(different.is_empty(), "{} lines differ:\n{}", different.len(), different.join("\n"));
}

#[test]
fn docker_and_credrun_read_alike_for_newer_engines() {
    for api in [(1, 44), (1, 50)] {
        let different = differences(api, lines::NEWER);
        assert!(different.is_empty(), "{api:?}: {} lines differ:\n{}", different.len(), different.join("\n"));
    }
}

#[test]
fn credrun_is_stricter_where_it_says_so() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let engine = FakeEngine::start(&directory.path().join("engine.sock"), (1, 41));
    for (line, code) in lines::STRICTER {
        assert!(matches!(by_docker(line, &engine, directory.path()), Outcome::Create(..)), "{line:?}");
        assert_eq!(by_credrun(line, (1, 41), directory.path()), Outcome::Refused(*code), "{line:?}");
    }
}

#[test]
fn every_flag_of_docker_is_known_or_said_to_be_missing() {
    let help =
        Command::new("docker").args(["run", "--help"]).output().expect("the docker CLI must be on PATH");
    let help = String::from_utf8(help.stdout).expect("help is text");
    let flags: Vec<&str> = help
        .lines()
        .filter_map(|line| line.split_whitespace().take(2).find(|word| word.starts_with("--")))
        .collect();
    assert!(flags.len() > 90, "docker's help lists its flags: {flags:?}");
    for flag in flags {
        let name = flag.trim_start_matches('-');
        let missing = cli::parse(vec![flag.into()]).err().map(|error| error.to_string()).unwrap_or_default();
        let known = cli::flags::by_long(cli::flags::TABLE, name).is_some();
        assert!(known || missing.contains("does not support yet"), "{flag}: {missing}");
    }
}

fn differences(api: (u16, u16), lines: &[&[&str]]) -> Vec<String> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let work = directory.path().canonicalize().expect("its real path").join("work");
    fs::create_dir(&work).expect("a working directory");
    write_files(&work);
    let engine = FakeEngine::start(&directory.path().join("engine.sock"), api);
    let mut different = Vec::new();
    let (mut created, mut refused) = (0, 0);
    for line in lines {
        let (docker, credrun) = (by_docker(line, &engine, &work), by_credrun(line, api, &work));
        *(if matches!(docker, Outcome::Create(..)) { &mut created } else { &mut refused }) += 1;
        if docker != credrun {
            different.push(format!("{line:?}\n  docker  {docker:?}\n  credrun {credrun:?}"));
        }
    }
    assert!(
        created * 3 > lines.len() && refused > 0,
        "the oracle itself is off: {created} created, {refused} refused"
    );
    different
}

fn write_files(work: &Path) {
    let line = |length: usize| format!("A={}\nB=1\n", "x".repeat(length - 2));
    for (name, content) in [
        ("there", b"".to_vec()),
        ("env.txt", b"# comment\n  LEFT=trimmed \nFROM_FILE=file\nFROM_FILE=again\nHOSTV\nNOWHERE\nE=\nQ=\"q\" # no\n".to_vec()),
        ("bom.txt", b"\xef\xbb\xbfA=1\n".to_vec()),
        ("space.txt", b"A B=1\n".to_vec()),
        ("noname.txt", b"A=1\n=x\n".to_vec()),
        ("binary.txt", b"A=\xff\n".to_vec()),
        ("crlf.txt", b"A=1\r\nB=2\r\n\r\n".to_vec()),
        ("longest.txt", line(65_535).into_bytes()),
        ("long.txt", line(65_536).into_bytes()),
    ] {
        fs::write(work.join(name), content).expect("a file in the temporary directory");
    }
}

fn by_docker(line: &[&str], engine: &FakeEngine, work: &Path) -> Outcome {
    let status = Command::new("docker")
        .args(["run", "--rm"])
        .args(line)
        .current_dir(work)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .envs([("HOME", work.as_os_str()), ("HOSTV", "hv".as_ref())])
        .env("DOCKER_HOST", format!("unix://{}", engine.socket().display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the docker CLI must be on PATH: it is what credrun is compared with");
    match engine.take_create() {
        Some((query, body)) => {
            let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            Outcome::Create(query, normal(serde_json::from_str(&body).expect("docker sends JSON")))
        }
        None => Outcome::Refused(status.code().expect("docker was not killed")),
    }
}

fn by_credrun(line: &[&str], api: (u16, u16), work: &Path) -> Outcome {
    // docker's query is in alphabetical order.
    match request(line, api, work) {
        Ok(request) => {
            let spec = request.spec;
            let query = [("name", spec.name.clone()), ("platform", spec.platform.clone())];
            let query = query.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
            Outcome::Create(query, normal(Value::Object(spec.body().clone())))
        }
        Err(error) => Outcome::Refused(exit_code::of_error(&error).into()),
    }
}

fn request(line: &[&str], api: (u16, u16), work: &Path) -> Result<request::RunRequest> {
    let argv = ["run", "--rm"].iter().chain(line).map(OsString::from).collect();
    let Invocation::Run(cli) = cli::parse(argv)? else { panic!("{line:?} is a run") };
    let environment = Environment::from_iter([("HOSTV", "hv")]);
    let host = Host {
        environment: &environment,
        working_directory: work,
        stdin_is_terminal: false,
        console_size: None,
        docker_config: &DockerConfig::default(),
        daemon_host: "unix:///var/run/docker.sock",
    };
    let mut request = request::resolve(cli, &host)?;
    request::fit_to_engine(&mut request, api, "linux")?;
    Ok(request)
}

/// Fields whose presence says something even where their value is Go's zero.
const KEPT: [&str; 8] = [
    "Entrypoint",
    "MaskedPaths",
    "ReadonlyPaths",
    "Init",
    "StopTimeout",
    "MemorySwappiness",
    "OomKillDisable",
    "PidsLimit",
];

/// The value without what is null or zero to Go, and with the lists that docker makes of a map in one order.
fn normal(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().filter_map(normal_field).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(normal).collect()),
        other => other,
    }
}

fn normal_field((name, value): (String, Value)) -> Option<(String, Value)> {
    // Keys of these maps are data: an empty value is one.
    if ["Labels", "Tmpfs", "Volumes", "ExposedPorts", "EndpointsConfig"].contains(&name.as_str()) {
        let entries = value.as_object().filter(|entries| !entries.is_empty() || name == "EndpointsConfig")?;
        let entries = entries.iter().map(|(key, value)| (key.clone(), normal(value.clone())));
        return Some((name, Value::Object(entries.collect())));
    }
    let mut value = normal(value);
    if ["Env", "Binds"].contains(&name.as_str())
        && let Value::Array(items) = &mut value
    {
        items.sort_by_key(ToString::to_string);
    }
    let is_zero = match &value {
        Value::Null => true,
        Value::Bool(on) => !on,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    };
    (!is_zero || (KEPT.contains(&name.as_str()) && !value.is_null())).then_some((name, value))
}

//! Whole command lines: read, and resolved against a host that has nothing.

use std::ffi::OsString;
use std::path::Path;

use super::{MARK, assert_hushed};
use crate::cli::{self, Cli, Invocation, flags};
use crate::docker_config::DockerConfig;
use crate::environment::Environment;
use crate::error::Error;
use crate::request::{self, Host};

/// A line holds a word; what begins with `CREDRUN_` and has a `=` is a variable.
pub(super) fn command_line(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (variables, words): (Vec<&str>, Vec<&str>) =
        text.split('\n').partition(|line| line.starts_with("CREDRUN_") && line.contains('='));
    let variables = variables.iter().filter_map(|line| line.split_once('='));
    let environment: Environment = variables.chain([("HOME", "/nonexistent"), ("N", MARK)]).collect();
    let argv = |first: &[&str]| first.iter().chain(&words).map(OsString::from).collect::<Vec<_>>();
    if let Err(error) = cli::parse(argv(&[])) {
        let _ = cli::before_mistake(flags::TABLE, argv(&[]));
        drop(told(&error));
    }
    // Files are read while a line is resolved, and what the words name could be any file.
    let names_files = text.contains("file") || text.contains("seccomp");
    if text.contains(MARK) {
        return;
    }
    let secret = format!("N={MARK}");
    for first in [&["--env", &secret][..], &["-e", "N"]] {
        match cli::parse(argv(first)) {
            Ok(Invocation::Run(cli)) => {
                assert_hushed(&format!("{cli:?}"));
                if !names_files {
                    resolved(cli, &environment);
                }
            }
            Ok(_) => {}
            Err(error) => assert_hushed(&told(&error)),
        }
    }
}

fn resolved(cli: Cli, environment: &Environment) {
    let host = Host {
        environment,
        working_directory: Path::new("/nonexistent"),
        stdin_is_terminal: true,
        console_size: Some((24, 80)),
        docker_config: &DockerConfig::default(),
        daemon_host: "unix:///var/run/docker.sock",
    };
    match cli.with_defaults(environment).and_then(|cli| request::resolve(cli, &host)) {
        Ok(mut resolved) => {
            assert_hushed(&format!("{resolved:?}"));
            for api in [(1, 41), (1, 44), (1, 50)] {
                let _ = request::fit_to_engine(&mut resolved, api, "linux");
            }
            assert!(resolved.spec.env().any(|entry| entry.starts_with("N=")), "{resolved:?}");
        }
        Err(error) => assert_hushed(&told(&error)),
    }
}

fn told(error: &Error) -> String {
    format!("{error} {error:?} {:?}", error.hints())
}

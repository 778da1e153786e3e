//! What goes well: every source in every mode.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use super::marks::{Marks, files_below};
use super::scenario::{command, no_file_holds, quiet, traced, watched, wrote_nothing};
use super::sources::{ALL, Source};
use super::stand_in::Manner;
use crate::harness::container::{Container, docker, docker_ok};
use crate::harness::host::{Host, image};
use crate::harness::pty::Terminal;
use crate::harness::run::{Outcome, PATIENCE, run, start};

fn is_long() -> bool {
    std::env::var_os("CREDRUN_TEST_LONG").is_some_and(|value| !value.is_empty())
}

fn stage(source: Source) -> (Marks, Host) {
    let marks = Marks::new();
    let host = traced(source.host(&marks, Manner::Gives));
    (marks, host)
}

/// How a container is run. Each prints `up` and stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Foreground,
    Terminal,
    Detached,
    Refresh,
    DetachedRefresh,
}

impl Mode {
    fn is_refresh(self) -> bool {
        matches!(self, Self::Refresh | Self::DetachedRefresh)
    }

    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Foreground => &["-i"],
            Self::Terminal => &["-t"],
            Self::Detached => &["-d"],
            Self::Refresh => &["--refresh", "-i"],
            Self::DetachedRefresh => &["--refresh", "-d"],
        }
    }
}

/// Looked at from all sides: while it comes up, while it is there, and afterwards.
fn container(source: Source, mode: Mode) {
    let what = format!("{source:?}, {mode:?}");
    let (marks, host) = stage(source);
    let container = Container::named("leaks");
    let cidfile = host.home().join("cid").display().to_string();
    let since = now();
    // Where nobody types, the end of stdin would be the end.
    let script = if mode.options().contains(&"-i") { "echo up; cat" } else { "echo up; exec sleep 1000" };
    let rest = ["--verbose", "--cidfile", &cidfile, image(), "sh", "-c", script];
    let arguments = [mode.options(), source.options(), &container.options(), &rest].concat();
    let outcome = match mode {
        Mode::Terminal => on_a_terminal(&host, &marks, &container, &arguments),
        Mode::Detached | Mode::DetachedRefresh => {
            let outcome = run(&mut command(&host, &arguments));
            assert_eq!(outcome.code, 0, "{what}: {outcome:?}");
            super::processes::hold_nothing(&marks, source.is_environment());
            look(&marks, &container, mode);
            outcome
        }
        Mode::Foreground | Mode::Refresh => {
            let mut running = start(command(&host, &arguments).stdin(Stdio::piped()));
            watched(&running, &marks, source.is_environment());
            look(&marks, &container, mode);
            assert!(no_file_holds(&host, &marks) > 0, "the cidfile can be seen");
            drop(running.stdin());
            running.outcome()
        }
    };
    assert!(
        outcome.stderr.contains("TRACE") || outcome.stderr.contains("DEBUG"),
        "the log is on: {outcome:?}"
    );
    marks.assert_not_in(&outcome.stdout, &format!("the stdout of {what}"));
    wrote_nothing(&host, &marks, &outcome, &what);
    let agent = container
        .inspect("{{index .Config.Labels \"credrun.target\"}}")
        .map(|run| format!("credrun-agent-{run}"));
    docker(&["rm", "--force", &container.name]);
    if mode == Mode::DetachedRefresh {
        let agent = Container { name: agent.expect("the target was there") };
        let log = |path: &std::path::PathBuf| path.extension().is_some_and(|ending| ending == "log");
        let logs: Vec<_> = files_below(&host.home()).into_iter().filter(log).collect();
        assert!(!logs.is_empty(), "{what}: it logs");
        for log in logs {
            assert_eq!(log.metadata().expect("a log").permissions().mode() & 0o077, 0, "{}", log.display());
        }
        assert!(agent.is_gone_within(PATIENCE), "{what}: the agent stays");
        no_file_holds(&host, &marks);
    }
    let events = docker_ok(&["events", "--since", &since, "--until", &now(), "--format", "{{json .}}"]);
    assert!(events.contains(&container.name), "{what}: events can be seen: {events}");
    marks.assert_not_in(events.as_bytes(), &format!("the engine's events of {what}"));
}

fn on_a_terminal(host: &Host, marks: &Marks, container: &Container, arguments: &[&str]) -> Outcome {
    let terminal = Terminal::open();
    let log = host.home().join("stderr");
    let stderr = std::fs::File::create(&log).expect("a file");
    let mut child = terminal.start_with_stderr(&mut command(host, arguments), stderr.into());
    terminal.wait_for("up");
    look(marks, container, Mode::Terminal);
    docker(&["rm", "--force", &container.name]);
    let outcome = terminal.outcome(&mut child);
    let stderr = std::fs::read_to_string(log).expect("UTF-8");
    Outcome { code: outcome.code, stdout: outcome.output, stderr, took: PATIENCE }
}

/// What `docker inspect` shows of the target and of its agent.
fn look(marks: &Marks, target: &Container, mode: Mode) {
    let shown = docker_ok(&["container", "inspect", &target.name]);
    if !mode.is_refresh() {
        // It is meant to be there, and so the search can be seen to work.
        assert!(marks.fetched_in(shown.as_bytes()).is_some(), "{mode:?}: the container has the credentials");
        return;
    }
    marks.assert_not_in(shown.as_bytes(), "the target's inspection");
    let run = target.inspect("{{index .Config.Labels \"credrun.target\"}}").expect("the target is there");
    let agent = docker_ok(&["container", "inspect", &format!("credrun-agent-{run}")]);
    let authorization = shown.split("AWS_CONTAINER_AUTHORIZATION_TOKEN=").nth(1).expect("the target has one");
    let authorization = authorization.split('"').next().expect("its end");
    assert!(
        authorization.len() > 40 && !agent.contains(authorization),
        "the agent's inspection has the token"
    );
    marks.assert_not_in(agent.as_bytes(), "the agent's inspection");
    let output = docker(&["logs", &format!("credrun-agent-{run}")]);
    marks.assert_not_in(&[output.stdout, output.stderr].concat(), "the agent's log");
}

fn now() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("later than 1970");
    format!("{}.{:09}", now.as_secs(), now.subsec_nanos())
}

#[test]
fn a_container_in_the_foreground() {
    for source in [Source::Environment, Source::Endpoint, Source::Process] {
        container(source, Mode::Foreground);
    }
}

#[test]
fn a_container_with_an_agent() {
    container(Source::Endpoint, Mode::Refresh);
}

#[test]
fn a_container_that_is_left_behind_with_an_agent() {
    container(Source::RoleOfTheEndpoint, Mode::DetachedRefresh);
}

/// Every source in every mode that does without a container.
#[test]
fn what_is_told_of_credentials() {
    for source in ALL {
        let (marks, host) = stage(source);
        let with = |words: &[&'static str], rest: &[&'static str]| [words, source.options(), rest].concat();
        for arguments in [with(&["whoami"], &[]), with(&["--dry-run", "--verbose"], &["leaks", "true"])] {
            let outcome = quiet(&host, &marks, &arguments);
            assert_eq!(outcome.code, 0, "{source:?} {arguments:?}: {outcome:?}");
        }
        // What is asked for is given, and so the search can be seen to work.
        let outcome = run(&mut command(&host, &with(&["export", "--format", "json"], &[])));
        assert_eq!(outcome.code, 0, "{source:?}: {outcome:?}");
        assert!(marks.fetched_in(&outcome.stdout).is_some(), "{source:?}: {outcome:?}");
        wrote_nothing(&host, &marks, &outcome, &format!("export, {source:?}"));
    }
}

/// The other forms, of one source that has all kinds of secrets.
#[test]
fn what_else_is_told() {
    let (marks, host) = stage(Source::Endpoint);
    for format in credrun::export::Format::NAMES {
        let outcome = run(&mut command(&host, &["export", "--format", format]));
        assert!(marks.fetched_in(&outcome.stdout).is_some(), "{format}: {outcome:?}");
        wrote_nothing(&host, &marks, &outcome, format);
    }
    let own = [
        format!("AWS_SECRET_ACCESS_KEY={}", marks.source_key),
        format!("MY_PASSWORD={}", marks.source_key),
        format!("AWS_CONTAINER_AUTHORIZATION_TOKEN={}", marks.source_key),
    ];
    for arguments in [
        &["whoami", "--format", "json"][..],
        &["--dry-run", "--refresh", "leaks"],
        &["--dry-run", "--role-arn", "arn:aws:iam::123456789012:role/leaks", "leaks"],
        &["--dry-run", "-e", &own[1], "leaks"],
        &["--dry-run", "-e", &own[2], "leaks"],
        &["--dry-run", "-e", "AWS_ACCESS_KEY_ID=x", "-e", &own[0], "-e", "AWS_SESSION_TOKEN=x", "leaks"],
        &["role-template"],
        &["ps"],
        &["version"],
        &["--help"],
    ] {
        let outcome = quiet(&host, &marks, arguments);
        assert_eq!(outcome.code, 0, "{arguments:?}: {outcome:?}");
    }
    quiet(&host, &marks, &["stop", "leaks-nobody"]);
    let outcome = run(&mut command(&host, &["exec", "--", "sh", "-c", "echo ${#AWS_SECRET_ACCESS_KEY}"]));
    assert_eq!(outcome.text(), marks.key.len().to_string(), "{outcome:?}");
    wrote_nothing(&host, &marks, &outcome, "exec");
}

/// The long tier: every source in every mode that has a container.
#[test]
fn every_source_in_every_mode() {
    if !is_long() {
        return;
    }
    let mut count = 0;
    for source in ALL {
        for mode in [Mode::Foreground, Mode::Terminal, Mode::Detached, Mode::Refresh, Mode::DetachedRefresh] {
            // What asks a person is not asked again.
            if mode.is_refresh() && source == Source::RoleWithMfa {
                continue;
            }
            container(source, mode);
            count += 1;
        }
    }
    eprintln!("leaks: {count} pairs of a source and a mode, none shows a secret");
}

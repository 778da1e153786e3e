//! What a run is like: the same as without, but for where the credentials are.

use std::io::Write;
use std::process::Stdio;

use rustix::process::Signal;

use super::stage::{ASK, Stage, agent_container, agent_of, assert_gone, assert_no_secret};
use crate::harness::container::{Container, docker, docker_ok, unique};
use crate::harness::endpoint::Keys;
use crate::harness::host::{Host, Program, image, required_variable};
use crate::harness::pty::Terminal;
use crate::harness::run::{PATIENCE, eventually, run, run_with_input, start};

#[test]
fn the_container_asks_its_own_loopback_and_has_no_keys() {
    let stage = Stage::new();
    let script = format!("import os\nfor v in sorted(os.environ.items()): print(*v)\n{ASK}");
    let outcome = stage.run(&[image(), "python3", "-c", &script]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    let (keys, text) = (Keys::marked(), outcome.text());
    let (variables, answer) = text.rsplit_once("\n200 ").expect("an answer");
    assert_no_secret(variables, "the environment");
    assert!(
        variables.contains("AWS_CONTAINER_CREDENTIALS_FULL_URI http://127.0.0.1:31001/v1/credentials"),
        "{text}"
    );
    assert!(!variables.contains("AWS_ACCESS_KEY_ID") && variables.contains("AWS_REGION eu-west-1"), "{text}");
    for part in [&keys.access_key_id, &keys.secret_access_key, &keys.session_token] {
        assert!(answer.contains(part.as_str()), "{answer}");
    }
}

#[test]
fn exit_codes_are_those_of_docker_run() {
    let stage = Stage::new();
    for (arguments, code) in [
        (&["sh", "-c", "exit 42"][..], 42),
        (&["no-such-command"], 127),
        (&["/etc/passwd"], 126),
        (&["sh", "-c", "sh -c 'kill -9 $$'"], 137),
    ] {
        let container = Container::named("code");
        let all = [&["--name", &container.name, image()], arguments].concat();
        let outcome = stage.run(&all);
        assert_eq!(outcome.code, code, "{arguments:?}: {outcome:?}");
        assert!(!container.exists(), "{arguments:?}");
    }
    let outcome = stage.run(&["--pull=never", "localhost/no-such-image:x"]);
    assert_eq!(outcome.code, 125, "{outcome:?}");
    assert!(outcome.stderr.contains("--pull never"), "{outcome:?}");
}

#[test]
fn both_containers_are_gone_when_it_ends() {
    let (stage, target) = (Stage::new(), Container::named("both"));
    let running = stage.start(&["--name", &target.name, image(), "sh", "-c", "echo ready; sleep 600"]);
    running.wait_for("ready");
    let agent = agent_container(&target);
    assert!(agent.exists() && agent_of(&target).is_some());
    docker_ok(&["stop", "--time=0", &target.name]);
    let outcome = running.outcome();
    // At once: whoever starts it anew needs its ports and names.
    assert!(!target.exists() && !agent.exists(), "{outcome:?}");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (137, ""), "{outcome:?}");
}

#[test]
fn signals_and_streams_are_the_target_s() {
    let (stage, target) = (Stage::new(), Container::named("streams"));
    let script = "trap 'echo got it; exit 5' TERM; echo err >&2; echo ready; while :; do sleep 0.1; done";
    let running = stage.start(&["--name", &target.name, image(), "sh", "-c", script]);
    running.wait_for("ready");
    running.signal(Signal::TERM);
    let outcome = running.outcome();
    assert_eq!((outcome.code, outcome.text().as_str()), (5, "ready\ngot it"), "{outcome:?}");
    assert_eq!(outcome.stderr, "err\n");
    let outcome = run_with_input(&mut stage.command(&["-i", image(), "cat"]), b"there and back");
    assert_eq!((outcome.code, outcome.text().as_str()), (0, "there and back"), "{outcome:?}");
}

#[test]
fn a_terminal_has_no_keys_that_leave_the_container() {
    let (stage, target) = (Stage::new(), Container::named("keys"));
    let script = "stty raw -echo; echo ready; head -c 3 | od -An -tx1";
    let terminal = Terminal::open();
    let mut running =
        terminal.start(&mut stage.command(&["-it", "--name", &target.name, image(), "sh", "-c", script]));
    terminal.wait_for("ready");
    terminal.write(b"\x10\x11x");
    let outcome = terminal.outcome(&mut running);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(String::from_utf8_lossy(&outcome.output).contains("10 11 78"), "{outcome:?}");
}

#[test]
fn neither_inspect_nor_the_image_shows_a_secret() {
    let (stage, target) = (Stage::new(), Container::named("inspect"));
    let running = stage.start(&["--name", &target.name, image(), "sh", "-c", "echo ready; sleep 600"]);
    running.wait_for("ready");
    let agent = agent_of(&target).expect("it has an agent");
    let id = docker_ok(&["container", "inspect", "--format", "{{.Image}}", &agent]);
    for (arguments, whose) in [
        (&["container", "inspect", &target.name][..], "the target"),
        (&["container", "inspect", &agent], "the agent"),
        (&["image", "inspect", &id], "the agent's image"),
        (&["image", "history", "--no-trunc", &id], "the agent's image's history"),
        (&["container", "diff", &agent], "the agent's files"),
    ] {
        assert_no_secret(&docker_ok(arguments), whose);
    }
    let logs = docker(&["logs", &agent]);
    assert_no_secret(&format!("{logs:?}"), "the agent's log");
    running.signal(Signal::TERM);
    docker_ok(&["rm", "--force", &target.name]);
    drop(running);
}

#[test]
fn what_does_not_go_together_is_refused_before_anything_is_asked() {
    // Its endpoint would never answer.
    let host = Host::bare().with("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/x");
    for (options, part) in [
        (&["--restart=always"][..], "`--refresh` and `--restart` do not go together"),
        (&["--rm=false"], "`--refresh` and `--rm=false` do not go together"),
        (&["--detach-keys=ctrl-x,x"], "`--refresh` and `--detach-keys` do not go together"),
        (&["--allow-long-term-keys"], "`--refresh` and `--allow-long-term-keys` do not go together"),
        (
            &["-eAWS_ACCESS_KEY_ID=a", "-eAWS_SECRET_ACCESS_KEY=b", "-eAWS_SESSION_TOKEN=c"],
            "`--refresh` does nothing when the container is given keys of its own",
        ),
    ] {
        let all = [&["--refresh"], options, &[image(), "true"]].concat();
        let outcome = run(&mut host.command(Program::Credrun, &all));
        assert_eq!(outcome.code, 125, "{options:?}: {outcome:?}");
        assert!(outcome.stderr.contains(part), "{options:?}: {outcome:?}");
        assert!(outcome.stderr.contains("hint: "), "{options:?}: {outcome:?}");
    }
    let host = host.with("CREDRUN_REFRESH", "1");
    let outcome = run(&mut host.command(Program::Credrun, &["--rm=false", image(), "true"]));
    assert!(outcome.stderr.contains("is given by the variable `CREDRUN_REFRESH`"), "{outcome:?}");
}

#[test]
fn a_dry_run_shows_both_requests_and_no_secret() {
    let stage = Stage::new();
    let outcome = stage.run(&["--dry-run", "-p", "8080:80", image(), "true"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_no_secret(&outcome.text(), "the dry run");
    let shown: serde_json::Value = serde_json::from_slice(&outcome.stdout).expect("JSON");
    let (agent, target) = (&shown["agent"]["body"], &shown["request"]["body"]);
    assert_eq!(agent["HostConfig"]["PortBindings"]["80/tcp"][0]["HostPort"], "8080", "{agent}");
    assert_eq!(target["HostConfig"]["NetworkMode"], "container:<the agent's id>", "{target}");
    assert!(target["HostConfig"].get("PortBindings").is_none(), "{target}");
}

#[test]
fn with_d_it_stays_in_the_background_until_the_container_ends() {
    let (stage, target) = (Stage::new(), Container::named("detached"));
    let outcome = stage.run(&["-d", "--name", &target.name, image(), "sleep", "600"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    assert_eq!(Some(outcome.text()), target.inspect("{{.Id}}"));
    let agent = agent_container(&target);
    let answer = docker_ok(&["exec", &target.name, "python3", "-c", ASK]);
    assert!(answer.starts_with("200 "), "{answer}");
    docker_ok(&["kill", &target.name]);
    assert_gone(&[&target, &agent]);
    eventually(PATIENCE, "its log is gone, which has nothing to say", || {
        let log = stage.host.home().join(".local/state/credrun");
        std::fs::read_dir(log).is_ok_and(|mut files| files.next().is_none())
    });
}

#[test]
fn with_d_what_fails_is_told_where_it_was_started() {
    let (stage, target) = (Stage::new(), Container::named("detached-fails"));
    let outcome = stage.run(&["-d", "--name", &target.name, image(), "no-such-command"]);
    assert_eq!(outcome.code, 127, "{outcome:?}");
    assert!(outcome.stderr.contains("no-such-command"), "{outcome:?}");
    assert!(target.is_gone_within(PATIENCE));
}

#[test]
fn one_that_was_started_and_is_killed_before_the_container_runs_leaves_nothing() {
    let (stage, target) = (Stage::new(), Container::named("starter"));
    let mut child = stage
        .command(&["-d", "--name", &target.name, image(), "sleep", "600"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("credrun");
    std::thread::sleep(std::time::Duration::from_millis(150));
    child.kill().expect("killed");
    child.wait().expect("waited for");
    // Either it was too late, and the run goes on without it, or nothing is there.
    let is_settled = || match target.inspect("{{.State.Running}}").as_deref() {
        Some("true") => agent_of(&target).is_some(),
        other => other.is_none(),
    };
    eventually(PATIENCE, "it runs, or is gone, and stays so", || {
        is_settled() && {
            std::thread::sleep(std::time::Duration::from_secs(1));
            is_settled()
        }
    });
    run(&mut stage.host.command(Program::Credrun, &["stop", &target.name]));
    assert!(target.is_gone_within(PATIENCE));
}

#[test]
fn on_podman_too() {
    let stage = Stage::at(&required_variable("CREDRUN_TEST_PODMAN"));
    let name = unique("podman");
    let outcome = stage.run(&["--name", &name, image(), "python3", "-c", ASK]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.text().starts_with("200 "), "{outcome:?}");
    let mut list = stage.host.tool("docker");
    let left = run(list.args(["ps", "--all", "--format", "{{.Names}} {{.Labels}}"])).text();
    assert!(!left.contains(&name), "{left}");
}

/// Whoever starts it anew after a SIGKILL needs its name and its port.
#[test]
fn the_next_start_has_the_name_and_the_port_of_one_that_was_killed() {
    let (stage, target) = (Stage::new(), Container::named("again"));
    let line = ["--name", &target.name, "-p", "127.0.0.1:28183:80", image(), "sh", "-c"];
    let running = stage.start(&[&line[..], &["echo ready; sleep 600"]].concat());
    running.wait_for("ready");
    let agent = agent_container(&target);
    running.signal(Signal::KILL);
    assert_eq!(running.outcome().code, 137);
    let outcome = stage.run(&[&line[..], &["echo again"]].concat());
    assert_eq!((outcome.code, outcome.text().as_str()), (0, "again"), "{outcome:?}");
    assert_gone(&[&target, &agent]);
}

/// The engine ends the agent's stdin with any client that was attached to it.
#[test]
fn with_d_another_client_of_the_agent_takes_the_credentials_away_and_that_is_said() {
    let (stage, target) = (Stage::new(), Container::named("attached"));
    let outcome = stage.run(&["-d", "--name", &target.name, image(), "sleep", "600"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let agent = agent_container(&target);
    let mut attach = stage.host.tool("docker");
    let attach = attach.args(["attach", "--sig-proxy=false", &agent.name]).stdin(Stdio::piped());
    let mut other = start(attach);
    other.stdin().write_all(b"nonsense, nonsense").expect("the client reads");
    let log = stage.host.home().join(".local/state/credrun");
    let said = || {
        let files = std::fs::read_dir(&log).into_iter().flatten().flatten();
        files.map(|file| std::fs::read_to_string(file.path()).unwrap_or_default()).collect::<String>()
    };
    eventually(PATIENCE, "that is said", || said().contains("the agent hears credrun no more"));
    let answer = docker_ok(&["exec", &target.name, "python3", "-c", ASK]);
    assert!(answer.starts_with("503 "), "{answer}");
    drop(other);
    docker_ok(&["rm", "--force", &target.name]);
    assert_gone(&[&target, &agent]);
}

#[test]
fn on_a_shared_network_the_agent_s_end_takes_no_network_away() {
    let (stage, target) = (Stage::new(), Container::named("shared"));
    let script = "echo ready; sleep 600";
    let running = stage.start(&["--name", &target.name, "--network=host", image(), "sh", "-c", script]);
    running.wait_for("ready");
    docker_ok(&["kill", &agent_container(&target).name]);
    let outcome = running.outcome();
    assert_eq!(outcome.code, 125, "{outcome:?}");
    assert!(outcome.stderr.contains("with it the container's credentials; "), "{outcome:?}");
    assert_gone(&[&target]);
}

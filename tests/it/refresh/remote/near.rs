//! For comparison: at an engine near by, whose end of a stream is the end.

use super::line::{Engine, Line};
use super::stage::Seen;
use crate::harness::host::image;
use crate::harness::run::{PATIENCE, eventually};
use crate::refresh::stage::Stage;

/// What is said when that is noticed before the end of the wait.
const AGENT_LOST: &str =
    "the agent has ended, and with it the container's network; the container is ended, too";

/// The engine that all tests have, behind a line of this stage's own.
fn behind_a_line() -> (Stage, Line) {
    let engine = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".into());
    let engine = Engine::Unix(engine.strip_prefix("unix://").expect("a unix socket").into());
    let stage = Stage::new();
    let line = Line::unix(stage.host.root(), engine);
    let stage = stage.with(|host| host.without("DOCKER_HOST").with("DOCKER_HOST", &line.docker_host));
    (stage, line)
}

#[test]
fn near_by_a_lost_connection_ends_the_run() {
    let (stage, line) = behind_a_line();
    let target = Seen::near("near-cut");
    let mut arguments = target.options().to_vec();
    arguments.extend([image(), "sh", "-c", "echo ready; sleep 600"]);
    let running = stage.start(&arguments);
    running.wait_for("ready");
    let agent = target.agent();
    line.settled(4);
    line.cut();
    let outcome = running.outcome();
    let says = |text| outcome.stderr.contains(text);
    assert_eq!(outcome.code, 125, "{outcome:?}");
    assert!(says("the container was killed: error waiting for container") || says(AGENT_LOST), "{outcome:?}");
    assert!(target.is_gone() && agent.is_gone(), "{outcome:?}");
}

#[test]
fn near_by_a_run_in_the_background_ends_likewise_and_its_log_tells() {
    let (stage, line) = behind_a_line();
    let target = Seen::near("near-background");
    let mut arguments = target.options().to_vec();
    arguments.extend(["-d", image(), "sleep", "600"]);
    let outcome = stage.run(&arguments);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let agent = target.agent();
    line.settled(3);
    line.cut();
    assert!(target.is_gone() && agent.is_gone());
    let log = || {
        let folder = stage.host.home().join(".local/state/credrun");
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        files.map(|file| std::fs::read_to_string(file.path()).unwrap_or_default()).collect::<String>()
    };
    eventually(PATIENCE, "the log tells", || {
        log().contains("the container was killed") || log().contains(AGENT_LOST)
    });
}

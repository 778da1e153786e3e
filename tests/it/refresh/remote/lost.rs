//! Connections that are lost: the run goes on, and says what happened.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::line::{Engine, Line};
use super::stage::{ADDRESS, Seen, over_ssh, second, socket, wait_to_hear};
use crate::harness::host::{Program, image};
use crate::harness::pty::Terminal;
use crate::harness::run::{Outcome, PATIENCE, Running, eventually, run, within};
use crate::refresh::stage::Stage;

const LOST: &str = "the connection to the agent is lost, and is made again: ";
const AGAIN: &str = "the agent is connected again";
const WAIT: &str = "the wait for the container broke off, and is made again: ";
const STREAMS: &str = "the container's streams were lost and are attached again: ";

/// Writes `ready`, each 100 ms a number, and ends with 5 once there is a file `/tmp/end`.
const COUNT: &str = "echo ready; n=0; until [ -e /tmp/end ]; do n=$((n + 1)); echo \"n $n\"; sleep 0.1; done; echo end; exit 5";

fn counting(line: &Line, stage: &Stage, target: &Seen, options: &[&str]) -> Running {
    let running = count(stage, target, options);
    line.settled(3);
    running
}

fn count(stage: &Stage, target: &Seen, options: &[&str]) -> Running {
    let mut arguments = target.options().to_vec();
    arguments.extend(options);
    arguments.extend([image(), "sh", "-c", COUNT]);
    let running = stage.start(&arguments);
    running.wait_for("ready");
    target.wait_for_answer("200 ");
    running
}

#[track_caller]
fn assert_says(outcome: &Outcome, code: i32, lines: &[&str]) {
    assert_eq!(outcome.code, code, "{outcome:?}");
    for line in lines {
        assert_eq!(outcome.stderr.matches(line).count(), 1, "`{line}`: {outcome:?}");
    }
}

/// Runs them side by side: each waits for heartbeats most of its time.
fn side_by_side(scenes: &[fn()]) {
    let threads: Vec<_> = scenes.iter().map(|scene| thread::spawn(*scene)).collect();
    let ended: Vec<_> = threads.into_iter().map(thread::JoinHandle::join).collect();
    ended.into_iter().for_each(|ended| ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
}

/// What is written after the connection is there again comes through, to the end.
fn goes_on(running: &Running, target: &Seen) {
    wait_to_hear(running, AGAIN);
    wait_to_hear(running, STREAMS);
    target.wait_for_answer("200 ");
    let so_far = running.stdout().len();
    eventually(PATIENCE, "the output goes on", || running.stdout().len() > so_far);
    target.touch("/tmp/end");
}

fn cut(line: &Line, stage: &Stage, topic: &str) {
    let target = Seen::named(topic);
    let running = counting(line, stage, &target, &[]);
    let agent = target.agent();
    line.cut();
    goes_on(&running, &target);
    let outcome = running.outcome();
    assert_says(&outcome, 5, &[LOST, AGAIN, WAIT, STREAMS]);
    assert!(outcome.text().ends_with("\nend"), "{outcome:?}");
    assert!(target.is_gone() && agent.is_gone());
}

fn cut_over_plain_tcp() {
    let line = Line::tcp(socket());
    cut(&line, &Stage::at(&line.docker_host), "cut-plain");
}

fn cut_over_tls() {
    let line = Line::tcp(Engine::Tcp(ADDRESS));
    // The certificate is for the engine's own address.
    let stage = Stage::at(&line.docker_host);
    let stage =
        stage.with(|host| host.with("DOCKER_TLS", "1").with("DOCKER_CERT_PATH", second("certs/client")));
    cut(&line, &stage, "cut-tls");
}

/// For so long that it is said before the engine answers.
fn cut_and_refused() {
    let line = Line::tcp(socket());
    let (stage, target) = (Stage::at(&line.docker_host), Seen::named("refused"));
    let running = counting(&line, &stage, &target, &[]);
    line.close(true);
    line.cut();
    wait_to_hear(&running, LOST);
    line.close(false);
    goes_on(&running, &target);
    assert_says(&running.outcome(), 5, &[LOST, AGAIN, WAIT, STREAMS]);
}

/// Its status is known all the same, as long as the engine remembers.
fn ended_meanwhile() {
    let line = Line::tcp(socket());
    let (stage, target) = (Stage::at(&line.docker_host), Seen::named("meanwhile"));
    let running = counting(&line, &stage, &target, &[]);
    let agent = target.agent();
    line.close(true);
    line.cut();
    wait_to_hear(&running, WAIT);
    target.touch("/tmp/end");
    assert!(target.is_gone());
    line.close(false);
    let outcome = running.outcome();
    let (name, event) = (format!("container={}", target.name), "event=die");
    let events = ["events", "--since=1", "--until=0s", "--filter", &name, "--filter", event];
    if outcome.code == 125 && target.docker(&events).expect("events").is_empty() {
        // Others have kept it busy.
        assert_says(&outcome, 125, &[WAIT, "nobody knows with which status"]);
    } else {
        assert_says(&outcome, 5, &[WAIT]);
    }
    assert!(agent.is_gone());
}

fn stdin_is_said_to_be_lost() {
    let line = Line::tcp(socket());
    let (stage, target) = (Stage::at(&line.docker_host), Seen::named("stdin"));
    let running = counting(&line, &stage, &target, &["-i"]);
    line.cut();
    goes_on(&running, &target);
    assert_says(
        &running.outcome(),
        5,
        &[LOST, AGAIN, "its stdin has ended, since the engine has closed that"],
    );
}

/// That of a terminal is not closed: what is typed arrives again.
fn a_terminal_goes_on() {
    let line = Line::tcp(socket());
    let (stage, target, terminal) =
        (Stage::at(&line.docker_host), Seen::named("far-terminal"), Terminal::open());
    let script = "stty -echo; echo ready; while read -r line; do echo \"got $line\"; [ \"$line\" != end ] || exit 5; done";
    let mut arguments = target.options().to_vec();
    arguments.extend(["-it", image(), "sh", "-c", script]);
    let mut child = terminal.start(&mut stage.command(&arguments));
    terminal.wait_for("ready");
    line.settled(3);
    line.cut();
    terminal.wait_for(AGAIN);
    terminal.wait_for(STREAMS);
    eventually(PATIENCE, "what is typed arrives", || {
        terminal.write(b"one\n");
        within(Duration::from_secs(1), || terminal.text().contains("got one"))
    });
    terminal.write(b"end\n");
    let outcome = terminal.outcome(&mut child);
    assert_eq!(outcome.code, 5, "{outcome:?}");
}

/// Each connection is an ssh process of its own; the first one that is killed is whichever.
fn ssh_is_killed() {
    let (stage, target) = (over_ssh(), Seen::named("ssh-killed"));
    let running = count(&stage, &target, &[]);
    // To the agent, to the target, and for the wait.
    eventually(PATIENCE, "three are left", || live_ssh(stage.host.root()).len() == 3);
    let killed = live_ssh(stage.host.root());
    killed.iter().for_each(|pid| kill_process(*pid, Signal::KILL).expect("killed"));
    goes_on(&running, &target);
    let outcome = running.outcome();
    assert_says(&outcome, 5, &[LOST, AGAIN, WAIT, STREAMS]);
    assert!(outcome.text().ends_with("\nend"), "{outcome:?}");
}

/// Those that this stage's credrun has started, and that live.
fn live_ssh(root: &Path) -> Vec<Pid> {
    let mark = root.display().to_string();
    let pids = std::fs::read_to_string(root.join("ssh.pids")).expect("it was started");
    let pids = pids.lines().filter_map(|line| line.parse().ok());
    let lives = |pid: &i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(&mark)
    };
    pids.filter(lives).filter_map(Pid::from_raw).collect()
}

#[test]
fn what_is_cut_is_made_again() {
    side_by_side(&[
        cut_over_plain_tcp,
        cut_over_tls,
        cut_and_refused,
        ended_meanwhile,
        stdin_is_said_to_be_lost,
        a_terminal_goes_on,
        ssh_is_killed,
    ]);
}

/// Nothing is lost but time: the streams are the same ones.
fn frozen_for_a_time() {
    let line = Line::tcp(socket());
    let (stage, target) = (Stage::at(&line.docker_host), Seen::named("frozen"));
    let running = counting(&line, &stage, &target, &[]);
    line.freeze(true);
    target.wait_for_answer("CredrunSilent");
    wait_to_hear(&running, LOST);
    assert!(!running.stderr().contains(AGAIN));
    line.freeze(false);
    target.wait_for_answer("200 ");
    wait_to_hear(&running, AGAIN);
    target.touch("/tmp/end");
    let outcome = running.outcome();
    assert_says(&outcome, 5, &[LOST, "it says nothing for 15 seconds", AGAIN]);
    let text = outcome.text();
    let counted: Vec<usize> = text.lines().filter_map(|line| line.strip_prefix("n ")?.parse().ok()).collect();
    assert_eq!(counted, (1..=counted.len()).collect::<Vec<_>>(), "{outcome:?}");
    assert!(text.ends_with("\nend") && !outcome.stderr.contains(STREAMS), "{outcome:?}");
}

/// The old connections never end, and never say anything again.
fn frozen_for_ever() {
    let line = Line::tcp(socket());
    let (stage, target) = (Stage::at(&line.docker_host), Seen::named("stranded"));
    let running = counting(&line, &stage, &target, &[]);
    let agent = target.agent();
    line.strand();
    goes_on(&running, &target);
    let outcome = running.outcome();
    assert_says(&outcome, 5, &[LOST, AGAIN, WAIT, STREAMS]);
    assert!(outcome.text().ends_with("\nend"), "{outcome:?}");
    assert!(target.is_gone() && agent.is_gone());
}

/// No end of input comes: the agent keeps its stdin for another connection. The next start sweeps both.
fn killed() {
    let line = Line::tcp(socket());
    let (stage, target) = (Stage::at(&line.docker_host), Seen::named("far-killed"));
    let running = counting(&line, &stage, &target, &[]);
    let agent = target.agent();
    running.signal(Signal::KILL);
    let since = Instant::now();
    assert_eq!(running.outcome().code, 137);
    // The start of credrun that another test makes may have swept them before.
    let is_silent = within(PATIENCE, || target.ask().contains("CredrunSilent") || !target.exists());
    assert!(is_silent, "after {:?}: {}", since.elapsed(), target.ask());
    let swept = run(&mut stage.host.command(Program::Credrun, &["version"]));
    assert_eq!(swept.code, 0, "{swept:?}");
    assert!(target.is_gone() && agent.is_gone());
}

/// As a machine that sleeps: the stream is there, and nobody at its end.
fn stopped_for_a_time() {
    let line = Line::tcp(socket());
    let (stage, target) = (Stage::at(&line.docker_host), Seen::named("far-stopped"));
    let running = counting(&line, &stage, &target, &[]);
    running.signal(Signal::STOP);
    target.wait_for_answer("CredrunSilent");
    running.signal(Signal::CONT);
    target.wait_for_answer("200 ");
    target.touch("/tmp/end");
    assert_says(&running.outcome(), 5, &[]);
}

#[test]
fn what_is_silent_is_noticed() {
    side_by_side(&[frozen_for_a_time, frozen_for_ever, stopped_for_a_time, killed]);
}

//! One run with one fault: how it ends, what it says, and what is left on the engine.

use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::fault::Fault;
use super::proxy::{FaultProxy, remove, state_of};
use super::scenarios::Scenario;
use crate::harness::endpoint::{AUTHORIZATION, Endpoint, Keys, cloud_shell};
use crate::harness::host::{Host, Program, SECRET_ACCESS_KEY, SESSION_TOKEN};
use crate::harness::pty::Terminal;
use crate::harness::run::{run, send, wait, within};
use crate::pull::{log_in, password};

/// How long nothing may go on before Ctrl-C is pressed.
const QUIET: Duration = Duration::from_millis(1500);
/// How long a run may take at all. Two limits of credrun's own for an engine that is silent fit into it.
const LIMIT: Duration = Duration::from_secs(90);
/// How long docker's may: its own limit for an engine that is silent fits into it.
const DOCKERS_LIMIT: Duration = Duration::from_secs(25);
/// The ways in which a connection says that it has ended; which of them is a matter of time.
const ENDS: [&str; 6] = [
    "error writing a body to connection: Broken pipe (os error 32)",
    "error writing a body to connection: Connection reset by peer (os error 104)",
    "connection error: Connection reset by peer (os error 104)",
    "connection error: Broken pipe (os error 32)",
    "operation was canceled: connection closed",
    "connection closed before message completed",
];

/// What the runs of a table have in common.
pub struct Stage {
    pub source: Endpoint,
    pub pushed: String,
}

impl Stage {
    pub fn new(pushed: &str) -> Self {
        Self { source: Endpoint::giving(&Keys::marked()), pushed: pushed.to_owned() }
    }

    fn host(&self, docker_host: &str) -> Host {
        let host = cloud_shell(&self.source.uri()).without("DOCKER_HOST").with("DOCKER_HOST", docker_host);
        if self.pushed.is_empty() { host } else { log_in(host, &password()) }
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    pub code: i32,
    /// `nothing`, or `target created`.
    pub left: String,
    pub stderr: String,
}

/// The calls that a run without a fault makes.
pub fn recorded(stage: &Stage, scenario: &Scenario, program: Program) -> Vec<String> {
    if scenario.never_ends() {
        return scenario.only.iter().map(|call| (*call).to_owned()).collect();
    }
    let proxy = FaultProxy::start(None, None, scenario.is_without_agent);
    let told = observed(stage, scenario, program, &proxy);
    assert_eq!(told.code, 0, "{scenario:?}: {told:?}");
    let mut calls = proxy.calls();
    calls.retain(|call| scenario.has(call));
    calls
}

/// A run in which `fault` happens; `None` when it does not make that call.
pub fn told(
    stage: &Stage,
    scenario: &Scenario,
    program: Program,
    fault: &Fault,
    before: Option<&str>,
) -> Option<Told> {
    let proxy = FaultProxy::start(Some(fault.clone()), before, scenario.is_without_agent);
    let told = observed(stage, scenario, program, &proxy);
    proxy.is_hit().then_some(told)
}

fn observed(stage: &Stage, scenario: &Scenario, program: Program, proxy: &FaultProxy) -> Told {
    let host = stage.host(&proxy.docker_host());
    let (code, text) = ended(&host, scenario, program, proxy, &scenario.words(&stage.pushed));
    for secret in [SECRET_ACCESS_KEY, SESSION_TOKEN, AUTHORIZATION] {
        assert!(!text.contains(secret), "{scenario:?}: {text}");
    }
    assert!(!text.contains("panicked"), "{scenario:?}: {text}");
    let patience = scenario.patience(code);
    if scenario.is_refresh() && proxy.is_dead() {
        swept(&stage.host(&std::env::var("DOCKER_HOST").unwrap_or_default()), proxy, patience);
    }
    let left = left(proxy, scenario, patience);
    proxy.containers().iter().for_each(|(id, _)| remove(id));
    let text = text.replace(&host.root().display().to_string(), "HERE");
    let text = text.replace(&proxy.docker_host(), "ENGINE");
    Told { code, left, stderr: normal(&text, proxy, stage) }
}

/// Without what differs from run to run: ids.
fn normal(text: &str, proxy: &FaultProxy, stage: &Stage) -> String {
    let socket = proxy.docker_host();
    let mut text = text.replace(socket.trim_start_matches("unix://"), "ENGINE");
    text = text.replace(&stage.source.uri(), "SOURCE");
    text = ENDS.iter().fold(text, |text, end| text.replace(end, "CONNECTION ENDED"));
    for (id, role) in proxy.containers() {
        text = text.replace(&id, &role.to_uppercase()).replace(&id[..12], &role.to_uppercase());
    }
    let hex = |word: &str| word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let line = |line: &str| {
        let words = line.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| hex(word));
        words.fold(line.trim_end().to_owned(), |line, word| line.replace(word, "RUN"))
    };
    // On a terminal it is said whose credentials they are.
    let is_told = |line: &String| !line.is_empty() && !line.starts_with("credrun: credentials from ");
    text.lines().map(line).filter(is_told).collect::<Vec<_>>().join("\n")
}

/// Its code, and what it has said on stderr, or on its terminal.
fn ended(
    host: &Host,
    scenario: &Scenario,
    program: Program,
    proxy: &FaultProxy,
    words: &[String],
) -> (i32, String) {
    let mut command = host.command(program, words);
    if scenario.has_terminal() {
        let terminal = Terminal::open();
        let mut child = terminal.start(&mut command);
        let code = waited(&mut child, program, proxy);
        return (code, if code < 0 { String::new() } else { text_of(&terminal, &mut child) });
    }
    let input = if scenario.has_input() { Stdio::piped() } else { Stdio::null() };
    // In files: a run in the background would hold pipes open.
    let (out, err) = (host.root().join("stdout"), host.root().join("stderr"));
    let file = |path| std::fs::File::create(path).expect("a file");
    let mut child = command.stdin(input).stdout(file(&out)).stderr(file(&err)).spawn().expect("a program");
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(b"a line\n");
    }
    let code = waited(&mut child, program, proxy);
    let mut text = String::new();
    std::fs::File::open(&err).and_then(|mut file| file.read_to_string(&mut text)).expect("text");
    if scenario.has_input() && code == 0 {
        assert_eq!(std::fs::read(&out).expect("a file"), b"a line\n", "what went in comes out");
    }
    (code, text)
}

fn text_of(terminal: &Terminal, child: &mut Child) -> String {
    String::from_utf8_lossy(&terminal.outcome(child).output).replace('\r', "")
}

/// Waits for its end. Ctrl-C is pressed when it is stuck, three times at most; -1 when even that does not end it.
fn waited(child: &mut Child, program: Program, proxy: &FaultProxy) -> i32 {
    let limit = if program == Program::Docker { DOCKERS_LIMIT } else { LIMIT };
    let (end, mut pressed) = (Instant::now() + limit, 0);
    while Instant::now() < end {
        let quiet = if pressed == 0 { QUIET } else { Duration::from_millis(500) };
        if let Some(code) = wait(child, quiet) {
            return code;
        }
        if pressed < 3 && proxy.is_stuck(QUIET) {
            send(child, Signal::INT);
            pressed += 1;
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    -1
}

/// The next start of credrun takes away what nobody looks after; one in the background may need its time to give up.
fn swept(host: &Host, proxy: &FaultProxy, patience: Duration) {
    let is_there = || proxy.containers().iter().any(|(id, _)| state_of(id).is_some());
    let end = Instant::now() + patience;
    while !within(Duration::from_secs(2), || !is_there()) && Instant::now() < end {
        let version = run(&mut host.command(Program::Credrun, &["version"]));
        assert_eq!(version.code, 0, "{version:?}");
    }
}

/// What is there in the end: that which never ran stays, and that which runs may be on its way out.
fn left(proxy: &FaultProxy, scenario: &Scenario, patience: Duration) -> String {
    let states = || {
        let all = proxy.containers();
        let mut all: Vec<_> = all.iter().filter_map(|(id, role)| Some((*role, state_of(id)?))).collect();
        all.sort();
        all
    };
    let never_ran = Instant::now() + if scenario.is_refresh() { patience } else { Duration::from_secs(4) };
    let is_settled = |all: &[(&str, String)]| {
        all.is_empty() || (Instant::now() > never_ran && all.iter().all(|(_, state)| state == "created"))
    };
    within(patience, || is_settled(&states()));
    let left: Vec<_> = states().into_iter().map(|(role, state)| format!("{role} {state}")).collect();
    if left.is_empty() { "nothing".to_owned() } else { left.join(", ") }
}

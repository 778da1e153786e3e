//! Where a scenario is played: one program, one engine behind a recording proxy, one container's name.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use crate::differences::Ran;
use crate::harness::container::unique;
use crate::harness::host::{Host, Program, required_variable};
use crate::harness::proxy::{Exchange, Proxy};
use crate::harness::pty::Terminal;
use crate::harness::run::{PATIENCE, eventually, run, run_with_input, start, wait, within};

/// The engines that scenarios are played on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The tests' own.
    Docker,
    /// Podman's Docker-compatible socket.
    Podman,
}

impl Engine {
    fn socket(self) -> PathBuf {
        let address = match self {
            Self::Docker => {
                std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".into())
            }
            Self::Podman => required_variable("CREDRUN_TEST_PODMAN"),
        };
        address.strip_prefix("unix://").expect("the engines of the tests are on unix sockets").into()
    }
}

/// One step at a terminal.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// Wait until this was written.
    See(&'static str),
    /// Type this.
    Keys(&'static str),
    /// Change the window's size, and wait until the container has it.
    Resize(u16, u16),
}

/// What happens while the program runs.
#[derive(Debug, Clone, Copy)]
pub enum Play {
    /// Nothing, and nothing is on stdin.
    Watch,
    /// This is on stdin, and its end.
    Feed(&'static [u8]),
    /// Once it has written `ready`: these signals, each when the container has written another line.
    Signals(&'static [Signal]),
    /// Its stdout is closed after a line.
    CloseStdout,
    /// Once it has written `ready`, the engine is gone.
    LoseEngine,
    /// On a terminal.
    Type(&'static [Step]),
}

/// A stage.
pub struct Stage {
    /// The program's surroundings.
    pub host: Host,
    /// Which one plays.
    pub program: Program,
    /// The container's name.
    pub name: String,
    engine: Engine,
    proxy: Proxy,
}

impl Stage {
    /// A stage on `engine` for `program`, with surroundings that `host` made.
    pub fn new(engine: Engine, program: Program, topic: &str, host: Host) -> Self {
        let proxy = Proxy::before(engine.socket());
        let host = host.with("DOCKER_HOST", proxy.docker_host());
        Self { host, program, name: unique(topic), engine, proxy }
    }

    /// The `docker` CLI, past the proxy.
    pub fn docker(&self, arguments: &[&str]) -> Output {
        let address = format!("unix://{}", self.engine.socket().display());
        Command::new("docker").args(["-H", &address]).args(arguments).output().expect("the `docker` CLI")
    }

    /// Plays, and tells what came of it.
    pub fn play(&self, play: Play, arguments: &[&str]) -> Ran {
        let mut command = self.host.command(self.program, arguments);
        let (code, output) = match play {
            Play::Watch => ended(run(&mut command)),
            Play::Feed(bytes) => ended(run_with_input(&mut command, bytes)),
            Play::Signals(signals) => with_signals(&mut command, signals),
            Play::CloseStdout => without_stdout(&mut command),
            Play::LoseEngine => {
                let running = start(command.stdin(Stdio::null()));
                running.wait_for("ready");
                self.proxy.cut();
                ended(running.outcome())
            }
            Play::Type(steps) => self.on_a_terminal(&mut command, steps),
        };
        is_in_order(&self.proxy.exchanges());
        let left = self.left();
        let mut calls = calls(&self.proxy.exchanges(), &self.name);
        // In a run that is over at once it is chance which half of the stream is seen to end first, and when a
        // running container is left both end.
        let lasts = matches!(play, Play::Signals(_) | Play::Feed(_) | Play::LoseEngine);
        if left == "running" || !lasts {
            calls.iter_mut().for_each(|call| *call = call.replace(" (half closed)", ""));
        }
        Ran { code, calls, output: self.normal(&output), left }
    }

    fn on_a_terminal(&self, command: &mut Command, steps: &[Step]) -> (i32, Vec<u8>) {
        let terminal = Terminal::open();
        let mut child = terminal.start_with_stderr(command, Stdio::null());
        for step in steps {
            match step {
                Step::See(text) => terminal.wait_for(text),
                Step::Keys(keys) => terminal.write(keys.as_bytes()),
                Step::Resize(rows, columns) => {
                    terminal.resize(*rows, *columns);
                    let size = format!("{rows} {columns}");
                    eventually(PATIENCE, "the container has the terminal's size", || {
                        let output =
                            self.docker(&["exec", &self.name, "sh", "-c", "stty size < /proc/1/fd/0"]);
                        String::from_utf8_lossy(&output.stdout).trim() == size
                    });
                }
            }
        }
        let outcome = terminal.outcome(&mut child);
        (outcome.code, outcome.output)
    }

    /// The container's state. A removal that the program has not waited for gets a moment.
    fn left(&self) -> String {
        let state = || {
            let output = self.docker(&["container", "inspect", "--format", "{{.State.Status}}", &self.name]);
            let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            if output.status.success() { text } else { "none".to_owned() }
        };
        within(Duration::from_secs(3), || !matches!(state().as_str(), "removing" | "stopping"));
        state()
    }

    fn normal(&self, output: &[u8]) -> String {
        let text = String::from_utf8_lossy(output).replace(&self.name, "NAME");
        let words = text.split_inclusive(char::is_whitespace);
        words
            .map(|word| if is_id(word.trim()) { word.replace(word.trim(), "ID") } else { word.to_owned() })
            .collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.docker(&["rm", "--force", "--volumes", &self.name]);
    }
}

fn ended(outcome: crate::harness::run::Outcome) -> (i32, Vec<u8>) {
    (outcome.code, outcome.stdout)
}

fn with_signals(command: &mut Command, signals: &[Signal]) -> (i32, Vec<u8>) {
    let running = start(command.stdin(Stdio::null()));
    running.wait_for("ready");
    for (count, signal) in (1..).zip(signals) {
        running.signal(*signal);
        if count < signals.len() {
            running.wait_for(&format!("got {count}"));
        }
    }
    ended(running.outcome())
}

fn without_stdout(command: &mut Command) -> (i32, Vec<u8>) {
    use std::io::{BufRead, BufReader};
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program");
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    stdout.read_line(&mut line).expect("a line");
    drop(stdout);
    (wait(&mut child, PATIENCE).expect("it ends when nobody reads"), line.into_bytes())
}

fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Method, path and query of each request, without what differs from run to run, from library to library, or by
/// chance of time.
fn calls(exchanges: &[Exchange], name: &str) -> Vec<String> {
    let own = exchanges.iter().filter(|exchange| !is_of_a_sweep(exchange, exchanges));
    let mut calls: Vec<_> = own.map(|exchange| call(exchange, name)).collect();
    // How often a size is sent anew is a matter of how soon the container takes it.
    let mut sizes = std::collections::BTreeSet::new();
    calls.retain(|call| !call.contains("/resize") || sizes.insert(call.clone()));
    // docker sends a new size and the signal that tells of it at once, in any order.
    for at in 1..calls.len() {
        if calls[at].contains("/resize") && calls[at - 1].contains("signal=WINCH") {
            calls.swap(at - 1, at);
        }
    }
    // A refusal may come before or after the engine was found to be there.
    if calls.len() == 1 { Vec::new() } else { calls }
}

/// Whether it belongs to the search for what other runs have left behind, which docker does not have: a list, a look at
/// an image, the removal of a container that is not this run's.
fn is_of_a_sweep(exchange: &Exchange, all: &[Exchange]) -> bool {
    let path = exchange.target.split('?').next().unwrap_or_default();
    match (exchange.method.as_str(), path.split('/').collect::<Vec<_>>().as_slice()) {
        ("GET", ["", "containers", "json"]) => true,
        ("GET", ["", "images", id, "json"]) => id.starts_with("sha256:"),
        ("DELETE", ["", "containers", id]) => {
            let of_the_run = format!("{path}/");
            is_id(id) && !all.iter().any(|other| other.target.starts_with(&of_the_run))
        }
        _ => false,
    }
}

/// The wait is registered, and the streams are open, before the container can end or write.
fn is_in_order(exchanges: &[Exchange]) {
    let find = |end: &str| {
        exchanges
            .iter()
            .find(|exchange| exchange.target.split('?').next().is_some_and(|path| path.ends_with(end)))
    };
    let Some(start) = find("/start") else { return };
    for before in [find("/wait"), find("/attach")].into_iter().flatten() {
        assert!(
            (1..start.asked).contains(&before.answered),
            "{} is not answered before the start",
            before.target
        );
    }
}

fn call(exchange: &Exchange, name: &str) -> String {
    let (path, query) = exchange.target.split_once('?').unwrap_or((&exchange.target, ""));
    let path =
        path.split('/').map(|part| if is_id(part) { "ID" } else { part }).collect::<Vec<_>>().join("/");
    let mut pairs: Vec<_> = query.split('&').filter_map(|pair| normal(pair, name)).collect();
    pairs.sort();
    let end = if exchange.upgraded && exchange.half_closed { " (half closed)" } else { "" };
    format!("{} {path}?{}{end}", exchange.method, pairs.join("&"))
}

/// One pair of a query; `None` for what is as good as not said.
fn normal(pair: &str, name: &str) -> Option<String> {
    let (key, value) = pair.split_once('=')?;
    let value = match value {
        "" | "0" | "false" => return None,
        "true" => "1",
        value if value == name => "NAME",
        value => value,
    };
    Some(format!("{key}={value}"))
}

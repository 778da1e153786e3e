//! The engine is asked the same things in the same order as by the `docker` CLI.

use std::process::Stdio;

use super::harness::container::{Container, docker_ok};
use super::harness::host::{BOTH, Host, Program, image};
use super::harness::proxy::{Exchange, Proxy};
use super::harness::pty::Terminal;
use super::harness::run::{PATIENCE, run, run_with_input, start, within};

/// What credrun alone asks: whether the image holds an `~/.aws`, which would win over what is injected. A
/// container that was created is looked into, or the image before that.
const LOOKS_INTO_THE_IMAGE: [(&str, &str, &str); 3] =
    [("GET", "/images/", "/json"), ("HEAD", "/containers/", "/archive"), ("GET", "/containers/", "/archive")];

/// What one program asked.
struct Recorded {
    calls: Vec<String>,
    exchanges: Vec<Exchange>,
}

impl Recorded {
    fn of(proxy: &Proxy, name: &str, program: Program) -> Self {
        let exchanges: Vec<_> = proxy.exchanges().into_iter().collect();
        let asked = exchanges.iter().filter(|exchange| program == Program::Docker || !is_extra(exchange));
        let mut calls: Vec<_> = asked.map(|exchange| call(exchange, name)).collect();
        // How often a size is sent anew is a matter of how soon the container takes it.
        calls.dedup_by(|one, other| one == other && one.contains("/resize"));
        Self { calls, exchanges }
    }

    fn find(&self, path: &str) -> &Exchange {
        let found = self.exchanges.iter().find(|exchange| path_of(exchange).ends_with(path));
        found.unwrap_or_else(|| panic!("no {path} in {:?}", self.calls))
    }

    /// The wait is registered, and the streams are open, before the container can end or write.
    fn is_in_order(&self, attached: bool) {
        let start = self.find("/start").asked;
        assert!((1..start).contains(&self.find("/wait").answered), "start before wait: {:?}", self.calls);
        if attached {
            let attach = self.find("/attach");
            assert!((1..start).contains(&attach.answered), "start before attach: {:?}", self.calls);
            assert!(attach.upgraded, "attach is no stream");
        }
    }
}

fn path_of(exchange: &Exchange) -> &str {
    exchange.target.split('?').next().unwrap_or_default()
}

fn is_extra(exchange: &Exchange) -> bool {
    LOOKS_INTO_THE_IMAGE.iter().any(|(method, start, end)| {
        let path = path_of(exchange);
        exchange.method == *method && path.starts_with(start) && path.ends_with(end)
    })
}

/// Method, path and query, without what differs from run to run and from library to library.
fn call(exchange: &Exchange, name: &str) -> String {
    let path = path_of(exchange).split('/').map(|part| match part {
        id if id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => "ID",
        part => part,
    });
    let path = path.collect::<Vec<_>>().join("/");
    let query = exchange.target.split_once('?').map_or("", |(_, query)| query);
    let mut pairs: Vec<_> = query.split('&').filter_map(|pair| normal(pair, name)).collect();
    pairs.sort();
    format!("{} {path}?{}", exchange.method, pairs.join("&"))
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

/// Records the run of both programs and compares.
fn same(topic: &str, attached: bool, run: impl Fn(&Host, Program, &Container)) -> [Recorded; 2] {
    let both = BOTH.map(|program| {
        let (proxy, container) = (Proxy::start(), Container::named(topic));
        let host = Host::new().with("DOCKER_HOST", proxy.docker_host());
        run(&host, program, &container);
        let recorded = Recorded::of(&proxy, &container.name, program);
        recorded.is_in_order(attached);
        recorded
    });
    assert_eq!(both[1].calls, both[0].calls, "credrun's calls, and docker's");
    both
}

#[test]
fn in_the_foreground() {
    let [docker, credrun] = same("foreground", true, |host, program, container| {
        let arguments = ["--name", &container.name, image(), "sh", "-c", "echo out; exit 3"];
        assert_eq!(run(&mut host.command(program, &arguments)).code, 3);
    });
    assert_eq!(docker.calls.len(), 5, "ping, create, attach, wait, start: {:?}", docker.calls);
    // Nobody's stdin: both say so at once.
    assert!(docker.find("/attach").half_closed && credrun.find("/attach").half_closed);
}

#[test]
fn detached() {
    same("sequence-detached", false, |host, program, container| {
        let arguments = ["--name", &container.name, "--detach", image(), "sleep", "600"];
        assert_eq!(run(&mut host.command(program, &arguments)).code, 0);
        docker_ok(&["kill", &container.name]);
    });
}

#[test]
fn piped() {
    let both = same("piped", true, |host, program, container| {
        let arguments = ["--name", &container.name, "-i", image(), "wc", "-c"];
        let outcome = run_with_input(&mut host.command(program, &arguments), b"four");
        assert_eq!((outcome.code, outcome.text().as_str()), (0, "4"));
    });
    for recorded in both {
        assert!(recorded.find("/attach").half_closed, "the end of stdin is the end of that half");
    }
}

#[test]
fn on_a_terminal() {
    let both = same("terminal", true, |host, program, container| {
        let terminal = Terminal::open();
        let script = "echo ready; read line; exit 6";
        let arguments = ["--name", &container.name, "-it", image(), "sh", "-c", script];
        let mut child = terminal.start(&mut host.command(program, &arguments));
        terminal.wait_for("ready");
        // The size is sent on its own; the run is not to end before.
        let sized = "30 90";
        within(PATIENCE, || {
            let size = docker_ok(&["exec", &container.name, "sh", "-c", "stty size < /proc/1/fd/0"]);
            size == sized
        });
        terminal.write(b"end\r");
        assert_eq!(terminal.outcome(&mut child).code, 6);
    });
    for recorded in both {
        let resize = recorded.find("/resize");
        assert!(resize.asked > recorded.find("/start").asked, "sizes follow the start");
    }
}

#[test]
fn a_signal_is_a_kill() {
    same("kill", true, |host, program, container| {
        let script = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done";
        let arguments = ["--name", &container.name, image(), "sh", "-c", script];
        let running = start(host.command(program, &arguments).stdin(Stdio::null()));
        running.wait_for("ready");
        running.signal(rustix::process::Signal::TERM);
        assert_eq!(running.outcome().code, 7);
    });
}

#[test]
fn kept_after_its_end() {
    same("next-exit", true, |host, program, container| {
        let arguments = ["--name", &container.name, "--rm=false", image(), "true"];
        assert_eq!(run(&mut host.command(program, &arguments)).code, 0);
    });
}

#[test]
fn a_start_that_fails() {
    let both = BOTH.map(|program| {
        let (proxy, container) = (Proxy::start(), Container::named("sequence-127"));
        let host = Host::new().with("DOCKER_HOST", proxy.docker_host());
        let arguments = ["--name", &container.name, image(), "no-such-command"];
        assert_eq!(run(&mut host.command(program, &arguments)).code, 127);
        Recorded::of(&proxy, &container.name, program).calls
    });
    assert_eq!(both[1], both[0], "credrun's calls, and docker's");
}

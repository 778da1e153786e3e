//! The two halves of a run under `--refresh` on real engines, against one container of `docker run`: what the container
//! sees of its network, whom it reaches and who reaches it have to be the same. `refresh::networks` does these checks.

pub mod engine;

use std::io::Read;
use std::net::TcpStream;

use self::engine::{Engine, Way};
use crate::harness::host::image;
use crate::harness::run::{PATIENCE, eventually};

const TARGET: &str = include_str!("halves/target.py");
/// Reaches the target's server.
const HEALTH: &str = "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", int(open(\"/tmp/port\").read())), 30)'";

/// Runs the target's program with these options in one way, asks around, and removes all again.
struct Probe<'a> {
    engine: &'a Engine,
    way: Way,
    options: Vec<&'a str>,
}

impl Probe<'_> {
    fn start(&self, name: &str) -> String {
        let own = ["--name", name, "--env", "HELLO=hello from the target"];
        let health = ["--health-cmd", HEALTH, "--health-interval", "500ms"];
        let command = [image(), "python3", "-c", TARGET];
        self.engine.start(self.way, &[&own[..], &health, &self.options, &command].concat())
    }

    /// What it says, and what `ask` makes of its name and of the container that owns its network.
    fn outcome(&self, name: &str, ask: impl FnOnce(&str) -> String) -> String {
        let owner = self.start(name);
        let said = self.engine.said(name);
        assert!(said.contains("ready at"), "{:?} {:?}: {said}", self.way, self.options);
        let asked = ask(&owner);
        self.check_health(name);
        self.engine.remove(name);
        self.engine.remove(&owner);
        format!("{said}{asked}")
    }

    /// The check runs in the target, and so in the network of both.
    fn check_health(&self, name: &str) {
        let format = "{{.State.Health.Status}}";
        eventually(PATIENCE, &format!("it is healthy ({:?}, {:?})", self.way, self.options), || {
            // Podman leaves the checks to systemd, and does one when it is asked to.
            if self.engine.is_podman {
                self.engine.check_health(name);
            }
            self.engine.cli_ok(&["inspect", "--format", format, name]) == "healthy"
        });
    }
}

/// Both ways, the plain one first; what they came to, which is the same.
fn both(engine: &Engine, name: &str, options: &[&str], ask: impl Fn(&str) -> String) -> String {
    let [plain, halves] = [Way::Plain, Way::Refresh].map(|way| {
        let probe = Probe { engine, way, options: options.to_vec() };
        probe.outcome(name, &ask)
    });
    let ways = format!("credrun, and docker run, with {options:?} (Podman: {})", engine.is_podman);
    assert_eq!(halves, plain, "{ways}");
    plain
}

/// What is said at the port of the host that was published for the container.
fn at_the_published_port(engine: &Engine, owner: &str) -> String {
    let published = engine.cli_ok(&["port", owner, "8080/tcp"]);
    // Podman's answer leaves the address of all interfaces out.
    let port = published.lines().next().and_then(|line| line.rsplit(':').next());
    at(port.expect("a port"))
}

/// What is said at that port of the host, once it is.
fn at(port: &str) -> String {
    let mut said = String::new();
    eventually(PATIENCE, &format!("port {port} of the host answers"), || {
        said.clear();
        let client = TcpStream::connect(format!("127.0.0.1:{port}"));
        client.and_then(|mut client| client.read_to_string(&mut said)).is_ok() && !said.is_empty()
    });
    format!("{said}\n")
}

/// A container that others talk to, on a network; its address there.
fn peer(engine: &Engine, name: &str, network: &str) -> String {
    let options = ["--name", name, "--network", network, "--env", "HELLO=hello from the peer", image()];
    engine.start(Way::Plain, &[&options[..], &["python3", "-c", TARGET]].concat());
    engine.said(name);
    engine.address_of(name, network)
}

/// The network's name in what the engine tells of containers on its default one.
pub fn default_network(engine: &Engine) -> &'static str {
    if engine.is_podman { "podman" } else { "bridge" }
}

pub fn on_the_default_network(engine: &Engine) {
    let (name, peer_name) = (engine.name("target"), engine.name("peer"));
    let peer = format!("PEER_ADDRESS={}", peer(engine, &peer_name, default_network(engine)));
    let options = "-h tool --domainname corp --dns 192.0.2.53 --dns-search example.com --dns-option ndots:2 \
                   --add-host db:192.0.2.10 --sysctl net.core.somaxconn=77 -p 127.0.0.1::8080 --env";
    let options: Vec<_> = options.split_whitespace().chain([peer.as_str()]).collect();
    let seen = both(engine, &name, &options, |owner| at_the_published_port(engine, owner));
    for text in [
        "host name tool in HOSTNAME: True",
        "own name is ['own']",
        "somaxconn 77",
        "way out True",
        "db is ['192.0.2.10']",
        "192.0.2.53",
        "PEER_ADDRESS hello from the peer",
        "hello from the target\n",
    ] {
        assert!(seen.contains(text), "`{text}`: {seen}");
    }
    let seen = both(engine, &name, &["-P", "--expose", "8080"], |owner| at_the_published_port(engine, owner));
    for text in ["host name (an id) in HOSTNAME: True", "own name is ['own']", "hello from the target\n"] {
        assert!(seen.contains(text), "`{text}`: {seen}");
    }
}

pub fn on_a_network_of_the_user_s(engine: &Engine) {
    let (network, prefix) = engine.network();
    let (name, peer_name) = (engine.name("target"), engine.name("peer"));
    let peer_address = format!("PEER_ADDRESS={}", peer(engine, &peer_name, &network));
    let (address, given) = (format!("{prefix}.77"), format!("ADDRESS={prefix}.77"));
    let mut options = vec!["--network", &network, "--network-alias", "tool", "--ip", &address];
    options.extend(["-p", "127.0.0.1::8080", "--env", &given, "--env", &peer_address]);
    let peer_variable = format!("PEER_NAME={peer_name}");
    // Whether names are known on a network of Podman's depends on its plugins.
    let names: &[&str] = if engine.is_podman { &[&address] } else { &[&address, &name, "tool"] };
    if !engine.is_podman {
        options.extend(["--env", &peer_variable]);
    }
    let seen = both(engine, &name, &options, |owner| {
        let script = "import socket, sys\nfor name in sys.argv[1:]:\n print(socket.create_connection((name, 8080), 30).makefile().read())";
        let ask = [&["exec", &peer_name, "python3", "-c", script][..], names].concat();
        at_the_published_port(engine, owner) + &engine.cli_ok(&ask)
    });
    assert_eq!(seen.matches("hello from the target").count(), names.len() + 1, "{seen}");
    assert!(seen.contains("the address given True") && seen.contains("hello from the peer"), "{seen}");
}

pub fn without_a_network(engine: &Engine) {
    let name = engine.name("target");
    let seen = both(engine, &name, &["--network", "none"], |_| String::new());
    assert!(seen.contains("interfaces ['lo']") && seen.contains("way out False"), "{seen}");
}

pub fn on_the_host_s_network(engine: &Engine) {
    let name = engine.name("target");
    let options = ["--network", "host", "-h", "tool", "--add-host", "db:192.0.2.10", "--env", "SHARED=host"];
    // The port is another one in each run.
    let outcomes = [Way::Plain, Way::Refresh].map(|way| {
        let probe = Probe { engine, way, options: options.to_vec() };
        let mut reply = String::new();
        let seen = probe.outcome(&name, |_| {
            let said = engine.said(&name);
            let port = said.trim().rsplit(' ').next().expect("a port").to_owned();
            reply = at(&port);
            String::new()
        });
        seen.lines()
            .filter(|line| !line.starts_with("ready at"))
            .map(str::to_owned)
            .chain([reply])
            .collect::<Vec<_>>()
    });
    assert_eq!(outcomes[1], outcomes[0], "the halves, and docker run");
    let own = std::fs::read_link("/proc/self/ns/net").expect("a namespace").display().to_string();
    for text in [
        "host name tool in HOSTNAME: True",
        "db is ['192.0.2.10']",
        &format!("namespace {own}"),
        "hello from the target\n",
    ] {
        assert!(outcomes[0].iter().any(|line| line == text), "`{text}`: {outcomes:?}");
    }
}

pub fn on_another_container_s_network(engine: &Engine) {
    let (name, other) = (engine.name("target"), engine.name("other"));
    engine.start(
        Way::Plain,
        &["--name", &other, "-h", "other", "-p", "127.0.0.1::8080", image(), "sleep", "600"],
    );
    let mode = format!("container:{other}");
    let options = ["--network", &mode, "--env", "SHARED=container"];
    let seen = both(engine, &name, &options, |_| at_the_published_port(engine, &other));
    let namespace = engine.cli_ok(&["exec", &other, "readlink", "/proc/self/ns/net"]);
    assert!(
        seen.contains(&format!("namespace {namespace}")) && seen.ends_with("hello from the target\n"),
        "{seen}"
    );
}

/// What an engine refuses of one container, it refuses of the two, with the same message.
pub fn what_is_refused(engine: &Engine) {
    let other = engine.name("other");
    engine.start(Way::Plain, &["--name", &other, image(), "sleep", "600"]);
    let mode = format!("container:{other}");
    let mut refused = 0;
    for options in [
        &["--uts", "host", "--hostname", "tool"][..],
        &["--network", &mode, "-p", "8080"],
        &["--network", &mode, "--hostname", "tool"],
        &["--network", &mode, "--dns", "192.0.2.53"],
        &["--network", &mode, "--add-host", "db:192.0.2.10"],
        &["--memory", "1k"],
    ] {
        let [plain, halves] = [Way::Plain, Way::Refresh].map(|way| {
            let name = engine.name("refused");
            let refusal = engine.refusal(way, &[&["--name", &name], options, &[image(), "true"]].concat());
            // Some name what memory is in use.
            refusal.map(|text| text.replace(|c: char| c.is_ascii_digit(), ""))
        });
        assert_eq!(halves, plain, "the halves, and docker create, with {options:?}");
        refused += usize::from(plain.is_some());
    }
    assert!(refused >= 2, "the engine refuses only {refused} of these");
}

//! The scenarios: what is run, and what happens meanwhile.

use rustix::process::Signal;

use super::stage::{Play, Stage, Step};
use crate::harness::host::Host;
use crate::pull::{Pushed, logged_in, password};

/// One scenario.
pub struct Scenario {
    /// What it is about.
    pub topic: &'static str,
    /// Before the image.
    pub options: &'static [&'static str],
    /// The image, where it is not the tests' own.
    pub image: Option<&'static str>,
    /// After the image.
    pub command: &'static [&'static str],
    /// What happens meanwhile.
    pub play: Play,
    /// What is made ready before.
    pub ready: fn(&Stage),
    /// The program's surroundings.
    pub host: fn() -> Host,
}

const fn of(
    topic: &'static str,
    options: &'static [&'static str],
    command: &'static [&'static str],
) -> Scenario {
    Scenario { topic, options, image: None, command, play: Play::Watch, ready: |_| {}, host: Host::new }
}

/// A shell's command line.
const fn shell(
    topic: &'static str,
    options: &'static [&'static str],
    command: &'static [&'static str; 3],
) -> Scenario {
    of(topic, options, command)
}

impl Scenario {
    const fn play(self, play: Play) -> Self {
        Self { play, ..self }
    }

    const fn image(self, image: &'static str) -> Self {
        Self { image: Some(image), ..self }
    }

    const fn ready(self, ready: fn(&Stage)) -> Self {
        Self { ready, ..self }
    }

    const fn host(self, host: fn() -> Host) -> Self {
        Self { host, ..self }
    }
}

/// Tells each INT and goes on.
const STUBBORN: &[&str; 3] =
    &["sh", "-c", "n=0; trap 'n=$((n+1)); echo got $n' INT; echo ready; while :; do sleep 0.05; done"];
const SLEEPER: &[&str; 3] = &["sh", "-c", "echo ready; exec sleep 600"];

/// All of them. Each container is without a network but where that is the point: making one takes half of the time.
pub const ALL: &[Scenario] = &[
    shell("foreground", &["--network=none"], &["sh", "-c", "echo out; echo err >&2; exit 3"]),
    of("host-network", &["--network=host"], &["true"]),
    of("own-network", &[], &["true"]),
    shell("killed", &["--network=none"], &["sh", "-c", "kill -9 $$"]),
    of("piped", &["--network=none", "-i"], &["wc", "-c"]).play(Play::Feed(b"four")),
    of("piped-nothing", &["--network=none", "-i"], &["wc", "-c"]),
    shell(
        "much",
        &["--network=none"],
        &["sh", "-c", "yes out | head -c 3000000; yes err | head -c 300000 >&2"],
    ),
    shell("only-stdout", &["--network=none", "-a", "stdout"], &["sh", "-c", "echo out; echo err >&2"]),
    shell("only-stderr", &["--network=none", "-a", "stderr"], &["sh", "-c", "echo out; echo err >&2"]),
    of("detached", &["--network=none", "-d"], &["sleep", "600"]),
    of("detached-127", &["--network=none", "-d"], &["no-such-command"]),
    of("no-command-127", &["--network=none"], &["no-such-command"]),
    of("no-executable-126", &["--network=none"], &["/etc"]),
    of("no-network-125", &["--network=no-such-network"], &["true"]),
    of("kept", &["--network=none", "--rm=false"], &["true"]),
    of("init", &["--network=none", "--init"], &["cat", "/proc/1/comm"]),
    of("anonymous-volume", &["--network=none", "-v", "/data"], &["test", "-d", "/data"]),
    shell(
        "stop-signal",
        &["--network=none", "--stop-signal", "USR1", "--stop-timeout", "3"],
        &["sh", "-c", "exit 4"],
    ),
    of("health", &["--network=none", "--health-cmd", "true", "--health-interval", "1s"], &["sleep", "2"]),
    of("name-taken", &["--network=none"], &["true"]).ready(|stage| {
        let image = crate::harness::host::image();
        stage.docker(&["create", "--network=none", "--name", &stage.name, image, "true"]);
    }),
    of("cidfile", &["--network=none", "--cidfile", "id"], &["true"]),
    of("cidfile-of-a-failure", &["--network=no-such-network", "--cidfile", "id"], &["true"]),
    of("cidfile-there", &["--network=none", "--cidfile", "home"], &["true"]),
    of("never-pulled", &["--pull", "never"], &[]).image("credrun-test-nowhere"),
    of("registry-down", &[], &[]).image("127.0.0.1:1/nowhere"),
    shell(
        "term",
        &["--network=none"],
        &["sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done"],
    )
    .play(Play::Signals(&[Signal::TERM])),
    shell(
        "hup",
        &["--network=none"],
        &["sh", "-c", "trap 'exit 8' HUP; echo ready; while :; do sleep 0.05; done"],
    )
    .play(Play::Signals(&[Signal::HUP])),
    shell(
        "usr1",
        &["--network=none"],
        &["sh", "-c", "trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done"],
    )
    .play(Play::Signals(&[Signal::USR1])),
    shell(
        "quit",
        &["--network=none"],
        &["sh", "-c", "trap 'exit 10' QUIT; echo ready; while :; do sleep 0.05; done"],
    )
    .play(Play::Signals(&[Signal::QUIT])),
    shell("three-interrupts", &["--network=none"], STUBBORN).play(Play::Signals(&[
        Signal::INT,
        Signal::INT,
        Signal::INT,
    ])),
    of("closed-stdout", &["--network=none"], &["yes"]).play(Play::CloseStdout),
    shell("engine-lost", &["--network=none"], SLEEPER).play(Play::LoseEngine),
    shell("terminal", &["--network=none", "-t"], &["sh", "-c", "echo out; exit 5"]).play(Play::Type(&[])),
    shell(
        "terminal-and-stdin",
        &["--network=none", "-it"],
        &["sh", "-c", "stty -echo; echo ready; read x; echo \"got $x\"; exit 6"],
    )
    .play(Play::Type(&[Step::See("ready"), Step::Keys("typed\r")])),
    shell("resized", &["--network=none", "-it"], &["sh", "-c", "stty -echo; echo ready; read x"]).play(
        Play::Type(&[Step::See("ready"), Step::Resize(30, 90), Step::Resize(41, 99), Step::Keys("\r")]),
    ),
    shell(
        "detach-keys",
        &["--network=none", "-it"],
        &["sh", "-c", "stty -echo; echo ready; read x; sleep 600"],
    )
    .play(Play::Type(&[Step::See("ready"), Step::Resize(30, 90), Step::Keys("\u{10}\u{11}")])),
    shell(
        "own-detach-keys",
        &["--network=none", "-it", "--detach-keys", "ctrl-a,x"],
        &["sh", "-c", "stty -echo; echo ready; read x; sleep 600"],
    )
    .play(Play::Type(&[Step::See("ready"), Step::Resize(30, 90), Step::Keys("\u{1}x")])),
    shell(
        "configured-detach-keys",
        &["--network=none", "-it"],
        &["sh", "-c", "stty -echo; echo ready; read x; sleep 600"],
    )
    .host(|| {
        let host = Host::new();
        host.write(".docker/config.json", r#"{"detachKeys": "ctrl-b"}"#);
        host
    })
    .play(Play::Type(&[Step::See("ready"), Step::Resize(30, 90), Step::Keys("\u{2}")])),
];

/// A topic, options, and the program's surroundings.
pub type Pull = (&'static str, &'static [&'static str], fn() -> Host);

/// A pull that is refused, one that works, one that says nothing, and `--pull always`; with an image of its own.
pub fn pulls() -> (Pushed, [Pull; 4]) {
    let known: fn() -> Host = || logged_in(&password());
    (
        Pushed::new(),
        [
            ("pull-refused", &["--network=none"], || logged_in("wrong")),
            ("pull", &["--network=none"], known),
            ("pull-always", &["--network=none", "--pull", "always"], known),
            ("pull-quiet", &["--network=none", "--pull", "always", "-q"], known),
        ],
    )
}

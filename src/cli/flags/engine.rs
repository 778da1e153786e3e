//! Which engine: what the `docker` command takes before `run`.

use super::{Completion, Flag, Section, Table, list, scalar, switch};

const CONTEXT: Flag = scalar(
    "context",
    "NAME",
    "Use the engine of this Docker context (over DOCKER_HOST and the chosen context)",
    "--context prod",
)
.client()
.completes(Completion::Contexts);
const LOG_LEVEL: Flag = scalar(
    "log-level",
    "LEVEL",
    "Write a log to stderr (debug, info, warn, error, fatal)",
    "--log-level debug",
)
.client()
.completes(Completion::Words(&["debug", "info", "warn", "error", "fatal"]))
.check(|value| match value.to_ascii_lowercase().as_str() {
    "" | "trace" | "debug" | "info" | "warn" | "warning" | "error" | "fatal" | "panic" => Ok(()),
    _ => Err("it is one of debug, info, warn, error and fatal".into()),
});
const REST: [Flag; 8] = [
    list(
        "host",
        "ADDRESS",
        "Use the engine at this address (over DOCKER_HOST)",
        "--host ssh://me@build.example.com",
    )
    .client()
    .short('H')
    .note("unix:///path, tcp://host:port or ssh://[user@]host[:port][/path of the socket]"),
    scalar(
        "config",
        "FOLDER",
        "Read the Docker config in this folder (default: ~/.docker)",
        "--config ./docker-config",
    )
    .client()
    .completes(Completion::Files),
    switch("tls", "Use TLS to the engine", "--tls").client(),
    switch("tlsverify", "Use TLS, and verify the engine's certificate", "--tlsverify").client(),
    scalar("tlscacert", "FILE", "Trust only this CA for the engine", "--tlsverify --tlscacert ca.pem")
        .client()
        .completes(Completion::Files),
    scalar("tlscert", "FILE", "Show the engine this certificate", "--tlsverify --tlscert cert.pem")
        .client()
        .completes(Completion::Files),
    scalar("tlskey", "FILE", "The key of that certificate", "--tlsverify --tlskey key.pem")
        .client()
        .completes(Completion::Files),
    switch("debug", "Write a log to stderr", "--debug").client().short('D'),
];

/// As options of credrun's own, among those of `docker run`, which have the letters `c` and `l` for others.
pub(super) const ROWS: &[Flag] =
    &[CONTEXT, REST[0], REST[1], REST[2], REST[3], REST[4], REST[5], REST[6], REST[7], LOG_LEVEL];

/// Before a subcommand, with docker's letters.
pub const BEFORE_SUBCOMMAND: Table = &[
    Section { title: "", rows: &[CONTEXT.short('c'), LOG_LEVEL.short('l')] },
    Section { title: "", rows: &REST },
];

//! Who reaches the endpoint: the container itself, with the token, and nobody else. Each way is one on which a server of
//! the container's own is reached.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::stage::{ASK, assert_no_secret};
use crate::halves::default_network;
use crate::halves::engine::{Engine, Way};
use crate::harness::container::docker_ok;
use crate::harness::host::image;
use crate::harness::run::{PATIENCE, eventually};

const FROM_OUTSIDE: &str = include_str!("reach/ask.py");
const SERVE: &str = include_str!("reach/serve.py");
const INSIDE: &str = include_str!("reach/inside.py");
const SERVER: &str = "HTTP/1.1 200 the target";

/// A run with a server on these ports, and its agent's name.
fn serving(engine: &Engine, options: &[&str], ports: &[&str]) -> (String, String) {
    let name = engine.name("target");
    let command = [image(), "python3", "-c", SERVE];
    let agent = engine.start(Way::Refresh, &[&["--name", &name], options, &command, ports].concat());
    engine.said(&name);
    (name, agent)
}

/// The port of the endpoint, as the container is told.
fn endpoint_port(engine: &Engine, name: &str) -> String {
    let variables = engine.cli_ok(&[
        "container",
        "inspect",
        "--format",
        "{{range .Config.Env}}{{println .}}{{end}}",
        name,
    ]);
    let uri = variables.lines().find_map(|line| line.strip_prefix("AWS_CONTAINER_CREDENTIALS_FULL_URI="));
    let uri = url::Url::parse(uri.expect("the endpoint")).expect("a URI");
    uri.port().expect("a port").to_string()
}

/// The endpoint is there, for who asks inside.
fn assert_answers_inside(engine: &Engine, name: &str) {
    let answer = engine.cli_ok(&["exec", name, "python3", "-c", ASK]);
    assert!(answer.starts_with("200 ") && answer.contains("SecretAccessKey"), "{answer}");
}

/// What a request from this machine without a token is answered; the reason when it is not.
fn asked(address: &str, port: &str) -> String {
    let exchange = || {
        let mut stream = TcpStream::connect(format!("{address}:{port}"))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.write_all(b"GET /v1/credentials HTTP/1.1\r\nHost: x\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok::<_, std::io::Error>(answer.lines().next().unwrap_or("closed").to_owned())
    };
    exchange().unwrap_or_else(|error| error.to_string())
}

fn assert_no_answer(answer: &str, what: &str) {
    assert!(!answer.contains("HTTP/") && !answer.is_empty(), "{what}: {answer}");
}

/// Neighbours on a network, and the host, by every address and name.
fn from_a_network(engine: &Engine) {
    let (network, _) = engine.network();
    for (network, options) in [
        (default_network(engine).to_owned(), vec![]),
        (network.clone(), vec!["--network", &network, "--network-alias", "tool"]),
    ] {
        let (name, agent) = serving(engine, &options, &["8080"]);
        let port = endpoint_port(engine, &name);
        let address = engine.address_of(&agent, &network);
        let id = engine.cli_ok(&["container", "inspect", "--format", "{{.Id}}", &agent]);
        let names = [&address, &name, "tool", &agent, &id[..12]];
        let places = names
            .iter()
            .flat_map(|name| [format!("{name}:8080"), format!("{name}:{port}")])
            .collect::<Vec<_>>();
        let mut ask = vec!["run", "--rm", "--network", &network, image(), "python3", "-c", FROM_OUTSIDE];
        ask.extend(places.iter().map(String::as_str));
        let answers = engine.cli_ok(&ask);
        let answers =
            answers.lines().map(|line| line.split_once(' ').expect("an answer")).collect::<Vec<_>>();
        let by = |name: &str, port: &str| {
            let place = format!("{name}:{port}");
            answers.iter().find(|(other, _)| *other == place).expect("an answer").1
        };
        for name in names {
            let (server, endpoint) = (by(name, "8080"), by(name, &port));
            assert!(["refused", "unknown"].contains(&endpoint), "{network}: {name}: {answers:?}");
            assert_eq!(server == SERVER, endpoint == "refused", "{network}: {name}: {answers:?}");
        }
        // What has to be known, for the rest to mean something.
        let known: &[&str] = if options.is_empty() || engine.is_podman {
            &[&address]
        } else {
            &[&address, &name, "tool", &agent]
        };
        known.iter().for_each(|name| assert_eq!(by(name, &port), "refused", "{network}: {answers:?}"));
        assert_eq!(asked(&address, "8080"), SERVER);
        assert_no_answer(&asked(&address, &port), "from the host");
        assert_answers_inside(engine, &name);
        engine.remove(&name);
    }
}

/// Every port of the host that is published, whatever port of the container is named.
fn through_published_ports(engine: &Engine) {
    for (options, served, port) in [
        (&["-p", "127.0.0.1::8080"][..], &["8080"][..], "31001"),
        // Whoever names the endpoint's port has it.
        (&["-p", "127.0.0.1::31001", "-p", "127.0.0.1::8080"], &["31001", "8080"], "31002"),
        // Behind most of these there is nobody.
        (&["-P", "--expose", "31000-31009", "--expose", "8080"], &["31005", "8080"], "31010"),
    ] {
        let (name, agent) = serving(engine, options, served);
        assert_eq!(endpoint_port(engine, &name), port, "{options:?}");
        let published = engine.cli_ok(&["port", &agent]);
        let mut seen = 0;
        for line in published.lines().filter(|line| !line.contains("[::]")) {
            let (inner, outer) = line.split_once("/tcp -> ").expect("a published port");
            let outer = outer.rsplit(':').next().expect("a port");
            if served.contains(&inner) {
                eventually(PATIENCE, &format!("{line}: the target answers"), || {
                    asked("127.0.0.1", outer) == SERVER
                });
                seen += 1;
            } else {
                assert_no_answer(&asked("127.0.0.1", outer), line);
            }
        }
        assert_eq!(seen, served.len(), "{options:?}: {published}");
        assert_answers_inside(engine, &name);
        engine.remove(&name);
    }
}

fn inside_without_the_token(engine: &Engine) {
    let name = engine.name("target");
    let loopback = "net.ipv6.conf.lo.disable_ipv6=0";
    engine.start(Way::Refresh, &["--name", &name, "--sysctl", loopback, image(), "sleep", "600"]);
    let expected = "token 200 keys\nno token 403 nothing\nempty token 403 nothing\nwrong token 403 nothing\n\
                    longer token 403 nothing\nhalf a token 403 nothing\nbearer 403 nothing\nbelow 404 nothing\n\
                    root 404 nothing\nquery 404 nothing\nPOST 405 nothing\nPUT 405 nothing\n::1 refused\n\
                    own address refused";
    for user in ["root", "tester", "4321:4321"] {
        let seen = engine.cli_ok(&["exec", "--user", user, &name, "python3", "-c", INSIDE]);
        assert_eq!(seen, expected, "{user}");
    }
}

/// Where others are in the same namespace, the token alone keeps them out, and that is said.
fn in_a_shared_namespace(engine: &Engine) {
    let (other, name) = (engine.name("other"), engine.name("target"));
    engine.start(Way::Plain, &["--name", &other, image(), "sleep", "600"]);
    let address = engine.address_of(&other, default_network(engine));
    for mode in ["host".to_owned(), format!("container:{other}")] {
        let outcome = engine.refresh(&["--name", &name, "--network", &mode, image(), "sleep", "600"]);
        let who = if mode == "host" { "the engine's host" } else { "that network" };
        let warning = format!(
            "credrun: warning: `--network {mode}`: every program on {who} can connect to the endpoint of the credentials, \
             which its token alone guards
"
        );
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, warning.as_str()), "{outcome:?}");
        let port = endpoint_port(engine, &name);
        let from_there = match mode.as_str() {
            "host" => asked("127.0.0.1", &port),
            _ => {
                engine.cli_ok(&["exec", &other, "python3", "-c", FROM_OUTSIDE, &format!("127.0.0.1:{port}")])
            }
        };
        assert!(from_there.contains("HTTP/1.1 403"), "{mode}: {from_there}");
        // Only its loopback.
        assert_no_answer(&asked(&address, &port), "from the host");
        assert_answers_inside(engine, &name);
        engine.remove(&name);
    }
}

/// Neither the agent's files nor an image that is made of the target.
#[test]
fn what_is_copied_of_the_containers_holds_no_secret() {
    let engine = Engine::docker();
    let name = engine.name("target");
    let agent = engine.start(Way::Refresh, &["--name", &name, "--network=none", image(), "sleep", "600"]);
    for arguments in [&["export", &agent][..], &["cp", &format!("{agent}:/"), "-"]] {
        let output = engine.cli(arguments);
        // The program itself is there.
        assert!(output.status.success() && output.stdout.len() > 100_000, "{arguments:?}: {output:?}");
        assert_no_secret(&String::from_utf8_lossy(&output.stdout), "the agent's files");
    }
    let committed = format!("localhost/{name}");
    docker_ok(&["commit", &name, &committed]);
    let shown = [
        &["image", "inspect", &committed][..],
        &["image", "history", "--no-trunc", &committed],
        &["diff", &name],
    ];
    let shown = shown.map(|arguments| String::from_utf8_lossy(&engine.cli(arguments).stdout).into_owned());
    docker_ok(&["image", "rm", &committed]);
    assert!(shown[0].contains("127.0.0.1:31001"), "it was made of the target: {}", shown[0]);
    assert_no_secret(&shown.concat(), "an image of the target");
}

macro_rules! on_both_engines {
    ($($check:ident),*) => {
        mod on_docker {
            $(#[test] fn $check() { super::$check(&super::Engine::docker()); })*
        }
        mod on_podman {
            $(#[test] fn $check() { super::$check(&super::Engine::podman()); })*
        }
    };
}
on_both_engines!(from_a_network, through_published_ports, inside_without_the_token, in_a_shared_namespace);

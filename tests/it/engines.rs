//! Engines elsewhere: over TLS, over ssh, by contexts. The second engine is a real one, in a network namespace of its
//! own, behind a real sshd; the docker CLI goes through the same.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;

use crate::harness::host::{BOTH, Host, Program, SESSION_TOKEN, image, required_variable};
use crate::harness::run::{Outcome, run, run_with_input};

const ADDRESS: &str = "198.18.213.2";

/// The second engine's folder, with its socket, its certificates and the configuration of ssh.
fn second(path: &str) -> PathBuf {
    PathBuf::from(required_variable("CREDRUN_TEST_SECOND")).join(path)
}

fn tcp() -> String {
    format!("tcp://{ADDRESS}:2376")
}

/// A host that reaches the second engine by TLS.
fn over_tls() -> Host {
    Host::new()
        .with("DOCKER_HOST", tcp())
        .with("DOCKER_TLS_VERIFY", "1")
        .with("DOCKER_CERT_PATH", second("certs/client"))
}

/// A host whose `ssh` has the configuration that knows the second engine. (ssh takes a user's own from the password
/// file's home, not from HOME.)
fn with_ssh(address: &str) -> Host {
    let host = Host::new().with("DOCKER_HOST", address);
    let bin = host.root().join("bin");
    std::fs::create_dir(&bin).expect("a directory");
    let ssh = bin.join("ssh");
    let real = real_ssh();
    let script = format!("#!/bin/sh\nexec {} -F {} \"$@\"\n", real.display(), second("ssh/config").display());
    std::fs::write(&ssh, script).expect("a file");
    std::fs::set_permissions(&ssh, PermissionsExt::from_mode(0o755)).expect("an executable");
    let path = std::env::var("PATH").expect("PATH");
    host.with("PATH", format!("{}:{path}", bin.display()))
}

fn real_ssh() -> PathBuf {
    let path = std::env::var_os("PATH").expect("PATH");
    let found = std::env::split_paths(&path).map(|folder| folder.join("ssh")).find(|ssh| ssh.exists());
    found.expect("no `ssh` on PATH: run `bash tests/run.sh`")
}

/// The main job: variables inside, exit code, stdin and stdout through the attached stream.
fn main_job_works(host: &Host, before: &[&str]) {
    for program in BOTH {
        let mut arguments = vec!["--network", "none", "-i", image()];
        arguments.extend(["sh", "-c", "cat; echo \"token ${AWS_SESSION_TOKEN-none}\"; hostname >&2; exit 7"]);
        let mut command = match (program, before) {
            (_, []) => host.command(program, &arguments),
            // docker has its own options before `run`.
            (Program::Docker, _) => host.tool("docker"),
            (Program::Credrun, _) => host.tool(env!("CARGO_BIN_EXE_credrun")),
        };
        if !before.is_empty() {
            command.args(before).args(["run", "--rm"]).args(&arguments);
        }
        let outcome = run_with_input(&mut command, b"over there\n");
        let token = if program == Program::Credrun { SESSION_TOKEN } else { "none" };
        assert_eq!(outcome.text(), format!("over there\ntoken {token}"), "{program:?} {outcome:?}");
        assert_eq!(outcome.code, 7, "{program:?} {outcome:?}");
        assert!(!outcome.stderr.trim().is_empty(), "{program:?} {outcome:?}");
    }
}

fn refused(host: &Host, arguments: &[&str]) -> Outcome {
    let mut command = host.tool(env!("CARGO_BIN_EXE_credrun"));
    run(command.args(arguments).stdin(Stdio::null()))
}

#[track_caller]
fn assert_says(outcome: &Outcome, code: i32, texts: &[&str]) {
    assert_eq!(outcome.code, code, "{outcome:?}");
    for text in texts {
        assert!(outcome.stderr.contains(text), "`{text}`: {outcome:?}");
    }
}

#[test]
fn over_tls_by_variables() {
    main_job_works(&over_tls(), &[]);
}

#[test]
fn over_tls_by_options() {
    let (address, certs) = (tcp(), second("certs/client"));
    let file = |name: &str| certs.join(name).display().to_string();
    let (ca, cert, key) = (file("ca.pem"), file("cert.pem"), file("key.pem"));
    let before = ["-H", &address, "--tlsverify", "--tlscacert", &ca, "--tlscert", &cert, "--tlskey", &key];
    main_job_works(&Host::new(), &before);
}

/// Podman takes no variable away for an entry without a value: a baked profile would win over the credentials.
#[test]
fn podman_keeps_the_image_s_own_variables_out() {
    let host = Host::new().with("DOCKER_HOST", required_variable("CREDRUN_TEST_PODMAN"));
    let outcome =
        run(&mut host.command(Program::Credrun, &["--network=none", "credrun-test:baked-env", "env"]));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.text().contains(SESSION_TOKEN), "{outcome:?}");
    assert!(!outcome.text().contains("baked"), "{outcome:?}");
}

#[test]
fn over_ssh() {
    main_job_works(&with_ssh("ssh://second"), &[]);
}

#[test]
fn over_ssh_to_a_socket_by_its_path() {
    let address = format!("ssh://second{}", second("docker.sock").display());
    main_job_works(&with_ssh(&address), &[]);
}

#[test]
fn nothing_of_ssh_is_left_behind() {
    let host = with_ssh("ssh://second");
    let outcome = run(&mut host.command(Program::Credrun, &["--network", "none", image(), "true"]));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let ours = host.root().join("bin/ssh").display().to_string();
    let left = run(std::process::Command::new("pgrep").args(["-f", &ours]));
    assert_eq!(left.text(), "", "{left:?}");
}

/// docker makes the contexts, and both programs use them: by option, variable and choice.
#[test]
fn by_contexts() {
    let host = with_ssh("").with("DOCKER_CONFIG", "docker-config");
    let create = |name: &str, endpoint: &str| {
        let made = run(host.tool("docker").args(["context", "create", name, "--docker", endpoint]));
        assert_eq!(made.code, 0, "{made:?}");
    };
    let file = |name: &str| second("certs/client").join(name).display().to_string();
    let (ca, cert, key) = (file("ca.pem"), file("cert.pem"), file("key.pem"));
    create("tls", &format!("host={},ca={ca},cert={cert},key={key}", tcp()));
    create("shell", "host=ssh://second");
    create("socket", &format!("host=unix://{}", second("docker.sock").display()));
    main_job_works(&host, &["--context", "tls"]);
    main_job_works(&host, &["-c", "shell"]);
    let chosen = run(host.tool("docker").args(["context", "use", "socket"]));
    assert_eq!(chosen.code, 0, "{chosen:?}");
    main_job_works(&host, &[]);
    let version = run(host.tool(env!("CARGO_BIN_EXE_credrun")).args(["version"]));
    assert!(version.text().contains(&second("docker.sock").display().to_string()), "{version:?}");
    main_job_works(&host.with("DOCKER_CONTEXT", "tls"), &[]);
}

#[test]
fn what_keeps_tls_from_working_is_said() {
    let address = tcp();
    let other = second("certs/other/ca.pem").display().to_string();
    let ours = second("certs/client/ca.pem").display().to_string();
    let bare = Host::new();
    let run = |options: &[&str]| refused(&bare, &[options, &["-H", &address, image()]].concat());
    assert_says(&run(&[]), 125, &["plain tcp", "--tlsverify"]);
    assert_says(&run(&["--tls", "--tlscacert", &ours]), 125, &["does not verify", "--tlsverify"]);
    assert_says(&run(&["--tlsverify", "--tlscacert", &other]), 125, &["UnknownIssuer", "ca.pem"]);
    assert_says(&run(&["--tlsverify", "--tlscacert", &ours]), 125, &["cert.pem and key.pem"]);
    assert_says(&run(&["--tlsverify"]), 1, &["ca.pem` cannot be read", "DOCKER_CERT_PATH"]);
    assert_says(&run(&["--allow-insecure-engine"]), 125, &["DOCKER_TLS_VERIFY=1"]);
}

#[test]
fn what_keeps_ssh_from_working_is_said() {
    for (address, texts) in [
        ("ssh://stranger", &["Permission denied", "ssh-add"][..]),
        ("ssh://unknown", &["Host key verification failed", "connect once"]),
        ("ssh://second/nonexistent.sock", &["/nonexistent.sock"]),
    ] {
        assert_says(
            &refused(&with_ssh(address), &[image()]),
            125,
            &[texts, &[address, "DOCKER_HOST"]].concat(),
        );
    }
}

#[test]
fn mistakes_about_engines_end_as_docker_s_do() {
    for (variables, arguments, texts) in [
        (&[][..], &["--context", "nope"][..], &["`nope`", "docker context ls"][..]),
        (&[("DOCKER_CONTEXT", "nope")], &[], &["`nope`", "DOCKER_CONTEXT"]),
        (&[], &["-H", "unix:///x", "--context", "y"], &["--host and --context"]),
        (&[], &["-H", "unix:///x", "-H", "unix:///y"], &["more than once"]),
        (&[], &["-H", "http://x"], &["`http://`"]),
        (&[("DOCKER_HOST", "unix:///nonexistent")], &[], &["unix:///nonexistent", "(DOCKER_HOST)"]),
        (&[("DOCKER_CUSTOM_HEADERS", "x")], &[], &["DOCKER_CUSTOM_HEADERS"]),
        (&[("DOCKER_API_VERSION", "1.99")], &[], &["1.99"]),
    ] {
        // No address of the test's own, but where the case has one.
        let host = variables
            .iter()
            .fold(Host::new().with("DOCKER_HOST", ""), |host, (name, value)| host.with(name, *value));
        let codes = ["docker", env!("CARGO_BIN_EXE_credrun")].map(|program| {
            let outcome = run(host.tool(program).args(arguments).args(["run", image()]));
            if program != "docker" {
                assert_says(&outcome, outcome.code, texts);
            }
            outcome.code
        });
        assert_eq!(codes[1], codes[0], "credrun and docker, {variables:?} {arguments:?}");
    }
}

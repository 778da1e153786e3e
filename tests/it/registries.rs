//! With which login a registry is asked: the header that the engine gets, compared with docker's.

mod ecr;

use std::os::unix::fs::PermissionsExt;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use rustix::process::{Pid, Signal, test_kill_process};
use serde_json::{Value, json};

use super::bodies::engine::FakeEngine;
use super::harness::host::{BOTH, Host, Program};
use super::harness::run::{Outcome, PATIENCE, eventually, run, start};

/// A password whose base64 differs between the two alphabets.
const PASSWORD: &str = "pw~~~>>>???é<&>";

/// A host with a Docker config, a folder of programs and an engine that writes down what it is asked.
struct Surroundings {
    host: Host,
    engine: FakeEngine,
}

impl Surroundings {
    fn new(config: &Value) -> Self {
        Self::of(Host::new(), config)
    }

    fn of(host: Host, config: &Value) -> Self {
        let programs = host.home().join("bin");
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").expect("PATH"));
        host.write(".docker/config.json", &config.to_string());
        let engine = FakeEngine::start(&host.root().join("engine.sock"), (1, 41), "linux");
        let address = format!("unix://{}", engine.socket().display());
        Self { host: host.with("PATH", path).with("DOCKER_HOST", address), engine }
    }

    /// A credential helper: `docker-credential-NAME`, a script of the shell.
    fn helper(self, name: &str, script: &str) -> Self {
        let path = format!("bin/docker-credential-{name}");
        self.host.write(&path, &format!("#!/bin/sh\n{script}\n"));
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.host.home().join(path), mode).expect("a file of the test");
        self
    }

    fn pull(&self, program: Program, image: &str) -> Outcome {
        run(&mut self.host.command(program, &["--pull=always", image]))
    }

    /// The header of the pull since the last call, decoded; `None` when nothing was pulled.
    fn header(&self) -> Option<Value> {
        let pull = self.engine.take().into_iter().find(|asked| asked.path.ends_with("/images/create"))?;
        let header = pull.headers.iter().find(|(name, _)| name == "x-registry-auth")?;
        let bytes = BASE64_URL_SAFE.decode(&header.1).expect("base64 of the URL-safe alphabet");
        Some(serde_json::from_slice(&bytes).expect("JSON"))
    }
}

fn auth(user: &str, password: &str) -> Value {
    json!({ "auth": BASE64_STANDARD.encode(format!("{user}:{password}")) })
}

/// Both programs send this header, and end alike (the engine refuses every pull).
fn both_send(surroundings: &Surroundings, image: &str, expected: &Value) {
    for program in BOTH {
        let outcome = surroundings.pull(program, image);
        assert_eq!(surroundings.header().as_ref(), Some(expected), "{program:?} {image}: {outcome:?}");
        assert_eq!(outcome.code, 125, "{program:?} {image}: {outcome:?}");
        assert!(!outcome.stderr.contains(PASSWORD), "{program:?}: {outcome:?}");
    }
}

#[test]
fn logins_of_the_config_are_docker_s() {
    let hub = "https://index.docker.io/v1/";
    let config = json!({"auths": {
        hub: auth("hub", PASSWORD),
        "r.example.com": auth("me", PASSWORD),
        "https://old.example.com/v1/": auth("old", "a:b"),
        "http://port.example.com:5000": auth("port", "x"),
        "plain.example.com": {"username": "u", "password": "p", "email": "u@example.com"},
        "identity.example.com": {"auth": BASE64_STANDARD.encode("u:"), "identitytoken": "id"},
        "bearer.example.com": {"registrytoken": "bearer"},
        "nul.example.com": auth("u", "p\0\0"),
    }});
    let surroundings = Surroundings::new(&config);
    let login = |user: &str, password: &str, key: &str| json!({"username": user, "password": password, "serveraddress": key});
    for (image, expected) in [
        ("busybox", login("hub", PASSWORD, hub)),
        ("docker.io/a/b", login("hub", PASSWORD, hub)),
        ("index.docker.io/a/b", login("hub", PASSWORD, hub)),
        ("r.example.com/a:b", login("me", PASSWORD, "r.example.com")),
        ("old.example.com/a", login("old", "a:b", "https://old.example.com/v1/")),
        ("port.example.com:5000/a", login("port", "x", "http://port.example.com:5000")),
        ("port.example.com/a", json!({})),
        (
            "plain.example.com/a",
            json!({"username": "u", "password": "p", "email": "u@example.com", "serveraddress": "plain.example.com"}),
        ),
        (
            "identity.example.com/a",
            json!({"username": "u", "identitytoken": "id", "serveraddress": "identity.example.com"}),
        ),
        ("bearer.example.com/a", json!({"registrytoken": "bearer", "serveraddress": "bearer.example.com"})),
        ("nul.example.com/a", login("u", "p", "nul.example.com")),
        ("nowhere.example.com/a", json!({})),
    ] {
        both_send(&surroundings, image, &expected);
    }
}

#[test]
fn helpers_are_asked_as_docker_asks_them() {
    let config = json!({
        "auths": {
            "r.example.com": {"email": "me@example.com"},
            "file.example.com": auth("file", "pw"),
        },
        "credsStore": "store",
        "credHelpers": {"own.example.com": "own", "token.example.com": "token", "file.example.com": ""},
    });
    let answer = |user: &str, secret: &str| {
        // The environment and the server's name get to it.
        format!(
            r#"[ "$1" = get ] && [ "$AWS_REGION" = eu-west-1 ] || exit 9; read -r server
printf '%s' '{{"ServerURL":"x","Username":"{user}","Secret":"{secret}"}}'; [ -n "$server" ]"#
        )
    };
    let store = format!(
        r#"server=$(cat); case $server in r.example.com) ;; *) echo credentials not found in native keychain; exit 1 ;; esac
printf '%s' '{{"Username":"kept","Secret":"{PASSWORD}"}}'"#
    );
    // `read` of the shell wants a line: docker sends none, so the script takes what came.
    let script = |user: &str, secret: &str| answer(user, secret).replace("read -r server", "server=$(cat)");
    let surroundings = Surroundings::new(&config)
        .helper("store", &store)
        .helper("own", &script("own", "own-pw"))
        .helper("token", &script("<token>", "identity"));
    for (image, expected) in [
        (
            "r.example.com/a",
            json!({"username": "kept", "password": PASSWORD, "email": "me@example.com", "serveraddress": "r.example.com"}),
        ),
        (
            "own.example.com/a",
            json!({"username": "own", "password": "own-pw", "serveraddress": "own.example.com"}),
        ),
        ("token.example.com/a", json!({"identitytoken": "identity", "serveraddress": "token.example.com"})),
        (
            "file.example.com/a",
            json!({"username": "file", "password": "pw", "serveraddress": "file.example.com"}),
        ),
        ("unknown.example.com/a", json!({})),
        ("busybox", json!({})),
    ] {
        both_send(&surroundings, image, &expected);
    }
}

#[test]
fn the_platform_s_store_is_found_when_nothing_is_configured() {
    let surroundings =
        Surroundings::new(&json!({})).helper("pass", r#"printf '{"Username":"from-pass","Secret":"x"}'"#);
    surroundings.host.write("bin/pass", "#!/bin/sh\n");
    let pass = surroundings.host.home().join("bin/pass");
    std::fs::set_permissions(pass, std::fs::Permissions::from_mode(0o755)).expect("a file of the test");
    let expected = json!({"username": "from-pass", "password": "x", "serveraddress": "r.example.com"});
    both_send(&surroundings, "r.example.com/a", &expected);
}

#[test]
fn a_helper_that_fails_ends_the_run_as_in_docker() {
    let config = json!({"credHelpers": {
        "a.example.com": "failing", "b.example.com": "missing", "c.example.com": "talking", "d.example.com": "odd",
    }});
    let surroundings = Surroundings::new(&config)
        .helper("failing", "cat >/dev/null; echo the keyring is locked; exit 1")
        .helper("talking", r#"cat >/dev/null; echo '{"Secret":"hush"}'; exit 1"#)
        .helper("odd", "cat >/dev/null; echo hush");
    for (image, code, told) in [
        ("a.example.com/a", 125, "the keyring is locked"),
        ("b.example.com/a", 127, "docker-credential-missing"),
        ("c.example.com/a", 125, ""),
        ("d.example.com/a", 125, ""),
    ] {
        for program in BOTH {
            let outcome = surroundings.pull(program, image);
            assert_eq!(outcome.code, code, "{program:?} {image}: {outcome:?}");
            assert!(outcome.stderr.contains(told), "{program:?} {image}: {outcome:?}");
            assert_eq!(surroundings.header(), None, "{program:?} {image}");
        }
        let outcome = surroundings.pull(Program::Credrun, image);
        assert!(
            outcome.stderr.contains("docker-credential-") && !outcome.stderr.contains("hush"),
            "{outcome:?}"
        );
    }
}

#[test]
fn an_entry_that_cannot_be_read_is_warned_of_and_goes_as_it_is() {
    let surroundings = Surroundings::new(&json!({"auths": {"r.example.com": {"auth": "!hush!"}}}));
    both_send(&surroundings, "r.example.com/a", &json!({"auth": "!hush!"}));
    let outcome = surroundings.pull(Program::Credrun, "r.example.com/a");
    assert!(outcome.stderr.contains("`auth` for `r.example.com`"), "{outcome:?}");
    assert!(!outcome.stderr.contains("hush"), "{outcome:?}");
}

#[test]
fn a_helper_that_hangs_ends_with_ctrl_c() {
    let surroundings = Surroundings::new(&json!({"credsStore": "hanging"}))
        .helper("hanging", r#"echo $$ >"$HOME/pid"; exec sleep 1000"#);
    let mut command = surroundings.host.command(Program::Credrun, &["--pull=always", "r.example.com/a"]);
    let running = start(command.stdin(std::process::Stdio::null()));
    let file = surroundings.host.home().join("pid");
    let pid = || std::fs::read_to_string(&file).ok()?.trim().parse().ok().and_then(Pid::from_raw);
    eventually(PATIENCE, "the helper runs", || pid().is_some());
    running.signal(Signal::INT);
    let outcome = running.outcome();
    assert_eq!(outcome.code, 130, "{outcome:?}");
    let pid = pid().expect("it was there");
    eventually(PATIENCE, "the helper is gone", || test_kill_process(pid).is_err());
}

//! What goes wrong: those who are asked repeat what they were sent, answer with half of it, and the user mistypes.

use super::engine::{self, Manner as Engine};
use super::marks::Marks;
use super::scenario::{quiet, traced};
use super::sources::{ALL, Source};
use super::stand_in::Manner;
use crate::harness::endpoint::{Answer, Endpoint, Keys, cloud_shell};
use crate::harness::host::Host;

/// The endpoint's ticket is the harness's own there, so its words hold what the marks are.
fn keys(marks: &Marks) -> Keys {
    Keys {
        access_key_id: "ASIAIOSFODNN7EXAMPLE".into(),
        secret_access_key: marks.key.clone(),
        session_token: marks.token.clone(),
    }
}

#[test]
fn services_that_repeat_what_they_were_sent() {
    for source in ALL.into_iter().filter(|source| !matches!(source, Source::Process | Source::Profile)) {
        for manner in [Manner::Repeats, Manner::Garbles, Manner::Breaks] {
            let marks = Marks::new();
            let host = traced(source.host(&marks, manner));
            let arguments = [&["whoami"], source.options()].concat();
            let outcome = quiet(&host, &marks, &arguments);
            assert_ne!(outcome.code, 0, "{source:?} {manner:?}: {outcome:?}");
            // Where words are shown at all, they were the stand-in's.
            if manner == Manner::Repeats && source == Source::RoleOfTheEndpoint {
                assert!(outcome.stderr.contains("you sent") && outcome.stderr.contains("**"), "{outcome:?}");
            }
        }
    }
}

#[test]
fn answers_of_an_endpoint_that_are_none() {
    let marks = Marks::new();
    let (good, keys) = (keys(&marks).body(600), keys(&marks));
    let html = Answer {
        headers: format!("Content-Type: text/html\r\nX-Key: {}\r\n", marks.key),
        ..Answer::ok(format!("<p>{good}"))
    };
    let redirect = Answer {
        headers: format!("Location: http://other.example/{}?{}\r\n", marks.key, marks.token),
        ..Answer::status("302 Found", good.clone())
    };
    let said = |code: &str| {
        let words = format!("{} and {}", marks.key, marks.token);
        serde_json::json!({ "Code": code, "Message": words, "SecretAccessKey": marks.key, "Token": marks.token })
    };
    for (what, answer) in [
        ("garbage", Answer::ok(format!("{good} {good}"))),
        ("half", Answer::ok(&good[..good.len() - 30])),
        ("cut", Answer { missing: 9, ..Answer::ok(good.clone()) }),
        ("expired", Answer::ok(keys.body(-60))),
        ("HTML", html),
        ("a redirect", redirect),
        ("403 with keys", Answer::status("403 Forbidden", good.clone())),
        ("403 that says them", Answer::status("403 Forbidden", said("Denied").to_string())),
        ("200 that says them", Answer::ok(said("Failed").to_string())),
        ("500 with keys", Answer::status("500 Oh no", good.clone())),
        (
            "keys of another type",
            Answer::ok(
                good.replace("\"Token\": \"", "\"Token\": [\"").replace("\",\n\t\"Exp", "\"],\n\t\"Exp"),
            ),
        ),
        (
            "an end that is a key",
            Answer::ok(good.replace("\"Expiration\": \"", &format!("\"Expiration\": \"{}", marks.key))),
        ),
        ("an id that no header holds", Answer::ok(good.replace("ASIA", "ASIA\\n"))),
    ] {
        let endpoint = Endpoint::answering(answer);
        let host = traced(cloud_shell(&endpoint.uri()));
        let outcome = quiet(&host, &marks, &["whoami"]);
        assert_eq!(outcome.code, 125, "{what}: {outcome:?}");
        assert!(endpoint.hits() > 0, "{what}: {outcome:?}");
    }
}

#[test]
fn files_and_programs_that_are_not_what_they_should_be() {
    let marks = Marks::new();
    let Marks { key, token, .. } = &marks;
    let process = |line: String| format!("[default]\ncredential_process = {line}\n");
    for (file, text) in [
        (".aws/credentials", format!("{key}\n")),
        (".aws/credentials", format!("[default]\naws_secret_access_key {key}\n")),
        (
            ".aws/credentials",
            format!(
                "[default]\naws_access_key_id = x\naws_secret_access_key = {key}\naws_secret_access_key = {key}\n"
            ),
        ),
        (".aws/credentials", format!("[default]\naws_access_key_id = x\naws_secret_access_key =\n  {key}\n")),
        (
            ".aws/credentials",
            format!(
                "[default]\naws_access_key_id = x\naws_secret_access_key = {key}\naws_session_token = {token}\n  {token}\n"
            ),
        ),
        (".aws/config", process(format!("sh -c 'echo {key}; echo {token} >&2; exit 3'"))),
        (
            ".aws/config",
            process(format!("sh -c 'echo {{\\\"Version\\\":1,\\\"SecretAccessKey\\\":\\\"{key}\\\"'")),
        ),
        (".aws/config", process(format!("sh -c 'echo {{\\\"Version\\\":\\\"{key}\\\"}}'"))),
        (".aws/config", process("sh -c 'exit 1".to_owned())),
    ] {
        let host = traced(
            Host::bare().with("AWS_REGION", "eu-west-1").with("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        );
        host.write(file, &text);
        let outcome = quiet(&host, &marks, &["whoami"]);
        assert_eq!(outcome.code, 125, "{text}: {outcome:?}");
    }
}

#[test]
fn engines_that_repeat_what_they_were_sent() {
    for manner in [Engine::Repeats, Engine::RepeatsThePull, Engine::Garbles, Engine::Breaks, Engine::Cuts] {
        for source in [Source::Endpoint, Source::Environment] {
            let marks = Marks::new();
            let host = traced(source.host(&marks, Manner::Gives));
            let docker_host = engine::start(&host.root().join("engine"), manner);
            let host = host.with("DOCKER_HOST", docker_host).with("DOCKER_CONFIG", "home/source");
            host.write(
                "source/config.json",
                &format!(r#"{{"auths":{{"https://index.docker.io/v1/":{{"auth":"{}"}}}}}}"#, basic(&marks)),
            );
            for options in [&[][..], &["-d"], &["--refresh"], &["--refresh", "-d"]] {
                let arguments = [options, &["--verbose", "leaks", "true"]].concat();
                let outcome = quiet(&host, &marks, &arguments);
                assert_eq!(outcome.code, 125, "{manner:?} {arguments:?}: {outcome:?}");
                if options.is_empty() && matches!(manner, Engine::Repeats | Engine::RepeatsThePull) {
                    assert!(outcome.stderr.contains("you sent"), "its words are shown: {outcome:?}");
                    assert!(outcome.stderr.contains("**"), "without what was sent: {outcome:?}");
                }
            }
        }
    }
}

fn basic(marks: &Marks) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(format!("me:{}", marks.source_key))
}

#[test]
fn no_engine_and_no_image() {
    let marks = Marks::new();
    let host = traced(Source::Endpoint.host(&marks, Manner::Gives));
    let outcome = quiet(&host, &marks, &["--pull", "never", "--verbose", "leaks-that-nobody-has", "true"]);
    assert_eq!(outcome.code, 125, "{outcome:?}");
    let nowhere = host.with("DOCKER_HOST", "unix:///nonexistent.sock");
    for arguments in [&["leaks"][..], &["--refresh", "leaks"], &["ps"], &["stop", "x"], &["version"]] {
        let outcome = quiet(&nowhere, &marks, arguments);
        assert_ne!(outcome.code, 0, "{arguments:?}: {outcome:?}");
    }
}

/// A word that holds a secret may be the user's own, and yet it is not shown to whoever reads the log of a job.
#[test]
fn lines_that_are_mistyped() {
    let marks = Marks::new();
    let host = traced(Source::Endpoint.host(&marks, Manner::Gives));
    let pair = format!("AWS_SECRET_ACCESS_KEY={}", marks.source_key);
    let glued = |before: &str| format!("{before}{pair}");
    host.write("source/env", &format!("A B={}\n", marks.source_key));
    let file = host.home().join("source/env").display().to_string();
    for arguments in [
        vec!["-e", &pair, "leaks"],
        vec!["--evn", &pair, "leaks"],
        vec![&glued("--env="), "leaks"],
        vec![&glued("--evn="), "leaks"],
        vec![&glued("-e="), "leaks"],
        vec![&glued("-ie"), "leaks"],
        vec![&glued("--"), "leaks"],
        vec!["--dry-run", "-e", &pair, "leaks"],
        vec!["--env-file", &file, "leaks"],
        vec!["--token-code", &marks.source_key, "leaks"],
        vec!["exec", "-e", &pair, "true"],
        vec!["export", &pair],
        vec!["version", &pair],
        vec![&pair, "leaks"],
    ] {
        let outcome = quiet(&host, &marks, &arguments);
        assert_ne!(outcome.code, 0, "{arguments:?}: {outcome:?}");
    }
}

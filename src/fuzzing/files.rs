//! Files of the user's: variables, Docker's configuration, AWS's.

use serde_json::Value;

use super::{MARK, assert_hushed};
use crate::docker_config::DockerConfig;
use crate::environment::Environment;
use crate::provider::{ini, words};
use crate::registry::{credential_helper, docker_login};
use crate::request::env_file;

/// `--env-file`: what comes out goes in again, and no cause shows a value.
pub(super) fn env_file(data: &[u8]) {
    let environment = Environment::from_iter([("HOSTV", "v"), ("EMPTY", "")]);
    match env_file::parse(data, &environment) {
        Ok(variables) => {
            assert!(variables.iter().all(|line| line.find('=').is_some_and(|at| at > 0)), "{variables:?}");
            // An end of a line in Windows' way is taken off once, and so is a byte order mark.
            let content = variables.join("\n");
            if !content.contains(['\r', '\u{feff}']) {
                assert_eq!(env_file::parse(content.as_bytes(), &environment), Ok(variables));
            }
        }
        Err(cause) if !has_mark(data) => {
            for last in ["A B=hush-hush", "A=hush-hush\u{0}", "a stray hush-hush"] {
                let more = [last.as_bytes(), b"\n", data].concat();
                if let Err(cause) = env_file::parse(&more, &environment) {
                    assert_hushed(&cause);
                }
            }
            assert!(cause.starts_with("line "), "{cause}");
        }
        Err(_) => {}
    }
}

/// `config.json`: headers, proxies, logins and what helpers answer are shown to nobody.
pub(super) fn docker_config(data: &[u8]) {
    match DockerConfig::parse(data) {
        Ok(config) => {
            let names = config.http_headers.keys().chain(config.proxies.keys());
            if !names.chain(&config.current_context).any(|name| name.contains(MARK)) {
                assert_hushed(&format!("{config:?}"));
            }
            for proxies in config.proxies.values() {
                assert_eq!(proxies.variables().count() % 2, 0);
            }
        }
        Err(cause) => assert_hushed(&cause),
    }
    let helpers = credential_helper::parse(data);
    if helpers.as_ref().is_some_and(|kept| !kept.username.contains(MARK)) {
        assert_hushed(&format!("{helpers:?}"));
    }
    let Ok(json) = serde_json::from_slice::<Value>(data) else { return };
    for server in ["https://index.docker.io/v1/", "registry.example", "127.0.0.1:5000"] {
        let found = docker_login::from_auths(&json, server);
        // Names and addresses may be shown.
        let auth = &found.auth;
        let shown = [&auth.username, &auth.email, &auth.server_address, &found.warning];
        if !shown.into_iter().flatten().any(|text| text.contains(MARK)) {
            assert_hushed(&format!("{found:?}"));
        }
    }
}

/// `~/.aws/config` and `credentials`: a defect has its line and shows nothing of it; what is read is shown to nobody.
pub(super) fn ini(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lines = 1 + text.chars().filter(|c| matches!(c, '\n' | '\r')).count();
    match ini::parse(text) {
        Ok(sections) => {
            for (name, section) in &sections {
                let _ = words::split(name);
                for (option, value) in section {
                    assert!(!option.is_empty() && *option == option.to_lowercase(), "{option:?}");
                    assert_hushed(&format!("{value:?}").replace(&nested_names(value), ""));
                }
            }
            let mut names: Vec<_> = sections.iter().map(|(name, _)| name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), sections.len(), "a section stands twice");
        }
        Err(defect) => assert!((1..=lines).contains(&defect.line), "{defect:?} of {lines} lines"),
    }
    shlex(text);
}

/// The names of nested settings are shown, as those of all settings are.
fn nested_names(value: &ini::Value) -> String {
    match value {
        ini::Value::Nested(nested) if nested.keys().any(|name| name.contains(MARK)) => format!("{value:?}"),
        _ => String::from("\u{0}"),
    }
}

/// A line of `credential_process`.
fn shlex(text: &str) {
    let Ok(read) = words::split(text) else { return };
    let quoted = read.iter().map(|word| format!("'{}'", word.replace('\'', r#"'"'"'"#)));
    let line = quoted.collect::<Vec<_>>().join(" ");
    assert_eq!(words::split(&line).as_ref(), Ok(&read), "{text:?} was written as {line:?}");
}

fn has_mark(data: &[u8]) -> bool {
    data.windows(MARK.len()).any(|window| window == MARK.as_bytes())
}

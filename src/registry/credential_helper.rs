//! `docker-credential-*`: programs that keep logins.
//!
//! Source: <https://github.com/docker/docker-credential-helpers>, `client/client.go`.

use std::io::ErrorKind as Io;
use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use zeroize::Zeroizing;

use super::docker_login::member;
use crate::credentials::Secret;
use crate::error::{Error, ErrorKind, Result};

/// What every helper answers for a registry that it does not know.
const NOT_FOUND: &str = "credentials not found in native keychain";

/// A user and a password, or the user `<token>` and an identity token.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) username: String,
    pub(crate) secret: Secret,
}

/// What the helper called `docker-credential-NAME` has for `server`; `None` when it has nothing.
///
/// Docker sets no time limit, since a helper may ask a person; when the future is dropped the helper is killed.
pub(super) async fn get(name: &str, server: &str) -> Result<Option<Kept>> {
    let program = format!("docker-credential-{name}");
    let output = ask(&program, "get", server).await.map_err(|error| failed_to_run(&program, &error))?;
    let (status, stdout) = (output.status, Zeroizing::new(output.stdout));
    if status.success() {
        return parse(&stdout).map(Some).ok_or_else(|| {
            error(ErrorKind::Engine, format!("the credential helper `{program}` did not answer with JSON"))
        });
    }
    let said = String::from_utf8_lossy(&stdout);
    if said.trim() == NOT_FOUND {
        return Ok(None);
    }
    let message = format!("the credential helper `{program}` failed ({status}){}", reason(&said));
    Err(error(ErrorKind::Engine, message)
        .hint(format!("`echo {server} | {program} get` should fail in the same way")))
}

/// The servers that the helper called `docker-credential-NAME` has logins for.
pub(super) async fn list(name: &str) -> Result<Vec<String>> {
    let program = format!("docker-credential-{name}");
    let output = ask(&program, "list", "").await.map_err(|error| failed_to_run(&program, &error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout);
        let message =
            format!("the credential helper `{program}` failed ({}){}", output.status, reason(&said));
        return Err(
            error(ErrorKind::Engine, message).hint(format!("`{program} list` should fail in the same way"))
        );
    }
    let json: Option<Value> = serde_json::from_slice(&output.stdout).ok();
    let servers = json.as_ref().and_then(Value::as_object).map(|servers| servers.keys().cloned().collect());
    servers.ok_or_else(|| {
        error(ErrorKind::Engine, format!("the credential helper `{program}` did not answer with JSON"))
    })
}

/// Its stderr is the user's, as it is docker's.
async fn ask(program: &str, action: &str, input: &str) -> std::io::Result<Output> {
    let mut child = Command::new(program)
        .arg(action)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that does not read its stdin says by its answer whether that matters.
        let _ = stdin.write_all(input.as_bytes()).await;
    }
    child.wait_with_output().await
}

/// A helper that fails says why on its stdout. What looks like its answer is not repeated: it is a password.
fn reason(said: &str) -> String {
    let line = said.trim().lines().next().unwrap_or_default();
    if line.is_empty() || said.contains(['{', '"']) {
        return String::new();
    }
    format!(": {}", line.chars().filter(|c| !c.is_control()).take(400).collect::<String>())
}

pub(crate) fn parse(stdout: &[u8]) -> Option<Kept> {
    let json: Value = serde_json::from_slice(stdout).ok()?;
    let text = |name| member(&json, name).and_then(Value::as_str).unwrap_or_default();
    json.is_object().then(|| Kept { username: text("Username").into(), secret: Secret::new(text("Secret")) })
}

/// docker takes the exit code of this from its text: 127 for a helper that is not there.
fn failed_to_run(program: &str, cause: &std::io::Error) -> Error {
    let kind = match cause.kind() {
        Io::NotFound => ErrorKind::CommandNotFound,
        Io::PermissionDenied => ErrorKind::CommandNotExecutable,
        _ => ErrorKind::Engine,
    };
    error(kind, format!("the credential helper `{program}` cannot be run: {cause}"))
        .hint("install it in a folder of `PATH`, or take it out of `credsStore` and `credHelpers`")
}

fn error(kind: ErrorKind, message: String) -> Error {
    Error::new(kind, message).context("no login could be had from the docker config")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_in_any_case_and_shown_to_nobody() {
        let kept = parse(br#"{"serverurl":"x","username":"me","Secret":"hush"}"#).expect("an answer");
        assert_eq!((kept.username.as_str(), kept.secret.expose()), ("me", "hush"));
        assert!(!format!("{kept:?}").contains("hush"));
        assert!(parse(b"[]").is_none() && parse(b"hush").is_none());
    }

    #[test]
    fn a_reason_is_told_and_an_answer_is_not() {
        assert_eq!(reason("gpg: no secret key\nmore"), ": gpg: no secret key");
        assert_eq!(reason(r#"{"Secret":"hush"}"#), "");
        assert_eq!(reason(""), "");
    }

    #[tokio::test]
    async fn one_that_is_not_there_is_docker_s_127() {
        let error = get("credrun-nowhere", "x").await.expect_err("not there");
        assert_eq!(error.kind(), ErrorKind::CommandNotFound);
        assert!(error.to_string().contains("`docker-credential-credrun-nowhere`"), "{error}");
    }
}

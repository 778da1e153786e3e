//! `credential_process`: a program that prints credentials
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>).
//!
//! Started as the AWS CLI starts it: the words of the line without a shell, which aws-config would put between.

pub(crate) mod circle;

use std::process::Stdio;

use serde::Deserialize;
use tokio::process::Command;
use zeroize::Zeroizing;

use super::{expiration, words};
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    version: Option<i64>,
    access_key_id: Option<String>,
    secret_access_key: Option<Zeroizing<String>>,
    session_token: Option<Zeroizing<String>>,
    expiration: Option<String>,
}

/// Runs the program of `profile`. It may wait for a person, so there is no limit to its time; what it writes to stderr
/// is not shown, since it may hold keys. One that asks credrun for the same profile again is stopped. `unattended`, it is
/// given no stdin: that is the container's by then.
///
/// # Errors
/// [`ErrorKind::Credentials`] when it cannot be started, fails, or prints something else.
pub(crate) async fn run(
    profile: &str,
    line: &str,
    unattended: bool,
    environment: &Environment,
) -> Result<Credentials> {
    let fail = |cause: String| {
        Error::new(ErrorKind::Credentials, format!("the credential_process of profile `{profile}`: {cause}"))
            .hint("run the profile's `credential_process` by hand to see what it says")
    };
    let way = circle::enter(profile, line, environment)?;
    let words =
        words::split(line).map_err(|cause| fail(format!("the line cannot be split into words: {cause}")))?;
    if words.is_empty() {
        return Err(fail("the line is empty".into()));
    }
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).envs(environment.variables()).env(circle::VARIABLE, way).kill_on_drop(true);
    let stdin = if unattended { Stdio::null() } else { Stdio::inherit() };
    let output = command.stdin(stdin).stderr(Stdio::piped()).output().await;
    let output = output.map_err(|error| fail(format!("`{}` cannot be started: {error}", words[0])))?;
    let (stdout, stderr) = (Zeroizing::new(output.stdout), Zeroizing::new(output.stderr));
    let fail = |cause| if circle::is_told(&stderr) { circle::found(profile) } else { fail(cause) };
    if !output.status.success() {
        return Err(fail(format!(
            "`{}` ended with {}; what it wrote to stderr is not shown here",
            words[0], output.status
        )));
    }
    answer(&stdout, profile).map_err(fail)
}

/// The credentials in what it printed, or why there are none.
pub(crate) fn answer(stdout: &[u8], profile: &str) -> Result<Credentials, String> {
    let answer: Answer = serde_json::from_slice(stdout)
        .map_err(|_| "it printed something else than the JSON that is asked for")?;
    match answer.version {
        Some(1) => {}
        Some(other) => return Err(format!("`Version` is {other}, and 1 is the only one there is")),
        None => return Err("the field `Version` is missing".into()),
    }
    let id = answer.access_key_id.ok_or("the field `AccessKeyId` is missing")?;
    let key = answer.secret_access_key.ok_or("the field `SecretAccessKey` is missing")?;
    let end = match answer.expiration.as_deref() {
        Some(text) => Some(
            expiration::parse(text)
                .ok_or("the field `Expiration` is not a time as ISO 8601 has it, with its zone")?,
        ),
        None => None,
    };
    let token = answer.session_token.as_ref().filter(|token| !token.is_empty());
    Ok(Credentials::new(
        id,
        Secret::new(key.as_str()),
        token.map(|token| Secret::new(token.as_str())),
        end,
        format!("profile `{profile}` (process)"),
    ))
}

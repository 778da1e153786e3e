//! `sts:GetSessionToken`, `sts:GetFederationToken`: temporary credentials for the keys of an IAM user.

use aws_sdk_sts::error::ProvideErrorMetadata;
use time::OffsetDateTime;

use super::assume_role::{arns, tags};
use super::explain::{self, Operation};
use super::limits::{self, Lengths, OF_A_USER};
use super::session_policy::SessionPolicy;
use super::sts::{Sts, given};
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::region;
use crate::request::AwsOptions;

/// What a session that was got without MFA cannot do, when the command looks as if it would
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>).
pub(crate) fn falls_short(credentials: &Credentials, command: &[String]) -> Option<String> {
    let exchanged = credentials.chain().first().is_some_and(|step| step == SESSION_TOKEN);
    let federated = credentials.chain().first().is_some_and(|step| step.starts_with(FEDERATION_TOKEN));
    if !exchanged && !federated {
        return None;
    }
    let at = command.iter().position(|word| matches!(word.as_str(), "iam" | "sts"))?;
    let (word, operation) = (&command[at], command.get(at + 1).map_or("", String::as_str));
    let (what, but) = if exchanged {
        ("a session token for long-term keys", "AssumeRole and GetCallerIdentity")
    } else {
        ("a federation token", "GetCallerIdentity")
    };
    let allowed = operation == "get-caller-identity" || exchanged && operation == "assume-role";
    if word == "sts" && allowed {
        return None;
    }
    Some(format!(
        "the command names `{word}`: the credentials are {what}, which can call neither IAM nor STS (but for {but}); \
         a role (`--role-arn`) can"
    ))
}

const SESSION_TOKEN: &str = "a session token";
const FEDERATION_TOKEN: &str = "a federation token";

/// Temporary credentials for the long-term keys `base`: with an MFA code, a session that is signed in.
///
/// # Errors
/// [`ErrorKind::Credentials`] when STS cannot be reached or refuses, with what that can mean.
pub(crate) async fn session_token(
    base: &Credentials,
    mfa: Option<(&str, Secret)>,
    length: Option<i32>,
    options: &AwsOptions,
    environment: &Environment,
) -> Result<Credentials> {
    let sts = connect(base, options, environment).await?;
    let (serial, code) = mfa.unzip();
    let request = sts
        .client
        .get_session_token()
        .set_duration_seconds(length)
        .set_serial_number(serial.map(str::to_owned))
        .set_token_code(code.as_ref().map(|code| code.expose().to_owned()));
    let doing = format!("getting a session token at {} with {}", sts.place, base.principal_source());
    let asked = Operation::SessionToken { mfa: serial.is_some() };
    let refused = |error| sts.scrubbed(explain::call(asked, &doing, &error).into(), code.as_ref());
    let answer = request.send().await.map_err(refused).map_err(Error::from)?;
    let source = match serial {
        Some(serial) => format!("a session with MFA device {serial}"),
        None => SESSION_TOKEN.to_owned(),
    };
    Ok(given(answer.credentials(), &doing, source)?.after(base))
}

/// A session that may do what the user may and the session policy allows.
///
/// # Errors
/// [`ErrorKind::Usage`] without a session policy and for credentials that are no long-term keys;
/// [`ErrorKind::Credentials`] as [`session_token`] has it.
pub(crate) async fn federation_token(
    name: &str,
    base: &Credentials,
    options: &AwsOptions,
    environment: &Environment,
) -> Result<Credentials> {
    let policy = federation_policy(base, options, environment).await?;
    let sts = connect(base, options, environment).await?;
    let request = sts
        .client
        .get_federation_token()
        .name(name)
        .set_duration_seconds(length(options, &policy)?)
        .set_policy(policy.document.clone())
        .set_policy_arns(arns(&policy))
        .set_tags(tags(&options.tags));
    let doing = format!("getting a federation token at {} with {}", sts.place, base.principal_source());
    let answer = request.send().await.map_err(|error| {
        let told = explain::call(Operation::FederationToken, &doing, &error);
        let told = Error::from(sts.scrubbed(told.into(), None));
        limits::name_until(told, error.code(), &policy, options.duration_seconds.is_some())
    })?;
    let got = given(answer.credentials(), &doing, format!("{FEDERATION_TOKEN} (name {name})"))?;
    Ok(got.narrowed(true).until(policy.end).after(base))
}

/// What a federated session is narrowed to.
///
/// # Errors
/// [`ErrorKind::Usage`] without a session policy and for credentials that are no long-term keys.
pub(crate) async fn federation_policy(
    base: &Credentials,
    options: &AwsOptions,
    environment: &Environment,
) -> Result<SessionPolicy> {
    if base.is_temporary() {
        return Err(Error::usage(format!(
            "`--federation-name` takes an IAM user's long-term keys, and {} gave temporary ones",
            base.principal_source()
        ))
        .hint("name a role with `--role-arn` to narrow them; `credrun role-template` makes one"));
    }
    let region = region::resolve(options, environment).await;
    let partition = region.as_deref().map_or("aws", region::partition);
    let policy = SessionPolicy::of(&options.narrowing, partition, OffsetDateTime::now_utc())?;
    if policy.is_empty() {
        return Err(no_policy());
    }
    Ok(policy)
}

fn no_policy() -> Error {
    Error::usage("`--federation-name` without a session policy gives a session that may do nothing")
        .hint("say what it may do: `--allow`, `--read-only-access`, `--policy`; `--allow '*'` is all that the user may")
}

/// In seconds, of a user's session: what was asked for, else what `--until` needs.
pub(crate) fn length(options: &AwsOptions, policy: &SessionPolicy) -> Result<Option<i32>> {
    match options.duration_seconds.as_deref() {
        Some(seconds) => limits::duration(seconds, Lengths::User).map(Some),
        None => limits::until(policy, OF_A_USER, OffsetDateTime::now_utc()),
    }
}

async fn connect(base: &Credentials, options: &AwsOptions, environment: &Environment) -> Result<Sts> {
    Sts::connect(Some(base), "aws", options, environment).await
}

/// The error for a session policy where there is nothing that takes one.
pub(crate) fn nothing_to_narrow(option: &str, base: &Credentials) -> Error {
    let message = format!(
        "`{option}` narrows the session of a role, and the credentials from {} are none that credrun asks for",
        base.principal_source()
    );
    let error = Error::new(ErrorKind::Usage, message).hint(
        "name a role with `--role-arn`; `credrun role-template` prints the CloudFormation template of one",
    );
    if base.is_temporary() {
        return error;
    }
    error.hint("or call GetFederationToken with these long-term keys: `--federation-name NAME`")
}

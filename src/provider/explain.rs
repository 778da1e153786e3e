//! What STS's refusals mean, in words, and errors of the SDK with nothing secret in them.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::error::{Error, ErrorKind};

/// What was asked of STS: the same code means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// `AssumeRole`.
    AssumeRole {
        /// What of MFA the caller showed.
        mfa: Mfa,
    },
    /// `AssumeRoleWithWebIdentity`.
    WebIdentity,
    /// `GetSessionToken`.
    SessionToken {
        /// With a code of an MFA device.
        mfa: bool,
    },
    /// `GetFederationToken`.
    FederationToken,
    /// `GetCallerIdentity`.
    CallerIdentity,
}

/// How the caller of a role is signed in with an MFA device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mfa {
    /// Not that we know.
    None,
    /// By a code that goes with the call.
    Code,
    /// By a session that a code bought in this run.
    Session,
    /// By a session that a code bought in an earlier one.
    Kept,
}

/// STS said no.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// In words.
    pub(crate) error: Error,
    /// Whether the credentials that asked are none any longer: a session that ended or was revoked.
    pub(crate) stale: bool,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error, stale: false }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        refusal.error
    }
}

/// Why `doing` failed, from an error of the SDK and its causes.
pub(crate) fn sdk(doing: &str, error: &(dyn StdError + 'static)) -> Error {
    Error::new(ErrorKind::Credentials, format!("{doing}: {}", causes(error)))
}

/// Why a call to STS failed.
pub(crate) fn call<E>(asked: Operation, doing: &str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let refusal = match error {
        SdkError::ServiceError(refusal) => refusal,
        SdkError::ResponseError(_) => return broken(doing, &causes(error)),
        _ => return unreached(doing, &causes(error)),
    };
    let code = refusal.err().code().unwrap_or("an error without a code");
    let message =
        refusal.err().message().map(|message| format!(": {}", first_line(message))).unwrap_or_default();
    let status = refusal.raw().status().as_u16();
    let error =
        Error::new(ErrorKind::Credentials, format!("{doing}: STS answered {code} (HTTP {status}){message}"));
    if refusal.err().code().is_none() {
        return error.hint(nameless(status));
    }
    hints(asked, code, refusal.raw().headers().get("date")).into_iter().fold(error, Error::hint)
}

/// STS's own refusals have a code.
fn nameless(status: u16) -> &'static str {
    match status {
        500.. => "STS, or a proxy before it, is in trouble: try again in a minute",
        _ => {
            "something other than STS may answer there: check `AWS_ENDPOINT_URL` if it is set, `HTTPS_PROXY` and `NO_PROXY`"
        }
    }
}

fn broken(doing: &str, cause: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("{doing}: STS's answer is broken: {cause}"))
        .hint("try again in a minute; check the network, `HTTPS_PROXY`, and `AWS_ENDPOINT_URL` if it is set")
}

fn unreached(doing: &str, cause: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("{doing}: STS cannot be reached: {cause}"))
        .hint("check the region (`--region`), the network, `HTTPS_PROXY` and `NO_PROXY`, and `AWS_ENDPOINT_URL` if it is set")
        .hint("for a certificate that is not trusted, point `AWS_CA_BUNDLE` at the PEM file of its root")
}

/// The same, where the credentials that ask may be ones that were kept for too long.
pub(crate) fn refusal<E>(asked: Operation, doing: &str, error: &SdkError<E, HttpResponse>) -> Refusal
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    Refusal { error: call(asked, doing, error), stale: code.is_some_and(is_stale) }
}

fn is_stale(code: &str) -> bool {
    EXPIRED.contains(&code) || UNKNOWN.contains(&code)
}

const EXPIRED: [&str; 2] = ["ExpiredToken", "ExpiredTokenException"];
const UNKNOWN: [&str; 2] = ["InvalidClientTokenId", "UnrecognizedClientException"];

/// What a refusal by a policy can mean.
fn denied(asked: Operation) -> &'static [&'static str] {
    match asked {
        Operation::AssumeRole { mfa: Mfa::Code } => &[
            "STS does not tell which of these it is:",
            "- the MFA code is wrong, or was used before: each code is good once, wait for the next",
            "- the role's trust policy does not name the caller, or the caller's own policies do not allow sts:AssumeRole on this role",
            "- the trust policy asks for another external id (`--external-id`), or for none",
            "- there is no such role: check account and name, path included",
        ],
        Operation::AssumeRole { mfa: Mfa::Session } => &[
            "STS does not tell which of these it is:",
            "- the role's trust policy does not name the user, who is signed in with MFA",
            "- the user's own policies, a permissions boundary or an SCP do not allow sts:AssumeRole on this role",
            "- the trust policy asks for another external id (`--external-id`), or for none",
            "- there is no such role: check account and name, path included",
        ],
        Operation::AssumeRole { mfa: Mfa::Kept } => &[
            "STS does not tell which of these it is:",
            "- the role's trust policy does not name the user, who is signed in with MFA by a session that was kept",
            "- a policy asks for a sign-in that is not as old (`aws:MultiFactorAuthAge`): `credrun logout` forgets the session, and the next run asks for a code",
            "- the user's own policies, a permissions boundary or an SCP do not allow sts:AssumeRole on this role",
            "- the trust policy asks for another external id (`--external-id`), or for none",
            "- there is no such role: check account and name, path included",
        ],
        Operation::AssumeRole { mfa: Mfa::None } => &[
            "STS does not tell which of these it is:",
            "- the role's trust policy does not name the caller (`credrun whoami` shows who that is)",
            "- the caller's own policies, a permissions boundary or an SCP do not allow sts:AssumeRole on this role",
            "- the trust policy asks for another external id (`--external-id`), or for none",
            "- the trust policy asks for MFA, which the caller's session does not have (`--serial-number`)",
            "- there is no such role: check account and name, path included",
        ],
        Operation::WebIdentity => &[
            "the role's trust policy does not name the token's identity provider, audience (`aud`) or subject (`sub`); or there is no such role",
        ],
        Operation::SessionToken { mfa: true } => &[
            "the MFA code is wrong, or was used before: each code is good once, wait for the next",
            "or the device is not the one that IAM knows for the user: compare `--serial-number` (`mfa_serial`) with `aws iam list-mfa-devices`",
        ],
        Operation::SessionToken { mfa: false } => &[
            "long-term keys are exchanged for temporary ones by sts:GetSessionToken, which something denies to this user",
            "name a role with `--role-arn`, or hand the keys over as they are with `--allow-long-term-keys`",
        ],
        Operation::FederationToken => &[
            "the user's policies have to allow sts:GetFederationToken; a role (`--role-arn`) can be narrowed, too",
        ],
        Operation::CallerIdentity => &[],
    }
}

fn hints(asked: Operation, code: &str, server_date: Option<&str>) -> Vec<String> {
    let fixed: &[&str] = match code {
        "AccessDenied" | "AccessDeniedException" => denied(asked),
        _ if EXPIRED.contains(&code) => &[
            "the credentials that ask have expired: get new ones (`aws sso login`, `aws login`, a new CloudShell tab; `credrun logout` forgets those that credrun keeps)",
        ],
        _ if UNKNOWN.contains(&code) => &[
            "AWS does not know the access key: it was deleted, is mistyped, belongs to another partition, or its session token is missing",
            "a region that is not enabled for the account answers like this, too: try `--region us-east-1`",
        ],
        "SignatureDoesNotMatch" | "RequestTimeTooSkewed" | "RequestExpired" => {
            return vec![
                "the secret access key is not the access key's own, or a clock is wrong".into(),
                clocks(server_date),
            ];
        }
        "RegionDisabledException" => &[
            "STS is not activated for the account in this region: name another with `--region`, or have an administrator activate it (IAM console, account settings)",
        ],
        "MalformedPolicyDocument" | "MalformedPolicyDocumentException" | "MalformedPolicy" => &[
            "the session policy (`--policy`, `--allow`) is not what IAM takes: check it with `aws accessanalyzer validate-policy`",
        ],
        "PackedPolicyTooLarge" | "PackedPolicyTooLargeException" => &[
            "session policies and tags are packed into the session token, and are too large for it: the percentage that STS tells is of what it has room for",
            "shorten `--policy` and `--allow` (`s3:Get*` for many actions, one resource for many), name managed policies with `--policy-arns`, or leave tags out",
        ],
        "ValidationError" | "ValidationException" if matches!(asked, Operation::SessionToken { .. }) => {
            &["the MFA device's serial number or the code has a form that STS does not take"]
        }
        "ValidationError" | "ValidationException" => &[
            "most often the duration: `--duration-seconds` (or `--until`) may not exceed the role's maximum session duration (3600 unless raised)",
            "a role assumed from another role (CloudShell's, SSO's or an instance's credentials often are one) lasts 3600 seconds at most",
        ],
        "InvalidIdentityToken" => &[
            "the web identity token is not one that the role's identity provider vouches for, or it is damaged",
        ],
        "IDPCommunicationError" => &["STS could not ask the identity provider: try again"],
        "Throttling" | "ThrottlingException" => &["too many calls: try again in a few seconds"],
        _ => &[],
    };
    fixed.iter().map(|&hint| hint.to_owned()).collect()
}

/// Both clocks, when the server told its own.
fn clocks(server_date: Option<&str>) -> String {
    let now = OffsetDateTime::now_utc();
    let here = now.format(&Rfc2822).unwrap_or_default();
    let server =
        server_date.and_then(|date| OffsetDateTime::parse(&date.replace("GMT", "+0000"), &Rfc2822).ok());
    match server {
        Some(server) => format!(
            "this machine's clock says {here}, AWS's {}: they differ by {} seconds, and 300 is the most that is accepted",
            server.format(&Rfc2822).unwrap_or_default(),
            (now - server).whole_seconds().abs()
        ),
        None => format!("this machine's clock says {here}: compare it with another one"),
    }
}

/// The texts of an error and its causes, each once, without what could be secret.
pub(crate) fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut cause = Some(error);
    while let Some(current) = cause {
        // The SDK's outer layers say no more than that something failed.
        if current.is::<CredentialsError>() && current.source().is_some() {
            cause = current.source();
            continue;
        }
        let text = without_output(&current.to_string());
        if !texts.iter().any(|seen| seen.contains(&text)) {
            texts.push(text);
        }
        cause = current.source();
    }
    texts.join(": ")
}

/// aws-config reports a failed credential_process with all it wrote to stderr, and an answer that it cannot
/// parse with pieces of it. Both may hold keys; there is no type to tell these errors by, only their text.
fn without_output(text: &str) -> String {
    if let Some((before, _)) = text.split_once("Stderr:") {
        return format!("{} what it wrote to stderr is not shown here", before.trim_end());
    }
    let Some((before, detail)) = text.split_once("could not parse response:") else {
        return first_line(text);
    };
    let missing = detail.trim_start().starts_with("Expected field");
    let detail =
        if missing { first_line(detail.trim_start()) } else { "it is not the JSON that is asked for".into() };
    format!("{before}could not parse response: {detail}")
}

/// A service's message can go on with the canonical request, headers and all: its first line is enough.
pub(crate) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(400).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_credential_process_wrote_is_not_shown() {
        for (text, kept) in [
            ("external process exited with code exit status: 3. Stderr: MARK", "code exit status: 3."),
            (
                "from external process, could not parse response: invalid JSON in response: MARK",
                "not the JSON",
            ),
            (
                "from external process, could not parse response: Expected field `SecretAccessKey` in response but it was missing",
                "`SecretAccessKey`",
            ),
            ("The signature does not match\nx-amz-security-token:MARK", "does not match"),
        ] {
            let shown = without_output(text);
            assert!(shown.contains(kept) && !shown.contains("MARK"), "{shown}");
        }
    }

    const ASSUME: Operation = Operation::AssumeRole { mfa: Mfa::None };

    #[test]
    fn who_is_signed_in_with_mfa_is_not_told_to_do_so() {
        for (mfa, device, age, code) in [
            (Mfa::None, true, false, false),
            (Mfa::Code, false, false, true),
            (Mfa::Session, false, false, false),
            (Mfa::Kept, false, true, false),
        ] {
            let said = hints(Operation::AssumeRole { mfa }, "AccessDenied", None).join("\n");
            let says = |part: &str| said.contains(part);
            let told =
                (says("asks for MFA"), says("`aws:MultiFactorAuthAge`"), says("the MFA code is wrong"));
            assert_eq!(told, (device, age, code), "{mfa:?}: {said}");
            assert!(says("external id") && says("no such role"), "{mfa:?}: {said}");
        }
    }

    #[test]
    fn what_makes_a_session_stale() {
        for (code, expected) in [
            ("ExpiredToken", true),
            ("ExpiredTokenException", true),
            ("InvalidClientTokenId", true),
            ("UnrecognizedClientException", true),
            ("AccessDenied", false),
            ("SignatureDoesNotMatch", false),
            ("Throttling", false),
        ] {
            assert_eq!(is_stale(code), expected, "{code}");
        }
    }

    #[test]
    fn every_code_of_the_table_says_what_to_do() {
        for code in [
            "AccessDenied",
            "ExpiredToken",
            "InvalidClientTokenId",
            "SignatureDoesNotMatch",
            "RegionDisabledException",
            "MalformedPolicyDocument",
            "PackedPolicyTooLarge",
            "ValidationError",
            "InvalidIdentityToken",
        ] {
            assert!(!hints(ASSUME, code, None).is_empty(), "{code}");
        }
        let skewed = hints(ASSUME, "SignatureDoesNotMatch", Some("Thu, 10 Oct 2024 08:44:18 GMT")).join("\n");
        assert!(skewed.contains("10 Oct 2024 08:44:18") && skewed.contains("they differ by"), "{skewed}");
    }
}

//! `sts:AssumeRole`, `sts:AssumeRoleWithWebIdentity`: the sessions of roles.

use std::error::Error as StdError;

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::types::{PolicyDescriptorType, Tag};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use time::OffsetDateTime;
use time::macros::format_description;

use super::explain::{self, Mfa, Operation, Refusal};
use super::limits::{self, CHAINED, Lengths, OF_A_CHAIN, OF_A_ROLE};
use super::mfa;
use super::session_policy::SessionPolicy;
use super::sts::{Sts, given, partition_of};
use crate::cli::values::tag;
use crate::credentials::{Credentials, LimitCause, Secret};
use crate::environment::Environment;
use crate::error::Result;
use crate::request::{AwsOptions, Narrowing};

/// A role's session to ask for, in the words of `aws sts assume-role`.
#[derive(Debug, Clone, Default)]
pub(crate) struct RoleSession {
    pub(crate) role_arn: String,
    pub(crate) role_session_name: Option<String>,
    pub(crate) duration_seconds: Option<i32>,
    pub(crate) external_id: Option<String>,
    pub(crate) source_identity: Option<String>,
    pub(crate) tags: Vec<tag::Tag>,
    pub(crate) transitive_tag_keys: Vec<String>,
    pub(crate) serial_number: Option<String>,
    pub(crate) narrowing: Narrowing,
    /// What else names it: the profile that asks for it.
    pub(crate) on_behalf: Option<String>,
}

impl RoleSession {
    /// The last session before the container: it is narrowed, and as long as the options say.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Usage`] for a length that no role's session has.
    pub(crate) fn last(mut self, options: &AwsOptions) -> Result<Self> {
        let asked = options.duration_seconds.as_deref();
        if let Some(seconds) = asked.map(|value| limits::duration(value, Lengths::Role)).transpose()? {
            self.duration_seconds = Some(seconds);
        }
        self.narrowing = options.narrowing.clone();
        Ok(self)
    }

    fn session_name(&self) -> String {
        self.role_session_name.clone().unwrap_or_else(|| default_session_name(OffsetDateTime::now_utc()))
    }

    fn source(&self, session: &str) -> String {
        match &self.on_behalf {
            Some(profile) => format!("role {} (session {session}; {profile})", self.role_arn),
            None => format!("role {} (session {session})", self.role_arn),
        }
    }

    /// Checks the length before anybody is asked for a code.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Usage`] for one that AWS does not give to a role that is assumed from a role.
    pub(crate) fn check_length(&self, from_a_role: bool) -> Result<()> {
        let policy =
            SessionPolicy::of(&self.narrowing, partition_of(&self.role_arn), OffsetDateTime::now_utc())?;
        self.length(&policy, from_a_role).map(drop)
    }

    /// In seconds: what was asked for, else what `--until` needs.
    fn length(&self, policy: &SessionPolicy, from_a_role: bool) -> Result<Option<i32>> {
        match self.duration_seconds {
            Some(seconds) if from_a_role && i64::from(seconds) > CHAINED => {
                Err(limits::chained_too_long(&format!("a session of {seconds} seconds is asked for")))
            }
            // The option was checked before; this is a profile's.
            Some(seconds) if seconds > 43200 => Err(limits::too_long(seconds)),
            Some(seconds) => Ok(Some(seconds)),
            None => {
                let longest = if from_a_role { OF_A_CHAIN } else { OF_A_ROLE };
                limits::until(policy, longest, OffsetDateTime::now_utc())
            }
        }
    }

    /// Why STS refused.
    fn refused<E>(
        &self,
        asked: Operation,
        doing: &str,
        policy: &SessionPolicy,
        error: &SdkError<E, HttpResponse>,
    ) -> Refusal
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let refusal = explain::refusal(asked, doing, error);
        let told = limits::name_until(refusal.error, error.code(), policy, self.duration_seconds.is_some());
        Refusal { error: told, ..refusal }
    }
}

/// The session's name when none is given: it tells this program and the time in CloudTrail.
pub(crate) fn default_session_name(now: OffsetDateTime) -> String {
    let form = format_description!("credrun-[year][month][day]T[hour][minute][second]Z");
    now.to_offset(time::UtcOffset::UTC).format(form).unwrap_or_else(|_| "credrun".into())
}

/// Assumes the role with the credentials `base`. An IAM user's MFA code is given for a session of the user first,
/// which the next run finds again; the role is assumed from there.
///
/// # Errors
/// [`crate::error::ErrorKind::Credentials`] when STS cannot be reached or refuses, with what that can mean.
pub(crate) async fn assume(
    role: &RoleSession,
    base: &Credentials,
    options: &AwsOptions,
    environment: &Environment,
) -> Result<Credentials> {
    if let Some(region) = crate::region::resolve(options, environment).await {
        limits::check_partition(&role.role_arn, &region)?;
    }
    role.check_length(base.is_role_session())?;
    let Some(serial) = &role.serial_number else {
        return Ok(ask(role, base, None, Mfa::None, options, environment).await?);
    };
    options.device.comes_up();
    if base.is_temporary() {
        let code = mfa::code(serial, options).await?;
        return Ok(ask(role, base, Some((serial, code)), Mfa::Code, options, environment).await?);
    }
    let session = mfa::session(serial, base, None, options, environment).await?.limited(LimitCause::Mfa);
    let mfa = if session.kept_as().is_some() { Mfa::Kept } else { Mfa::Session };
    match ask(role, &session, None, mfa, options, environment).await {
        Err(refusal) if mfa::forgotten(&session, &refusal) => {
            let anew = mfa::session(serial, base, None, options, environment).await?.limited(LimitCause::Mfa);
            Ok(ask(role, &anew, None, Mfa::Session, options, environment).await?)
        }
        answer => Ok(answer?),
    }
}

/// The call itself, with the code of a device where one goes with it.
async fn ask(
    role: &RoleSession,
    base: &Credentials,
    code: Option<(&str, Secret)>,
    mfa: Mfa,
    options: &AwsOptions,
    environment: &Environment,
) -> Result<Credentials, Refusal> {
    let partition = partition_of(&role.role_arn);
    let policy = SessionPolicy::of(&role.narrowing, partition, OffsetDateTime::now_utc())?;
    let length = role.length(&policy, base.is_role_session())?;
    let (serial, code) = code.unzip();
    let sts = Sts::connect(Some(base), partition, options, environment).await?;
    let session = role.session_name();
    let request = sts
        .client
        .assume_role()
        .role_arn(&role.role_arn)
        .role_session_name(&session)
        .set_duration_seconds(length)
        .set_external_id(role.external_id.clone())
        .set_source_identity(role.source_identity.clone())
        .set_tags(tags(&role.tags))
        .set_transitive_tag_keys(some(&role.transitive_tag_keys))
        .set_serial_number(serial.map(str::to_owned))
        .set_token_code(code.as_ref().map(|code| code.expose().to_owned()))
        .set_policy(policy.document.clone())
        .set_policy_arns(arns(&policy));
    let doing =
        format!("assuming role `{}` at {} with {}", role.role_arn, sts.place, base.principal_source());
    let asked = Operation::AssumeRole { mfa };
    let refused = |error| sts.scrubbed(role.refused(asked, &doing, &policy, &error), code.as_ref());
    let answer = request.send().await.map_err(refused)?;
    let got = given(answer.credentials(), &doing, role.source(&session))?;
    // Nothing is kept of a code that goes with the role's own call.
    let got = if serial.is_some() { got.limited(LimitCause::Mfa) } else { got };
    Ok(got.of_a_role().narrowed(!policy.is_empty()).until(policy.end).after(base))
}

/// Assumes the role with a web identity token.
///
/// # Errors
/// As [`assume`].
pub(crate) async fn assume_with_web_identity(
    role: &RoleSession,
    token: &Secret,
    token_source: &str,
    options: &AwsOptions,
    environment: &Environment,
) -> Result<Credentials> {
    let partition = partition_of(&role.role_arn);
    let policy = SessionPolicy::of(&role.narrowing, partition, OffsetDateTime::now_utc())?;
    let sts = Sts::connect(None, partition, options, environment).await?;
    let session = role.session_name();
    let request = sts
        .client
        .assume_role_with_web_identity()
        .role_arn(&role.role_arn)
        .role_session_name(&session)
        .web_identity_token(token.expose())
        .set_duration_seconds(role.length(&policy, false)?)
        .set_policy(policy.document.clone())
        .set_policy_arns(arns(&policy));
    let doing = format!("assuming role `{}` at {} with the {token_source}", role.role_arn, sts.place);
    let asked = Operation::WebIdentity;
    let refused = |error| sts.scrubbed(role.refused(asked, &doing, &policy, &error), Some(token));
    let answer = request.send().await.map_err(refused)?;
    let source = format!("{}, from the {token_source}", role.source(&session));
    let got = given(answer.credentials(), &doing, source)?;
    Ok(got.of_a_role().narrowed(!policy.is_empty()).until(policy.end))
}

/// The SDK's form of session tags. The keys and values were checked where they were read.
pub(crate) fn tags(tags: &[tag::Tag]) -> Option<Vec<Tag>> {
    let tags: Vec<_> =
        tags.iter().filter_map(|tag| Tag::builder().key(&tag.key).value(&tag.value).build().ok()).collect();
    (!tags.is_empty()).then_some(tags)
}

/// The SDK's form of the managed policies.
pub(crate) fn arns(policy: &SessionPolicy) -> Option<Vec<PolicyDescriptorType>> {
    let arns: Vec<_> =
        policy.arns.iter().map(|arn| PolicyDescriptorType::builder().arn(arn).build()).collect();
    (!arns.is_empty()).then_some(arns)
}

fn some(list: &[String]) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn the_default_session_name_is_a_utc_time() {
        assert_eq!(default_session_name(datetime!(2026-01-01 13:00:00 +1)), "credrun-20260101T120000Z");
    }

    #[test]
    fn a_profile_s_own_length_is_named_as_such() {
        let role = RoleSession { duration_seconds: Some(50_000), ..RoleSession::default() };
        let told = role.check_length(false).expect_err("too long").to_string();
        assert!(told.contains("`duration_seconds` is 50000") && !told.contains("--"), "{told}");
    }
}

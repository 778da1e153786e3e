//! MFA: the code, from the option or from the terminal, and the session that it buys.

use std::collections::HashMap;
use std::sync::Mutex;

use time::OffsetDateTime;

use super::explain::Refusal;
use super::prompt::{self, Answer};
use super::sts::Sts;
use super::{keychain, limits, unattended, user_session};
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::request::AwsOptions;

/// The sessions of this process, by their names in the keychain: whoever needs one twice is asked once.
static SESSIONS: Mutex<Option<HashMap<String, Known>>> = Mutex::new(None);

/// What this process knows of a session.
#[derive(Debug, Clone)]
enum Known {
    /// It bought it.
    Session(Box<Credentials>),
    /// An earlier run kept it, and STS no longer takes it.
    Stale,
}

/// A session of the IAM user whose long-term keys `base` are, signed in with this device: kept from an earlier run, or
/// a new one, for which the code is asked. `length` is in seconds; `None` leaves it to STS (12 hours). One of another
/// length is another session.
///
/// # Errors
/// [`ErrorKind::Credentials`] when there is no code or STS refuses it.
pub(crate) async fn session(
    serial: &str,
    base: &Credentials,
    length: Option<i32>,
    options: &AwsOptions,
    environment: &Environment,
) -> Result<Credentials> {
    let sts = Sts::connect(Some(base), "aws", options, environment).await?;
    let name = name(serial, base, length, sts.endpoint.as_deref());
    let known = remembered(&name);
    let stale = matches!(known, Some(Known::Stale));
    // A pull or a long run may outlast it.
    if let Some(Known::Session(known)) = known
        && known.expiration().is_none_or(|end| end > OffsetDateTime::now_utc())
    {
        return Ok(*known);
    }
    if !options.no_cache
        && !stale
        && let Some(kept) = keychain::load(&name)
    {
        return Ok(kept.after(base));
    }
    let code = asked(serial, stale, options).await;
    let code = if stale { code.map_err(|error| error.context(refused(serial)))? } else { code? };
    let session =
        user_session::session_token(base, Some((serial, code)), length, options, environment).await?;
    remember(&name, Known::Session(Box::new(session.clone())));
    if !options.no_cache {
        keychain::store(&name, &session);
    }
    Ok(session)
}

/// Sessions with the same name can stand for one another: the same user and device, the same length, the same STS.
fn name(serial: &str, base: &Credentials, length: Option<i32>, endpoint: Option<&str>) -> String {
    let length = length.map(|seconds| seconds.to_string()).unwrap_or_default();
    keychain::name(&[base.access_key_id(), serial, endpoint.unwrap_or_default(), &length])
}

/// Whether `session` was kept by an earlier run and STS no longer takes it. Then it is forgotten, and [`session`] asks
/// for a code.
pub(crate) fn forgotten(session: &Credentials, refusal: &Refusal) -> bool {
    match session.kept_as() {
        Some(name) if refusal.stale => {
            keychain::forget(name);
            remember(name, Known::Stale);
            true
        }
        _ => false,
    }
}

fn remembered(name: &str) -> Option<Known> {
    SESSIONS.lock().ok()?.as_ref()?.get(name).cloned()
}

fn remember(name: &str, session: Known) {
    if let Ok(mut sessions) = SESSIONS.lock() {
        sessions.get_or_insert_with(HashMap::new).insert(name.to_owned(), session);
    }
}

fn refused(serial: &str) -> String {
    format!("STS no longer takes the session that was kept for MFA device `{serial}`, and it is forgotten")
}

/// What the device shows: `--token-code`, or what is typed at the terminal. Never read from stdin, which is the
/// container's.
///
/// # Errors
/// [`ErrorKind::Credentials`] without a terminal, without an answer and while nobody attends, [`ErrorKind::Usage`] for what
/// is no code.
pub(crate) async fn code(serial: &str, options: &AwsOptions) -> Result<Secret> {
    asked(serial, false, options).await
}

/// The same; who was not asked at first is told why.
async fn asked(serial: &str, stale: bool, options: &AwsOptions) -> Result<Secret> {
    if options.unattended {
        return Err(unattended::needs_a_person(serial));
    }
    if let Some(code) = &options.token_code
        && options.device.spend_code()
    {
        return Ok(code.clone());
    }
    let why = match &options.token_code {
        _ if stale => format!("{}.\n", refused(serial)),
        Some(_) => "The code of `--token-code` has been used, and each is good once.\n".to_owned(),
        None => String::new(),
    };
    match prompt::ask(&format!("{why}Enter MFA code for {serial}: ")).await {
        Answer::Typed(typed) => {
            let code = Secret::new(typed.expose().trim());
            limits::check_token_code("the MFA code", code.expose())?;
            Ok(code)
        }
        Answer::Ended => Err(no_code(serial, "the input ended before there was one")),
        Answer::NoTerminal if prompt::BUILT => Err(no_code(serial, "there is no terminal to type it at")),
        Answer::NoTerminal => Err(no_code(serial, "credrun has no prompt for it on this system")),
    }
}

fn no_code(serial: &str, cause: &str) -> Error {
    let message = format!("MFA device `{serial}` is asked for its code, and {cause}");
    Error::new(ErrorKind::Credentials, message)
        .hint("give the code with `--token-code 123456`; each is good once, so that one does not serve two sign-ins")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(id: &str) -> Credentials {
        Credentials::new(id, Secret::new("MARK"), None, None, "test")
    }

    #[test]
    fn sessions_that_cannot_stand_for_one_another_have_names_of_their_own() {
        let (serial, id) = ("arn:aws:iam::123456789012:mfa/alice", "AKIAIOSFODNN7EXAMPLE");
        let other_serial = "arn:aws:iam::123456789012:mfa/bob";
        let names: std::collections::BTreeSet<_> = [
            (serial, id, None, None),
            (other_serial, id, None, None),
            (serial, "AKIAI44QH8DHBEXAMPLE", None, None),
            (serial, id, Some(900), None),
            (serial, id, Some(3600), None),
            (serial, id, None, Some("http://127.0.0.1:1")),
            (serial, id, None, Some("http://127.0.0.1:2")),
        ]
        .map(|(serial, id, length, endpoint)| name(serial, &keys(id), length, endpoint))
        .into();
        assert_eq!(names.len(), 7);
        assert_eq!(name(serial, &keys(id), None, None), name(serial, &keys(id), None, None));
    }

    #[test]
    fn only_what_was_kept_and_is_stale_is_forgotten() {
        let refusal = |stale| Refusal { error: Error::new(ErrorKind::Credentials, "no"), stale };
        let kept = keys("ASIAIOSFODNN7EXAMPLE").kept("the-name-of-no-entry");
        for (session, stale, expected) in [
            (keys("ASIAIOSFODNN7EXAMPLE"), true, false),
            (kept.clone(), false, false),
            (kept.clone(), true, true),
        ] {
            assert_eq!(forgotten(&session, &refusal(stale)), expected, "{session:?} {stale}");
        }
        assert!(matches!(remembered("the-name-of-no-entry"), Some(Known::Stale)));
    }

    #[tokio::test]
    async fn a_session_that_has_ended_is_not_handed_out_again() {
        let serial = "arn:aws:iam::123456789012:mfa/a-session-that-has-ended";
        let base = keys("AKIAIOSFODNN7EXAMPLE");
        // Nobody is there to be asked for a code.
        let options = AwsOptions { unattended: true, no_cache: true, ..AwsOptions::default() };
        let environment = [("AWS_REGION", "eu-west-1")].into_iter().collect();
        let name = name(serial, &base, None, None);
        for (minutes, expected) in [(5, true), (-5, false)] {
            let end = OffsetDateTime::now_utc() + time::Duration::minutes(minutes);
            let bought = Credentials::new("ASIAIOSFODNN7EXAMPLE", Secret::new("s"), None, Some(end), "test");
            remember(&name, Known::Session(Box::new(bought)));
            assert_eq!(
                session(serial, &base, None, &options, &environment).await.is_ok(),
                expected,
                "{minutes}"
            );
        }
    }

    #[tokio::test]
    async fn the_code_of_the_option_is_used_once() {
        let options = AwsOptions { token_code: Some(Secret::new("123456")), ..AwsOptions::default() };
        let given = code("arn:aws:iam::123456789012:mfa/alice", &options.clone()).await.expect("the code");
        assert_eq!(given.expose(), "123456");
        assert!(!options.device.spend_code());
    }
}

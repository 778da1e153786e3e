//! MFA: the code, from the option or from the terminal, and the session that it buys.

use std::collections::HashMap;
use std::sync::Mutex;

use super::{keychain, limits, prompt, unattended, user_session};
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::request::AwsOptions;

/// The sessions of this process: whoever needs one twice is asked once.
static SESSIONS: Mutex<Option<HashMap<String, Credentials>>> = Mutex::new(None);

/// A session of the IAM user whose long-term keys `base` are, signed in with this device: kept from an earlier run, or
/// a new one, for which the code is asked.
///
/// # Errors
/// [`ErrorKind::Credentials`] when there is no code or STS refuses it.
pub(crate) async fn session(
    serial: &str,
    base: &Credentials,
    options: &AwsOptions,
    environment: &Environment,
) -> Result<Credentials> {
    let endpoint = environment.get("AWS_ENDPOINT_URL").unwrap_or_default();
    let name = keychain::name(&[base.access_key_id(), serial, endpoint]);
    if let Some(known) = remembered(&name) {
        return Ok(known);
    }
    if !options.no_cache
        && let Some(kept) = keychain::load(&name)
    {
        return Ok(kept.after(base));
    }
    let code = code(serial, options).await?;
    let session = user_session::session_token(base, Some((serial, code)), None, options, environment).await?;
    remember(&name, &session);
    if !options.no_cache {
        keychain::store(&name, &session);
    }
    Ok(session)
}

fn remembered(name: &str) -> Option<Credentials> {
    SESSIONS.lock().ok()?.as_ref()?.get(name).cloned()
}

fn remember(name: &str, session: &Credentials) {
    if let Ok(mut sessions) = SESSIONS.lock() {
        sessions.get_or_insert_with(HashMap::new).insert(name.to_owned(), session.clone());
    }
}

/// What the device shows: `--token-code`, or what is typed at the terminal. Never read from stdin, which is the
/// container's.
///
/// # Errors
/// [`ErrorKind::Credentials`] without a terminal and while nobody attends, [`ErrorKind::Usage`] for what is no code.
pub(crate) async fn code(serial: &str, options: &AwsOptions) -> Result<Secret> {
    if options.unattended {
        return Err(unattended::needs_a_person(serial));
    }
    if let Some(code) = &options.token_code {
        return Ok(code.clone());
    }
    let typed = prompt::ask(&format!("Enter MFA code for {serial}: ")).await;
    let Some(typed) = typed else {
        return Err(Error::new(
            ErrorKind::Credentials,
            format!("MFA device `{serial}` is asked for its code, and there is no terminal to type it at"),
        )
        .hint("give the code with `--token-code 123456`"));
    };
    let code = Secret::new(typed.expose().trim());
    limits::check_token_code("MFA code", code.expose())?;
    Ok(code)
}

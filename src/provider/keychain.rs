//! Sessions that cost a prompt, in the system's keychain: Keychain on macOS, the Credential Manager on Windows, the
//! kernel's keyring on Linux, where it needs no desktop and is gone with a reboot. Never in a file.
//!
//! A keychain that does not work is no failure: the user is asked again.

use std::sync::Once;

use keyring::Entry;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use zeroize::{Zeroize, Zeroizing};

use crate::credentials::{Credentials, Secret};
use crate::error::{Error, ErrorKind, Result};

const SERVICE: &str = "credrun";
/// The entry that lists the others: keychains cannot be listed alike.
const INDEX: &str = "sessions";
/// A session with less left is not worth to be used: it would end under the container.
const LEAST: Duration = Duration::minutes(15);

/// A session as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expiration: String,
    source: String,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.secret_access_key.zeroize();
        self.session_token.zeroize();
    }
}

/// The entry's name for a session that was got with these: nobody reads them from it.
pub(crate) fn name(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The session of this name, when there is one that lives on for a while.
pub(crate) fn load(name: &str) -> Option<Credentials> {
    let text = Zeroizing::new(entry(name).ok()?.get_password().ok()?);
    let kept: Kept = serde_json::from_str(&text).ok()?;
    let end = OffsetDateTime::parse(&kept.expiration, &Rfc3339).ok()?;
    if end - OffsetDateTime::now_utc() < LEAST {
        return None;
    }
    Some(Credentials::new(
        &kept.access_key_id,
        Secret::new(&kept.secret_access_key),
        Some(Secret::new(&kept.session_token)),
        Some(end),
        &kept.source,
    ))
}

/// Keeps a session; what keeps it from being kept is told in the log alone.
pub(crate) fn store(name: &str, session: &Credentials) {
    let (Some(token), Some(expiration)) = (session.session_token(), session.expiration_iso8601()) else {
        return;
    };
    let kept = Kept {
        access_key_id: session.access_key_id().to_owned(),
        secret_access_key: session.secret_access_key().expose().to_owned(),
        session_token: token.expose().to_owned(),
        expiration,
        source: session.chain().first().cloned().unwrap_or_default(),
    };
    let Ok(text) = serde_json::to_string(&kept).map(Zeroizing::new) else { return };
    let stored = entry(name).and_then(|entry| entry.set_password(&text));
    let stored = stored.and_then(|()| {
        let mut names = names();
        names.retain(|known| known != name);
        names.push(name.to_owned());
        entry(INDEX)?.set_password(&names.join(" "))
    });
    if let Err(error) = stored {
        tracing::info!("the session is not kept: the system's keychain does not take it: {error}");
    }
}

/// Forgets all sessions; how many there were.
///
/// # Errors
/// [`ErrorKind::Credentials`] when the keychain does not give one up.
pub fn forget_all() -> Result<usize> {
    let names = names();
    for name in &names {
        remove(name)?;
    }
    remove(INDEX)?;
    Ok(names.len())
}

fn remove(name: &str) -> Result<()> {
    match entry(name).and_then(|entry| entry.delete_credential()) {
        // What has no keychain keeps nothing in it.
        Ok(()) | Err(keyring::Error::NoEntry | keyring::Error::NoStorageAccess(_)) => Ok(()),
        Err(error) => Err(Error::new(
            ErrorKind::Credentials,
            format!("the system's keychain does not give the session up: {error}"),
        )
        .hint("remove what is called `credrun` in it by hand (`keyctl show @s` on Linux, Keychain Access on macOS)")),
    }
}

fn names() -> Vec<String> {
    let text = entry(INDEX).and_then(|entry| entry.get_password()).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

fn entry(name: &str) -> keyring::Result<Entry> {
    // A process without a session keyring of its own (cron, a container's shell) gets one, with the user's persistent
    // keyring in it, while keyring 3.6 makes its first entry, which still looks at the keyring from before.
    static FIRST: Once = Once::new();
    FIRST.call_once(|| drop(Entry::new(SERVICE, INDEX)));
    Entry::new(SERVICE, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_nothing_and_differ() {
        let one = name(&["AKIAIOSFODNN7EXAMPLE", "arn:aws:iam::123456789012:mfa/alice"]);
        assert!(one.len() == 64 && !one.contains("AKIA"));
        assert_ne!(one, name(&["AKIAIOSFODNN7EXAMPLEa", "rn:aws:iam::123456789012:mfa/alice"]));
    }
}

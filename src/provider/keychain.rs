//! Sessions that cost a prompt, in the system's keychain: Keychain on macOS, the Credential Manager on Windows, the
//! kernel's keyring on Linux, where it needs no desktop and is gone with a reboot. Never in a file.
//!
//! A keychain that does not work is no failure: the user is asked again.

mod index;
mod lock;

use std::sync::Once;

use keyring::Entry;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use zeroize::{Zeroize, Zeroizing};

use self::index::{Index, Store};
use crate::credentials::{Credentials, Secret};
use crate::error::{Error, ErrorKind, Result};

const SERVICE: &str = "credrun";
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
    let text = System.get(name).ok()??;
    let end = end(&text)?;
    if end - OffsetDateTime::now_utc() < LEAST {
        return None;
    }
    let kept: Kept = serde_json::from_slice(&text).ok()?;
    let session = Credentials::new(
        &kept.access_key_id,
        Secret::new(&kept.secret_access_key),
        Some(Secret::new(&kept.session_token)),
        Some(end),
        &kept.source,
    );
    Some(session.kept(name))
}

/// When the session that is kept as this text ends.
fn end(text: &[u8]) -> Option<OffsetDateTime> {
    let kept: Kept = serde_json::from_slice(text).ok()?;
    OffsetDateTime::parse(&kept.expiration, &Rfc3339).ok()
}

fn lives(text: &[u8]) -> bool {
    end(text).is_some_and(|end| end > OffsetDateTime::now_utc())
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
    let Ok(text) = serde_json::to_vec(&kept).map(Zeroizing::new) else { return };
    if let Err(error) = Index::of(&System).add(name, &text, lives) {
        tracing::info!("the session is not kept: the system's keychain does not take it: {error}");
    }
}

/// Forgets the session of this name; one that cannot be is told in the log alone.
pub(crate) fn forget(name: &str) {
    if let Err(error) = Index::of(&System).remove(name) {
        tracing::info!("the session stays in the system's keychain: {error}");
    }
}

/// Forgets all sessions; how many there were.
///
/// # Errors
/// [`ErrorKind::Credentials`] when the keychain does not give one up.
pub fn forget_all() -> Result<usize> {
    match Index::of(&System).remove_all() {
        // What has no keychain keeps nothing in it.
        Err(keyring::Error::NoStorageAccess(_)) => Ok(0),
        forgotten => forgotten.map_err(|error| {
            Error::new(
                ErrorKind::Credentials,
                format!("the system's keychain does not give the sessions up: {error}"),
            )
            .hint("remove what is called `credrun` in it by hand (`keyctl show @s` on Linux, Keychain Access on macOS)")
        }),
    }
}

/// The keychain of this system.
struct System;

impl Store for System {
    fn get(&self, name: &str) -> keyring::Result<Option<Zeroizing<Vec<u8>>>> {
        let entry = entry(name)?;
        let got = match entry.get_secret() {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        };
        for_all_sessions(&entry);
        got
    }

    fn set(&self, name: &str, text: &[u8]) -> keyring::Result<()> {
        let entry = entry(name)?;
        entry.set_secret(text)?;
        for_all_sessions(&entry);
        Ok(())
    }

    fn remove(&self, name: &str) -> keyring::Result<bool> {
        match entry(name)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(keyring::Error::NoEntry) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn entry(name: &str) -> keyring::Result<Entry> {
    // A process without a session keyring of its own (cron, a container's shell) gets one, with the user's persistent
    // keyring in it, while keyring 3.6 makes its first entry, which still looks at the keyring from before.
    static FIRST: Once = Once::new();
    FIRST.call_once(|| drop(Entry::new(SERVICE, index::NAME)));
    Entry::new(SERVICE, name)
}

/// keyring 3.6 keeps a key in the login session's keyring, too, which is searched first: what another login session
/// changes or forgets would go unseen here. Where the user has a persistent keyring, that alone keeps it.
#[cfg(target_os = "linux")]
fn for_all_sessions(entry: &Entry) {
    let credential = entry.get_credential().downcast_ref::<keyring::keyutils::KeyutilsCredential>();
    let Some(credential) = credential else { return };
    let key = credential.persistent.and_then(|keyring| keyring.search(&credential.description).ok());
    if let Some(key) = key {
        // It may have been in one alone.
        let _ = credential.session.unlink_key(key);
    }
}

#[cfg(not(target_os = "linux"))]
fn for_all_sessions(_: &Entry) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_nothing_and_differ() {
        let one = name(&["AKIAIOSFODNN7EXAMPLE", "arn:aws:iam::123456789012:mfa/alice"]);
        assert!(one.len() == 64 && !one.contains("AKIA"));
        assert_ne!(one, name(&["AKIAIOSFODNN7EXAMPLEa", "rn:aws:iam::123456789012:mfa/alice"]));
    }

    #[test]
    fn what_has_ended_is_no_session() {
        let kept = |expiration: &str| {
            let kept = Kept {
                access_key_id: "ASIAIOSFODNN7EXAMPLE".into(),
                secret_access_key: "MARK".into(),
                session_token: "MARK".into(),
                expiration: expiration.into(),
                source: "test".into(),
            };
            serde_json::to_vec(&kept).expect("JSON")
        };
        for (text, expected) in [
            (kept("2090-01-01T00:00:00Z"), true),
            (kept("2020-01-01T00:00:00Z"), false),
            (kept("tomorrow"), false),
            (b"of another version".to_vec(), false),
        ] {
            assert_eq!(lives(&text), expected);
        }
    }
}

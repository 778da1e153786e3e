//! Credentials anew while nobody attends: what the start got with a person's help is not asked for again.

use std::fmt;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::{CredentialProvider, ProvideError, provide};
use crate::credentials::Credentials;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind};
use crate::request::AwsOptions;

/// Provides as [`provide`] does, and asks nobody: an MFA code is typed, or given by `--token-code`, at the start
/// only. Roles are assumed anew from the session that the code bought, as long as that lives; of the profile files
/// and the keychain each call sees what they hold then, so that a sign-in elsewhere helps.
#[derive(Debug, Clone)]
pub struct Unattended {
    options: AwsOptions,
    environment: Environment,
}

impl Unattended {
    /// For a run that began at `now` (UTC) with `options`: a length of `--until` ends at the same moment for every
    /// session, and a code that was given with them has been used.
    #[must_use]
    pub fn new(options: &AwsOptions, environment: &Environment, now: OffsetDateTime) -> Self {
        let mut options = options.clone();
        options.narrowing.settle(now);
        options.token_code = None;
        options.unattended = true;
        Self { options, environment: environment.clone() }
    }
}

#[async_trait]
impl CredentialProvider for Unattended {
    fn name(&self) -> String {
        "credentials fetched anew".into()
    }

    /// # Errors
    /// [`ProvideError::Failed`], as [`provide`] has it; where a person would be asked, one of which
    /// [`is_for_a_person`] is true.
    async fn provide(&self) -> Result<Credentials, ProvideError> {
        Ok(provide(&self.options, &self.environment).await?)
    }
}

/// That somebody would have to type a code.
#[derive(Debug)]
struct NeedsAPerson {
    device: String,
}

impl fmt::Display for NeedsAPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "MFA device `{}` would be asked for another code, which is done at the start only",
            self.device
        )
    }
}

impl std::error::Error for NeedsAPerson {}

/// The error for a code that is needed while nobody attends.
pub(super) fn needs_a_person(device: &str) -> Error {
    Error::caused(ErrorKind::Credentials, NeedsAPerson { device: device.to_owned() })
        .hint("start the container anew, with a new code")
}

/// Whether a source failed because somebody would have to type a code.
#[must_use]
pub fn is_for_a_person(error: &ProvideError) -> bool {
    matches!(error, ProvideError::Failed(error) if error.caused_by::<NeedsAPerson>().is_some())
}

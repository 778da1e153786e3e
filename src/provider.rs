//! Sources of credentials.
//!
//! Whatever can answer "who is this shell, for AWS" implements [`CredentialProvider`]. This part of the
//! program knows AWS and nothing of containers.

use std::fmt;

use async_trait::async_trait;

use crate::credentials::Credentials;
use crate::error::Error;

/// Why a provider gave no credentials.
#[derive(Debug)]
pub enum ProvideError {
    /// This source is not configured here: the chain tries the next one. The text says what was looked
    /// for and not found (`AWS_ACCESS_KEY_ID is not set`).
    NotConfigured(String),
    /// This source is configured and failed: the chain stops, and the user is shown why.
    Failed(Error),
}

impl fmt::Display for ProvideError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConfigured(reason) => f.write_str(reason),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ProvideError {}

impl From<Error> for ProvideError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A source of credentials.
///
/// Implement it to give containers credentials from a place that credrun does not know
/// (`examples/custom_provider.rs` does). It is object-safe: a chain holds `Box<dyn CredentialProvider>`.
#[async_trait]
pub trait CredentialProvider: fmt::Debug + Send + Sync {
    /// What this source is called, in AWS's words: `container endpoint`, `profile "dev"`.
    fn name(&self) -> String;

    /// Fetches credentials, anew at each call.
    ///
    /// # Errors
    /// [`ProvideError::NotConfigured`] when nothing here points at this source,
    /// [`ProvideError::Failed`] when something does and it did not work.
    async fn provide(&self) -> Result<Credentials, ProvideError>;
}

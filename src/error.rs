//! What can go wrong, sorted by what the user can do about it and by the exit code it leads to.
//!
//! Anchor: jj's `cli/src/command_error.rs`: a kind, an error with its causes, and hints.

use std::borrow::Cow;
use std::fmt;

use crate::credentials::{self, Secret};

/// What sort of failure this is; decides the exit code in [`crate::exit_code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A flag or one of its values is wrong: 125, as `docker run` has it.
    Usage,
    /// The arguments are well formed but cannot be acted on (no IMAGE, `-it` without a terminal,
    /// an API version gate): 1, as the `docker` CLI has it.
    Refused,
    /// No credentials could be had, or those that were had may not be used: 125.
    Credentials,
    /// The engine cannot be reached, or refused a request: 125.
    Engine,
    /// The image's command was found but could not be executed: 126.
    CommandNotExecutable,
    /// The image's command was not found: 127.
    CommandNotFound,
    /// The run was given up (third Ctrl-C, stdout closed): 1.
    Abandoned,
    /// A signal of this number came before the container was started: 128 and the number, as a shell has it.
    Interrupted(u8),
}

/// A failure with its causes and with hints that can be acted on.
///
/// No secret ever becomes part of one: messages are made of names, addresses and codes.
pub struct Error {
    kind: ErrorKind,
    error: anyhow::Error,
    hints: Vec<String>,
}

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure of `kind`, described in lower case and without a full stop.
    pub fn new(kind: ErrorKind, message: impl fmt::Display) -> Self {
        Self::caused(kind, anyhow::Error::msg(message.to_string()))
    }

    /// A failure of `kind` that an error (with its own causes) explains.
    pub fn caused(kind: ErrorKind, error: impl Into<anyhow::Error>) -> Self {
        Self { kind, error: error.into(), hints: Vec::new() }
    }

    /// A bad flag or value.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// Says in front of the causes what was being done.
    #[must_use]
    pub fn context(mut self, message: impl fmt::Display) -> Self {
        self.error = self.error.context(message.to_string());
        self
    }

    /// Adds a line that says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hints.push(hint.to_string());
        self
    }

    /// The same without these secrets: words of others are part of it, and may repeat what they were sent.
    #[must_use]
    pub(crate) fn without(self, secrets: &[&Secret]) -> Self {
        let message = self.to_string();
        let hints: Vec<_> = self.hints.iter().map(|hint| credentials::without(hint, secrets)).collect();
        let cut = credentials::without(&message, secrets);
        if hints.iter().chain([&cut]).all(|text| matches!(text, Cow::Borrowed(_))) {
            return self;
        }
        hints.iter().fold(Self::new(self.kind, cut), Self::hint)
    }

    /// The cause of this type, wherever it stands in the chain.
    #[must_use]
    pub(crate) fn caused_by<T: fmt::Display + fmt::Debug + Send + Sync + 'static>(&self) -> Option<&T> {
        self.error.downcast_ref()
    }

    /// The sort of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What can be done about it, a line each.
    #[must_use]
    pub fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl fmt::Display for Error {
    /// The message and its causes, joined by `: `.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.error)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {:#}", self.kind, self.error)
    }
}

impl std::error::Error for Error {}

//! What the endpoint is to answer, and to whom that is given.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use super::body::Body;

/// What the endpoint answers from now on, in place of what it answered before.
#[derive(Debug, Clone)]
pub enum Offer {
    /// 200, with credentials that are valid.
    Serve(Arc<Served>),
    /// 503: nothing valid is left.
    Fail(Failure),
}

/// Credentials to serve, and until when.
#[derive(Debug)]
pub struct Served {
    /// The answer.
    pub body: Body,
    /// When they end, in UTC: never to be served after that.
    pub expiration: OffsetDateTime,
    /// The same by the clock of this machine that nobody sets ([`super::clock::Moment::elapsed`]). When the two differ
    /// because a clock was set, the earlier one holds.
    pub ends: Duration,
}

/// Why there are no credentials: `code` and `message` as the SDKs show them. Without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// One word.
    pub code: &'static str,
    /// One line of at most [`MOST`] characters.
    pub message: String,
}

/// The longest message, in characters.
pub const MOST: usize = 1000;

impl Failure {
    /// Of a source that gives none.
    #[must_use]
    pub fn of_source(cause: &str) -> Self {
        Self {
            code: "CredrunSourceFailed",
            message: shortened(&format!("credrun cannot get credentials: {cause}")),
        }
    }

    /// Of a source that has ended as it was meant to.
    #[must_use]
    pub fn over(cause: &str) -> Self {
        Self {
            code: "CredrunCredentialsEnded",
            message: shortened(&format!("credrun's credentials have ended: {cause}")),
        }
    }
}

/// A text in one line.
pub(super) fn one_line(text: &impl fmt::Display) -> String {
    let text = text.to_string();
    let words: Vec<_> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    words.join(" ")
}

fn shortened(text: &str) -> String {
    let line = one_line(&text);
    if line.chars().count() <= MOST {
        return line;
    }
    line.chars().take(MOST - 1).chain(['…']).collect()
}

/// Whoever brings offers to the endpoint. It keeps the latest one, so that an endpoint which cannot be reached just
/// now is given it later, if it still holds then.
pub trait Sink: fmt::Debug + Send {
    /// Takes the place of what was offered before. Never waits.
    fn offer(&mut self, offer: Offer);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_of_bounded_length() {
        let failure = Failure::of_source("no credentials:\n  a: b\n\t c\u{1b}[31m");
        assert_eq!(failure.message, "credrun cannot get credentials: no credentials: a: b c [31m");
        let long = Failure::over(&"ä".repeat(5000)).message;
        assert_eq!(long.chars().count(), MOST);
        assert!(long.ends_with('…'));
    }
}

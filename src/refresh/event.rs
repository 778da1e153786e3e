//! What happened during a run under `--refresh`, and the one table of what is said of it on stderr and which exit code
//! it leads to.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::labels::Network;
use crate::credentials::{LimitCause, RenewalLimit};
use crate::error::{Error, ErrorKind};
use crate::exit_code;
use crate::notice;

/// What happened. Causes are messages of [`Error`]s: one line, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// New credentials are served.
    FetchedAnew {
        /// When they end, in UTC.
        end: OffsetDateTime,
    },
    /// Those of the start are known not to go on for ever.
    Limited {
        /// Until when new ones can be had, and why.
        limit: RenewalLimit,
        /// When those of the start end, in UTC.
        end: OffsetDateTime,
        /// How long until the end that counts.
        left: Duration,
    },
    /// The source gives none; told once, and again when the cause changes, or after some minutes.
    SourceFails {
        /// Why.
        cause: String,
        /// What can be done.
        hint: Option<String>,
        /// When those that are held end, in UTC, and how long that is; `None` when none are held.
        held: Option<(OffsetDateTime, Duration)>,
    },
    /// The source gives some again, after it was said that it does not.
    Recovered {
        /// When they end, in UTC.
        end: OffsetDateTime,
    },
    /// Nothing valid is left; the endpoint answers with the cause.
    Ended {
        /// Why.
        cause: String,
    },
    /// The connection to the agent is lost, and is being made again.
    LinkLost {
        /// Why.
        cause: String,
    },
    /// The connection to the agent is there again.
    LinkAgain,
    /// The agent lives, and hears credrun no more: the connection that was lost was its only one.
    AgentDeaf,
    /// The agent has ended, and took the container's network with it, or at least its credentials; the container is ended.
    AgentLost {
        /// Why, where that is known.
        cause: Option<String>,
        /// Whose network that is.
        network: Network,
    },
    /// The container has ended by itself when its network was gone.
    NetworkGone,
}

/// How loud a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// A remark: not with `-q`.
    Note,
    /// A warning: not with `-q`.
    Warning,
    /// The end of the run: always.
    Error,
}

impl Event {
    /// The line that is said of it, without the program's name in front; `None` when it is only logged.
    #[must_use]
    pub fn line(&self) -> Option<(Voice, String)> {
        let said = match self {
            Self::FetchedAnew { .. } => return None,
            Self::Limited { limit, end, left } => return limited(limit, *end, *left),
            Self::SourceFails { cause, hint, held } => (Voice::Warning, fails(cause, hint.as_deref(), *held)),
            Self::Recovered { end } => {
                (Voice::Note, format!("credentials are fetched anew again; they expire at {}", iso(*end)))
            }
            Self::Ended { cause } => {
                (Voice::Warning, format!("the container has no valid credentials any more: {cause}"))
            }
            Self::LinkLost { cause } => {
                (Voice::Warning, format!("the connection to the agent is lost, and is made again: {cause}"))
            }
            Self::LinkAgain => (Voice::Note, "the agent is connected again".to_owned()),
            Self::AgentDeaf => (Voice::Warning, DEAF.to_owned()),
            Self::AgentLost { cause, network } => (Voice::Error, lost(cause.as_deref(), *network)),
            Self::NetworkGone => {
                (Voice::Error, "the container has ended because its network, the agent's, is gone".to_owned())
            }
        };
        Some(said)
    }

    /// The failure that the run ends with; `None` when it goes on.
    #[must_use]
    pub fn error(&self) -> Option<Error> {
        let (Voice::Error, text) = self.line()? else { return None };
        Some(
            Error::new(ErrorKind::Engine, text)
                .hint("look at what ended it: `docker events`, the engine's log"),
        )
    }

    /// The exit code that the run ends with; `None` when it goes on.
    #[must_use]
    pub fn exit_code(&self) -> Option<u8> {
        self.error().as_ref().map(exit_code::of_error)
    }
}

const DEAF: &str = "the agent hears credrun no more, since the engine has closed its stdin: the container has no valid \
                    credentials from now on; start it anew";

fn lost(cause: Option<&str>, network: Network) -> String {
    let what = match network {
        Network::Agents => "network",
        Network::Shared => "credentials",
    };
    let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("the agent has ended, and with it the container's {what}; the container is ended, too{cause}")
}

fn limited(limit: &RenewalLimit, end: OffsetDateTime, left: Duration) -> Option<(Voice, String)> {
    let why = match (limit.cause, limit.at) {
        // The line about the credentials has said so.
        (LimitCause::Until, _) => return None,
        (LimitCause::Mfa, _) => "an MFA code bought them, and a code is asked for at the start only",
        (LimitCause::Variables, Some(_)) => "they come from keys in variables, which stay as they are",
        (LimitCause::Variables, None) => {
            let text = "the credentials come from keys in variables and nobody knows when these end: \
                        they are served as long as the container runs";
            return Some((Voice::Warning, text.to_owned()));
        }
    };
    let length = length(left);
    let text = match limit.at {
        Some(at) if !limit.ends_with(end) => {
            format!("credentials can be fetched anew until {} (for {length}): {why}", iso(at))
        }
        _ => format!("the credentials end at {} (in {length}) and cannot be fetched anew: {why}", iso(end)),
    };
    Some((Voice::Warning, text))
}

fn fails(cause: &str, hint: Option<&str>, held: Option<(OffsetDateTime, Duration)>) -> String {
    let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
    let held = match held {
        Some((end, left)) => format!("those in use expire at {} (in {})", iso(end), length(left)),
        None => "none are left".to_owned(),
    };
    format!("credentials cannot be fetched anew: {cause}{hint}; {held}")
}

fn length(span: Duration) -> String {
    notice::length(span.try_into().unwrap_or(time::Duration::MAX))
}

fn iso(moment: OffsetDateTime) -> String {
    let whole = moment.replace_nanosecond(0).unwrap_or(moment);
    whole.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    type Row = (Event, Option<(Voice, &'static str)>, Option<u8>);

    /// A limit at `at` and credentials that end at `end`, 40 minutes from now.
    fn begins(cause: LimitCause, at: Option<OffsetDateTime>, end: OffsetDateTime) -> Event {
        Event::Limited { limit: RenewalLimit { at, cause }, end, left: Duration::from_mins(40) }
    }

    fn check(table: &[Row]) {
        for (event, line, code) in table {
            let line = line.map(|(voice, line)| (voice, line.to_owned()));
            assert_eq!((event.line(), event.exit_code()), (line, *code), "{event:?}");
        }
    }

    #[test]
    fn the_table_of_events_of_credentials() {
        let (end, later) = (datetime!(2026-01-01 12:00:00.5 UTC), datetime!(2026-01-01 18:00 UTC));
        let text = |text: &str| text.to_owned();
        let held = Some((end, Duration::from_secs(45)));
        let table: [Row; 10] = [
            (Event::FetchedAnew { end }, None, None),
            (begins(LimitCause::Until, Some(end), end), None, None),
            (
                begins(LimitCause::Mfa, Some(later), end),
                Some((
                    Voice::Warning,
                    "credentials can be fetched anew until 2026-01-01T18:00:00Z (for 40 minutes): \
                    an MFA code bought them, and a code is asked for at the start only",
                )),
                None,
            ),
            (
                begins(LimitCause::Mfa, Some(end), end),
                Some((
                    Voice::Warning,
                    "the credentials end at 2026-01-01T12:00:00Z (in 40 minutes) and cannot be fetched \
                    anew: an MFA code bought them, and a code is asked for at the start only",
                )),
                None,
            ),
            (
                begins(LimitCause::Variables, Some(end), end),
                Some((
                    Voice::Warning,
                    "the credentials end at 2026-01-01T12:00:00Z (in 40 minutes) and cannot be fetched \
                    anew: they come from keys in variables, which stay as they are",
                )),
                None,
            ),
            (
                begins(LimitCause::Variables, None, end),
                Some((
                    Voice::Warning,
                    "the credentials come from keys in variables and nobody knows when these end: \
                    they are served as long as the container runs",
                )),
                None,
            ),
            (
                Event::SourceFails { cause: text("profile `a`: no"), hint: Some(text("sign in")), held },
                Some((
                    Voice::Warning,
                    "credentials cannot be fetched anew: profile `a`: no (sign in); \
                    those in use expire at 2026-01-01T12:00:00Z (in 45 seconds)",
                )),
                None,
            ),
            (
                Event::SourceFails { cause: text("no"), hint: None, held: None },
                Some((Voice::Warning, "credentials cannot be fetched anew: no; none are left")),
                None,
            ),
            (
                Event::Recovered { end },
                Some((
                    Voice::Note,
                    "credentials are fetched anew again; they expire at 2026-01-01T12:00:00Z",
                )),
                None,
            ),
            (
                Event::Ended { cause: text("`--until` has passed") },
                Some((
                    Voice::Warning,
                    "the container has no valid credentials any more: `--until` has passed",
                )),
                None,
            ),
        ];
        check(&table);
    }

    #[test]
    fn the_table_of_events_of_the_containers() {
        let text = |text: &str| text.to_owned();
        let table: [Row; 7] = [
            (
                Event::AgentLost { cause: None, network: Network::Shared },
                Some((
                    Voice::Error,
                    "the agent has ended, and with it the container's credentials; \
                    the container is ended, too",
                )),
                Some(125),
            ),
            (
                Event::AgentDeaf,
                Some((
                    Voice::Warning,
                    "the agent hears credrun no more, since the engine has closed its stdin: \
                    the container has no valid credentials from now on; start it anew",
                )),
                None,
            ),
            (
                Event::LinkLost { cause: text("reset") },
                Some((Voice::Warning, "the connection to the agent is lost, and is made again: reset")),
                None,
            ),
            (Event::LinkAgain, Some((Voice::Note, "the agent is connected again")), None),
            (
                Event::AgentLost { cause: Some(text("status 137")), network: Network::Agents },
                Some((
                    Voice::Error,
                    "the agent has ended, and with it the container's network; \
                    the container is ended, too: status 137",
                )),
                Some(125),
            ),
            (
                Event::AgentLost { cause: None, network: Network::Agents },
                Some((
                    Voice::Error,
                    "the agent has ended, and with it the container's network; \
                    the container is ended, too",
                )),
                Some(125),
            ),
            (
                Event::NetworkGone,
                Some((Voice::Error, "the container has ended because its network, the agent's, is gone")),
                Some(125),
            ),
        ];
        check(&table);
    }
}

//! What is held, what the source answered last, and what of that has been told. Pure: each thing that happens leads to
//! [`Steps`], which somebody else takes.

use std::sync::Arc;
use std::time::Duration;

use super::body::Body;
use super::clock::Moment;
use super::event::Event;
use super::offer::{Failure, Offer, Served, one_line};
use super::schedule::{Answer, Lease, Situation};
use crate::credentials::{Credentials, LimitCause, RenewalLimit};
use crate::error::{Error, ErrorKind, Result};
use crate::provider::ProvideError;
use crate::provider::unattended;

/// One failure is no news while this much is left: the next try may succeed.
const NO_HURRY: Duration = Duration::from_mins(1);

/// Another cause is told no sooner than this after the one before; some causes change with each try.
const CHANGED: Duration = Duration::from_secs(30);

/// The same cause is told again after this.
const AGAIN: Duration = Duration::from_mins(5);

/// What is to be done.
#[derive(Debug, Default)]
pub struct Steps {
    /// To be given to the endpoint.
    pub offer: Option<Offer>,
    /// To be told, in this order.
    pub events: Vec<Event>,
}

/// Why the source gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    cause: String,
    hint: Option<String>,
    for_a_person: bool,
}

impl Refusal {
    fn of_error(error: &Error) -> Self {
        Self { cause: one_line(error), hint: error.hints().first().map(one_line), for_a_person: false }
    }

    /// The one of a source that did not answer within `patience`.
    #[must_use]
    pub fn silent(patience: Duration) -> Self {
        let cause = format!("the source gave no answer within {} seconds", patience.as_secs());
        Self { cause, hint: None, for_a_person: false }
    }
}

impl From<&ProvideError> for Refusal {
    fn from(error: &ProvideError) -> Self {
        let refusal = match error {
            ProvideError::Failed(error) => Self::of_error(error),
            ProvideError::NotConfigured(reason) => {
                Self { cause: one_line(reason), hint: None, for_a_person: false }
            }
        };
        Self { for_a_person: unattended::is_for_a_person(error), ..refusal }
    }
}

/// Of what is served.
#[derive(Debug, Clone)]
struct Held {
    lease: Lease,
    access_key_id: String,
    has_end: bool,
}

/// A row of failures.
#[derive(Debug)]
struct Outage {
    cause: String,
    told: Option<(Moment, String)>,
}

/// Where a refresher stands.
#[derive(Debug)]
pub struct State {
    held: Option<Held>,
    limit: Option<RenewalLimit>,
    answer: Answer,
    asked: Moment,
    outage: Option<Outage>,
    failure: Option<Failure>,
}

impl State {
    /// Begins with what the start of the run got.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when these have ended, and when they are long-term keys, which cannot be served.
    pub fn begin(first: &Credentials, now: Moment) -> Result<(Self, Steps)> {
        let mut state =
            Self { held: None, limit: None, answer: Answer::New, asked: now, outage: None, failure: None };
        let (lease, body) = usable(first, now)?;
        let mut steps = state.take(first, lease, body);
        steps.events.clear();
        if let Some(limit) = state.limit {
            let at = limit.at.filter(|_| !limit.ends_with(lease.end)).unwrap_or(lease.end);
            let left = (at - now.wall).try_into().unwrap_or_default();
            steps.events.push(Event::Limited { limit, end: lease.end, left });
        }
        Ok((state, steps))
    }

    /// What the next pause depends on.
    #[must_use]
    pub fn situation(&self) -> Situation {
        let lease = self.held.as_ref().map(|held| held.lease);
        Situation { lease, limit: self.limit, answer: self.answer, asked: self.asked }
    }

    /// How long what is held may still be used; `None` when nothing is held.
    #[must_use]
    pub fn left(&self, now: &Moment) -> Option<Duration> {
        self.held.as_ref().map(|held| held.lease.left(now))
    }

    /// The source is asked now.
    pub fn asks(&mut self, now: Moment) {
        self.asked = now;
    }

    /// The source gave these.
    #[must_use]
    pub fn got(&mut self, credentials: &Credentials, now: Moment) -> Steps {
        let (lease, body) = match usable(credentials, now) {
            Ok(usable) => usable,
            Err(error) => return self.failed(Refusal::of_error(&error), now),
        };
        let recovered = self.outage.take().is_some_and(|outage| outage.told.is_some());
        let mut steps = self.take_better(credentials, lease, body, now);
        if recovered {
            let end = self.held.as_ref().map_or(lease.end, |held| held.lease.end);
            steps.events.push(Event::Recovered { end });
        }
        steps
    }

    /// What the source gave has almost ended, and what is held has not: that stays.
    fn take_better(&mut self, credentials: &Credentials, lease: Lease, body: Body, now: Moment) -> Steps {
        let held = self.left(&now).unwrap_or_default();
        let spent = lease.left(&now) < held.min(NO_HURRY);
        if spent {
            self.answer = Answer::Same;
            return Steps::default();
        }
        self.take(credentials, lease, body)
    }

    fn take(&mut self, credentials: &Credentials, lease: Lease, body: Body) -> Steps {
        let has_end = credentials.expiration().is_some();
        let same = self.held.as_ref().is_some_and(|held| {
            has_end
                && held.has_end
                && held.lease.end == lease.end
                && held.access_key_id == credentials.access_key_id()
        });
        self.answer = if same { Answer::Same } else { Answer::New };
        self.limit = credentials.renewal_limit();
        let access_key_id = credentials.access_key_id().to_owned();
        self.held = Some(Held { lease, access_key_id, has_end });
        self.failure = None;
        // The same ones are offered again, too: their end by the machine's clock may have changed.
        let served = Served { body, expiration: lease.end, ends: lease.ends() };
        let events = if same { Vec::new() } else { vec![Event::FetchedAnew { end: lease.end }] };
        Steps { offer: Some(Offer::Serve(Arc::new(served))), events }
    }

    /// The source gave nothing.
    #[must_use]
    pub fn failed(&mut self, refusal: Refusal, now: Moment) -> Steps {
        let times = if let Answer::Failed(times) = self.answer { times } else { 0 };
        self.answer =
            if refusal.for_a_person { Answer::NeedsAPerson } else { Answer::Failed(times.saturating_add(1)) };
        let mut steps = self.passed(now);
        let held = self.held.as_ref().map(|held| (held.lease.end, held.lease.left(&now)));
        let outage = self.outage.get_or_insert_with(|| Outage { cause: String::new(), told: None });
        outage.cause.clone_from(&refusal.cause);
        let hurry = times > 0 || held.is_none_or(|(_, left)| left < NO_HURRY);
        if outage.is_news(&refusal, hurry, held.is_some(), &now) {
            outage.told = Some((now, refusal.cause.clone()));
            steps.events.push(Event::SourceFails { cause: refusal.cause.clone(), hint: refusal.hint, held });
        }
        if held.is_none() {
            steps.offer = self.fail(Failure::of_source(&refusal.cause)).or(steps.offer);
        }
        steps
    }

    /// Time has gone by: what has ended is no longer held.
    #[must_use]
    pub fn passed(&mut self, now: Moment) -> Steps {
        let Some(held) = self.held.take_if(|held| held.lease.left(&now).is_zero()) else {
            return Steps::default();
        };
        if let Some(cause) = self.over(&held.lease) {
            let offer = self.fail(Failure::over(cause));
            self.outage = Some(Outage { cause: cause.to_owned(), told: Some((now, cause.to_owned())) });
            return Steps { offer, events: vec![Event::Ended { cause: cause.to_owned() }] };
        }
        let Some(outage) = &mut self.outage else {
            // After a sleep new ones may be there in a second: nobody is told before that has failed.
            return Steps { offer: self.fail(Failure::of_source(LATE)), events: Vec::new() };
        };
        outage.told = Some((now, outage.cause.clone()));
        let cause = outage.cause.clone();
        Steps { offer: self.fail(Failure::of_source(&cause)), events: vec![Event::Ended { cause }] }
    }

    /// Why nothing could follow on what ended.
    fn over(&self, lease: &Lease) -> Option<&'static str> {
        let limit = self.limit.filter(|limit| limit.ends_with(lease.end))?;
        Some(match limit.cause {
            LimitCause::Until => "the moment that `--until` names has passed",
            LimitCause::Variables => "the keys in variables that they come from have ended",
            LimitCause::Mfa => {
                "the session that an MFA code bought has ended; start the container anew, with a new code"
            }
        })
    }

    /// A failure to offer, unless it is what the endpoint answers already.
    fn fail(&mut self, failure: Failure) -> Option<Offer> {
        if self.failure.as_ref() == Some(&failure) {
            return None;
        }
        self.failure = Some(failure.clone());
        Some(Offer::Fail(failure))
    }
}

/// Why there are none just now, when the source was not known to fail.
const LATE: &str = "those that were held have expired, and new ones are being fetched";

impl Outage {
    fn is_news(&self, refusal: &Refusal, hurry: bool, held: bool, now: &Moment) -> bool {
        let Some((at, cause)) = &self.told else { return hurry || refusal.for_a_person };
        let since = now.since(at);
        let changed = *cause != refusal.cause && since >= CHANGED;
        // What takes a person does not get more urgent by being said again, nor after the end.
        if refusal.for_a_person { changed && held } else { changed || since >= AGAIN }
    }
}

/// The lease and the endpoint's answer of credentials that can be served.
fn usable(credentials: &Credentials, now: Moment) -> Result<(Lease, Body)> {
    let Some(lease) = Lease::of(credentials, now) else { return Err(expired(credentials)) };
    Ok((lease, Body::of(credentials, lease.end)?))
}

fn expired(credentials: &Credentials) -> Error {
    let (source, end) =
        (credentials.principal_source(), credentials.expiration_iso8601().unwrap_or_default());
    Error::new(ErrorKind::Credentials, format!("the credentials from {source} expired at {end}"))
        .hint("sign in again; and compare this machine's clock (`date -u`)")
}

#[cfg(test)]
mod tests;

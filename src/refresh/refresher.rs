//! The loop that keeps an endpoint in valid credentials.

use std::collections::hash_map::RandomState;
use std::convert::Infallible;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tracing::debug;

use super::clock::{Clock, LONGEST_REST, Moment, Seam, seam};
use super::event::Event;
use super::offer::Sink;
use super::schedule::{LEAST, patience};
use super::state::{Refusal, State, Steps};
use crate::credentials::Credentials;
use crate::error::Result;
use crate::provider::{CredentialProvider, ProvideError};

/// Asks a source again and again, one request at a time, and offers what it gives to a [`Sink`]: valid credentials as
/// long as there are any, then why there are none.
///
/// Nothing happens but while [`run`](Self::run) is polled. To drop that future is safe at any moment: a request that is
/// under way is given up, and the next `run` goes on.
pub struct Refresher {
    source: Box<dyn CredentialProvider>,
    clock: Arc<dyn Clock>,
    random: Box<dyn FnMut() -> f64 + Send>,
    outlet: Outlet,
    state: State,
    /// When to ask next, by [`Moment::elapsed`]; `None` while there is nothing to be had.
    due: Option<Duration>,
}

impl fmt::Debug for Refresher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refresher")
            .field("source", &self.source)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Refresher {
    /// Offers `first`, which was fetched just now; what is to follow comes from `source`, which should ask nobody
    /// ([`crate::provider::unattended::Unattended`]). What happens is sent to `events`; nobody needs to listen.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Credentials`] when `first` has expired, and for long-term keys, which an endpoint
    /// cannot serve.
    pub fn new(
        first: &Credentials,
        source: Box<dyn CredentialProvider>,
        clock: Arc<dyn Clock>,
        sink: Box<dyn Sink>,
        events: UnboundedSender<Event>,
    ) -> Result<Self> {
        let (state, steps) = State::begin(first, clock.now())?;
        let mut outlet = Outlet { sink, events };
        outlet.take(steps);
        let mut refresher = Self { source, clock, random: Box::new(chance), outlet, state, due: None };
        refresher.plan();
        Ok(refresher)
    }

    /// The same, with another source of chance: a number from 0 to 1 at each call.
    #[must_use]
    pub fn with_random(self, random: impl FnMut() -> f64 + Send + 'static) -> Self {
        let mut refresher = Self { random: Box::new(random), ..self };
        refresher.plan();
        refresher
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Goes on until it is dropped.
    pub async fn run(&mut self) -> Infallible {
        loop {
            self.rest().await;
            self.fetch().await;
        }
    }

    /// Until the source is to be asked again. Wakes often: an end that comes, a clock that is set and a machine that has
    /// slept are noticed meanwhile.
    async fn rest(&mut self) {
        loop {
            let before = self.clock.now();
            self.pass(before);
            // A request that was given up leaves the plan as it was.
            let soonest = self.state.situation().asked.elapsed.saturating_add(LEAST);
            let pause = self.due.map_or(LONGEST_REST, |due| due.max(soonest).saturating_sub(before.elapsed));
            if pause.is_zero() {
                return;
            }
            let rest = longest_rest(&self.state, &before, pause);
            self.clock.rest(rest).await;
            let after = self.clock.now();
            if let Some(seam) = seam(&before, &after, rest) {
                debug!("time has a seam: {seam:?}");
                self.at_once(after);
            }
        }
    }

    /// Decides when to ask next.
    fn plan(&mut self) {
        let now = self.clock.now();
        let pause = self.state.situation().pause(&now, (self.random)());
        self.due = pause.map(|pause| now.elapsed.saturating_add(pause));
    }

    /// The same when nobody knows what has become of what is held.
    fn at_once(&mut self, now: Moment) {
        self.pass(now);
        self.plan();
        self.due = self.due.map(|_| now.elapsed);
    }

    /// Lets go of what has ended, and then plans anew.
    fn pass(&mut self, now: Moment) {
        let held = self.state.left(&now).is_some();
        self.outlet.take(self.state.passed(now));
        if held && self.state.left(&now).is_none() {
            self.plan();
        }
    }

    async fn fetch(&mut self) {
        let patience = patience(self.state.situation().answer);
        let Some(answer) = self.ask(patience).await else {
            debug!("a request to the source is given up: the machine has slept");
            return;
        };
        let now = self.clock.now();
        let steps = match answer {
            Ok(credentials) => self.state.got(&credentials, now),
            Err(refusal) => self.state.failed(refusal, now),
        };
        self.outlet.take(steps);
        self.plan();
    }

    /// One request, with what is held ending at its time meanwhile. `None` when the machine slept: what was asked
    /// before that is not waited for.
    async fn ask(&mut self, patience: Duration) -> Option<Result<Credentials, Refusal>> {
        let Self { source, clock, outlet, state, .. } = self;
        let started = clock.now();
        state.asks(started);
        let mut answer = source.provide();
        loop {
            let before = clock.now();
            outlet.take(state.passed(before));
            let left = patience.saturating_sub(before.since(&started));
            if left.is_zero() {
                return Some(Err(Refusal::silent(patience)));
            }
            let rest = longest_rest(state, &before, left);
            tokio::select! {
                biased;
                answer = &mut answer => return Some(answer.map_err(|error: ProvideError| Refusal::from(&error))),
                () = clock.rest(rest) => {}
            }
            if seam(&before, &clock.now(), rest) == Some(Seam::Slept) {
                return None;
            }
        }
    }
}

/// Never past the end of what is held, nor so long that a sleep would be noticed late.
fn longest_rest(state: &State, now: &Moment, pause: Duration) -> Duration {
    let left = state.left(now).unwrap_or(Duration::MAX);
    pause.min(LONGEST_REST).min(left).max(Duration::from_millis(1))
}

/// A number from 0 to 1. The hasher's keys are the standard library's only source of chance.
fn chance() -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "53 bits are exact")]
    let number = (RandomState::new().build_hasher().finish() >> 11) as f64;
    #[allow(clippy::cast_precision_loss, reason = "a power of two")]
    let all = (1_u64 << 53) as f64;
    number / all
}

/// Where the steps go.
#[derive(Debug)]
struct Outlet {
    sink: Box<dyn Sink>,
    events: UnboundedSender<Event>,
}

impl Outlet {
    fn take(&mut self, steps: Steps) {
        if let Some(offer) = steps.offer {
            self.sink.offer(offer);
        }
        for event in steps.events {
            debug!("{event:?}");
            // Nobody listens any more when the run is over.
            let _ = self.events.send(event);
        }
    }
}

#[cfg(test)]
mod tests;

//! The stream to an agent, kept for as long as its run lasts: credentials go over it, and signs of life both ways. When it
//! is lost, another one is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior};

use super::clock::Clock;
use super::event::Event;
use super::labels::Network;
use super::offer::{Offer, Served};
use super::wire::Wire;
use crate::agent::frame::{FromAgent, ToAgent};
use crate::agent::wiped::Wiped;
use crate::engine::{Engine, Life};
use crate::error::{Error, ErrorKind, Result};

/// Between two signs of life. After three that it missed the agent wipes its keys.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(5);
/// Heartbeats without an answer after which the stream is given up.
const UNANSWERED: u32 = 3;
/// Between two attempts to attach again: at first, and at most.
const SOON: Duration = Duration::from_millis(100);
const LATE: Duration = Duration::from_secs(5);
/// How long an engine may take for an answer: on a connection that is dead there will be none.
const ANSWER: Duration = Duration::from_secs(10);
/// How long a stream that was silent may take to say what another one says, before it is dead.
const ECHO: Duration = HEARTBEAT;
/// Attempts after which an agent that runs and does not answer is said to be deaf.
const ATTEMPTS: u32 = 3;

/// Whom to look after.
pub(crate) struct Charge {
    pub(crate) engine: Engine,
    /// The agent's container.
    pub(crate) id: String,
    /// Told when streams that say nothing are dead. `None` for an engine near by, where that does not happen; it closes the
    /// agent's stdin with the first connection, so that nobody who attaches again is heard.
    pub(crate) far: Option<watch::Sender<u32>>,
    /// Whose network the target has.
    pub(crate) network: Network,
    /// Say nothing but errors.
    pub(crate) quiet: bool,
}

/// An offer as the agent is told it; `None` for credentials that have ended meanwhile.
pub(super) fn message(offer: &Offer, clock: &dyn Clock) -> Option<ToAgent> {
    match offer {
        Offer::Fail(failure) => {
            Some(ToAgent::Failure { code: failure.code.to_owned(), message: failure.message.clone() })
        }
        Offer::Serve(served) => credentials(served, clock),
    }
}

fn credentials(served: &Arc<Served>, clock: &dyn Clock) -> Option<ToAgent> {
    let now = clock.now();
    let by_wall = Duration::try_from(served.expiration - now.wall).unwrap_or_default();
    let left = served.ends.saturating_sub(now.elapsed).min(by_wall);
    let since_1970 = Duration::try_from(served.expiration - OffsetDateTime::UNIX_EPOCH).unwrap_or_default();
    let milliseconds = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    (!left.is_zero()).then(|| ToAgent::Credentials {
        remaining_ms: milliseconds(left),
        ends_unix_ms: milliseconds(since_1970),
        body: Wiped::copy_of(served.body.expose()),
    })
}

/// The stream to the agent, kept.
pub(super) struct Link {
    pub(super) charge: Charge,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) offers: watch::Receiver<Option<Offer>>,
    /// Until the run is over.
    pub(super) events: Option<UnboundedSender<Event>>,
    pub(super) is_over: oneshot::Receiver<()>,
    pub(super) sequence: u64,
    pub(super) is_lost: Arc<AtomicBool>,
}

/// Why a stream is followed no longer.
enum End {
    /// The run is over.
    Over,
    /// The stream broke, for this reason.
    Broken(String),
    /// Nothing comes any more.
    Silent,
    /// The agent says that it hears nothing any more.
    Deaf,
}

impl Link {
    pub(super) async fn keep(mut self, mut wire: Wire) {
        loop {
            let end = self.follow(&mut wire).await;
            if matches!(end, End::Over) {
                return self.hold_open(wire).await;
            }
            self.is_lost.store(true, Ordering::SeqCst);
            let again = match end {
                End::Deaf => return self.stay_deaf().await,
                End::Broken(cause) => {
                    drop(wire);
                    self.attach_again(cause, false).await
                }
                _ => self.hear_again(wire).await,
            };
            match again {
                Some(again) => wire = again,
                None => return,
            }
            self.is_lost.store(false, Ordering::SeqCst);
        }
    }

    /// Keeps the stream until this is given up.
    async fn hold_open(mut self, wire: Wire) {
        self.events = None;
        std::future::pending::<()>().await;
        drop(wire);
    }

    /// Hands over what there is to hand over, until the run is over or the stream is.
    async fn follow(&mut self, wire: &mut Wire) -> End {
        let mut beat = tokio::time::interval(HEARTBEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut unanswered, mut has_offers) = (0, true);
        loop {
            let done = tokio::select! {
                _ = &mut self.is_over => return End::Over,
                message = wire.next() => match message {
                    Ok(FromAgent::Pong { holds, .. }) => {
                        unanswered = 0;
                        // It had given credrun up, or its clock was set.
                        if holds { Ok(()) } else { self.push(wire).await }
                    }
                    Ok(FromAgent::Failed { .. }) => return End::Deaf,
                    Ok(FromAgent::Ready { .. }) => Ok(()),
                    Err(cause) => Err(cause),
                },
                changed = self.offers.changed(), if has_offers => if changed.is_ok() {
                    self.push(wire).await
                } else {
                    // The refresher has been dropped: the end is near.
                    has_offers = false;
                    Ok(())
                },
                _ = beat.tick() => {
                    unanswered += 1;
                    self.sequence += 1;
                    if unanswered > UNANSWERED {
                        return End::Silent;
                    }
                    wire.send(&ToAgent::Heartbeat { sequence: self.sequence }).await
                }
            };
            if let Err(cause) = done {
                return End::Broken(cause);
            }
        }
    }

    /// Hands over what was offered last, if it still holds.
    async fn push(&mut self, wire: &mut Wire) -> Result<(), String> {
        let message = self.offers.borrow_and_update().as_ref().and_then(|offer| message(offer, &*self.clock));
        match message {
            Some(message) => wire.send(&message).await,
            None => Ok(()),
        }
    }

    /// After a silence: the same stream when it speaks again, or a new one.
    async fn hear_again(&mut self, mut old: Wire) -> Option<Wire> {
        let cause = format!("it says nothing for {} seconds", (HEARTBEAT * UNANSWERED).as_secs());
        self.tell(Event::LinkLost { cause: cause.clone() });
        let again = tokio::select! {
            () = old.speaks() => None,
            again = self.attach_again(cause, true) => Some(again),
        };
        let Some(again) = again else {
            self.tell(Event::LinkAgain);
            // It has wiped them, or is about to.
            return self.push(&mut old).await.is_ok().then_some(old);
        };
        // Whoever is attached hears the same.
        if again.is_some() && tokio::time::timeout(ECHO, old.speaks()).await.is_err() {
            self.charge.far.iter().for_each(|far| far.send_modify(|number| *number = number.wrapping_add(1)));
        }
        again
    }

    /// A new stream to the agent; `None` when it has gone, or the run is over.
    async fn attach_again(&mut self, cause: String, was_silent: bool) -> Option<Wire> {
        tracing::debug!(cause, "the stream to the agent is lost");
        let (mut pause, mut failed, mut told) = (SOON, 0, was_silent);
        let since = Instant::now();
        // At an engine near by the end of another stream would end the agent's stdin, too.
        let attaches = self.charge.far.is_some() || !was_silent;
        loop {
            match self.life().await {
                Ok(life) if !life.is_some_and(|life| life.state.is_up()) => {
                    self.tell(Event::AgentLost {
                        cause: life.as_ref().map(status),
                        network: self.charge.network,
                    });
                    return None;
                }
                // An agent that was killed may be said to run for a moment.
                Ok(_) if attaches && pause == SOON => {}
                Ok(_) if attaches => {
                    if !told {
                        self.tell(Event::LinkLost { cause: cause.clone() });
                        told = true;
                    }
                    if let Some(wire) = self.attach().await {
                        self.tell(Event::LinkAgain);
                        return Some(wire);
                    }
                    failed += 1;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "the engine does not answer");
                    if !told && since.elapsed() >= LATE {
                        self.tell(Event::LinkLost { cause: error.to_string() });
                        told = true;
                    }
                }
            }
            if failed >= ATTEMPTS && self.charge.far.is_none() {
                self.stay_deaf().await;
                return None;
            }
            tokio::select! {
                _ = &mut self.is_over => return None,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LATE),
            }
        }
    }

    /// Nothing can be handed over any more, and the network is still there.
    async fn stay_deaf(&mut self) {
        self.tell(Event::AgentDeaf);
        let _ = (&mut self.is_over).await;
    }

    async fn life(&self) -> Result<Option<Life>> {
        let silence = || Error::new(ErrorKind::Engine, format!("no answer for {} seconds", ANSWER.as_secs()));
        let life = self.charge.engine.life(&self.charge.id);
        tokio::time::timeout(ANSWER, life).await.unwrap_or_else(|_| Err(silence()))
    }

    async fn attach(&mut self) -> Option<Wire> {
        let attach = Wire::attach(&self.charge.engine, &self.charge.id);
        let mut wire = tokio::time::timeout(ANSWER, attach).await.ok()?.ok()?;
        self.sequence += 1;
        // What it holds is asked for again at once: the first beat comes with the stream.
        wire.ping(self.sequence).await.ok()?;
        self.push(&mut wire).await.ok()?;
        Some(wire)
    }

    fn tell(&self, event: Event) {
        if let Some(events) = &self.events {
            let _ = events.send(event);
        }
    }
}

fn status(life: &Life) -> String {
    format!("its status is {}", life.status)
}

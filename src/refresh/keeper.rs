//! What looks after an agent for as long as its run lasts: new credentials are handed over when there are some, it is shown
//! that credrun lives, and what happens is told.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::clock::{Clock, SystemClock};
use super::event::{Event, Voice};
use super::offer::{Offer, Served, Sink};
use super::refresher::Refresher;
use super::wire::{LOOK, Wire};
use crate::agent::frame::{FromAgent, ToAgent};
use crate::agent::wiped::Wiped;
use crate::credentials::Credentials;
use crate::engine::{Engine, Life};
use crate::error::{Error, ErrorKind, Result};
use crate::notice::{say, warn};
use crate::provider::CredentialProvider;

/// Between two signs of life. After three that it missed the agent wipes its keys.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(5);
/// Heartbeats without an answer after which the stream is given up.
const UNANSWERED: u32 = 3;
/// How long the end may take that is only told.
const FAREWELL: Duration = Duration::from_secs(1);
/// Between two attempts to attach again: at first, and at most.
const SOON: Duration = Duration::from_millis(100);
const LATE: Duration = Duration::from_secs(5);
/// Attempts after which an agent that runs and does not answer is said to be deaf.
const ATTEMPTS: u32 = 3;

/// An agent that is looked after.
#[derive(Debug)]
pub(crate) struct Keeper {
    link: JoinHandle<()>,
    refresher: JoinHandle<Infallible>,
    teller: JoinHandle<()>,
    over: Option<oneshot::Sender<()>>,
    is_lost: Arc<AtomicBool>,
}

/// Whom to look after.
pub(crate) struct Charge {
    pub(crate) engine: Engine,
    /// The agent's container.
    pub(crate) id: String,
    /// Whether it hears again whoever attaches to it again: an engine may close its stdin with the first connection.
    pub(crate) hears_again: bool,
    /// Say nothing but errors.
    pub(crate) quiet: bool,
}

impl Keeper {
    /// Hands `first` over, and returns when the agent has it; what follows comes from `source`. `failure` is told when
    /// the agent has gone.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] for credentials that cannot be served, [`ErrorKind::Engine`] when the agent does not
    /// take them.
    pub(crate) async fn start(
        charge: Charge,
        mut wire: Wire,
        first: &Credentials,
        source: Box<dyn CredentialProvider>,
        failure: oneshot::Sender<Error>,
    ) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (events, told) = unbounded_channel();
        let (slot, mut offers) = watch::channel(None);
        let mut refresher =
            Refresher::new(first, source, Arc::clone(&clock), Box::new(Slot(slot)), events.clone())?;
        hand_over(&mut wire, &mut offers, &*clock).await?;
        let is_lost = Arc::new(AtomicBool::new(false));
        let (over, is_over) = oneshot::channel();
        let teller = tokio::spawn(tell(told, charge.quiet, failure));
        let link = Link {
            charge,
            clock,
            offers,
            events: Some(events),
            is_over,
            sequence: 1,
            is_lost: Arc::clone(&is_lost),
        };
        Ok(Self {
            link: tokio::spawn(link.keep(wire)),
            refresher: tokio::spawn(async move { refresher.run().await }),
            teller,
            over: Some(over),
            is_lost,
        })
    }

    /// Whether the stream to the agent has ended, so that the agent may have.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::SeqCst)
    }

    /// The run is over: nothing more happens, but for the stream, which stays open until this is dropped. Its end would
    /// have the agent exit by itself, while it is removed.
    pub(crate) async fn rest(&mut self) {
        self.refresher.abort();
        if let Some(over) = self.over.take() {
            let _ = over.send(());
        }
        // What has happened is told before the run's own end is.
        let _ = tokio::time::timeout(FAREWELL, &mut self.teller).await;
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.refresher.abort();
        self.link.abort();
    }
}

/// The first ones: the target does not start before the agent holds them.
async fn hand_over(
    wire: &mut Wire,
    offers: &mut watch::Receiver<Option<Offer>>,
    clock: &dyn Clock,
) -> Result<()> {
    let lost = |cause: String| {
        Error::new(ErrorKind::Engine, format!("the agent does not take the credentials: {cause}")).hint(LOOK)
    };
    let message = offers.borrow_and_update().as_ref().and_then(|offer| message(offer, clock));
    if let Some(message) = message {
        wire.send(&message).await.map_err(lost)?;
    }
    if wire.ping(0).await.map_err(lost)? {
        return Ok(());
    }
    let message =
        "the agent does not take the credentials: by the clock of the engine's machine they have ended";
    Err(Error::new(ErrorKind::Credentials, message)
        .hint("compare the clocks: `date -u` here and in a container of that engine"))
}

/// Keeps what was offered last.
#[derive(Debug)]
struct Slot(watch::Sender<Option<Offer>>);

impl Sink for Slot {
    fn offer(&mut self, offer: Offer) {
        self.0.send_replace(Some(offer));
    }
}

/// An offer as the agent is told it; `None` for credentials that have ended meanwhile.
fn message(offer: &Offer, clock: &dyn Clock) -> Option<ToAgent> {
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
struct Link {
    charge: Charge,
    clock: Arc<dyn Clock>,
    offers: watch::Receiver<Option<Offer>>,
    /// Until the run is over.
    events: Option<UnboundedSender<Event>>,
    is_over: oneshot::Receiver<()>,
    sequence: u64,
    is_lost: Arc<AtomicBool>,
}

/// Why a stream is followed no longer.
enum End {
    /// The run is over.
    Over,
    /// The stream broke, for this reason.
    Lost(String),
}

impl Link {
    async fn keep(mut self, mut wire: Wire) {
        loop {
            let cause = match self.follow(&mut wire).await {
                End::Over => return self.hold_open(wire).await,
                End::Lost(cause) => cause,
            };
            self.is_lost.store(true, Ordering::SeqCst);
            tracing::debug!(cause, "the stream to the agent is lost");
            match self.attach_again(cause).await {
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
                    Ok(_) => Ok(()),
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
                        Err(format!("it says nothing for {} seconds", (HEARTBEAT * UNANSWERED).as_secs()))
                    } else {
                        wire.send(&ToAgent::Heartbeat { sequence: self.sequence }).await
                    }
                }
            };
            if let Err(cause) = done {
                return End::Lost(cause);
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

    /// A new stream to the agent; `None` when it has gone, or the run is over.
    async fn attach_again(&mut self, cause: String) -> Option<Wire> {
        let (mut pause, mut failed, mut told) = (SOON, 0, false);
        loop {
            match self.charge.engine.life(&self.charge.id).await {
                Ok(life) if !life.is_some_and(|life| life.state.is_up()) => {
                    self.tell(Event::AgentLost { cause: life.as_ref().map(status) });
                    return None;
                }
                Ok(_) => {
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
                Err(error) => {
                    tracing::debug!(%error, "the engine does not answer");
                    if !told && pause >= LATE {
                        self.tell(Event::LinkLost { cause: error.to_string() });
                        told = true;
                    }
                }
            }
            if failed >= ATTEMPTS && !self.charge.hears_again {
                self.tell(Event::AgentDeaf);
                let _ = (&mut self.is_over).await;
                return None;
            }
            tokio::select! {
                _ = &mut self.is_over => return None,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LATE),
            }
        }
    }

    async fn attach(&mut self) -> Option<Wire> {
        let mut wire = Wire::attach(&self.charge.engine, &self.charge.id).await.ok()?;
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

/// Says on stderr what happens; what ends the run goes to whoever ends it.
async fn tell(mut events: UnboundedReceiver<Event>, quiet: bool, failure: oneshot::Sender<Error>) {
    let mut failure = Some(failure);
    while let Some(event) = events.recv().await {
        tracing::info!(?event, "refresh");
        if let Some(error) = event.error() {
            if let Some(failure) = failure.take() {
                let _ = failure.send(error);
            }
            continue;
        }
        match event.line() {
            Some((Voice::Note, text)) if !quiet => say(&text),
            Some((Voice::Warning, text)) if !quiet => warn(&text),
            _ => {}
        }
    }
}

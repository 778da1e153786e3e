//! What looks after an agent for as long as its run lasts: new credentials are handed over when there are some, it is shown
//! that credrun lives, and what happens is told.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::clock::{Clock, SystemClock};
use super::event::{Event, Voice};
use super::link::{Charge, Link, message};
use super::offer::{Offer, Sink};
use super::refresher::Refresher;
use super::wire::{LOOK, Wire};
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::notice::{say, warn};
use crate::provider::CredentialProvider;

/// How long the end may take that is only told.
const FAREWELL: Duration = Duration::from_secs(1);

/// An agent that is looked after.
#[derive(Debug)]
pub(crate) struct Keeper {
    link: JoinHandle<()>,
    refresher: JoinHandle<Infallible>,
    teller: JoinHandle<()>,
    over: Option<oneshot::Sender<()>>,
    is_lost: Arc<AtomicBool>,
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
    /// have the agent exit by itself, while it is removed. Once is enough.
    pub(crate) async fn rest(&mut self) {
        self.refresher.abort();
        let Some(over) = self.over.take() else { return };
        let _ = over.send(());
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

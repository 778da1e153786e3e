//! Hours of a run in milliseconds: sources of all kinds, clocks that are set, machines that sleep.
//!
//! Whatever the story, these hold: one request at a time, never more than sixty a minute, never an offer of what has
//! expired, and a failure only when nothing valid is left.

use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::credentials::Secret;
use crate::error::{Error, ErrorKind};
use crate::refresh::clock::simulated::{Happening, Simulated};
use crate::refresh::event::Voice;
use crate::refresh::offer::Offer;

mod stories;

const SECOND: Duration = Duration::from_secs(1);

/// What a source does with a request that comes at this many seconds of true time.
#[derive(Clone, Copy)]
enum Does {
    /// Gives new ones that live this many seconds.
    New(i64),
    /// Gives the ones that end at this second.
    Until(i64),
    /// Gives some without an end.
    Endless,
    Fails,
    /// Says nothing for this many seconds, then gives new ones that live as many.
    Slow(u64, i64),
}

type Script = Box<dyn Fn(u64) -> Does + Send + Sync>;

/// A source that does as its script says. It lives by the true time, which nobody sets: the machine's, from noon on.
struct Scripted {
    clock: Simulated,
    script: Script,
    asked: Arc<Mutex<Vec<Moment>>>,
    under_way: AtomicUsize,
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}

/// One request, counted out also when it is given up.
struct Request<'a>(&'a AtomicUsize);

impl Drop for Request<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl CredentialProvider for Scripted {
    fn name(&self) -> String {
        "a script".into()
    }

    async fn provide(&self) -> Result<Credentials, ProvideError> {
        assert_eq!(self.under_way.fetch_add(1, Ordering::SeqCst), 0, "two requests at once");
        let _request = Request(&self.under_way);
        let now = self.clock.now();
        self.asked.lock().expect("lock").push(now);
        let does = (self.script)(true_seconds(&now));
        if let Does::Slow(silence, _) = does {
            self.clock.rest(SECOND * u32::try_from(silence).expect("short")).await;
        }
        let now = true_seconds(&self.clock.now()).cast_signed();
        match does {
            Does::New(life) | Does::Slow(_, life) => Ok(credentials(Some(now + life), now)),
            Does::Until(end) => Ok(credentials(Some(end), end)),
            Does::Endless => Ok(credentials(None, 0)),
            Does::Fails => Err(Error::new(ErrorKind::Credentials, "the source is down").hint("wait").into()),
        }
    }
}

fn true_seconds(now: &Moment) -> u64 {
    now.elapsed.as_secs() - 1000
}

fn noon() -> OffsetDateTime {
    time::macros::datetime!(2026-01-01 12:00 UTC)
}

/// Of this number, with an end so many seconds after noon.
fn credentials(end: Option<i64>, number: i64) -> Credentials {
    let end = end.map(|end| noon() + time::Duration::seconds(end));
    let token = Some(Secret::new("MARK-token"));
    Credentials::new(format!("ASIA{number}"), Secret::new("MARK-key"), token, end, "a script")
}

/// What was offered, and when. Checks what must hold of each.
#[derive(Debug, Clone, Default)]
struct Offers(Arc<Mutex<Vec<(Moment, Offer)>>>);

#[derive(Debug)]
struct CheckedSink {
    clock: Simulated,
    offers: Offers,
}

impl Sink for CheckedSink {
    fn offer(&mut self, offer: Offer) {
        let now = self.clock.now();
        let mut offers = self.offers.0.lock().expect("lock");
        let valid = |offer: &Offer| matches!(offer, Offer::Serve(served) if served.expiration > now.wall && served.ends > now.elapsed);
        match &offer {
            Offer::Serve(served) => {
                assert!(valid(&offer), "expired ones are offered at {now:?}: {offer:?}");
                assert!(!served.body.expose().is_empty());
            }
            Offer::Fail(_) => {
                assert!(
                    !offers.last().is_some_and(|(_, last)| valid(last)),
                    "valid ones are taken away at {now:?}"
                );
            }
        }
        offers.push((now, offer));
    }
}

/// A refresher with everything around it simulated.
struct Story {
    clock: Simulated,
    refresher: Refresher,
    asked: Arc<Mutex<Vec<Moment>>>,
    offers: Offers,
    events: UnboundedReceiver<Event>,
}

impl Story {
    /// Begins at noon with what the source gives then.
    fn new(
        happenings: &[(Duration, Happening)],
        script: impl Fn(u64) -> Does + Send + Sync + 'static,
    ) -> Self {
        Self::with_random(happenings, script, || 0.5)
    }

    fn with_random(
        happenings: &[(Duration, Happening)],
        script: impl Fn(u64) -> Does + Send + Sync + 'static,
        random: impl FnMut() -> f64 + Send + 'static,
    ) -> Self {
        let clock = Simulated::new(happenings);
        let (offers, asked) = (Offers::default(), Arc::new(Mutex::new(Vec::new())));
        let source = Scripted {
            clock: clock.clone(),
            script: Box::new(script),
            asked: asked.clone(),
            under_way: AtomicUsize::new(0),
        };
        let sink = CheckedSink { clock: clock.clone(), offers: offers.clone() };
        let (events, told) = unbounded_channel();
        let first = clock.carry_on(SECOND, source.provide()).expect("at once").expect("the first ones");
        let refresher =
            Refresher::new(&first, Box::new(source), Arc::new(clock.clone()), Box::new(sink), events)
                .expect("the first ones can be served")
                .with_random(random);
        Self { clock, refresher, asked, offers, events: told }
    }

    /// Goes on for so many seconds awake; then what must hold is checked.
    fn goes_on(&mut self, seconds: u64) {
        let length = Duration::from_secs(seconds);
        // A task of its own may carry it.
        let run: Pin<Box<dyn Future<Output = Infallible> + Send + '_>> = Box::pin(self.refresher.run());
        assert!(self.clock.carry_on(length, run).is_none());
        let asked = self.asked();
        for pair in asked.windows(2) {
            assert!(pair[1] >= pair[0] + LEAST, "two requests within a second: {pair:?}");
        }
    }

    /// When the source was asked, in true time since noon; the request of the start is the first.
    fn asked(&self) -> Vec<Duration> {
        let since = |now: &Moment| now.elapsed.saturating_sub(Duration::from_secs(1000));
        self.asked.lock().expect("lock").iter().map(since).collect()
    }

    /// For how long the endpoint had nothing valid to answer with, by the machine's clock, up to now.
    fn without(&self) -> Duration {
        let offers = self.offers.0.lock().expect("lock");
        let mut gaps = Duration::ZERO;
        let next = offers.iter().skip(1).map(|(at, _)| at.elapsed).chain([self.clock.now().elapsed]);
        for ((at, offer), next) in offers.iter().zip(next) {
            let served_until = match offer {
                Offer::Serve(served) => served.ends,
                Offer::Fail(_) => at.elapsed,
            };
            gaps += next.saturating_sub(served_until);
        }
        gaps
    }

    /// The failures that the endpoint was given.
    fn failures(&self) -> Vec<String> {
        let offers = self.offers.0.lock().expect("lock");
        let failure = |(_, offer): &(Moment, Offer)| match offer {
            Offer::Fail(failure) => Some(format!("{}: {}", failure.code, failure.message)),
            Offer::Serve(_) => None,
        };
        offers.iter().filter_map(failure).collect()
    }

    /// What was told since this was last asked, in order; each with the first letter of its voice.
    fn told(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            let Some((voice, line)) = event.line() else { continue };
            let letter = match voice {
                Voice::Note => 'n',
                Voice::Warning => 'w',
                Voice::Error => 'e',
            };
            assert!(!line.contains("MARK"), "{line}");
            lines.push(format!("{letter}: {line}"));
        }
        lines
    }
}

/// Polls a future once and drops it.
fn once<F: Future>(future: Pin<&mut F>) -> bool {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    future.poll(&mut context).is_ready()
}

impl Story {
    /// How long what is held may still be used.
    fn state_left(&self) -> Option<Duration> {
        self.refresher.state().left(&self.clock.now())
    }

    /// The same, begun with other credentials than the source's.
    fn beginning_with(self, first: &Credentials) -> Self {
        let Self { clock, refresher, asked, offers, .. } = self;
        offers.0.lock().expect("lock").clear();
        let sink = CheckedSink { clock: clock.clone(), offers: offers.clone() };
        let (events, told) = unbounded_channel();
        let refresher =
            Refresher::new(first, refresher.source, Arc::new(clock.clone()), Box::new(sink), events)
                .expect("they can be served")
                .with_random(|| 0.5);
        Self { clock, refresher, asked, offers, events: told }
    }
}

//! Time that goes by only when everybody waits for it, with a machine that can be put to sleep and a clock that can be
//! set: the tests' own, so that hours take milliseconds and nothing depends on the machine's speed.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_trait::async_trait;
use time::macros::datetime;

use super::{Clock, Moment};

/// What happens to time from outside.
#[derive(Debug, Clone, Copy)]
pub(in crate::refresh) enum Happening {
    /// The machine is suspended this long: the timers stand still, both clocks go on.
    Suspend(Duration),
    /// The wall's clock is set by this many seconds.
    Set(i64),
}

/// Simulated clocks; clones are the same ones.
#[derive(Debug, Clone)]
pub(in crate::refresh) struct Simulated(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    now: Moment,
    /// What the timers go by.
    awake: Duration,
    /// When, by `awake`.
    happenings: Vec<(Duration, Happening)>,
    waiting: Vec<(Duration, Waker)>,
}

impl Simulated {
    /// It is noon, and these things will happen, each so long after now (the time asleep not counted).
    pub(in crate::refresh) fn new(happenings: &[(Duration, Happening)]) -> Self {
        let now = Moment { wall: datetime!(2026-01-01 12:00 UTC), elapsed: Duration::from_secs(1000) };
        let mut happenings = happenings.to_vec();
        happenings.sort_by_key(|(at, _)| *at);
        let inner = Inner { now, awake: Duration::ZERO, happenings, waiting: Vec::new() };
        Self(Arc::new(Mutex::new(inner)))
    }

    /// Carries `task` on until the timers have gone `length` further, or it ends.
    pub(in crate::refresh) fn carry_on<T>(
        &self,
        length: Duration,
        task: impl Future<Output = T>,
    ) -> Option<T> {
        struct Woken(AtomicBool);
        impl Wake for Woken {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let until = self.0.lock().expect("lock").awake + length;
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = Waker::from(woken.clone());
        let mut task = pin!(task);
        loop {
            if woken.0.swap(false, Ordering::SeqCst) {
                if let Poll::Ready(done) = task.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return Some(done);
                }
            } else if !self.advance(until) {
                return None;
            }
        }
    }

    /// Goes on to the next thing that happens or is waited for; false when `until` comes first.
    fn advance(&self, until: Duration) -> bool {
        let mut inner = self.0.lock().expect("lock");
        let next = inner.waiting.iter().map(|(at, _)| *at).min().unwrap_or(Duration::MAX);
        let happening = inner.happenings.first().copied().filter(|(at, _)| *at <= next.min(until));
        let to = happening.map_or(next, |(at, _)| at).min(until);
        let step = to.saturating_sub(inner.awake);
        inner.pass(step);
        inner.awake = to;
        if let Some((_, happening)) = happening {
            inner.happenings.remove(0);
            match happening {
                Happening::Suspend(length) => inner.pass(length),
                Happening::Set(seconds) => inner.now.wall += time::Duration::seconds(seconds),
            }
            return true;
        }
        let (due, waiting) = std::mem::take(&mut inner.waiting).into_iter().partition(|(at, _)| *at <= to);
        inner.waiting = waiting;
        drop(inner);
        let due: Vec<(Duration, Waker)> = due;
        due.into_iter().for_each(|(_, waker)| waker.wake());
        to < until
    }
}

impl Inner {
    fn pass(&mut self, length: Duration) {
        self.now.wall += length;
        self.now.elapsed += length;
    }
}

#[async_trait]
impl Clock for Simulated {
    fn now(&self) -> Moment {
        self.0.lock().expect("lock").now
    }

    async fn rest(&self, length: Duration) {
        let until = self.0.lock().expect("lock").awake + length;
        std::future::poll_fn(|context| {
            let mut inner = self.0.lock().expect("lock");
            if inner.awake >= until {
                return Poll::Ready(());
            }
            inner.waiting.push((until, context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

#[test]
fn time_goes_by_when_everybody_waits() {
    let hour = Duration::from_hours(1);
    let clock = Simulated::new(&[
        (Duration::from_secs(2), Happening::Suspend(hour)),
        (Duration::from_secs(3), Happening::Set(-60)),
    ]);
    let before = clock.now();
    let rested = clock.carry_on(Duration::from_secs(100), async {
        clock.rest(Duration::from_secs(5)).await;
        clock.now()
    });
    let after = rested.expect("done");
    assert_eq!(after.since(&before), hour + Duration::from_secs(5));
    assert_eq!(after.wall - before.wall, time::Duration::seconds(3600 + 5 - 60));
    assert!(clock.carry_on(Duration::from_secs(7), clock.rest(hour)).is_none());
    assert_eq!(clock.now().since(&after), Duration::from_secs(7));
}

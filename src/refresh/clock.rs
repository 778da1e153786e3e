//! Time as an argument: the wall's, by which credentials end, and the machine's, which no one sets and which counts
//! while it sleeps.
//!
//! A timer of the runtime stands still while the machine is suspended, and says nothing of a clock that is set.
//! So whoever waits for long does it in short rests ([`LONGEST_REST`]) and compares both clocks after each ([`seam`]).

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

/// After a longer rest than this a machine that was asleep would be noticed too late.
pub const LONGEST_REST: Duration = Duration::from_secs(5);

/// The wall's clock was set when it went this much otherwise than the machine's. What NTP slews is far less.
const SET: Duration = Duration::from_secs(2);

/// The machine slept when a rest took this much longer than it was meant to; a loaded machine is not that late.
const OVERSLEPT: Duration = Duration::from_secs(10);

/// A moment, on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// In UTC; somebody may set it, forward and back.
    pub wall: OffsetDateTime,
    /// Since some moment that stays the same for the process's life; never goes back, and counts during suspend.
    pub elapsed: Duration,
}

impl Moment {
    /// How much later than `before` this is, by the machine's clock.
    #[must_use]
    pub fn since(&self, before: &Self) -> Duration {
        self.elapsed.saturating_sub(before.elapsed)
    }
}

/// Where the time comes from.
#[async_trait]
pub trait Clock: fmt::Debug + Send + Sync {
    /// Now, on both clocks.
    fn now(&self) -> Moment;

    /// Waits this long; longer, when the machine is suspended meanwhile. Dropping the future gives the wait up.
    async fn rest(&self, length: Duration);
}

/// What happened to time between two moments, beside that it went by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seam {
    /// The machine slept, or stood still.
    Slept,
    /// The wall's clock was set, or corrected by more than a little.
    Set,
}

/// Whether a rest that was to take `meant` had a seam.
#[must_use]
pub fn seam(before: &Moment, after: &Moment, meant: Duration) -> Option<Seam> {
    let went = after.since(before);
    let wall = after.wall - before.wall;
    let apart = (wall - time::Duration::try_from(went).unwrap_or(time::Duration::MAX)).unsigned_abs();
    if apart > SET {
        Some(Seam::Set)
    } else if went > meant.saturating_add(OVERSLEPT) {
        Some(Seam::Slept)
    } else {
        None
    }
}

/// The clocks of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Moment {
        Moment { wall: OffsetDateTime::now_utc(), elapsed: elapsed() }
    }

    async fn rest(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

/// Since the machine was started, with the time that it was suspended.
#[cfg(unix)]
fn elapsed() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    // Elsewhere `CLOCK_MONOTONIC` goes on during sleep (macOS), or there is no other.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const ID: ClockId = ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const ID: ClockId = ClockId::Monotonic;
    clock_gettime(ID).try_into().unwrap_or_default()
}

/// Since the first call: Windows' performance counter goes on during sleep.
#[cfg(not(unix))]
fn elapsed() -> Duration {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

#[cfg(test)]
pub(super) mod simulated;

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn seams_in_time() {
        let before = Moment { wall: datetime!(2026-01-01 12:00 UTC), elapsed: Duration::from_secs(100) };
        for (wall, elapsed, expected) in [
            (5, 5, None),
            // A loaded machine, and a clock that NTP slews.
            (12, 12, None),
            (6, 5, None),
            (4, 5, None),
            (7200, 7200, Some(Seam::Slept)),
            (16, 16, Some(Seam::Slept)),
            (5 + 3600, 5, Some(Seam::Set)),
            (5 - 3600, 5, Some(Seam::Set)),
            // A machine whose hypervisor stopped it, and whose wall clock was then put right.
            (3600, 5, Some(Seam::Set)),
        ] {
            let after = Moment {
                wall: before.wall + time::Duration::seconds(wall),
                elapsed: before.elapsed + Duration::from_secs(elapsed),
            };
            assert_eq!(seam(&before, &after, Duration::from_secs(5)), expected, "{wall} {elapsed}");
        }
    }

    #[tokio::test]
    async fn the_machines_clocks_go_forward() {
        let before = SystemClock.now();
        SystemClock.rest(Duration::from_millis(20)).await;
        let after = SystemClock.now();
        assert!(after.since(&before) >= Duration::from_millis(19), "{before:?} {after:?}");
        assert_eq!(before.since(&after), Duration::ZERO);
    }
}

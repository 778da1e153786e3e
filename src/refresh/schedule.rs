//! When to ask the source again. Pure: what is known goes in, a pause comes out.
//!
//! SDKs ask the endpoint again 5 to 15 minutes before the end (boto3 at every request then, from 10 minutes on as a
//! must), and take what they get; so what the endpoint holds is kept as fresh as the source gives it, and has more
//! than 15 minutes left wherever the source allows that. Nobody is asked twice within [`LEAST`].

use std::time::Duration;

use time::OffsetDateTime;

use super::clock::Moment;
use crate::credentials::{Credentials, LimitCause, RenewalLimit};

/// Between two requests to the source, from the start of one to the start of the next.
pub const LEAST: Duration = Duration::from_secs(1);

/// How long credentials without a known end are said to live; said anew while they last.
pub const LEASE: Duration = Duration::from_mins(30);

/// Long-lived credentials are fetched anew this long before their end, short-lived ones when three fifths of their life
/// are left: a source that is down for half of it is not missed, at whatever moment it goes down.
const LEAD: Duration = Duration::from_mins(20);

/// The last session that can be had is asked for this long before the source ends.
const LAST_CALL: Duration = Duration::from_mins(1);

/// The longest pause for a source that fails or gives what it gave before, while valid credentials are held.
const MOST: Duration = Duration::from_mins(1);

/// The longest pause for a source that fails when nothing valid is left: the container waits for it.
const MOST_WITHOUT: Duration = Duration::from_secs(15);

/// How long the first request may take; each further one in a row twice as long, up to [`PATIENCE_MOST`].
const PATIENCE: Duration = Duration::from_secs(15);
const PATIENCE_MOST: Duration = Duration::from_mins(2);

/// How long credentials may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// When they were got.
    pub got: Moment,
    /// When they end, in UTC.
    pub end: OffsetDateTime,
}

impl Lease {
    /// Of credentials that are got now; `None` when they have ended. Without a known end, [`LEASE`].
    #[must_use]
    pub fn of(credentials: &Credentials, now: Moment) -> Option<Self> {
        let end = credentials.expiration().unwrap_or(now.wall + LEASE);
        (end > now.wall).then_some(Self { got: now, end })
    }

    /// How long they lived when they were got.
    #[must_use]
    pub fn life(&self) -> Duration {
        (self.end - self.got.wall).try_into().unwrap_or_default()
    }

    /// What is left of it, and zero once they have ended. When the wall's clock was set meanwhile nobody knows which
    /// of the two is right: the shorter one counts.
    #[must_use]
    pub fn left(&self, now: &Moment) -> Duration {
        let by_wall = (self.end - now.wall).try_into().unwrap_or_default();
        self.life().saturating_sub(now.since(&self.got)).min(by_wall)
    }

    /// When they end by the machine's clock ([`Moment::elapsed`]), as it was when they were got.
    #[must_use]
    pub fn ends(&self) -> Duration {
        self.got.elapsed.saturating_add(self.life())
    }
}

/// How the source answered last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answer {
    /// With credentials that were new.
    #[default]
    New,
    /// With those that it had given before.
    Same,
    /// Not, so many times in a row.
    Failed(u32),
    /// Not, and will not without a person.
    NeedsAPerson,
}

/// What the next pause depends on.
#[derive(Debug, Clone, Copy)]
pub struct Situation {
    /// Of the credentials that are held.
    pub lease: Option<Lease>,
    /// What keeps the source from going on for ever.
    pub limit: Option<RenewalLimit>,
    /// How it answered last.
    pub answer: Answer,
    /// When it was asked last.
    pub asked: Moment,
}

impl Situation {
    /// How long from `now` until the source is asked again; `None` while there is nothing to be had from it.
    /// `random`, from 0 to 1, spreads what would otherwise happen at the same moment on many machines.
    #[must_use]
    pub fn pause(&self, now: &Moment, random: f64) -> Option<Duration> {
        if self.has_all(now) {
            return None;
        }
        let random = random.clamp(0.0, 1.0);
        let left = self.lease.map(|lease| lease.left(now)).unwrap_or_default();
        let pause = match (self.answer, self.lease) {
            (Answer::NeedsAPerson, _) => MOST,
            (Answer::Failed(times), _) => backoff(times, left).mul_f64(0.5 + random / 2.0),
            (Answer::Same, Some(_)) => (left / 2).min(MOST),
            (Answer::New, Some(lease)) => self.before_the_last_call(now, fresh(&lease, now, random)),
            (_, None) => LEAST,
        };
        Some(pause.max(LEAST.saturating_sub(now.since(&self.asked))))
    }

    /// Whether a request could not give a later end than what is held, or was held, has.
    fn has_all(&self, now: &Moment) -> bool {
        let Some(limit) = self.limit else { return false };
        match self.lease {
            Some(lease) => limit.ends_with(lease.end),
            // A person can sign in elsewhere.
            None => limit.cause != LimitCause::Mfa && limit.at.is_some_and(|at| at <= now.wall),
        }
    }

    /// A role's session outlives the one that it is assumed from: the last one is got shortly before that ends.
    fn before_the_last_call(&self, now: &Moment, pause: Duration) -> Duration {
        let end = self.limit.and_then(|limit| limit.at);
        let last_call = end.and_then(|at| Duration::try_from(at - now.wall - LAST_CALL).ok());
        last_call.filter(|last_call| *last_call > LEAST).map_or(pause, |last_call| pause.min(last_call))
    }
}

/// For new credentials: see [`LEAD`].
fn fresh(lease: &Lease, now: &Moment, random: f64) -> Duration {
    let lead = (lease.life() * 3 / 5).min(LEAD);
    let due = lease.life().saturating_sub(lead).saturating_sub(lead.mul_f64(random / 10.0));
    due.saturating_sub(now.since(&lease.got)).min(lease.left(now))
}

/// Doubled with each failure; several more tries fit into what is left.
fn backoff(times: u32, left: Duration) -> Duration {
    let most = if left.is_zero() { MOST_WITHOUT } else { (left / 3).clamp(LEAST, MOST) };
    LEAST.saturating_mul(1 << times.saturating_sub(1).min(16)).min(most)
}

/// How long a request may take that is made after `answer`.
#[must_use]
pub fn patience(answer: Answer) -> Duration {
    match answer {
        Answer::Failed(times) => PATIENCE.saturating_mul(1 << times.min(16)).min(PATIENCE_MOST),
        _ => PATIENCE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::Secret;
    use time::macros::datetime;

    fn at(seconds: u64) -> Moment {
        let elapsed = Duration::from_secs(seconds);
        Moment { wall: datetime!(2026-01-01 12:00 UTC) + elapsed, elapsed }
    }

    fn lease(life: u64) -> Option<Lease> {
        Some(Lease { got: at(0), end: at(life).wall })
    }

    /// The shortest and the longest pause, in whole seconds rounded up.
    fn pauses(situation: Situation, now: u64) -> Option<(u64, u64)> {
        let up = |random| Some(situation.pause(&at(now), random)?.as_secs_f64().ceil());
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hours at most")]
        let both = (up(1.0)? as u64, up(0.0)? as u64);
        Some((both.0.min(both.1), both.0.max(both.1)))
    }

    fn answered(answer: Answer, lease: Option<Lease>, asked: u64) -> Situation {
        Situation { lease, limit: None, answer, asked: at(asked) }
    }

    #[test]
    fn new_ones_are_fetched_anew_well_before_their_end() {
        for (life, expected) in [
            (1, (1, 1)),
            (8, (3, 4)),
            (60, (21, 24)),
            // CloudShell.
            (900, (306, 360)),
            (1800, (612, 720)),
            // Of an hour twenty minutes are left, so that no SDK sees less than fifteen.
            (3600, (2280, 2400)),
            (43200, (41880, 42000)),
        ] {
            assert_eq!(pauses(answered(Answer::New, lease(life), 0), 0), Some(expected), "{life}");
        }
    }

    #[test]
    fn the_same_again_is_asked_for_soon_and_not_busily() {
        for (left, expected) in [(1200, 60), (119, 60), (60, 30), (10, 5), (2, 1), (1, 1)] {
            let situation = answered(Answer::Same, lease(3600), 3600 - left);
            assert_eq!(pauses(situation, 3600 - left), Some((expected, expected)), "{left}");
        }
    }

    #[test]
    fn a_source_that_fails_is_asked_ever_more_seldom_yet_often_enough() {
        for (times, left, expected) in [
            (1, 1200, (1, 1)),
            (2, 1200, (1, 2)),
            (3, 1200, (2, 4)),
            (10, 1200, (30, 60)),
            (u32::MAX, 1200, (30, 60)),
            // Several tries fit into what is left.
            (10, 60, (10, 20)),
            (10, 3, (1, 1)),
        ] {
            let situation = answered(Answer::Failed(times), lease(3600), 3600 - left);
            assert_eq!(pauses(situation, 3600 - left), Some(expected), "{times} {left}");
        }
        assert_eq!(pauses(answered(Answer::Failed(10), None, 0), 0), Some((8, 15)));
        assert_eq!(pauses(answered(Answer::NeedsAPerson, lease(3600), 0), 0), Some((60, 60)));
        let patient: Vec<_> =
            [Answer::New, Answer::Failed(1), Answer::Failed(2), Answer::Failed(3), Answer::Failed(u32::MAX)]
                .map(|answer| patience(answer).as_secs())
                .into();
        assert_eq!(patient, [15, 30, 60, 120, 120]);
    }

    #[test]
    fn what_cannot_be_had_is_not_asked_for() {
        let limited = |limit: u64, cause, lease| {
            let limit = Some(RenewalLimit { at: Some(at(limit).wall), cause });
            Situation { lease, limit, answer: Answer::New, asked: at(0) }
        };
        let all = [LimitCause::Mfa, LimitCause::Variables, LimitCause::Until];
        for cause in all {
            assert_eq!(pauses(limited(3600, cause, lease(3600)), 10), None, "they end with it: {cause:?}");
            let asked_again = pauses(limited(3600, cause, None), 3600);
            let expected = (cause == LimitCause::Mfa).then_some((1, 1));
            assert_eq!(asked_again.map(|_| (1, 1)), expected, "it has ended: {cause:?}");
            assert!(pauses(limited(3600, cause, None), 10).is_some(), "it has not: {cause:?}");
        }
        // The last session of a role is asked for a minute before the one that it is assumed from ends.
        assert_eq!(pauses(limited(1000, LimitCause::Mfa, lease(3600)), 0), Some((940, 940)));
        assert_eq!(pauses(limited(9000, LimitCause::Mfa, lease(3600)), 0), Some((2280, 2400)));
        assert_eq!(pauses(limited(30, LimitCause::Mfa, lease(3600)), 0), Some((2280, 2400)));
    }

    #[test]
    fn two_requests_are_apart() {
        let situation = answered(Answer::Same, None, 100);
        assert_eq!(situation.pause(&at(100), 0.0), Some(LEAST));
        let later = Moment { elapsed: at(100).elapsed + Duration::from_millis(400), ..at(100) };
        assert_eq!(situation.pause(&later, 0.0), Some(LEAST));
    }

    #[test]
    fn the_earlier_end_of_both_clocks_counts() {
        let lease = lease(3600).expect("a lease");
        let set = |seconds| Moment { wall: at(600).wall + time::Duration::seconds(seconds), ..at(600) };
        assert_eq!(lease.left(&set(0)).as_secs(), 3000);
        assert_eq!(lease.left(&set(600)).as_secs(), 2400);
        assert_eq!(lease.left(&set(-600)).as_secs(), 3000);
        assert_eq!(lease.left(&set(7200)), Duration::ZERO);
        assert_eq!(lease.left(&at(9000)), Duration::ZERO);
    }

    #[test]
    fn without_an_end_there_is_a_lease() {
        let of = |end| Credentials::new("ASIAIOSFODNN7EXAMPLE", Secret::new("s"), None, end, "test");
        let leased = |end| Lease::of(&of(end), at(0)).map(|lease| lease.life().as_secs());
        assert_eq!(leased(None), Some(1800));
        assert_eq!(leased(Some(at(8).wall)), Some(8));
        assert_eq!(leased(Some(at(0).wall)), None);
    }
}

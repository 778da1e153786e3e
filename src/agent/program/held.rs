//! What the endpoint answers with at this moment. Time comes in as an argument.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::http;
use super::wiped::Wiped;

/// This moment by both clocks: the monotonic one cannot be set and stands still while the machine sleeps; the other
/// goes on, and can be set.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    pub monotonic: Instant,
    pub unix_ms: u64,
}

/// The credentials that are held, as a whole HTTP answer, and why there are none.
pub struct Held {
    answer: Option<Answer>,
    /// The answer while there are no valid ones.
    unavailable: Arc<Wiped>,
    /// The host's last failure since the last credentials; told when those have ended.
    failure: Option<Arc<Wiped>>,
    heartbeat: Duration,
    /// The last frame from the host; `None` once it is gone for good or given up.
    heard: Option<Instant>,
    /// When it was last heard of, given up or not.
    last: Instant,
}

struct Answer {
    bytes: Arc<Wiped>,
    /// By the monotonic clock; `None` where it cannot count so far.
    end: Option<Instant>,
    ends_unix_ms: u64,
}

/// How often what has ended is looked for: what is asked for is looked at when it is asked for, whatever the clocks
/// did meanwhile.
const LOOK: Duration = Duration::from_secs(1);

/// The heartbeats that may be missed.
const MISSED: u32 = 3;

/// After so many the host is not waited for any longer, where it may be waited for at all: with one each five seconds that
/// is ten minutes.
const GIVEN_UP: u32 = 120;

impl Held {
    pub fn new(heartbeat: Duration, now: Now) -> Self {
        let nothing = unavailable("NotReady", "credrun has not handed over credentials yet");
        Self {
            answer: None,
            unavailable: nothing,
            failure: None,
            heartbeat,
            heard: Some(now.monotonic),
            last: now.monotonic,
        }
    }

    /// A frame has come: the host lives. It may have been given up before.
    pub fn hear(&mut self, now: Now) {
        if self.heard.is_none() {
            let back = "credrun is back after a silence, and has not handed over credentials yet";
            self.unavailable = unavailable("NotReady", back);
        }
        self.heard = Some(now.monotonic);
        self.last = now.monotonic;
    }

    /// Serves `body` until the earlier one of its two ends.
    pub fn credentials(&mut self, body: &Wiped, remaining_ms: u64, ends_unix_ms: u64, now: Now) {
        let end = now.monotonic.checked_add(Duration::from_millis(remaining_ms));
        self.answer = Some(Answer { bytes: Arc::new(http::ok(body.expose())), end, ends_unix_ms });
        self.failure = None;
        self.lapse(now);
    }

    /// The host could not get new ones; valid ones are served on.
    pub fn failure(&mut self, code: &str, message: &str) {
        let failure = unavailable(code, message);
        if self.answer.is_none() {
            self.unavailable = Arc::clone(&failure);
        }
        self.failure = Some(failure);
    }

    /// The host is gone, and comes back no more.
    pub fn gone(&mut self) {
        (self.answer, self.heard, self.failure) = (None, None, None);
        self.unavailable = unavailable("CredrunGone", "credrun has gone, and with it the credentials");
    }

    /// Forgets, and so wipes, what is valid no longer.
    pub fn lapse(&mut self, now: Now) {
        if self.heard.is_some_and(|heard| now.monotonic.duration_since(heard) > self.silence()) {
            (self.answer, self.heard, self.failure) = (None, None, None);
            let text = format!("credrun has not been heard of for {} s", self.silence().as_secs());
            self.unavailable = unavailable("CredrunSilent", &text);
        }
        let ended = self.answer.as_ref().and_then(|answer| answer.ended(now));
        if let Some(message) = ended {
            self.answer = None;
            let told = || unavailable("CredentialsExpired", message);
            self.unavailable = self.failure.clone().unwrap_or_else(told);
        }
    }

    fn silence(&self) -> Duration {
        self.heartbeat.saturating_mul(MISSED)
    }

    /// The answer to a request that may have the credentials, and whether they are in it.
    pub fn answer(&mut self, now: Now) -> (Arc<Wiped>, bool) {
        self.lapse(now);
        match &self.answer {
            Some(answer) => (Arc::clone(&answer.bytes), true),
            None => (Arc::clone(&self.unavailable), false),
        }
    }

    /// Whether the host has been silent for so long that it will not come back.
    pub fn is_abandoned(&self, now: Now) -> bool {
        now.monotonic.duration_since(self.last) > self.heartbeat.saturating_mul(GIVEN_UP)
    }

    /// Whether there are valid ones.
    pub fn holds(&self) -> bool {
        self.answer.is_some()
    }

    /// How long until [`Held::lapse`] may have something to do.
    pub fn next_look(&self) -> Duration {
        LOOK.min(self.heartbeat)
    }
}

impl Answer {
    fn ended(&self, now: Now) -> Option<&'static str> {
        if self.end.is_some_and(|end| end <= now.monotonic) {
            Some("the credentials have expired, and credrun has handed over no new ones")
        } else if self.ends_unix_ms <= now.unix_ms {
            Some("by the clock of the container's machine the credentials have expired: is it right?")
        } else {
            None
        }
    }
}

fn unavailable(code: &str, message: &str) -> Arc<Wiped> {
    Arc::new(http::refusal("503 Service Unavailable", code, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A moment so many milliseconds after the first one, by each clock.
    fn at(start: Instant, monotonic: u64, unix_ms: u64) -> Now {
        Now { monotonic: start + Duration::from_millis(monotonic), unix_ms: 1_000_000 + unix_ms }
    }

    fn served(held: &mut Held, now: Now) -> String {
        let (bytes, is_served) = held.answer(now);
        let text = String::from_utf8(bytes.expose().to_vec()).expect("text");
        assert_eq!(is_served, text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        assert_eq!(is_served, held.holds());
        text
    }

    #[track_caller]
    fn assert_says(text: &str, part: &str) {
        assert!(text.contains(part), "`{part}` in {text}");
    }

    fn holding(start: Instant) -> Held {
        let mut held = Held::new(Duration::from_mins(1), at(start, 0, 0));
        held.credentials(&Wiped::copy_of(b"keys"), 8000, 1_008_000, at(start, 0, 0));
        held
    }

    #[test]
    fn they_are_served_until_the_earlier_end() {
        let start = Instant::now();
        // By the monotonic clock, by the other one, and what is said then.
        for (monotonic, unix, expected) in [
            (0, 0, "\r\n\r\nkeys"),
            (7999, 7999, "\r\n\r\nkeys"),
            (8000, 8000, "CredentialsExpired"),
            // The clock was set back, or is slow: the keys live no longer for that.
            (8000, 0, "no new ones"),
            (7999, 0, "\r\n\r\nkeys"),
            // The machine has slept, or its clock is fast.
            (10, 8000, "clock of the container's machine"),
        ] {
            let mut held = holding(start);
            assert_says(&served(&mut held, at(start, monotonic, unix)), expected);
        }
    }

    #[test]
    fn what_has_ended_stays_away_when_the_clock_is_set_back() {
        let start = Instant::now();
        let mut held = holding(start);
        held.lapse(at(start, 10, 9000));
        assert_says(&served(&mut held, at(start, 11, 0)), "CredentialsExpired");
    }

    #[test]
    fn those_that_have_ended_already_are_never_served() {
        let start = Instant::now();
        let mut held = holding(start);
        held.credentials(&Wiped::copy_of(b"old"), 0, 2_000_000, at(start, 1, 1));
        assert!(!held.holds());
        assert_says(&served(&mut held, at(start, 1, 1)), "CredentialsExpired");
    }

    #[test]
    fn an_end_beyond_the_clock_s_reach_is_an_end() {
        let start = Instant::now();
        let mut held = Held::new(Duration::from_mins(1), at(start, 0, 0));
        held.credentials(&Wiped::copy_of(b"keys"), u64::MAX, 1_000_500, at(start, 0, 0));
        assert_says(&served(&mut held, at(start, 400, 400)), "keys");
        assert_says(&served(&mut held, at(start, 500, 500)), "CredentialsExpired");
    }

    #[test]
    fn a_failure_is_told_once_nothing_valid_is_held() {
        let start = Instant::now();
        let mut held = Held::new(Duration::from_mins(1), at(start, 0, 0));
        assert_says(&served(&mut held, at(start, 0, 0)), "NotReady");
        held.failure("AccessDenied", "no \"role\"");
        assert_says(
            &served(&mut held, at(start, 0, 0)),
            r#"{"code":"AccessDenied","message":"no \"role\""}"#,
        );
        let mut held = holding(start);
        held.failure("Throttling", "slow down");
        assert_says(&served(&mut held, at(start, 1, 1)), "keys");
        assert_says(&served(&mut held, at(start, 8000, 8000)), "slow down");
        held.credentials(&Wiped::copy_of(b"new"), 8000, 1_016_000, at(start, 8000, 8000));
        assert_says(&served(&mut held, at(start, 8001, 8001)), "new");
        // It was over with the new ones.
        assert_says(&served(&mut held, at(start, 16_000, 16_000)), "CredentialsExpired");
    }

    #[test]
    fn three_missed_heartbeats_wipe_them_and_the_next_frame_brings_the_host_back() {
        let start = Instant::now();
        let mut held = Held::new(Duration::from_secs(1), at(start, 0, 0));
        held.credentials(&Wiped::copy_of(b"keys"), 60_000, 1_060_000, at(start, 0, 0));
        held.hear(at(start, 2000, 2000));
        assert_says(&served(&mut held, at(start, 5000, 5000)), "keys");
        assert_says(&served(&mut held, at(start, 5001, 5001)), "not been heard of for 3 s");
        held.hear(at(start, 6000, 6000));
        assert_says(&served(&mut held, at(start, 6000, 6000)), "is back");
        held.credentials(&Wiped::copy_of(b"keys"), 60_000, 1_066_000, at(start, 6000, 6000));
        assert_says(&served(&mut held, at(start, 6001, 6001)), "keys");
    }

    #[test]
    fn a_host_that_is_silent_for_long_is_given_up() {
        let start = Instant::now();
        let mut held = Held::new(Duration::from_secs(5), at(start, 0, 0));
        assert!(!held.is_abandoned(at(start, 600_000, 0)) && held.is_abandoned(at(start, 600_001, 0)));
        held.hear(at(start, 600_000, 0));
        assert!(!held.is_abandoned(at(start, 1_200_000, 0)) && held.is_abandoned(at(start, 1_200_001, 0)));
    }

    #[test]
    fn when_the_host_is_gone_that_is_what_is_said() {
        let start = Instant::now();
        let mut held = holding(start);
        held.failure("Throttling", "slow down");
        held.gone();
        for later in [1, 9000, 1_000_000] {
            assert_says(&served(&mut held, at(start, later, later)), "credrun has gone");
        }
    }
}

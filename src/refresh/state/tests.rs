//! What is told, and when.

use super::*;
use crate::credentials::Secret;
use time::macros::datetime;

fn at(seconds: u64) -> Moment {
    let elapsed = Duration::from_secs(seconds);
    Moment { wall: datetime!(2026-01-01 12:00 UTC) + elapsed, elapsed }
}

fn credentials(id: &str, end: u64) -> Credentials {
    Credentials::new(id, Secret::new("MARK-key"), Some(Secret::new("MARK-token")), Some(at(end).wall), "test")
}

fn begun(end: u64) -> State {
    let (state, steps) = State::begin(&credentials("ASIA1", end), at(0)).expect("they can be served");
    assert!(matches!(steps.offer, Some(Offer::Serve(_))) && steps.events.is_empty());
    state
}

fn refusal(cause: &str) -> Refusal {
    Refusal { cause: cause.to_owned(), hint: None, for_a_person: false }
}

/// The causes that are told.
fn causes(steps: &Steps) -> Vec<&str> {
    let cause = |event| match event {
        &Event::SourceFails { ref cause, .. } | &Event::Ended { ref cause } => cause.as_str(),
        other => panic!("{other:?}"),
    };
    steps.events.iter().map(cause).collect()
}

#[test]
fn a_row_of_failures_is_told_once_and_on_change_and_after_some_minutes() {
    let mut state = begun(36000);
    for (seconds, cause, told) in [
        (10, "a", false),
        (11, "a", true),
        (13, "a", false),
        // Too soon after the other.
        (20, "b", false),
        (42, "b", true),
        (300, "b", false),
        (341, "b", false),
        (342, "b", true),
        (371, "a", false),
        (372, "a", true),
    ] {
        let steps = state.failed(refusal(cause), at(seconds));
        assert_eq!(causes(&steps), if told { vec![cause] } else { Vec::new() }, "{seconds}");
        assert!(steps.offer.is_none(), "valid ones are held");
    }
    let steps = state.got(&credentials("ASIA2", 36000), at(400));
    assert!(matches!(steps.events[..], [Event::FetchedAnew { .. }, Event::Recovered { .. }]), "{steps:?}");
    // And the next row is one of its own.
    assert!(state.failed(refusal("a"), at(500)).events.is_empty());
    assert_eq!(causes(&state.failed(refusal("a"), at(501))), ["a"]);
}

#[test]
fn one_failure_is_told_when_there_is_a_hurry() {
    let mut state = begun(100);
    assert_eq!(causes(&state.failed(refusal("a"), at(41))), ["a"]);
    let mut state = begun(100);
    assert!(state.failed(refusal("a"), at(40)).events.is_empty());
}

#[test]
fn what_takes_a_person_is_told_at_once_and_once() {
    let mut state = begun(36000);
    let person = || Refusal { for_a_person: true, ..refusal("a code") };
    assert_eq!(causes(&state.failed(person(), at(10))), ["a code"]);
    for minutes in 1..30 {
        assert!(state.failed(person(), at(10 + 60 * minutes)).events.is_empty());
        assert_eq!(state.situation().answer, Answer::NeedsAPerson);
    }
}

#[test]
fn a_failure_is_offered_when_nothing_is_left_and_when_its_cause_changes() {
    let mut state = begun(100);
    assert!(state.failed(refusal("a"), at(90)).offer.is_none());
    let ended = state.passed(at(100));
    assert_eq!(causes(&ended), ["a"]);
    assert!(
        matches!(&ended.offer, Some(Offer::Fail(failure)) if failure.message.ends_with(": a")),
        "{ended:?}"
    );
    assert!(state.passed(at(101)).offer.is_none(), "once");
    assert!(state.failed(refusal("a"), at(102)).offer.is_none(), "the same");
    let other = state.failed(refusal("b"), at(103));
    assert!(
        matches!(&other.offer, Some(Offer::Fail(failure)) if failure.message.ends_with(": b")),
        "{other:?}"
    );
    // The end comes together with a failure.
    let mut state = begun(100);
    let steps = state.failed(refusal("c"), at(100));
    assert_eq!(causes(&steps), ["c"]);
    assert!(
        matches!(&steps.offer, Some(Offer::Fail(failure)) if failure.message.ends_with(": c")),
        "{steps:?}"
    );
}

#[test]
fn the_same_again_is_no_event_and_its_end_is_said_anew() {
    let mut state = begun(100);
    let steps = state.got(&credentials("ASIA1", 100), at(50));
    assert!(steps.events.is_empty() && matches!(steps.offer, Some(Offer::Serve(_))));
    assert_eq!(state.situation().answer, Answer::Same);
    let steps = state.got(&credentials("ASIA2", 100), at(60));
    assert!(matches!(steps.events[..], [Event::FetchedAnew { .. }]));
    assert_eq!(state.situation().answer, Answer::New);
}

#[test]
fn what_cannot_be_served_does_not_begin() {
    let expired = State::begin(&credentials("ASIA1", 10), at(10)).expect_err("expired");
    assert!(expired.to_string().contains("the credentials from test expired at 2026-01-01T12:00:10Z"));
    let keys = Credentials::new("AKIA", Secret::new("MARK"), None, None, "test");
    let error = State::begin(&keys, at(0)).expect_err("long-term keys");
    assert!(error.to_string().contains("long-term keys") && !format!("{error:?}").contains("MARK"));
}

#[test]
fn the_limits_of_the_start_are_told() {
    for (cause, end, limit, left) in [
        (LimitCause::Mfa, 100, 100, 100),
        (LimitCause::Mfa, 100, 900, 900),
        (LimitCause::Variables, 900, 300, 300),
    ] {
        let base = credentials("ASIA0", limit).limited(cause);
        let (_, steps) = State::begin(&credentials("ASIA1", end).after(&base), at(0)).expect("begun");
        let [Event::Limited { limit: told, left: until, .. }] = steps.events[..] else { panic!("{steps:?}") };
        assert_eq!((told.cause, told.at, until.as_secs()), (cause, Some(at(limit).wall), left));
    }
}

#[test]
fn an_error_is_one_line_with_its_first_hint() {
    let error = Error::new(ErrorKind::Credentials, "none:\n  a: b").hint("sign in").hint("or not");
    let shown = Refusal::from(&ProvideError::Failed(error));
    assert_eq!(shown, Refusal { hint: Some("sign in".into()), ..refusal("none: a: b") });
    assert_eq!(Refusal::from(&ProvideError::NotConfigured("not set".into())), refusal("not set"));
}

#[test]
fn the_end_of_a_session_that_a_code_bought_is_told_once_and_a_sign_in_elsewhere_helps() {
    let first = credentials("ASIA1", 100).limited(LimitCause::Mfa);
    let (mut state, _) = State::begin(&first, at(0)).expect("begun");
    let ended = state.passed(at(100));
    assert_eq!(
        causes(&ended),
        ["the session that an MFA code bought has ended; start the container anew, with a new code"]
    );
    for seconds in [101, 161, 221, 600, 7200] {
        assert!(state.situation().pause(&at(seconds), 0.5).is_some(), "it may be signed in elsewhere");
        let steps = state.failed(Refusal { for_a_person: true, ..refusal("a code") }, at(seconds));
        assert!(steps.events.is_empty(), "{seconds} {steps:?}");
    }
    let steps = state.got(&credentials("ASIA2", 9000), at(7300));
    assert!(matches!(steps.events[..], [Event::FetchedAnew { .. }, Event::Recovered { .. }]), "{steps:?}");
}

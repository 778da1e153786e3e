//! The stories.

use super::*;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

#[test]
fn eight_seconds_for_ninety() {
    let mut story = Story::new(&[], |_| Does::New(8));
    story.goes_on(90);
    assert_eq!(story.without(), Duration::ZERO);
    let asked = story.asked().len();
    assert!((27..=34).contains(&asked), "{asked} requests");
    assert!(story.told().is_empty() && story.failures().is_empty());
}

#[test]
fn an_hour_always_has_more_than_fifteen_minutes_left() {
    let mut story = Story::new(&[], |_| Does::New(3600));
    story.goes_on(24 * 3600);
    assert_eq!(story.without(), Duration::ZERO);
    let offers = story.offers.0.lock().expect("lock").clone();
    for pair in offers.windows(2) {
        let Offer::Serve(before) = &pair[0].1 else { panic!("a failure") };
        let left = before.ends.saturating_sub(pair[1].0.elapsed);
        assert!(left > Duration::from_mins(15) && left <= Duration::from_mins(22), "{left:?}");
    }
    assert_eq!(offers.len(), story.asked().len());
    assert!((36..=39).contains(&offers.len()), "{}", offers.len());
}

#[test]
fn a_source_that_is_down_for_half_a_minute_is_not_missed() {
    // It is down when it is to be asked, with more than a minute of two left.
    let mut story = Story::new(&[], |at| if (40..75).contains(&at) { Does::Fails } else { Does::New(120) });
    story.goes_on(200);
    assert_eq!(story.without(), Duration::ZERO);
    assert!(story.failures().is_empty());
    let told = story.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("w: credentials cannot be fetched anew: the source is down (wait); those in use")
    );
    assert!(told[1].starts_with("n: credentials are fetched anew again"), "{told:?}");
}

/// Credentials of a minute, and a source that is down for half of one: at whatever moment it goes down.
#[test]
fn the_source_may_be_down_for_half_of_a_short_life() {
    for (down, random) in (0..60).flat_map(|down| [0.0, 0.5, 1.0].map(|random| (down, random))) {
        let is_down = move |at| (40 + down..70 + down).contains(&at);
        let script = move |at| if is_down(at) { Does::Fails } else { Does::New(60) };
        let mut story = Story::with_random(&[], script, move || random);
        story.goes_on(200);
        assert_eq!(story.without(), Duration::ZERO, "down from {} s on, by chance {random}", 40 + down);
    }
}

#[test]
fn one_failure_with_much_left_is_no_news() {
    let mut story =
        Story::new(&[], |at| if (2000..2341).contains(&at) { Does::Fails } else { Does::New(3600) });
    story.goes_on(4000);
    let failed = story.asked().iter().filter(|at| (2000..2341).contains(&at.as_secs())).count();
    assert_eq!((failed, story.told()), (1, Vec::new()));
}

#[test]
fn down_past_the_end_the_endpoint_says_why_until_it_is_up() {
    let mut story = Story::new(&[], |at| if (20..400).contains(&at) { Does::Fails } else { Does::New(60) });
    story.goes_on(1000);
    let failures = story.failures();
    assert_eq!(failures, ["CredrunSourceFailed: credrun cannot get credentials: the source is down"]);
    // It is asked often enough then that the container soon has some again.
    let without = story.without().as_secs();
    assert!((320..=400).contains(&without), "{without}");
    let told = story.told();
    let parts = [
        "w: credentials cannot be fetched anew",
        "w: the container has no valid credentials any more: the source is down",
        "w: credentials cannot be fetched anew",
        "n: credentials are fetched anew again",
    ];
    assert_eq!(told.len(), parts.len(), "{told:#?}");
    for (line, part) in told.iter().zip(parts) {
        assert!(line.starts_with(part), "{told:#?}");
    }
    assert!(told[2].ends_with("none are left"), "{told:#?}");
}

#[test]
fn after_a_sleep_of_two_hours_new_ones_are_fetched_at_once() {
    let asleep = [(100 * SECOND, Happening::Suspend(2 * HOUR))];
    let mut story = Story::new(&asleep, |_| Does::New(3600));
    story.goes_on(120);
    let asked = story.asked();
    let awake = Duration::from_secs(7300);
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[1] >= awake && asked[1] <= awake + LONGEST_REST, "{asked:?}");
    // Who asks the endpoint within these seconds is told so, and nobody else is bothered.
    let said = "CredrunSourceFailed: credrun cannot get credentials: those that were held have expired, \
                and new ones are being fetched";
    assert!(story.failures().iter().all(|failure| failure == said), "{:?}", story.failures());
    assert!(story.told().is_empty());
}

#[test]
fn a_sleep_in_the_middle_of_a_request_gives_it_up() {
    let asleep = [(2345 * SECOND, Happening::Suspend(10 * MINUTE))];
    let slow = |at| if (2300..2400).contains(&at) { Does::Slow(12, 3600) } else { Does::New(3600) };
    let mut story = Story::new(&asleep, slow);
    story.goes_on(2400);
    let asked = story.asked();
    // Begun at 2340 s, given up after the sleep, begun anew.
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked[2] < Duration::from_secs(2345 + 600) + 2 * LONGEST_REST, "{asked:?}");
    assert!(story.told().is_empty() && story.failures().is_empty());
}

#[test]
fn a_clock_that_is_set_makes_it_ask_at_once_and_never_serve_what_has_expired() {
    for (seconds, requests) in [(1800, 2), (-3600 * 3, 2), (-600, 2), (600, 2), (1, 1)] {
        let set = [(100 * SECOND, Happening::Set(seconds))];
        let mut story = Story::new(&set, |_| Does::New(3600));
        story.goes_on(109);
        assert_eq!(story.asked().len(), requests, "{seconds}");
    }
    // A clock that is put right after an hour: what the source gives has expired by the wrong one.
    let hour = [(100 * SECOND, Happening::Set(7200)), (3700 * SECOND, Happening::Set(-7200))];
    let mut story = Story::new(&hour, |_| Does::New(3600));
    story.goes_on(3720);
    assert!(story.failures().iter().any(|failure| failure.contains("expired at")), "{:?}", story.failures());
    let offers = story.offers.0.lock().expect("lock");
    assert!(matches!(offers.last(), Some((_, Offer::Serve(_)))), "{offers:?}");
}

#[test]
fn the_same_until_they_change_is_asked_for_soon_and_not_busily() {
    // CloudShell: the next ones come a minute before the end.
    let of = |at: u64| (at + 60) / 900 * 900 + 900;
    let mut story = Story::new(&[], move |at| Does::Until(of(at).cast_signed()));
    story.goes_on(3600);
    assert_eq!(story.without(), Duration::ZERO);
    let asked = story.asked().len();
    assert!((20..=60).contains(&asked), "{asked} requests");
    assert!(story.told().is_empty());
    // The new ones are there within a minute of their being there.
    let offers = story.offers.0.lock().expect("lock");
    for (at, offer) in offers.iter() {
        let Offer::Serve(served) = offer else { panic!("a failure") };
        let left = served.ends.saturating_sub(at.elapsed);
        assert!(left >= Duration::from_secs(30), "{left:?}");
    }
}

#[test]
fn a_source_that_hangs_is_given_up_and_asked_again() {
    let hangs = |at| if (2000..4000).contains(&at) { Does::Slow(100_000, 3600) } else { Does::New(3600) };
    let mut story = Story::new(&[], hangs);
    story.goes_on(6000);
    let told = story.told();
    assert!(told[0].contains("the source gave no answer within"), "{told:?}");
    assert!(story.failures()[0].contains("the source gave no answer within"), "{:?}", story.failures());
    assert!(told.last().expect("a line").starts_with("n: credentials are fetched anew again"), "{told:?}");
    // A slow one is waited for in the end.
    let mut story = Story::new(&[], |at| if at == 0 { Does::New(600) } else { Does::Slow(50, 600) });
    story.goes_on(3600);
    assert_eq!(story.without(), Duration::ZERO);
}

#[test]
fn what_ends_while_a_request_hangs_is_let_go_of() {
    let mut story = Story::new(&[], |at| if at == 0 { Does::New(8) } else { Does::Slow(100_000, 8) });
    story.goes_on(9);
    assert!(story.failures()[0].contains("have expired"), "{:?}", story.failures());
    assert_eq!(story.state_left(), None);
}

#[test]
fn expired_ones_are_a_failure() {
    let mut story = Story::new(&[], |at| if at == 0 { Does::New(30) } else { Does::Until(10) });
    story.goes_on(300);
    let failures = story.failures();
    assert!(failures.iter().any(|f| f.contains("expired at 2026-01-01T12:00:10Z")), "{failures:?}");
}

#[test]
fn almost_spent_ones_do_not_take_the_place_of_good_ones() {
    let almost = |at: u64| if at == 0 { Does::New(3600) } else { Does::New(2) };
    let mut story = Story::new(&[], almost);
    story.goes_on(3590);
    assert_eq!(story.offers.0.lock().expect("lock").len(), 1);
}

#[test]
fn without_an_end_they_are_leased_for_half_an_hour_each_time() {
    let mut story = Story::new(&[], |_| Does::Endless);
    story.goes_on(7200);
    assert_eq!(story.without(), Duration::ZERO);
    assert!((10..=12).contains(&story.asked().len()), "{:?}", story.asked());
    let (at, Offer::Serve(served)) = story.offers.0.lock().expect("lock")[0].clone() else {
        panic!("a failure")
    };
    assert_eq!(served.ends.saturating_sub(at.elapsed), Duration::from_mins(30));
}

#[test]
fn what_a_limit_ends_is_said_and_not_asked_for() {
    use crate::credentials::LimitCause;
    let first = credentials(Some(600), 1).limited(LimitCause::Variables);
    let mut story = Story::new(&[], |_| Does::New(3600)).beginning_with(&first);
    story.goes_on(3600);
    assert_eq!(story.asked().len(), 1, "only the start's");
    let told = story.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("the credentials end at 2026-01-01T12:10:00Z (in 10 minutes)"), "{told:?}");
    assert!(told[1].contains("the keys in variables that they come from have ended"), "{told:?}");
    assert!(story.failures()[0].starts_with("CredrunCredentialsEnded: "), "{:?}", story.failures());
}

#[test]
fn a_run_that_is_dropped_goes_on_where_it_was() {
    let mut story = Story::new(&[], |at| if at > 3 { Does::Slow(3, 20) } else { Does::New(20) });
    for _ in 0..120 {
        // Dropped while it rests and while a request is under way.
        assert!(!once(std::pin::pin!(story.refresher.run())));
        story.goes_on(1);
    }
    // A request takes three seconds and is given up after one, each time.
    assert!(story.asked().len() > 20);
    assert!(story.failures()[0].contains("have expired"), "{:?}", story.failures());
    story.goes_on(60);
    let offers = story.offers.0.lock().expect("lock");
    assert!(matches!(offers.last(), Some((_, Offer::Serve(_)))), "{offers:?}");
}

#[test]
fn whatever_happens_what_must_hold_holds() {
    for seed in 0..300 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let happenings: Vec<_> = (0..chance.usize(0..6))
            .map(|_| {
                let at = SECOND * chance.u32(0..4000);
                let happening = if chance.bool() {
                    Happening::Suspend(SECOND * chance.u32(1..8000))
                } else {
                    Happening::Set(chance.i64(-8000..8000))
                };
                (at, happening)
            })
            .collect();
        // Each hundred seconds it is in another mood, from a good one on.
        let moods: Vec<_> = (0..600).map(|_| (chance.u8(0..6), chance.i64(1..4000))).collect();
        let script = move |at: u64| match moods[usize::try_from(at / 100).expect("small") % moods.len()] {
            _ if at == 0 => Does::New(moods[0].1),
            (0 | 1, life) => Does::New(life),
            (2, life) => Does::Until((at / 500 * 500).cast_signed() + life),
            (3, life) => Does::Slow(life.unsigned_abs() % 200, life),
            (4, _) => Does::Endless,
            _ => Does::Fails,
        };
        let mut jitter = fastrand::Rng::with_seed(seed);
        let mut story = Story::with_random(&happenings, script, move || jitter.f64());
        story.goes_on(5000);
        let told = story.told().len();
        assert!(told < 400, "seed {seed}: {told} lines in 5000 seconds");
    }
}

//! The source is down: for shorter than the credentials live, and for longer.

use std::time::{Duration, Instant};

use super::programs::MESSAGE;
use super::{Aws, Caller, Calls, LIFE, is_long, side_by_side};
use crate::harness::run::{PATIENCE, eventually, within};

const FAILS: &str = "warning: credentials cannot be fetched anew: ";
const AGAIN: &str = "credentials are fetched anew again";
const ENDED: &str = "warning: the container has no valid credentials any more: ";

/// Longer than any test.
const FOR_EVER: u32 = 600;

impl Caller {
    /// Waits until its calls are such, or its stderr is.
    fn wait(&self, what: &str, is_so: impl Fn(&Calls, &str) -> bool) {
        let is_so = || is_so(&Calls::of(&self.running.stdout()), &self.running.stderr());
        let shown = || format!("stdout: {}\nstderr: {}", self.running.stdout(), self.running.stderr());
        let name = &self.container.name;
        assert!(within(PATIENCE, is_so), "{name} is not so: {what}\n{}", shown());
    }

    /// Two more calls, the last of which works.
    fn wait_for_more(&self) {
        let so_far = Calls::of(&self.running.stdout()).worked;
        self.wait("it calls on", |calls, _| calls.worked >= so_far + 2 && calls.last_worked);
    }
}

/// How often it is said.
fn told(stderr: &str, line: &str) -> usize {
    stderr.matches(line).count()
}

#[test]
fn a_source_that_is_down_while_credentials_are_valid_is_not_missed() {
    let aws = Aws::new();
    side_by_side(|run| {
        let source = aws.source(if is_long() { 60 } else { 20 });
        let caller = Caller::start(&aws, &source, &["--refresh", "--network=none"], run, FOR_EVER);
        caller.wait("it calls", |calls, _| calls.last_worked);
        if is_long() {
            // Shortly before it is asked again, which is the worst moment.
            std::thread::sleep(Duration::from_secs(18));
            source.set_down(true);
            std::thread::sleep(Duration::from_secs(30));
        }
        source.set_down(true);
        caller.wait("it is said that the source fails", |_, stderr| stderr.contains(FAILS));
        let refused = source.refused();
        eventually(PATIENCE, "the source is asked again", || source.refused() > refused);
        source.set_down(false);
        caller
            .wait("it is said that the source works", |_, stderr| told(stderr, AGAIN) == told(stderr, FAILS));
        caller.wait_for_more();
        let outcome = caller.stop();
        let calls = Calls::of(&outcome.text());
        println!(
            "{}: {} calls, {} refusals, {} requests",
            run.name,
            calls.worked,
            source.refused(),
            source.hits()
        );
        assert!(calls.failed.is_empty(), "{}: {outcome:?}", run.name);
        // Each time once; under load it may have been slow once more.
        assert!(told(&outcome.stderr, FAILS) <= 2, "{}: {outcome:?}", run.name);
    });
}

#[test]
fn down_past_the_end_calls_fail_with_the_reason_and_work_again_when_it_is_up() {
    let aws = Aws::new();
    side_by_side(|run| {
        let source = aws.source(LIFE);
        let caller = Caller::start(&aws, &source, &["--refresh", "--network=none"], run, FOR_EVER);
        caller.wait("it calls", |calls, _| calls.last_worked);
        let polling = caller.poll();
        polling.wait_for("given");
        let down = Instant::now();
        source.set_down(true);
        assert_ends(&polling.outcome().text());
        let shows = |failed: &String| failed.contains(run.without);
        caller.wait("it shows why", |calls, _| calls.failed.iter().any(shows));
        source.set_down(false);
        // Three tries make one request, and there is no more than one in a second.
        let most = 3 * (down.elapsed().as_secs() + 2);
        assert!(source.refused() as u64 <= most, "{}: {} requests", run.name, source.refused());
        caller.wait_for_more();
        let outcome = caller.stop();
        println!(
            "{}: {} refusals, told {:?}",
            run.name,
            source.refused(),
            [FAILS, ENDED, AGAIN].map(|line| told(&outcome.stderr, line))
        );
        // A call that was made at the last moment may have failed otherwise.
        let calls = Calls::of(&outcome.text());
        assert!(
            calls.failed.iter().skip_while(|failed| !shows(failed)).all(shows),
            "{}: {outcome:?}",
            run.name
        );
        for line in [FAILS, ENDED, AGAIN] {
            assert!(outcome.stderr.contains(line), "{}: {outcome:?}", run.name);
        }
    });
}

/// What the endpoint was seen to answer is credentials, and in the end 503 with the reason.
fn assert_ends(polled: &str) {
    let answer = polled.strip_prefix("given\n503 ").unwrap_or_else(|| panic!("something else: {polled}"));
    let answer: serde_json::Value = serde_json::from_str(answer).expect("JSON");
    assert_eq!(answer["code"], "CredrunSourceFailed", "{answer}");
    assert!(answer["message"].as_str().is_some_and(|message| message.starts_with(MESSAGE)), "{answer}");
}

//! A role that is assumed from credentials of seconds, again and again.

use std::collections::BTreeSet;

use super::{Aws, Caller, LIFE, words};
use crate::harness::container::docker_ok;
use crate::harness::emulator::names;
use crate::harness::host::required_variable;
use crate::harness::run::{PATIENCE, eventually};
use crate::harness::short_lived::ShortLived;
use crate::harness::shortened::shortened;

/// The base, which may assume roles; where that is to be had; and the role.
struct Chain {
    aws: Aws,
    source: ShortLived,
    role: String,
}

impl Chain {
    fn new() -> Self {
        let aws = Aws::allowed(r#"["sts:AssumeRole"]"#);
        let role = aws.emulator.role(&names().0, r#"["s3:ListAllMyBuckets"]"#);
        Self { source: aws.source(LIFE), role, aws }
    }

    /// A container that says who it is, by the role's sessions of seconds.
    fn start(&self, name: &str, options: &[&str]) -> Caller {
        let sts = shortened(&self.aws.emulator.endpoint, LIFE.into());
        let host = self.source.host().without("AWS_ENDPOINT_URL").with("AWS_ENDPOINT_URL", sts);
        let all = [&["--refresh", "--network=none", "--role-arn", &self.role][..], options].concat();
        let python = required_variable("CREDRUN_TEST_AWS_CLI").replace("/bin/aws", "/bin/python");
        let path = format!("PYTHONPATH={}/python", required_variable("CREDRUN_TEST_SDKS"));
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/refresh_sdks/identity.py");
        Caller::start_on(host, &self.aws, &all, name, &words(&["env", &path, &python, script]))
    }
}

/// Whom it was said to be, and the keys by which.
fn identities(stdout: &str) -> (BTreeSet<&str>, BTreeSet<&str>) {
    stdout.lines().filter_map(|line| line.strip_prefix("as ")?.split_once(' ')).unzip()
}

#[test]
fn a_role_stays_the_role_when_what_it_is_assumed_from_is_fetched_anew() {
    let chain = Chain::new();
    let caller = chain.start("role", &[]);
    let is_renewed = || identities(&caller.running.stdout()).1.len() >= 4;
    eventually(PATIENCE, "it has had four sessions", is_renewed);
    let outcome = caller.stop();
    let text = outcome.text();
    let (arns, _) = identities(&text);
    let session = format!("{}/", chain.role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/"));
    assert!(arns.iter().all(|arn| arn.starts_with(&session)), "{arns:?}, not {session}");
    assert!(!text.contains("failed: "), "{outcome:?}");
    // Each of them from a session of the base that was fetched for it.
    assert!(chain.source.hits() >= 4, "{outcome:?}");
}

#[test]
fn nothing_works_after_until_whatever_was_fetched_anew() {
    let chain = Chain::new();
    // A slow machine has to have a container within that time.
    let caller = chain.start("until", &["--until", "20s"]);
    let ended = "credrun's credentials have ended: the moment that `--until` names has passed";
    caller.running.wait_for(ended);
    assert_ended(
        &docker_ok(&["exec", &caller.container.name, "python3", "-c", include_str!("poll.py")]),
        ended,
    );
    // It had others in between, so that the sessions' end is not what it met.
    let hits = chain.source.hits();
    caller.running.wait_for("kept: ");
    let outcome = caller.stop();
    let text = outcome.text();
    let (arns, _) = identities(&text);
    assert!(!arns.is_empty() && hits >= 4, "{hits} requests: {outcome:?}");
    let kept: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("kept: ")).collect();
    assert!(kept.iter().all(|kept| kept.contains("AccessDenied")), "{outcome:?}");
    assert!(outcome.stderr.contains("has no valid credentials any more: the moment that"), "{outcome:?}");
}

fn assert_ended(polled: &str, message: &str) {
    let (_, answer) = polled.split_once("\n503 ").unwrap_or_else(|| panic!("no 503: {polled}"));
    let answer: serde_json::Value = serde_json::from_str(answer).expect("JSON");
    assert_eq!(answer["code"], "CredrunCredentialsEnded", "{answer}");
    assert_eq!(answer["message"], message, "{answer}");
}

//! A role that is assumed from credentials of seconds, again and again.

use std::collections::BTreeSet;

use super::{Aws, Caller, LIFE, words};
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
    // On a slow machine there is no call before that.
    assert!(["20s", "45s"].into_iter().any(until), "no call has worked");
}

/// A container that calls before that moment and after it: false when it began too late.
fn until(until: &str) -> bool {
    let chain = Chain::new();
    let caller = chain.start("until", &["--until", until]);
    let ended = "credrun's credentials have ended: the moment that `--until` names has passed";
    caller.running.wait_for(ended);
    let polled = caller.poll().outcome().text();
    let answer = polled.strip_prefix("503 ").unwrap_or_else(|| panic!("not 503: {polled}"));
    let answer: serde_json::Value = serde_json::from_str(answer).expect("JSON");
    assert!(answer["code"] == "CredrunCredentialsEnded" && answer["message"] == ended, "{answer}");
    caller.running.wait_for("kept: ");
    let outcome = caller.stop();
    assert!(outcome.stderr.contains("has no valid credentials any more: the moment that"), "{outcome:?}");
    let text = outcome.text();
    if !text.starts_with("as ") {
        return false;
    }
    // It had other sessions in between, so that it is not the first one's end that it met; and what it kept lives on.
    assert!(chain.source.hits() >= 4, "{outcome:?}");
    let mut kept = text.lines().filter_map(|line| line.strip_prefix("kept: "));
    assert!(kept.all(|kept| kept.contains("AccessDenied")), "{outcome:?}");
    true
}

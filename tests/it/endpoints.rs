//! What is told when the credentials endpoint misbehaves: each time something of its own, soon, and before any
//! container is made.

use std::collections::BTreeSet;
use std::time::Duration;

use super::harness::container::Container;
use super::harness::endpoint::{Answer, Endpoint, Keys, cloud_shell, dead_uri};
use super::harness::host::{Host, Program, SECRET_ACCESS_KEY, SESSION_TOKEN, image};
use super::harness::proxy::Proxy;
use super::harness::run::{Outcome, run};

/// The run fails in time, with 125 and without a container; what it says on stderr.
fn refusal(host: Host, topic: &str) -> String {
    let (proxy, container) = (Proxy::start(), Container::named(topic));
    let host = host.with("DOCKER_HOST", proxy.docker_host());
    let arguments = [&container.options()[..], &[image(), "true"]].concat();
    let outcome = run(&mut host.command(Program::Credrun, &arguments));
    check(&outcome, topic);
    assert!(!proxy.saw_create(), "{topic}: a container was created before there were credentials");
    outcome.stderr
}

fn check(outcome: &Outcome, topic: &str) {
    assert_eq!(outcome.code, 125, "{topic}: {outcome:?}");
    assert!(outcome.took < Duration::from_secs(9), "{topic} took {:?}", outcome.took);
    assert!(outcome.stdout.is_empty(), "{topic}: {outcome:?}");
    for secret in [SECRET_ACCESS_KEY, SESSION_TOKEN] {
        assert!(!outcome.stderr.contains(secret), "{topic}: a secret is shown: {outcome:?}");
    }
}

/// The same for an endpoint with this answer; how often it was asked.
fn refusal_of(answer: Answer, topic: &str) -> (String, usize) {
    let endpoint = Endpoint::answering(answer);
    let told = refusal(cloud_shell(&endpoint.uri()), topic);
    assert!(endpoint.hits() > 0, "{topic}: the endpoint was not asked: {told}");
    // What stays when the address, which differs in each, is taken out.
    (told.replace(&endpoint.uri(), "URI"), endpoint.hits())
}

/// The message has the word that says what is wrong, and each is told once.
fn each_its_own(messages: &[(&str, String)]) {
    for (word, message) in messages {
        let low = message.to_lowercase();
        assert!(low.contains(word), "`{word}` is not said: {message}");
    }
    let first_lines: BTreeSet<_> = messages.iter().map(|(_, message)| message.lines().next()).collect();
    assert_eq!(first_lines.len(), messages.len(), "two causes are told alike: {messages:#?}");
}

#[test]
fn statuses_and_bodies() {
    let body = Keys::marked().body(600);
    let half = body[..body.len() / 2].to_owned();
    let elsewhere = Endpoint::giving(&Keys::marked());
    let redirect =
        Answer { headers: format!("Location: {}\r\n", elsewhere.uri()), ..Answer::status("302 Found", "") };
    let broken = Answer { missing: 500, ..Answer::ok(half.clone()) };
    let html = Answer::ok("<!DOCTYPE html><html><body>Sign in</body></html>");
    let cases = [
        ("403", Answer::status("403 Forbidden", "no")),
        ("500", Answer::status("500 Internal Server Error", "oops")),
        ("302", redirect),
        ("json", html),
        ("expired", Answer::ok(Keys::marked().body(-60))),
        ("token", Answer::ok(body.replace("\"Token\"", "\"Tokens\""))),
    ];
    let told = cases.map(|(word, answer)| (word, refusal_of(answer, word).0));
    each_its_own(&told);
    assert_eq!(elsewhere.hits(), 0, "a redirect was followed");
    // Cut in the JSON, and cut on the wire: the same to the user, who can do the same about it.
    for (topic, answer) in [("cut", Answer::ok(half)), ("broken", broken)] {
        let (message, _) = refusal_of(answer, topic);
        assert!(told.iter().all(|(_, other)| other.lines().next() != message.lines().next()), "{message}");
    }
}

#[test]
fn nobody_there_and_nobody_answering() {
    let uri = dead_uri();
    let dead = refusal(cloud_shell(&uri), "dead");
    assert!(dead.contains(&uri), "{dead}");
    let slow = Answer { delay: Duration::from_secs(6), ..Answer::ok(Keys::marked().body(600)) };
    let (slow, _) = refusal_of(slow, "slow");
    each_its_own(&[("connect", dead), ("no answer", slow)]);
}

#[test]
fn a_rejected_token_is_final_and_an_outage_is_not() {
    let (_, hits) = refusal_of(Answer::status("403 Forbidden", "no"), "final");
    assert_eq!(hits, 1);
    let (_, hits) = refusal_of(Answer::status("500 Internal Server Error", "oops"), "again");
    assert_eq!(hits, 3);
}

#[test]
fn plain_http_to_another_host_is_refused() {
    let told = refusal(cloud_shell("http://192.0.2.1/credentials"), "host");
    assert!(told.contains("192.0.2.1"), "{told}");
}

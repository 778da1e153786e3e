//! The credentials endpoint and STS fail in every way: what is said, how often they are asked, and that nothing was made on
//! the engine; and a run under `--refresh` goes on while they do. What is expected stands in `sources.txt`.

use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::is_long;
use super::source::{Answer, Source};
use super::table::{self, Row, Table};
use crate::harness::container::{Container, docker_ok};
use crate::harness::endpoint::{AUTHORIZATION, Endpoint, Keys, cloud_shell, timestamp};
use crate::harness::host::{Host, Program, SECRET_ACCESS_KEY, SESSION_TOKEN, image};
use crate::harness::proxy::Proxy;
use crate::harness::run::{Outcome, PATIENCE, run, start, within};

const ROLE: &str = "arn:aws:iam::123456789012:role/reader";
const STALLS: [&str; 2] = ["drip", "stall"];

/// What can go wrong with any source that answers over HTTP; `good` is what would be right.
fn common(good: &str) -> Vec<(&'static str, Answer)> {
    let whole = |status, headers, body: &str| Answer::Whole(status, headers, body.to_owned());
    vec![
        ("closed", Answer::Closed),
        ("unanswered", Answer::Unanswered),
        ("garbage", Answer::Garbage),
        ("half", Answer::Half(good.to_owned())),
        ("500", whole("500 Internal Server Error", "", "oops")),
        ("503", whole("503 Service Unavailable", "Retry-After: 1\r\n", "<html>busy</html>")),
        ("404", whole("404 Not Found", "", "")),
        ("redirect", whole("302 Found", "Location: http://127.0.0.1:1/elsewhere\r\n", "")),
        ("html", whole("200 OK", "Content-Type: text/html\r\n", "<!DOCTYPE html><html>Sign in</html>")),
        ("empty", whole("200 OK", "", "")),
        ("endless", Answer::Endless),
        ("drip", Answer::Drip(good.to_owned())),
        ("stall", Answer::Stall),
    ]
}

fn of_sts() -> Vec<(&'static str, Answer)> {
    let error = |status, headers, code: &str, message: &str| {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        );
        Answer::Whole(status, headers, body)
    };
    let skewed = "Signature expired: 20241010T084418Z is now earlier than 20241010T090000Z";
    let mut all = common("<AssumeRoleResponse><AssumeRoleResult></AssumeRoleResult></AssumeRoleResponse>");
    all.push(("throttled", error("400 Bad Request", "", "Throttling", "Rate exceeded")));
    all.push((
        "expired",
        error("403 Forbidden", "", "ExpiredToken", "The security token included in the request is expired"),
    ));
    all.push((
        "skewed",
        error("403 Forbidden", "Date: Thu, 10 Oct 2024 09:00:00 GMT\r\n", "SignatureDoesNotMatch", skewed),
    ));
    all
}

/// What is asked: how, at which address of which host.
struct Asked {
    name: &'static str,
    options: &'static [&'static str],
    host: fn(&str) -> Host,
}

const ENDPOINT: Asked = Asked { name: "endpoint", options: &[], host: endpoint_host };
const STS: Asked = Asked { name: "STS", options: &["--role-arn", ROLE], host: sts_host };

fn endpoint_host(address: &str) -> Host {
    cloud_shell(&format!("{address}/latest/meta-data/container/security-credentials"))
}

fn sts_host(address: &str) -> Host {
    Host::new().with("AWS_ENDPOINT_URL", address)
}

fn row(asked: &Asked, answer: &Answer) -> Row {
    let (source, engine) = (Source::start(0, Answer::Stall, answer.clone()), Proxy::start());
    let host = (asked.host)(&source.address).without("DOCKER_HOST").with("DOCKER_HOST", engine.docker_host());
    let outcome =
        run(&mut host
            .command(Program::Credrun, &[asked.options, &["--network=none", image(), "true"]].concat()));
    assert_no_secret(&outcome);
    assert!(!engine.saw_create(), "something was created: {outcome:?}");
    let text = outcome.stderr.replace(&source.address, "SOURCE");
    Row {
        ended: format!("{}, asked: {}", outcome.code, source.asked()),
        said: text.lines().map(without_clocks).collect(),
        docker: None,
    }
}

fn without_clocks(line: &str) -> String {
    match line.split_once("this machine's clock says ") {
        Some((before, _)) => format!("{before}this machine's clock says …"),
        None => line.to_owned(),
    }
}

fn assert_no_secret(outcome: &Outcome) {
    for secret in [SECRET_ACCESS_KEY, SESSION_TOKEN, AUTHORIZATION, "panicked"] {
        assert!(!outcome.stderr.contains(secret) && !outcome.text().contains(secret), "{outcome:?}");
    }
}

/// Side by side: most of the time they wait between two attempts.
fn side_by_side(count: usize, work: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    match next.fetch_add(1, Ordering::SeqCst) {
                        index if index < count => work(index),
                        _ => return,
                    }
                }
            });
        }
    });
}

#[test]
fn a_source_that_fails_leads_to_no_container() {
    let endpoints = common(&Keys::marked().body(600)).into_iter().map(|case| (ENDPOINT, case));
    let mut cases: Vec<_> = endpoints.chain(of_sts().into_iter().map(|case| (STS, case))).collect();
    // Those take as long as credrun waits.
    cases.retain(|(_, (name, _))| is_long() || !STALLS.contains(name));
    let table = Mutex::new(Table::new());
    side_by_side(cases.len(), |index| {
        let (asked, (name, answer)) = &cases[index];
        let row = row(asked, answer);
        let key = (asked.name.to_owned(), "run".to_owned());
        let mut table = table.lock().expect("nobody panics while it is held");
        table.entry(key).or_default().insert((*name).to_owned(), row);
    });
    table::hold_against(
        "sources.txt",
        &table.into_inner().expect("nobody panics while it is held"),
        is_long(),
    );
}

/// What is said of a source that fails while the run goes on.
const FAILS: &str = "warning: credentials cannot be fetched anew: ";

/// Fails later: the endpoint, or STS for credentials that the endpoint gives on.
fn later(is_sts: bool, name: &str, answer: &Answer) {
    let good = Endpoint::giving(&Keys::marked());
    let first = if is_sts { assumed(20) } else { Keys::marked().body(20) };
    let source = Source::start(1, Answer::Whole("200 OK", "", first), answer.clone());
    let (host, role) = if is_sts {
        (cloud_shell(&good.uri()).with("AWS_ENDPOINT_URL", &source.address), &["--role-arn", ROLE][..])
    } else {
        (endpoint_host(&source.address), &[][..])
    };
    let what = format!("{}, {name}", if is_sts { "STS" } else { "endpoint" });
    let container = Container::named("fails-later");
    let options = [&["--refresh"], role, &container.options(), &[image(), "sleep", "600"]].concat();
    let running = start(host.command(Program::Credrun, &options).stdin(Stdio::null()));
    let is_told = within(PATIENCE, || running.stderr().contains(FAILS));
    assert!(is_told, "{what}: nothing is said: {}", running.stderr());
    assert_eq!(container.inspect("{{.State.Running}}").as_deref(), Some("true"), "{what}");
    docker_ok(&["kill", &container.name]);
    let outcome = running.outcome();
    assert_eq!(outcome.code, 137, "{what}: {outcome:?}");
    assert_no_secret(&outcome);
    assert!(container.is_gone_within(PATIENCE), "{what}");
}

/// What STS answers, for so many seconds.
fn assumed(seconds: i64) -> String {
    let keys = Keys::marked();
    format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
         <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/reader/me</Arn>\
         <AssumedRoleId>AROAIOSFODNN7EXAMPLE:me</AssumedRoleId></AssumedRoleUser><Credentials>\
         <AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey><SessionToken>{}</SessionToken>\
         <Expiration>{}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
        keys.access_key_id,
        keys.secret_access_key,
        keys.session_token,
        timestamp(seconds)
    )
}

#[test]
fn a_source_that_fails_later_ends_no_run() {
    let mut cases: Vec<_> = common(&Keys::marked().body(20)).into_iter().map(|case| (false, case)).collect();
    cases.extend(of_sts().into_iter().map(|case| (true, case)));
    cases.retain(|(is_sts, (name, _))| is_long() || *name == if *is_sts { "expired" } else { "half" });
    side_by_side(cases.len(), |index| {
        let (is_sts, (name, answer)) = &cases[index];
        later(*is_sts, name, answer);
    });
    if is_long() {
        println!("faults: {} sources failed later", cases.len());
    }
}

//! The endpoint's failures, each against a server on the loopback that behaves so.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::net::TcpListener;

use super::super::loopback::{Reply, Script, Server, http, server};
use super::*;

/// Every secret in these tests holds this mark, so that one search finds any of them.
const MARK: &str = "MARK";
const AUTH: &str = "MARK-token-0123456789";

fn json(ends_in: i64) -> String {
    let end = OffsetDateTime::now_utc() + time::Duration::seconds(ends_in);
    let end = end.replace_nanosecond(0).unwrap().format(&Rfc3339).unwrap();
    format!(
        "{{\n\t\"Type\":\"\",\n\t\"AccessKeyId\":\"ASIAIOSFODNN7EXAMPLE\",\n\t\"SecretAccessKey\":\"MARK-secret\",\
         \n\t\"Token\":\"MARK-session\",\n\t\"Expiration\":\"{end}\",\n\t\"Code\":\"Success\"\n}}"
    )
}

fn good(ends_in: i64) -> Reply {
    http("200 OK", "content-type: application/json\r\n", &json(ends_in))
}

fn provider(pairs: &[(&str, &str)]) -> ContainerEndpoint {
    let quick = Limits {
        connect: Duration::from_millis(300),
        attempt: Duration::from_millis(300),
        overall: Duration::from_secs(3),
        pause: Duration::from_millis(10),
    };
    ContainerEndpoint::new(&pairs.iter().copied().collect()).with_limits(quick)
}

fn full(server: &Server) -> String {
    format!("{}/creds", server.address)
}

/// The failure's message, hints and `{:?}`, in which no secret may be.
async fn failure(provider: &ContainerEndpoint) -> String {
    let shown = match provider.provide().await {
        Ok(got) => panic!("credentials came: {got:?}"),
        Err(error) => {
            let hints = if let ProvideError::Failed(failed) = &error {
                failed.hints().join("\n")
            } else {
                String::new()
            };
            format!("{error}\n{error:?}\n{error:#?}\n{hints}")
        }
    };
    assert!(!shown.contains(MARK), "a secret is shown: {shown}");
    shown
}

#[tokio::test]
async fn each_bad_answer_has_its_own_message_and_its_own_number_of_tries() {
    let cases: [(Script, &str, usize); 13] = [
        (|_| http("401 Unauthorized", "", MARK), "token rejected: open a new CloudShell tab", 1),
        (|_| http("403 Forbidden", "", MARK), "token rejected: open a new CloudShell tab", 1),
        (|_| http("404 Not Found", "", MARK), "/creds`: HTTP status 404", 1),
        (
            |_| http("400 Bad Request", "", r#"{"code":"Bad","message":"no"}"#),
            "400 Bad Request: it answered `Bad`: no",
            1,
        ),
        (|_| http("429 Too Many Requests", "", MARK), "HTTP status 429", 3),
        (|_| http("500 Internal Server Error", "", MARK), "HTTP status 500", 3),
        (
            |_| http("302 Found", "location: http://example.com/MARK?MARK\r\n", ""),
            "a redirect to `http://example.com`, which is not followed",
            1,
        ),
        (
            |_| http("200 OK", "content-type: text/html\r\n", "<p>MARK"),
            "HTML, not JSON (content type: text/html)",
            1,
        ),
        (|_| http("200 OK", "", &json(600)[..120]), "truncated: its JSON ends early", 3),
        (
            |_| Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"Token\":\"MARK".to_vec()),
            "truncated: the connection ended after 14 bytes",
            3,
        ),
        (|_| http("200 OK", "", &json(600).replace("\"Token\"", "\"Tok\"")), "has no `Token`", 1),
        (
            |_| {
                http(
                    "200 OK",
                    "",
                    r#"{"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume","Token":"MARK"}"#,
                )
            },
            "`AssumeRoleUnauthorizedAccess`: EC2 cannot assume",
            1,
        ),
        (|_| http("200 OK", "", &"MARK".repeat(20_000)), "larger than 64 KiB", 1),
    ];
    for (script, expected, tries) in cases {
        let server = server(script).await;
        let shown = failure(&provider(&[(endpoint::FULL, &full(&server)), (TOKEN, AUTH)])).await;
        assert!(shown.contains(expected), "{expected}: {shown}");
        assert_eq!(server.requests.load(Ordering::SeqCst), tries, "{expected}");
    }
}

#[tokio::test]
async fn nobody_listening_is_said_with_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let uri = format!("http://{}/creds", listener.local_addr().expect("an address"));
    drop(listener);
    let shown = failure(&provider(&[(endpoint::FULL, &uri)])).await;
    assert!(shown.contains(&uri) && shown.contains("cannot connect: Connection refused"), "{shown}");
}

#[tokio::test]
async fn a_server_that_takes_six_seconds_is_given_up_within_nine() {
    let server = server(|_| Reply::Silence(Duration::from_secs(6))).await;
    let environment = [(endpoint::FULL, full(&server))].into_iter().collect();
    let begin = Instant::now();
    let shown = failure(&ContainerEndpoint::new(&environment)).await;
    assert!(shown.contains("no answer within 2 s, in up to 3 tries"), "{shown}");
    assert!(begin.elapsed() < Duration::from_secs(9), "{:?}", begin.elapsed());
    assert_eq!(server.requests.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn an_echoed_token_is_not_shown() {
    let server =
        server(|_| http("418 Odd", "", &format!(r#"{{"code":"Odd","message":"bad {AUTH}"}}"#))).await;
    let shown = failure(&provider(&[(endpoint::FULL, &full(&server)), (TOKEN, AUTH)])).await;
    assert!(shown.contains("`Odd`: bad **"), "{shown}");
}

#[tokio::test]
async fn expired_credentials_are_asked_for_once_more_and_then_refused() {
    let server = server(|_| good(-60)).await;
    let shown = failure(&provider(&[(endpoint::FULL, &full(&server))])).await;
    assert!(shown.contains("its credentials expired at 20"), "{shown}");
    assert_eq!(server.requests.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn nearly_expired_ones_are_asked_for_once_more_and_the_fresher_are_taken() {
    let cases: [(Script, i64); 3] = [
        (|n| good(if n == 0 { 20 } else { 600 }), 600),
        (|n| if n == 0 { good(20) } else { http("500 Oops", "", "") }, 20),
        (|_| good(20), 20),
    ];
    for (script, expected) in cases {
        let server = server(script).await;
        let got = provider(&[(endpoint::FULL, &full(&server))]).provide().await.expect("credentials");
        let left = left(&got).whole_seconds();
        assert!((expected - 5..=expected).contains(&left), "{left} for {expected}");
        assert!(server.requests.load(Ordering::SeqCst) >= 2);
    }
}

#[tokio::test]
async fn a_passing_trouble_is_got_over() {
    let server = server(|n| if n < 2 { http("503 Busy", "", "") } else { good(600) }).await;
    provider(&[(endpoint::FULL, &full(&server))]).provide().await.expect("the third try");
}

#[tokio::test]
async fn the_token_goes_raw_and_the_file_wins_and_is_read_anew() {
    let server = server(|_| good(600)).await;
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("token");
    let path = file.to_string_lossy().into_owned();
    let uri = full(&server);
    let with_token = provider(&[(endpoint::FULL, &uri), (TOKEN, AUTH)]);
    let with_file = provider(&[(endpoint::FULL, &uri), (TOKEN, AUTH), (TOKEN_FILE, &path)]);
    with_token.provide().await.expect("credentials");
    assert!(server.last.lock().await.contains(&format!("authorization: {AUTH}\r\n")));
    for written in ["MARK-first", "MARK-second"] {
        std::fs::write(&file, written).expect("a file");
        with_file.provide().await.expect("credentials");
        assert!(server.last.lock().await.contains(&format!("authorization: {written}\r\n")));
    }
    provider(&[(endpoint::FULL, &uri)]).provide().await.expect("credentials");
    assert!(!server.last.lock().await.contains("authorization"));
}

#[tokio::test]
async fn a_token_that_cannot_be_sent_is_named_and_not_shown() {
    let server = server(|_| good(600)).await;
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("token").to_string_lossy().into_owned();
    let uri = full(&server);
    let missing = std::fs::read(&path).expect_err("not there").to_string();
    let shown = failure(&provider(&[(endpoint::FULL, &uri), (TOKEN_FILE, &path)])).await;
    assert!(shown.contains(TOKEN_FILE) && shown.contains(&path) && shown.contains(&missing), "{shown}");
    std::fs::write(&path, "MARK-a\n").expect("a file");
    for (variable, value) in [(TOKEN, "MARK-a\r\nX: y"), (TOKEN, "MARK-\u{1}"), (TOKEN_FILE, &path)] {
        let shown = failure(&provider(&[(endpoint::FULL, &uri), (variable, value)])).await;
        assert!(shown.contains(&format!("the token of `{variable}` holds a newline")), "{shown}");
    }
    assert_eq!(server.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn both_ways_of_naming_it_work_and_the_source_is_said() {
    let server = server(|_| good(600)).await;
    let uri = full(&server);
    let got = provider(&[(endpoint::FULL, &uri)]).provide().await.expect("credentials");
    assert_eq!(got.principal_source(), format!("container endpoint {}", server.address));
    assert_eq!(got.access_key_id(), "ASIAIOSFODNN7EXAMPLE");
    let shell = provider(&[(endpoint::FULL, &uri), ("AWS_EXECUTION_ENV", "CloudShell")]);
    let got = shell.provide().await.expect("credentials");
    assert_eq!(got.principal_source(), format!("CloudShell (container endpoint {})", server.address));
    let relative = provider(&[(endpoint::FULL, "http://127.0.0.1:1/"), (endpoint::RELATIVE, "/v2/x?id=1")]);
    relative.with_ecs_address(&server.address).provide().await.expect("credentials");
    assert!(server.last.lock().await.starts_with("GET /v2/x?id=1 HTTP/1.1\r\n"));
}

#[tokio::test]
async fn localhost_is_looked_up() {
    let server = server(|_| good(600)).await;
    let uri = full(&server).replace("127.0.0.1", "localhost");
    provider(&[(endpoint::FULL, &uri)]).provide().await.expect("credentials by name");
}

#[tokio::test]
async fn nothing_set_is_not_configured() {
    let error = provider(&[(endpoint::FULL, "")]).provide().await.expect_err("nothing");
    assert!(matches!(error, ProvideError::NotConfigured(_)), "{error}");
    assert!(error.to_string().contains(endpoint::FULL) && error.to_string().contains(endpoint::RELATIVE));
}

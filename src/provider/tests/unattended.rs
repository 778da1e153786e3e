//! What is fetched anew while nobody attends, and what would take a person.

use super::*;
use crate::cli::values::until::Until;
use crate::credentials::{LimitCause, RenewalLimit, Secret};
use crate::provider::unattended::{Unattended, is_for_a_person};
use time::macros::datetime;

/// The end of all that the servers here give.
const END: OffsetDateTime = datetime!(2090-01-01 00:00 UTC);

fn with_code(device: &str, role: Option<&str>) -> AwsOptions {
    AwsOptions {
        serial_number: Some(device.to_owned()),
        token_code: Some(Secret::new("123456")),
        no_cache: true,
        ..options(None, role)
    }
}

fn limit(credentials: &Credentials) -> Option<(LimitCause, Option<OffsetDateTime>)> {
    credentials.renewal_limit().map(|RenewalLimit { at, cause }| (cause, at))
}

/// Sessions and roles, whichever is asked for.
async fn sts_server() -> crate::provider::loopback::Server {
    // The first request is always for the session.
    server(|number| sts(if number == 0 { SESSION } else { ASSUMED })).await
}

#[tokio::test]
async fn roles_are_assumed_anew_from_the_session_that_a_code_bought() {
    let (device, sts) = ("arn:aws:iam::123456789012:mfa/unattended-role", sts_server().await);
    let config = format!(
        "[profile p]\nrole_arn = {ROLE}\nsource_profile = keys\nmfa_serial = {device}\n[profile keys]\naws_access_key_id = AKIA\naws_secret_access_key = MARK\n"
    );
    let home = Home::new(&config, "");
    let environment =
        home.environment(&[("AWS_ENDPOINT_URL_STS", &sts.address), ("AWS_REGION", "us-east-1")]);
    let attended = AwsOptions { profile: Some("p".into()), serial_number: None, ..with_code(device, None) };
    let now = OffsetDateTime::now_utc();
    let source = Unattended::new(&attended, &environment, now);
    // Nobody has signed in yet, and the code that was given is not used twice.
    let error = source.provide().await.expect_err("no code");
    assert!(is_for_a_person(&error), "{error}");
    let said = shown(Err(match error {
        ProvideError::Failed(error) => error,
        ProvideError::NotConfigured(reason) => panic!("{reason}"),
    }));
    assert!(said.contains(&format!("MFA device `{device}` would be asked for another code")), "{said}");
    assert_eq!(sts.requests.load(Ordering::SeqCst), 0);
    let first = provide(&attended, &environment).await.expect("the code is good");
    let anew = source.provide().await.expect("without a code");
    for got in [&first, &anew] {
        assert_eq!((got.access_key_id(), limit(got)), ("ASIAROLE", Some((LimitCause::Mfa, Some(END)))));
    }
    assert_eq!(sts.requests.load(Ordering::SeqCst), 3, "a session, and a role twice");
    assert!(!sts.last.lock().await.contains("TokenCode"));
}

#[tokio::test]
async fn a_session_that_a_code_bought_is_given_again() {
    let (device, sts) = ("arn:aws:iam::123456789012:mfa/unattended-session", sts_server().await);
    let home = Home::new("", "");
    let environment = home.environment(&[KEYS[0], KEYS[1], ("AWS_ENDPOINT_URL_STS", &sts.address)]);
    let attended = with_code(device, None);
    provide(&attended, &environment).await.expect("the code is good");
    let source = Unattended::new(&attended, &environment, OffsetDateTime::now_utc());
    let anew = source.provide().await.expect("without a code");
    assert_eq!((anew.access_key_id(), limit(&anew)), ("ASIASESS", Some((LimitCause::Mfa, Some(END)))));
    assert_eq!(sts.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_code_that_goes_with_the_role_itself_is_for_a_person() {
    let (device, sts) = ("arn:aws:iam::123456789012:mfa/unattended-code", server(|_| sts(ASSUMED)).await);
    let home = Home::new("", "");
    let keys = [KEYS[0], KEYS[1], KEYS[2], ("AWS_ENDPOINT_URL_STS", &sts.address)];
    let environment = home.environment(&keys);
    let attended = with_code(device, Some(ROLE));
    let first = provide(&attended, &environment).await.expect("the code is good");
    assert_eq!(limit(&first), Some((LimitCause::Mfa, Some(END))));
    let source = Unattended::new(&attended, &environment, OffsetDateTime::now_utc());
    assert!(is_for_a_person(&source.provide().await.expect_err("no code")));
    assert_eq!(sts.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn keys_in_variables_and_until_are_limits() {
    let home = Home::new("", "");
    let of = |more: &[(&str, &str)]| home.environment(more);
    let now = OffsetDateTime::now_utc();
    for (variables, expected) in [
        (vec![KEYS[0], KEYS[1], KEYS[2]], Some((LimitCause::Variables, None))),
        (
            vec![KEYS[0], KEYS[1], KEYS[2], ("AWS_CREDENTIAL_EXPIRATION", "2090-01-01T00:00:00Z")],
            Some((LimitCause::Variables, Some(END))),
        ),
    ] {
        let got = Unattended::new(&options(None, None), &of(&variables), now).provide().await;
        assert_eq!(limit(&got.expect("keys")), expected);
    }
    // A role that is got with keys in variables can be had as long as these work; `--until` ends before.
    let sts = server(|_| sts(ASSUMED)).await;
    let keys = of(&[KEYS[0], KEYS[1], KEYS[2], ("AWS_ENDPOINT_URL_STS", &sts.address)]);
    let got = Unattended::new(&options(None, Some(ROLE)), &keys, now).provide().await.expect("a role");
    assert_eq!(limit(&got), Some((LimitCause::Variables, None)));
    let mut narrowed = options(None, Some(ROLE));
    narrowed.narrowing.until = Some(Until::In(time::Duration::minutes(30)));
    let source = Unattended::new(&narrowed, &keys, now);
    let end = Until::In(time::Duration::minutes(30)).moment(now);
    for _ in 0..2 {
        let got = source.provide().await.expect("a role");
        assert_eq!(limit(&got), Some((LimitCause::Until, Some(end))));
        assert_eq!(got.expiration(), Some(end), "the same moment for each session");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_credential_process_is_not_given_the_containers_stdin() {
    let printed = r#"{\"Version\":1,\"AccessKeyId\":\"ASIAPROC\",\"SecretAccessKey\":\"MARK\",\"SessionToken\":\"MARK\"}"#;
    // It ends at once when its stdin is at its end, as /dev/null is.
    let config = format!(
        "[default]\ncredential_process = sh -c 'test /dev/stdin -ef /dev/null && echo \"{printed}\"'\n"
    );
    let home = Home::new(&config, "");
    let source = Unattended::new(&options(None, None), &home.environment(&[]), OffsetDateTime::now_utc());
    assert_eq!(source.provide().await.expect("printed").access_key_id(), "ASIAPROC");
}

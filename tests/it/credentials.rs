//! What of the credentials a container sees, and what is refused before there is one.

use std::collections::BTreeMap;

use super::harness::container::{Container, docker, docker_ok, unique};
use super::harness::endpoint::{Endpoint, Keys, cloud_shell, timestamp};
use super::harness::host::{ACCESS_KEY_ID, Host, Program, SECRET_ACCESS_KEY, SESSION_TOKEN, image};
use super::harness::proxy::Proxy;
use super::harness::run::{Outcome, run};

/// Runs `env` and returns the outcome with the `AWS_…` variables that the container has.
fn aws_variables(host: &Host, options: &[&str], image: &str) -> (BTreeMap<String, String>, Outcome) {
    let container = Container::named("env");
    let arguments = [&container.options()[..], options, &[image, "env"]].concat();
    let outcome = run(&mut host.command(Program::Credrun, &arguments));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let text = outcome.text();
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let aws = pairs.filter(|(name, _)| name.starts_with("AWS_"));
    (aws.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(), outcome)
}

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn marked() -> BTreeMap<String, String> {
    variables(&[
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
        ("AWS_SESSION_TOKEN", SESSION_TOKEN),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
    ])
}

#[test]
fn from_the_environment_exactly_these() {
    assert_eq!(aws_variables(&Host::new(), &[], image()).0, marked());
}

#[test]
fn from_an_endpoint_the_expiry_too() {
    let endpoint = Endpoint::giving(&Keys::marked());
    let (mut seen, _) = aws_variables(&cloud_shell(&endpoint.uri()), &[], image());
    let expiration = seen.remove("AWS_CREDENTIAL_EXPIRATION").expect("the expiry is known");
    // Both are UTC to the second, so that their order is that of their text.
    assert!(timestamp(300) < expiration && expiration < timestamp(601), "{expiration}");
    assert_eq!(seen, marked());
    assert_eq!(endpoint.hits(), 1);
}

#[test]
fn the_image_s_own_do_not_win() {
    let derived = unique("image");
    let bare = docker_ok(&["create", image(), "true"]);
    let change = "ENV AWS_PROFILE=baked AWS_DEFAULT_PROFILE=baked AWS_WEB_IDENTITY_TOKEN_FILE=/baked \
                  AWS_ROLE_ARN=arn:aws:iam::123456789012:role/baked AWS_SECURITY_TOKEN=baked \
                  AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:9/ AWS_CONTAINER_AUTHORIZATION_TOKEN=baked \
                  AWS_REGION=baked-1 AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE AWS_PAGER=kept";
    docker_ok(&["commit", "--change", change, &bare, &derived]);
    docker(&["rm", &bare]);
    let seen = std::panic::catch_unwind(|| aws_variables(&Host::new(), &[], &derived).0);
    docker(&["rmi", &derived]);
    let mut expected = marked();
    expected.extend(variables(&[("AWS_PAGER", "kept")]));
    assert_eq!(seen.expect("the run works"), expected);
}

#[test]
fn the_user_s_own_win_with_a_warning() {
    let (seen, outcome) = aws_variables(&Host::new(), &["-e", "AWS_REGION=us-east-1"], image());
    assert_eq!(seen["AWS_REGION"], "us-east-1", "{outcome:?}");
    let told = &outcome.stderr;
    assert!(told.contains("warning") && told.contains("AWS_REGION"), "{told}");
}

#[test]
fn an_env_file_s_win_too() {
    let host = Host::new();
    host.write("variables", "AWS_DEFAULT_REGION=us-east-1\nAWS_PROFILE=mine\n");
    let file = host.home().join("variables");
    let file = file.to_str().expect("a path in UTF-8");
    let (seen, outcome) = aws_variables(&host, &["--env-file", file], image());
    assert_eq!(seen["AWS_DEFAULT_REGION"], "us-east-1", "{outcome:?}");
    assert_eq!(seen["AWS_PROFILE"], "mine", "{outcome:?}");
    for name in ["AWS_DEFAULT_REGION", "AWS_PROFILE"] {
        assert!(outcome.stderr.contains(name), "no warning of {name}: {outcome:?}");
    }
}

#[test]
fn the_region_s_order() {
    let host = Host::new().with("AWS_DEFAULT_REGION", "us-west-2");
    let cases = [(&["--region", "ap-south-1"][..], "ap-south-1"), (&[][..], "eu-west-1")];
    for (options, region) in cases {
        let (seen, _) = aws_variables(&host, options, image());
        assert_eq!((&*seen["AWS_REGION"], &*seen["AWS_DEFAULT_REGION"]), (region, region), "{options:?}");
    }
}

#[test]
fn a_profile_s_credentials_are_found() {
    let host = Host::bare();
    host.write(
        ".aws/credentials",
        &format!(
            "[work]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_ACCESS_KEY}\n\
             aws_session_token = {SESSION_TOKEN}\n"
        ),
    );
    host.write(".aws/config", "[profile work]\nregion = eu-west-1\n");
    assert_eq!(aws_variables(&host, &["--profile", "work"], image()).0, marked());
}

/// The run is refused with 125 before the engine is asked for a container; what is told.
fn refused(host: Host, options: &[&str]) -> String {
    let (proxy, container) = (Proxy::start(), Container::named("refused"));
    let host = host.with("DOCKER_HOST", proxy.docker_host());
    let arguments = [&container.options()[..], options, &[image(), "env"]].concat();
    let outcome = run(&mut host.command(Program::Credrun, &arguments));
    assert_eq!(outcome.code, 125, "{options:?}: {outcome:?}");
    assert!(outcome.stdout.is_empty(), "{options:?}: {outcome:?}");
    assert!(!outcome.stderr.contains(SECRET_ACCESS_KEY), "{options:?}: {outcome:?}");
    assert!(!proxy.saw_create(), "{options:?}: a container was created");
    outcome.stderr
}

#[test]
fn half_a_set_of_keys_is_refused() {
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        let told = refused(Host::new(), &["-e", &format!("{name}=x")]);
        assert!(told.contains(name), "{told}");
    }
}

#[test]
fn long_term_keys_stay_behind_when_they_cannot_be_exchanged() {
    let host = Host::bare()
        .with("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .with("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
        .with("AWS_REGION", "eu-west-1")
        .with("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let told = refused(host, &[]);
    assert!(told.contains("getting a session token at") && told.contains("cannot be reached"), "{told}");
}

#[test]
fn with_nothing_configured_every_source_is_listed() {
    let told = refused(Host::bare(), &[]).to_lowercase();
    for source in
        ["environment variables", "web identity", "profile", "container endpoint", "instance metadata"]
    {
        assert!(told.contains(source), "`{source}` is not listed: {told}");
    }
    for name in ["aws_access_key_id", "aws_container_credentials_full_uri"] {
        assert!(told.contains(name), "why there was nothing: {told}");
    }
}

#[test]
fn the_source_is_told_on_stderr_when_asked_for() {
    let endpoint = Endpoint::giving(&Keys::marked());
    let (_, outcome) = aws_variables(&cloud_shell(&endpoint.uri()), &["--verbose"], image());
    assert!(outcome.stderr.contains("container endpoint"), "{outcome:?}");
    let (_, outcome) = aws_variables(&cloud_shell(&endpoint.uri()), &["--quiet"], image());
    assert_eq!(outcome.stderr, "", "-q silences it");
}

#[test]
fn keys_named_without_a_value_are_filled_in() {
    let endpoint = Endpoint::giving(&Keys::marked());
    let bare = ["-e", "AWS_ACCESS_KEY_ID", "-e", "AWS_SECRET_ACCESS_KEY", "-e", "AWS_SESSION_TOKEN"];
    let (mut seen, _) = aws_variables(&cloud_shell(&endpoint.uri()), &bare, image());
    seen.remove("AWS_CREDENTIAL_EXPIRATION");
    assert_eq!(seen, marked());
}

#[test]
fn a_role_narrows_nothing_beside_keys_of_the_user_s_own() {
    let role = ["--role-arn", "arn:aws:iam::123456789012:role/narrow"];
    let keys = ["-e", "AWS_ACCESS_KEY_ID=a", "-e", "AWS_SECRET_ACCESS_KEY=b", "-e", "AWS_SESSION_TOKEN=c"];
    let told = refused(Host::bare(), &[&role[..], &keys[..]].concat());
    assert!(told.contains("`--role-arn` does nothing"), "{told}");
}

//! Whose credentials come out, and what is said when none do: the chain, the profile, the role.

use std::sync::atomic::Ordering;

use super::loopback::{Reply, Script, http, server};
use super::*;
use crate::credentials::Secret;

mod unattended;

const MARK: &str = "MARK";
const ROLE: &str = "arn:aws:iam::123456789012:role/Reader";
const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "ASIAENV"),
    ("AWS_SECRET_ACCESS_KEY", "MARK-env"),
    ("AWS_SESSION_TOKEN", "MARK-env-token"),
];

/// A home directory with AWS files, and nothing else of this machine.
struct Home(tempfile::TempDir);

impl Home {
    fn new(config: &str, credentials: &str) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(home.path().join(".aws")).expect("a directory");
        std::fs::write(home.path().join(".aws/config"), config).expect("a file");
        std::fs::write(home.path().join(".aws/credentials"), credentials).expect("a file");
        Self(home)
    }

    fn environment(&self, more: &[(&str, &str)]) -> Environment {
        let home = self.0.path().to_string_lossy().into_owned();
        let own = [("HOME", home.as_str()), ("AWS_EC2_METADATA_DISABLED", "true")];
        own.iter().chain(more).copied().collect()
    }
}

fn options(profile: Option<&str>, role: Option<&str>) -> AwsOptions {
    let roles = role.map(str::to_owned).into_iter().collect();
    AwsOptions { profile: profile.map(str::to_owned), roles, ..AwsOptions::default() }
}

fn shown(result: Result<Credentials>) -> String {
    let error = result.expect_err("a failure");
    assert_eq!(error.kind(), ErrorKind::Credentials);
    let shown = format!("{error}\n{error:?}\n{}", error.hints().join("\n"));
    assert!(!error.hints().is_empty(), "{shown}");
    assert!(!shown.contains(MARK), "a secret is shown: {shown}");
    shown
}

#[tokio::test]
async fn with_nothing_configured_every_source_is_listed_with_its_reason() {
    let home = Home::new("", "");
    let said = shown(provide(&options(None, None), &home.environment(&[])).await);
    for line in [
        "\n  environment variables: `AWS_ACCESS_KEY_ID` is not set",
        "\n  web identity: `AWS_WEB_IDENTITY_TOKEN_FILE` is not set",
        "\n  profile `default`: no profile `default` in ~/.aws/config or ~/.aws/credentials",
        "\n  container endpoint: `AWS_CONTAINER_CREDENTIALS_FULL_URI` and `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` are not set",
        "\n  instance metadata service (IMDS): `AWS_EC2_METADATA_DISABLED` is `true`",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
}

#[tokio::test]
async fn a_profile_that_was_named_has_to_exist() {
    let home = Home::new("[profile dev]\nregion = eu-west-1\n", "");
    let endpoint = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/");
    for (flag, variables) in [
        (Some("prod"), vec![endpoint, KEYS[0], KEYS[1], KEYS[2]]),
        (None, vec![endpoint, ("AWS_PROFILE", "prod")]),
        (None, vec![endpoint, ("AWS_DEFAULT_PROFILE", "prod"), ("AWS_PROFILE", "dev")]),
    ] {
        let said = shown(provide(&options(flag, None), &home.environment(&variables)).await);
        assert!(said.contains("no profile `prod`") && said.contains("there are: dev"), "{said}");
    }
}

#[tokio::test]
async fn the_order_is_the_aws_cli_s() {
    const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    let container = server(|_| http("200 OK", "", CONTAINER)).await;
    let process = r#"credential_process = echo '{"Version":1,"AccessKeyId":"ASIAPROC","SecretAccessKey":"MARK","SessionToken":"MARK","Expiration":"2090-01-01T00:00:00Z"}'"#;
    let home = Home::new(
        &format!(
            "[profile process]\n{process}\n[profile both]\n{process}\n[profile bare]\nregion = x\n[profile inconfig]\n{process}\naws_access_key_id = ASIACONF\naws_secret_access_key = MARK\n"
        ),
        "[both]\naws_access_key_id = ASIASHARED\naws_secret_access_key = MARK\naws_session_token = MARK\n",
    );
    let [id, key, token] = KEYS;
    for (flag, variables, expected) in [
        (None, vec![id, key, token, ("AWS_PROFILE", "both")], "ASIAENV"),
        (Some("both"), vec![id, key, token], "ASIASHARED"),
        (None, vec![("AWS_PROFILE", "both")], "ASIASHARED"),
        (Some("process"), vec![], "ASIAPROC"),
        (Some("inconfig"), vec![], "ASIAPROC"),
        (None, vec![], "ASIACON"),
        (Some("bare"), vec![id, key, token], "ASIACON"),
    ] {
        let mut variables = variables;
        variables.push((FULL, &container.address));
        let got = provide(&options(flag, None), &home.environment(&variables)).await.expect("credentials");
        assert_eq!(got.access_key_id(), expected, "{flag:?} {variables:?}");
        assert!(!format!("{got:?}").contains(MARK));
    }
}

#[tokio::test]
async fn a_source_that_is_configured_and_fails_ends_the_search() {
    let home = Home::new(
        "[default]\ncredential_process = sh -c \"echo MARK-out; echo MARK-err >&2; exit 3\"\n[profile garbage]\ncredential_process = echo MARK-out\n",
        "",
    );
    let end = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/");
    let web = ("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token");
    for (flag, variables, expected) in [
        (None, vec![end], "`sh` ended with exit status: 3; what it wrote to stderr is not shown here"),
        (Some("garbage"), vec![end], "it printed something else than the JSON that is asked for"),
        (None, vec![end, KEYS[0]], "`AWS_SECRET_ACCESS_KEY` is not"),
        (None, vec![end, web], "`AWS_ROLE_ARN` is not"),
    ] {
        let said = shown(provide(&options(flag, None), &home.environment(&variables)).await);
        assert!(said.contains(expected) && !said.contains("127.0.0.1"), "{expected}: {said}");
    }
}

#[tokio::test]
async fn files_that_cannot_be_parsed_are_said_without_their_text() {
    let home = Home::new("[default\naws_secret_access_key = MARK\n", "");
    assert!(
        shown(provide(&options(None, None), &home.environment(&[])).await)
            .contains("config` cannot be parsed: line 1: ")
    );
}

#[tokio::test]
async fn long_term_keys_are_exchanged_for_temporary_ones() {
    let sts_server = server(|_| sts(SESSION)).await;
    let home = Home::new("", "");
    let environment =
        home.environment(&[KEYS[0], KEYS[1], ("AWS_ENDPOINT_URL_STS", sts_server.address.as_str())]);
    let got = provide(&options(None, None), &environment).await.expect("a session");
    assert_eq!((got.access_key_id(), got.is_temporary()), ("ASIASESS", true));
    assert_eq!(got.principal_source(), "a session token, from environment variables");
    assert!(sts_server.last.lock().await.contains("Action=GetSessionToken"));
    let kept = AwsOptions { allow_long_term_keys: true, ..options(None, None) };
    let got = provide(&kept, &environment).await.expect("the keys");
    assert_eq!((got.access_key_id(), got.is_temporary()), ("ASIAENV", false));
    assert_eq!(sts_server.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn expired_keys_of_the_environment_are_refused() {
    let home = Home::new("", "");
    let keys = [KEYS[0], KEYS[1], KEYS[2], ("AWS_CREDENTIAL_EXPIRATION", "2020-01-01T00:00:00Z")];
    let said = shown(provide(&options(None, None), &home.environment(&keys)).await);
    assert!(said.contains("expired at 2020-01-01T00:00:00Z"), "{said}");
}

fn sts(body: &str) -> Reply {
    http("200 OK", "content-type: text/xml\r\n", body)
}

const SESSION: &str = "<GetSessionTokenResponse><GetSessionTokenResult><Credentials><AccessKeyId>ASIASESS</AccessKeyId><SecretAccessKey>MARK-s</SecretAccessKey><SessionToken>MARK-t</SessionToken><Expiration>2090-01-01T00:00:00Z</Expiration></Credentials></GetSessionTokenResult></GetSessionTokenResponse>";
const ASSUMED: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>MARK-s</SecretAccessKey><SessionToken>MARK-t</SessionToken><Expiration>2090-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
const CONTAINER: &str = r#"{"AccessKeyId":"ASIACON","SecretAccessKey":"MARK","Token":"MARK","Expiration":"2090-01-01T00:00:00Z"}"#;

#[tokio::test]
async fn a_profile_s_role_can_start_from_the_container_endpoint() {
    let role = server(|_| sts(ASSUMED)).await;
    let container = server(|_| http("200 OK", "", CONTAINER)).await;
    let config = format!(
        "[profile ecs]\nregion = us-east-1\nrole_arn = {ROLE}\ncredential_source = EcsContainer\nservices = local\n[services local]\nsts =\n  endpoint_url = {}\n",
        role.address
    );
    let home = Home::new(&config, "");
    let named = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.address.as_str());
    // With AWS_PROFILE, the profile's role comes before a web identity that the variables name.
    let web = ("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token");
    let environment = home.environment(&[named, web, ("AWS_PROFILE", "ecs")]);
    let got = provide(&options(None, None), &environment).await.expect("a role");
    let source = got.principal_source();
    assert!(source.starts_with(&format!("role {ROLE} (session credrun-")), "{source}");
    assert!(source.contains("; profile `ecs`), from container endpoint "), "{source}");
    assert!(role.last.lock().await.contains("Credential=ASIACON/"));
    let rejecting = server(|_| http("403 Forbidden", "", MARK)).await;
    let named = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", rejecting.address.as_str());
    let said = shown(provide(&options(Some("ecs"), None), &home.environment(&[named])).await);
    assert!(said.contains("HTTP status 403") && said.contains("token rejected"), "{said}");
}

fn refusal(status: &str, code: &str) -> Reply {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>told so</Message></Error></ErrorResponse>"
    );
    http(status, "content-type: text/xml\r\ndate: Thu, 10 Oct 2024 08:44:18 GMT\r\n", &body)
}

#[tokio::test]
async fn a_role_is_asked_for_with_what_the_options_say() {
    let answer: Script = |_| sts(ASSUMED);
    let server = server(answer).await;
    let home = Home::new("", "");
    let mut asked = options(None, Some(ROLE));
    asked.role_session_name = Some("me".into());
    asked.duration_seconds = Some("900".into());
    asked.external_id = Some("x:1".into());
    // Long-term keys are fine to ask with.
    let environment = home.environment(&[KEYS[0], KEYS[1], ("AWS_ENDPOINT_URL_STS", &server.address)]);
    let got = provide(&asked, &environment).await.expect("a role");
    assert_eq!((got.access_key_id(), got.is_temporary()), ("ASIAROLE", true));
    assert_eq!(got.expiration_iso8601().as_deref(), Some("2090-01-01T00:00:00Z"));
    assert!(
        got.principal_source().starts_with(&format!("role {ROLE} (session me), from environment variables"))
    );
    let request = server.last.lock().await.clone();
    for part in ["RoleSessionName=me", "DurationSeconds=900", "ExternalId=x%3A1", "role%2FReader"] {
        assert!(request.contains(part), "{part}: {request}");
    }
}

#[tokio::test]
async fn what_sts_refuses_is_explained() {
    let cases: [(Script, &str, &str); 4] = [
        (
            |_| refusal("403 Forbidden", "AccessDenied"),
            "STS answered AccessDenied (HTTP 403): told so",
            "external id",
        ),
        (|_| refusal("403 Forbidden", "ExpiredToken"), "ExpiredToken", "have expired"),
        (
            |_| refusal("403 Forbidden", "SignatureDoesNotMatch"),
            "SignatureDoesNotMatch",
            "10 Oct 2024 08:44:18",
        ),
        (|_| refusal("400 Bad Request", "ValidationError"), "ValidationError", "3600 seconds at most"),
    ];
    for (script, code, hint) in cases {
        let server = server(script).await;
        let home = Home::new("", "");
        let mut variables = KEYS.to_vec();
        variables.extend([("AWS_ENDPOINT_URL", server.address.as_str()), ("AWS_REGION", "eu-west-1")]);
        let said = shown(provide(&options(None, Some(ROLE)), &home.environment(&variables)).await);
        for part in [code, hint, ROLE, server.address.as_str(), "region eu-west-1"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert_eq!(server.requests.load(Ordering::SeqCst), 1, "{code}");
    }
}

#[tokio::test]
async fn an_sts_that_is_not_there_is_named() {
    let home = Home::new("", "");
    let mut variables = KEYS.to_vec();
    variables.push(("AWS_ENDPOINT_URL", "http://127.0.0.1:1"));
    let said = shown(provide(&options(None, Some(ROLE)), &home.environment(&variables)).await);
    assert!(
        said.contains("`http://127.0.0.1:1` (region us-east-1)") && said.contains("cannot be reached"),
        "{said}"
    );
}

#[tokio::test]
async fn options_outside_the_limits_are_found_before_anything_is_asked() {
    let home = Home::new("", "");
    let error = provide(&options(None, Some("Reader")), &home.environment(&[])).await.expect_err("no ARN");
    assert_eq!(error.kind(), ErrorKind::Usage);
    let abroad = AwsOptions { region: Some("cn-north-1".into()), ..options(None, Some(ROLE)) };
    assert_eq!(check(&abroad).expect_err("another partition").kind(), ErrorKind::Usage);
}

#[tokio::test]
async fn what_does_not_fit_the_credentials_is_found_before_anything_is_asked() {
    let base = |token| Credentials::new("ASIAENV", Secret::new("s"), token, None, "test");
    let temporary = || base(Some(Secret::new("t")));
    let hours = |seconds: &str| AwsOptions {
        duration_seconds: Some(seconds.to_owned()),
        ..options(None, Some(ROLE))
    };
    let federated = AwsOptions { federation_name: Some("alice".into()), ..AwsOptions::default() };
    let device = AwsOptions { serial_number: Some("GAHT12345678".into()), ..AwsOptions::default() };
    for (options, base, expected) in [
        (hours("7200"), temporary().of_a_role(), "lasts 3600 at most"),
        (hours("3600"), temporary().of_a_role(), "fits"),
        (hours("7200"), temporary(), "fits"),
        (federated.clone(), temporary(), "takes an IAM user's long-term keys"),
        (federated, base(None), "without a session policy"),
        (device.clone(), temporary(), "signs an IAM user's long-term keys in"),
        (device, base(None), "fits"),
    ] {
        let home = Home::new("", "");
        let fits = fits(&options, &base, &home.environment(&[("AWS_REGION", "eu-west-1")])).await;
        let said = fits.map_or_else(|error| error.to_string(), |()| "fits".into());
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let environment = Home::new("[default]\nregion = cn-north-1\n", "");
    let abroad = fits(&options(None, Some(ROLE)), &temporary(), &environment.environment(&[])).await;
    assert!(abroad.expect_err("another partition").to_string().contains("`aws-cn`"));
}

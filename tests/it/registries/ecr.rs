//! Amazon's registries: the login that the shell's credentials give, on the wire and nowhere else.

use std::io::{BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::super::harness::host::{Host, Program, SECRET_ACCESS_KEY, SESSION_TOKEN, required_variable};
use super::super::harness::message::Head;
use super::super::harness::run::run;
use super::{Surroundings, auth};

const REGISTRY: &str = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
/// Marked, so that it can be found where it should not be.
const TOKEN: &str = "MarkedEcrPasswordOfTheIntegrationTests0004";

/// Keys of the container's own, so that none of the shell's are needed for it.
const OWN_KEYS: [&str; 6] =
    ["-e", "AWS_ACCESS_KEY_ID=a", "-e", "AWS_SECRET_ACCESS_KEY=b", "-e", "AWS_SESSION_TOKEN=c"];

/// ECR's API, which answers every call alike.
struct Ecr {
    address: String,
    heads: Arc<Mutex<Vec<Head>>>,
}

impl Ecr {
    fn answering(status: &'static str, body: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let heads = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&heads);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream.try_clone().expect("a descriptor"));
                let Ok(Some(head)) = Head::read(&mut reader) else { continue };
                let length = head.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
                let _ = reader.read_exact(&mut vec![0; length]);
                shared.lock().expect("no test panics here").push(head);
                let (text, kind) = (body.to_string(), "application/x-amz-json-1.1");
                let length = text.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
                );
            }
        });
        Self { address, heads }
    }

    fn giving_tokens() -> Self {
        let token = BASE64_STANDARD.encode(format!("AWS:{TOKEN}"));
        Self::answering(
            "200 OK",
            json!({"authorizationData": [{
                "authorizationToken": token, "expiresAt": 1_900_000_000, "proxyEndpoint": format!("https://{REGISTRY}"),
            }]}),
        )
    }

    /// What the calls since the last time were: target and authorization.
    fn calls(&self) -> Vec<(String, String)> {
        let heads = std::mem::take(&mut *self.heads.lock().expect("no connection panics"));
        let text = |head: &Head, name| head.header(name).unwrap_or_default().to_owned();
        heads.iter().map(|head| (text(head, "x-amz-target"), text(head, "authorization"))).collect()
    }

    fn host(&self, host: Host) -> Host {
        host.with("AWS_ENDPOINT_URL_ECR", &self.address).with("AWS_ENDPOINT_URL_ECR_PUBLIC", &self.address)
    }
}

fn login(registry: &str) -> Value {
    json!({"username": "AWS", "password": TOKEN, "serveraddress": registry})
}

fn files_below(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory of the test").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}

fn shows_token(bytes: &[u8]) -> bool {
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    // Base64 of what is in the token's middle, in each of its three alignments.
    let encoded = |skip| BASE64_STANDARD.encode(&TOKEN[skip..skip + 30]);
    holds(TOKEN) || (0..3).any(|skip| holds(&encoded(skip)))
}

#[test]
fn a_private_image_is_pulled_with_the_shell_s_credentials() {
    let ecr = Ecr::giving_tokens();
    let surroundings = Surroundings::of(ecr.host(Host::new()), &json!({}));
    for registry in [REGISTRY, "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com"] {
        let outcome = surroundings.pull(Program::Credrun, &format!("{registry}/team/app:1"));
        assert_eq!(surroundings.header(), Some(login(registry)), "{outcome:?}");
        let calls = ecr.calls();
        assert_eq!(calls.len(), 1, "{calls:?}");
        assert_eq!(calls[0].0, "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
        let region = if registry == REGISTRY { "eu-central-1" } else { "us-east-1" };
        let signed = &calls[0].1;
        assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE/"), "{signed}");
        assert!(signed.contains(&format!("/{region}/ecr/aws4_request")), "{signed}");
        assert!(signed.contains("x-amz-security-token"), "{signed}");
    }
}

#[test]
fn the_public_registry_too() {
    let token = BASE64_STANDARD.encode(format!("AWS:{TOKEN}"));
    let data = json!({"authorizationData": {"authorizationToken": token, "expiresAt": 1_900_000_000}});
    let ecr = Ecr::answering("200 OK", data);
    let surroundings = Surroundings::of(ecr.host(Host::new()), &json!({}));
    let outcome = surroundings.pull(Program::Credrun, "public.ecr.aws/a/b");
    assert_eq!(surroundings.header(), Some(login("public.ecr.aws")), "{outcome:?}");
    let calls = ecr.calls();
    assert!(calls.len() == 1 && calls[0].1.contains("/us-east-1/ecr-public/aws4_request"), "{calls:?}");
}

#[test]
fn the_token_is_in_the_header_and_nowhere_else() {
    let ecr = Ecr::giving_tokens();
    let host = ecr.host(Host::new()).with("RUST_LOG", "trace").with("CREDRUN_LOG", "trace");
    let surroundings = Surroundings::of(host.with("RUST_BACKTRACE", "full"), &json!({}));
    let arguments = ["--verbose", "--pull=always", &format!("{REGISTRY}/app")];
    let outcome = run(&mut surroundings.host.command(Program::Credrun, &arguments));
    assert_eq!(surroundings.header(), Some(login(REGISTRY)), "{outcome:?}");
    assert!(
        outcome.stderr.contains("DEBUG") || outcome.stderr.contains("TRACE"),
        "the log is on: {outcome:?}"
    );
    for secret in [SECRET_ACCESS_KEY, SESSION_TOKEN] {
        assert!(!outcome.stderr.contains(secret), "{outcome:?}");
    }
    assert!(!shows_token(outcome.stderr.as_bytes()) && !shows_token(&outcome.stdout), "{outcome:?}");
    let mut files = Vec::new();
    files_below(surroundings.host.root(), &mut files);
    assert!(files.iter().any(|file| file.ends_with("config.json")), "the files can be seen: {files:?}");
    for file in files {
        assert!(!shows_token(&std::fs::read(&file).expect("a file of the test")), "in {}", file.display());
    }
    assert!(shows_token(BASE64_STANDARD.encode(format!("AWS:{TOKEN}")).as_bytes()), "it would be found");
}

#[test]
fn what_the_docker_config_has_comes_first_and_nothing_is_asked_without_a_pull() {
    let ecr = Ecr::giving_tokens();
    let config = json!({"auths": {REGISTRY: auth("AWS", "from-docker-login")}});
    let surroundings = Surroundings::of(ecr.host(Host::new()), &config);
    let image = format!("{REGISTRY}/app");
    surroundings.pull(Program::Credrun, &image);
    let header = surroundings.header().expect("a pull");
    assert_eq!(header["password"], "from-docker-login");
    run(&mut surroundings.host.command(Program::Credrun, &["--pull=never", &image]));
    assert_eq!(surroundings.header(), None);
    let surroundings = Surroundings::of(ecr.host(Host::new()), &json!({}));
    run(&mut surroundings.host.command(Program::Credrun, &["--pull=never", &image]));
    surroundings.pull(Program::Credrun, "123456789012.dkr.ecr.eu-central-1.amazonaws.com.example.com/app");
    assert_eq!(surroundings.header(), Some(json!({})), "a look-alike gets nothing");
    assert_eq!(ecr.calls(), []);
}

#[test]
fn missing_rights_and_missing_credentials_are_told_and_the_pull_goes_on() {
    let message =
        "User: arn:aws:iam::123456789012:user/me is not authorized to perform: ecr:GetAuthorizationToken";
    let denied = json!({"__type": "AccessDeniedException", "message": message});
    let ecr = Ecr::answering("400 Bad Request", denied);
    let image = format!("{REGISTRY}/app");
    let surroundings = Surroundings::of(ecr.host(Host::new()), &json!({}));
    let outcome = surroundings.pull(Program::Credrun, &image);
    assert_eq!((outcome.code, surroundings.header()), (125, Some(json!({}))), "{outcome:?}");
    for told in
        ["warning: pulling without a login", "AccessDeniedException", "allow `ecr:GetAuthorizationToken`"]
    {
        assert!(outcome.stderr.contains(told), "`{told}`: {outcome:?}");
    }
    let bare = Surroundings::of(ecr.host(Host::bare()), &json!({}));
    let own = [&OWN_KEYS[..], &["--pull=always", &image]].concat();
    let outcome = run(&mut bare.host.command(Program::Credrun, &own));
    assert_eq!((outcome.code, bare.header()), (125, Some(json!({}))), "{outcome:?}");
    assert!(outcome.stderr.contains("pulling without a login: no AWS credentials"), "{outcome:?}");
}

#[test]
fn an_emulator_that_checks_signatures_gives_a_token() {
    let host = Host::bare()
        .with("AWS_ACCESS_KEY_ID", "test")
        .with("AWS_SECRET_ACCESS_KEY", "test")
        .with("AWS_ENDPOINT_URL", required_variable("CREDRUN_TEST_EMULATOR"));
    let surroundings = Surroundings::of(host, &json!({}));
    let image = format!("{REGISTRY}/app");
    let own = [&OWN_KEYS[..], &["--pull=always", &image]].concat();
    let outcome = run(&mut surroundings.host.command(Program::Credrun, &own));
    let header = surroundings.header().expect("a pull");
    assert_eq!(
        (&header["username"], &header["serveraddress"]),
        (&json!("AWS"), &json!(REGISTRY)),
        "{outcome:?}"
    );
    assert!(header["password"].as_str().is_some_and(|password| !password.is_empty()), "{outcome:?}");
}

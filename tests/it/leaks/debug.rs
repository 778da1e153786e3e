//! `{:?}` of every public type that can hold a secret.

use std::fmt::Debug;
use std::path::Path;

use credrun::agent::frame::{AtEnd, Frame, Hello, ToAgent};
use credrun::agent::wiped::Wiped;
use credrun::cli::{self, Invocation};
use credrun::credentials::{Credentials, Secret};
use credrun::docker_config::DockerConfig;
use credrun::engine::RegistryAuth;
use credrun::environment::Environment;
use credrun::exec;
use credrun::injection::Injection;
use credrun::provider::chain::Chain;
use credrun::provider::container::ContainerEndpoint;
use credrun::provider::environment_keys::EnvironmentKeys;
use credrun::request;
use credrun::spec::ContainerSpec;

use super::marks::Marks;

fn hides(marks: &Marks, value: &impl Debug) {
    for shown in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!shown.is_empty());
        marks.assert_not_in(shown.as_bytes(), "`{:?}`");
    }
}

fn credentials(marks: &Marks) -> Credentials {
    let token = Some(Secret::new(marks.token.as_str()));
    Credentials::new("ASIAIOSFODNN7EXAMPLE", Secret::new(marks.key.as_str()), token, None, "here")
}

#[test]
fn credentials_and_where_they_go() {
    let marks = Marks::new();
    let credentials = credentials(&marks);
    let mut spec = ContainerSpec::new("x");
    spec.push("Env", format!("AWS_SECRET_ACCESS_KEY={}", marks.source_key));
    hides(&marks, &Secret::new(marks.key.as_str()));
    hides(&marks, &credentials);
    hides(&marks, &spec);
    hides(&marks, &Injection::static_variables(&ContainerSpec::new("x"), Some(&credentials), None));
    hides(
        &marks,
        &Injection::endpoint(&spec, "http://127.0.0.1/", &Secret::new(marks.ticket.as_str()), None),
    );
    let exported = credrun::export::render(credrun::export::Format::Json, &credentials, None, "");
    hides(&marks, &exported.expect("it is rendered"));
    let body = || Wiped::copy_of(marks.key.as_bytes());
    hides(&marks, &body());
    let message = ToAgent::Credentials { remaining_ms: 1, ends_unix_ms: 1, body: body() };
    hides(&marks, &message);
    hides(&marks, &Frame { service: 1, kind: 2, payload: body() });
    let token = Wiped::copy_of(marks.ticket.as_bytes());
    let hello = Hello { at_end: AtEnd::Exit, port: 0, other_port: true, heartbeat_ms: 1, token };
    hides(&marks, &hello);
    hides(&marks, &ToAgent::Hello(hello));
    // The standard library's own: who starts a command does not print it.
    let command = exec::command(&["true".into()], &credentials, None);
    assert!(marks.fetched_in(format!("{command:?}").as_bytes()).is_some(), "the search finds it");
}

#[test]
fn logins() {
    let marks = Marks::new();
    let secret = || Some(Secret::new(marks.source_key.as_str()));
    hides(
        &marks,
        &RegistryAuth {
            username: Some("me".into()),
            password: secret(),
            auth: secret(),
            identity_token: secret(),
            registry_token: secret(),
            ..RegistryAuth::default()
        },
    );
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().to_str().expect("UTF-8");
    let config = serde_json::json!({
        "auths": { "x": { "username": "me", "password": marks.source_key, "auth": marks.key, "identitytoken": marks.ticket } },
        "HttpHeaders": { "X-Key": marks.key },
        "proxies": { "default": { "httpProxy": format!("http://me:{}@proxy", marks.key) } },
    });
    std::fs::write(folder.path().join("config.json"), config.to_string()).expect("a file");
    let config = DockerConfig::load(Some(path), &Environment::default());
    assert!(config.file().is_some());
    hides(&marks, &config);
}

#[test]
fn what_a_command_line_and_a_host_become() {
    let marks = Marks::new();
    let environment: Environment = [
        ("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", &marks.key),
        ("AWS_SESSION_TOKEN", &marks.token),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", &marks.ticket),
        ("HTTPS_PROXY", &format!("http://me:{}@proxy", marks.source_key)),
    ]
    .into_iter()
    .collect();
    hides(&marks, &environment);
    hides(&marks, &ContainerEndpoint::new(&environment));
    hides(&marks, &EnvironmentKeys::new(&environment));
    hides(&marks, &Chain::new(vec![Box::new(ContainerEndpoint::new(&environment))]));
    let pair = format!("AWS_SECRET_ACCESS_KEY={}", marks.source_key);
    let argv =
        ["-e", &pair, "-e", "AWS_SESSION_TOKEN", "--token-code", "271828", "leaks", "sh", &marks.ticket];
    let invocation = cli::parse(argv.map(Into::into).to_vec()).expect("a good line");
    hides(&marks, &invocation);
    let Invocation::Run(cli) = invocation else { panic!("a run") };
    let host = request::Host {
        environment: &environment,
        working_directory: Path::new("/"),
        stdin_is_terminal: false,
        console_size: None,
        docker_config: &DockerConfig::default(),
        daemon_host: "",
    };
    hides(&marks, &host);
    let request = request::resolve(cli, &host).expect("a good line");
    let has = |secret: &str| request.spec.env().any(|entry| entry.contains(secret));
    assert!(has(&marks.source_key) && has(&marks.token), "they are in it");
    hides(&marks, &request);
    assert!(!format!("{request:?}").contains("271828"));
}

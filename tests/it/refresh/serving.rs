//! The library's way: credentials for a container that runs already.

use async_trait::async_trait;
use credrun::credentials::{Credentials, Secret};
use credrun::engine::{Engine, EngineOptions};
use credrun::environment::Environment;
use credrun::provider::{CredentialProvider, ProvideError};
use credrun::refresh::serving::Serving;
use time::{Duration, OffsetDateTime};

use super::stage::ASK;
use crate::harness::container::{Container, docker, docker_ok};
use crate::harness::host::{ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN, image};
use crate::harness::run::{PATIENCE, eventually};

/// Gives a session of that many seconds each time, told apart by its key id.
#[derive(Debug)]
struct Sessions(i64);

impl Sessions {
    fn session(&self, id: &str) -> Credentials {
        let end = OffsetDateTime::now_utc() + Duration::seconds(self.0);
        let token = Some(Secret::new(SESSION_TOKEN));
        Credentials::new(id, Secret::new(SECRET_ACCESS_KEY), token, Some(end), "the test")
    }
}

#[async_trait]
impl CredentialProvider for Sessions {
    fn name(&self) -> String {
        "the test".into()
    }

    async fn provide(&self) -> Result<Credentials, ProvideError> {
        Ok(self.session("ASIAIOSFODNN7SECOND"))
    }
}

fn assert_served([uri, token]: &[String; 2], name: &str) {
    let ask = |token: &str| docker_ok(&["exec", "-e", uri, "-e", token, name, "python3", "-c", ASK]);
    let answer = ask(token);
    assert!(answer.starts_with("200 ") && answer.contains(SESSION_TOKEN), "{answer}");
    eventually(PATIENCE, "new ones have come", || ask(token).contains("ASIAIOSFODNN7SECOND"));
    assert!(ask("AWS_CONTAINER_AUTHORIZATION_TOKEN=x").starts_with("403 "));
}

#[tokio::test]
async fn a_container_that_runs_already_gets_an_endpoint() {
    let target = Container::named("served");
    docker_ok(&["run", "-d", "--network=none", "--name", &target.name, image(), "sleep", "600"]);
    let environment: Environment = std::env::vars().filter(|(name, _)| name == "DOCKER_HOST").collect();
    let engine = Engine::of_options(&EngineOptions::default(), &environment).await.expect("an engine");
    let source = Sessions(6);
    let first = source.session(ACCESS_KEY_ID);
    let serving = Serving::beside(&engine, &target.name, &first, Box::new(source)).await.expect("it serves");
    let variables = serving.variables().map(|(name, value)| format!("{name}={}", value.expose()));
    let asked = (variables, target.name.clone());
    // Beside the runtime, which serves meanwhile.
    tokio::task::spawn_blocking(move || assert_served(&asked.0, &asked.1)).await.expect("served");
    let agents = || {
        let network = format!("container:{}", target.inspect("{{.Id}}").expect("it runs"));
        let list = docker(&["ps", "-aq", "--filter", "label=credrun.agent"]);
        let ids = String::from_utf8_lossy(&list.stdout).into_owned();
        ids.lines().any(|id| {
            let mode = docker(&["inspect", "--format", "{{.HostConfig.NetworkMode}}", id]);
            String::from_utf8_lossy(&mode.stdout).trim() == network
        })
    };
    assert!(agents(), "the test looks where its agent is");
    serving.end().await.expect("ended");
    eventually(PATIENCE, "its agent is gone", || !agents());
}

#[tokio::test]
async fn a_container_that_is_not_there_is_named_and_nothing_is_left() {
    let environment = Environment::default();
    let engine = Engine::of_options(&EngineOptions::default(), &environment).await.expect("an engine");
    let source = Sessions(600);
    let first = source.session(ACCESS_KEY_ID);
    let missing = Container::named("missing");
    let error =
        Serving::beside(&engine, &missing.name, &first, Box::new(source)).await.expect_err("no container");
    assert!(error.to_string().contains(&missing.name), "{error}");
}

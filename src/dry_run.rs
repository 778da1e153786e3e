//! `--dry-run`: what would be asked of the engine, as JSON, with nothing done. Credentials are looked for as
//! the run would, a profile's own role included, so that what would fail fails; what the options ask of STS is not asked.

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::cli::values::image;
use crate::credentials::{Credentials, Secret};
use crate::engine::{Engine, ImageFacts, ImageReference};
use crate::environment::Environment;
use crate::error::Result;
use crate::injection::{Injection, Keys};
use crate::provider::session_policy::SessionPolicy;
use crate::provider::sts;
use crate::refresh::engine_facts::EngineFacts;
use crate::refresh::halves::{self, EndpointPort};
use crate::registry::api_socket;
use crate::request::{self, ApiVersion, PullPolicy, RunRequest};
use crate::spec::ContainerSpec;
use crate::{notice, provider, region, run};

/// Stands for what is not shown.
const REDACTED: &str = "<redacted>";
/// Parts of names of variables whose values are likely to be secrets.
const SECRET: [&str; 7] = ["KEY", "TOKEN", "SECRET", "PASS", "CREDENTIAL", "AUTH", "PROXY"];
/// Says where the agent is, and is no secret in spite of its name.
const URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
/// What is taken for the version of an engine that does not answer: the newest that credrun knows.
const NEWEST: ApiVersion = (1, 50);

/// The text for stdout.
///
/// # Errors
/// What would keep the run from its container, but for an engine that does not answer.
pub async fn describe(mut request: RunRequest, environment: &Environment) -> Result<String> {
    let keys = run::check(&mut request)?;
    warn(&request, &request.client.warnings);
    let engine = Engine::connect(request.engine.clone(), environment, &request.docker_config).await;
    let (api, os) =
        engine.as_ref().map_or((NEWEST, "linux"), |engine| (engine.api_version(), engine.os_type()));
    request::fit_to_engine(&mut request, api, os)?;
    // It adds to the body, and its credential helpers can fail. The logins themselves go nowhere.
    drop(api_socket::prepare(&mut request, environment).await?);
    let (agent, spec) = agent(&request, engine.as_ref().ok(), (api, os)).await?;
    let (credentials, body) = identity(&request, &spec, environment, keys).await?;
    let spec = &request.spec;
    let query = [("name", &spec.name), ("platform", &spec.platform)];
    let query =
        query.into_iter().filter_map(|(key, value)| Some((key.to_owned(), Value::from(value.clone()?))));
    let described = json!({
        "engine": {
            "address": request.engine.to_string(),
            "chosen_by": request.engine.origin,
            "api_version": format!("{}.{}", api.0, api.1),
            "unreachable": engine.as_ref().err().map(ToString::to_string),
        },
        "image": image_decision(&request, engine.as_ref().ok()).await,
        "credentials": credentials,
        "request": {
            "method": "POST",
            "path": format!("/v{}.{}/containers/create", api.0, api.1),
            "query": Value::Object(query.collect()),
            "body": body,
        },
        "agent": agent,
    });
    serde_json::to_string_pretty(&described)
        .map_err(|error| crate::error::Error::caused(crate::error::ErrorKind::Abandoned, error))
}

/// With `--refresh`: the container that would serve the credentials, and what is left for the one that was asked for.
async fn agent(
    request: &RunRequest,
    engine: Option<&Engine>,
    (api, os): (ApiVersion, &str),
) -> Result<(Option<Value>, ContainerSpec)> {
    if !request.aws.refresh {
        return Ok((None, request.spec.clone()));
    }
    let (facts, image) = match engine {
        Some(engine) => (engine.facts().await?, engine.image(&request.spec.image).await?.unwrap_or_default()),
        // What is not known of it is not asked of it.
        None => (EngineFacts::of_info(&Value::Null, false, api, os), ImageFacts::default()),
    };
    let halves = halves::split(request, &facts, &image)?;
    warn(request, &halves.warnings);
    let spec = halves.agent("localhost/credrun-agent:<its content hash>");
    let port = match halves.port {
        EndpointPort::Fixed(port) => json!(port),
        EndpointPort::Free => json!("one that is free"),
    };
    Ok((Some(json!({"port": port, "body": spec.body()})), halves.target("<the agent's id>")))
}

/// Whose credentials, and the body with their variables, redacted.
async fn identity(
    request: &RunRequest,
    spec: &ContainerSpec,
    environment: &Environment,
    keys: Keys,
) -> Result<(Value, Value)> {
    let aws = &request.aws;
    let base = match keys {
        Keys::Provided => Some(provider::found(aws, environment).await?),
        Keys::Users => None,
    };
    warn(request, base.as_ref().map_or(&[], Credentials::warnings));
    let region = region::resolve(aws, environment).await;
    let injection = if aws.refresh {
        run::endpoint(&request.spec, halves::PORT, &Secret::new(REDACTED), region.as_deref())
    } else {
        Injection::static_variables(&request.spec, base.as_ref(), region.as_deref())
    };
    warn(request, injection.warnings());
    let env: Vec<String> =
        injection.expose(&request.spec).into_iter().map(|entry| redacted(&entry)).collect();
    let exchanged = base.as_ref().is_some_and(|base| !base.is_temporary()) && !aws.allow_long_term_keys;
    let asks = !aws.roles.is_empty() || aws.federation_name.is_some();
    let credentials = json!({
        "source": base.as_ref().map_or_else(|| "given with -e".to_owned(), |base| base.principal_source().to_string()),
        "expiration": base.as_ref().filter(|_| !asks).and_then(Credentials::expiration_iso8601),
        "role_that_would_be_assumed": aws.roles.last(),
        "roles_on_the_way": aws.roles.split_last().map(|(_, way)| way),
        "federation_that_would_be_asked_for": aws.federation_name,
        "session_token_that_would_be_asked_for": exchanged && !asks,
        "session_policy": session_policy(request)?,
        "region": injection.region(),
    });
    let mut body = spec.body().clone();
    body.insert("Env".to_owned(), env.into());
    Ok((credentials, Value::Object(body)))
}

fn warn(request: &RunRequest, warnings: &[String]) {
    warnings.iter().filter(|_| !request.client.quiet).for_each(|text| notice::warn(text));
}

/// What the session would be narrowed to.
fn session_policy(request: &RunRequest) -> Result<Option<Value>> {
    let narrowing = &request.aws.narrowing;
    if narrowing.option().is_none() {
        return Ok(None);
    }
    let partition = request.aws.roles.last().map_or("aws", |arn| sts::partition_of(arn));
    let policy = SessionPolicy::of(narrowing, partition, OffsetDateTime::now_utc())?;
    let document = policy.document.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    Ok(Some(json!({"policy": document, "policy_arns": policy.arns})))
}

/// `NAME=value` as it may be shown.
fn redacted(entry: &str) -> String {
    match entry.split_once('=') {
        Some((name, _)) if name != URI && SECRET.iter().any(|part| name.to_uppercase().contains(part)) => {
            format!("{name}={REDACTED}")
        }
        _ => entry.to_owned(),
    }
}

async fn image_decision(request: &RunRequest, engine: Option<&Engine>) -> Value {
    let name = &request.spec.image;
    let present = match engine {
        Some(engine) => engine.has_image(name).await.ok(),
        None => None,
    };
    let decision = match (request.client.pull, present) {
        (PullPolicy::Always, _) => "pull: --pull always",
        (PullPolicy::Never, Some(false)) => "fail: it is not there, and --pull never",
        (PullPolicy::Never, _) => "use: --pull never",
        (PullPolicy::Missing, Some(true)) => "use: it is there",
        (PullPolicy::Missing, Some(false)) if image::is_id(name) => "fail: there is no image of this id",
        (PullPolicy::Missing, Some(false)) => "pull: it is not there",
        (PullPolicy::Missing, None) => "unknown: the engine does not answer",
    };
    json!({"name": name, "reference": ImageReference::parse(name).familiar(), "present": present, "decision": decision})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_not_shown() {
        for (entry, expected) in [
            ("AWS_SECRET_ACCESS_KEY=x", "AWS_SECRET_ACCESS_KEY=<redacted>"),
            ("AWS_SESSION_TOKEN=x=y", "AWS_SESSION_TOKEN=<redacted>"),
            ("db_password=x", "db_password=<redacted>"),
            ("HTTPS_PROXY=http://u:p@h", "HTTPS_PROXY=<redacted>"),
            ("AWS_REGION=eu-west-1", "AWS_REGION=eu-west-1"),
            ("AWS_PROFILE", "AWS_PROFILE"),
        ] {
            assert_eq!(redacted(entry), expected);
        }
    }
}

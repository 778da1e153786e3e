//! `--use-api-socket`: the registry logins that go into the container beside the engine's socket.
//!
//! Source: docker/cli 28.2.2, `cli/command/container/create.go`: a `config.json` with all logins is put into the created
//! container, and `DOCKER_CONFIG` names its folder, unless the user has set that.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::docker_login;
use crate::credentials::Secret;
use crate::engine::RegistryAuth;
use crate::environment::Environment;
use crate::error::Result;
use crate::request::RunRequest;

/// Where the file is in the container.
pub const FOLDER: &str = "/run/secrets/docker";

/// The `config.json` to put into the container, when the request asks for it and there is a login; the request is told
/// of it.
///
/// # Errors
/// When a credential helper fails.
pub async fn prepare(request: &mut RunRequest, environment: &Environment) -> Result<Option<Secret>> {
    let users = request.spec.env().any(|entry| entry.starts_with("DOCKER_CONFIG="));
    if !request.client.use_api_socket || users {
        return Ok(None);
    }
    let logins = docker_login::all(&request.docker_config, environment).await?;
    if logins.is_empty() {
        return Ok(None);
    }
    request.spec.push("Env", format!("DOCKER_CONFIG={FOLDER}"));
    let auths = logins.into_iter().map(|(server, login)| (server, entry(&login)));
    Ok(Some(Secret::new(json!({"auths": auths.collect::<Map<_, _>>()}).to_string())))
}

/// As docker writes it: user and password as one.
fn entry(login: &RegistryAuth) -> Value {
    let mut entry = Map::new();
    let both = match (&login.username, &login.password) {
        (Some(user), Some(password)) => Some(BASE64_STANDARD.encode(format!("{user}:{}", password.expose()))),
        _ => login.auth.as_ref().map(|auth| auth.expose().to_owned()),
    };
    let tokens = [("identitytoken", &login.identity_token), ("registrytoken", &login.registry_token)];
    entry.extend(both.map(|both| ("auth".to_owned(), both.into())));
    for (name, token) in tokens {
        entry.extend(token.as_ref().map(|token| (name.to_owned(), token.expose().into())));
    }
    entry.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_what_docker_login_writes() {
        let login = RegistryAuth {
            username: Some("me".into()),
            password: Some(Secret::new("pw")),
            identity_token: Some(Secret::new("t")),
            ..RegistryAuth::default()
        };
        assert_eq!(entry(&login), json!({"auth": "bWU6cHc=", "identitytoken": "t"}));
    }
}

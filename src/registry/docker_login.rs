//! What the Docker CLI's config.json knows of a registry.
//!
//! Source: docker/cli 28.2.2, `cli/config/configfile/file.go`, `cli/config/credentials/*`,
//! <https://docs.docker.com/reference/cli/docker/login/#credential-stores>.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use zeroize::Zeroizing;

use super::credential_helper;
use crate::credentials::Secret;
use crate::docker_config::DockerConfig;
use crate::engine::RegistryAuth;
use crate::environment::Environment;
use crate::error::Result;

/// The key of Docker Hub, from the time of its first version.
const HUB: &str = "https://index.docker.io/v1/";
/// The user that stands for an identity token.
const TOKEN_USER: &str = "<token>";

/// What is configured, and what was wrong with it.
#[derive(Debug, Default)]
pub struct Found {
    /// The login; empty when nothing is configured.
    pub auth: RegistryAuth,
    /// Why a part of the config could not be used.
    pub warning: Option<String>,
}

/// The login for `registry` (`docker.io`, `host`, `host:port`) as the docker CLI finds it: the helper that
/// `credHelpers` names for it, else the one of `credsStore`, else `auths`.
///
/// # Errors
/// When a credential helper cannot be run or fails, as in docker.
pub async fn find(registry: &str, config: &DockerConfig, environment: &Environment) -> Result<Found> {
    let server = if matches!(registry, "docker.io" | "index.docker.io") { HUB } else { registry };
    let json = config.file().and_then(|path| std::fs::read(path).ok()).map(Zeroizing::new);
    let json = json.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(Value::Null);
    let Found { auth, warning } = from_auths(&json, server);
    let Some(helper) = helper(&json, server, environment) else { return Ok(Found { auth, warning }) };
    tracing::debug!(helper, server, "asking a credential helper");
    let kept = credential_helper::get(&helper, server).await?;
    // docker fills in what the helper does not keep.
    let rest =
        RegistryAuth { username: None, password: None, identity_token: None, server_address: None, ..auth };
    let auth = match kept {
        None => rest,
        Some(kept) if kept.username == TOKEN_USER => {
            RegistryAuth { identity_token: given(kept.secret), server_address: Some(server.into()), ..rest }
        }
        Some(kept) => RegistryAuth {
            username: Some(kept.username).filter(|name| !name.is_empty()),
            password: given(kept.secret),
            server_address: Some(server.into()),
            ..rest
        },
    };
    Ok(Found { auth, warning })
}

/// All logins, by their servers: those of the default store, then those of `credHelpers`.
///
/// # Errors
/// When a credential helper cannot be run or fails.
pub async fn all(config: &DockerConfig, environment: &Environment) -> Result<Vec<(String, RegistryAuth)>> {
    let json = config.file().and_then(|path| std::fs::read(path).ok()).map(Zeroizing::new);
    let json = json.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(Value::Null);
    let names =
        |name| member(&json, name).and_then(Value::as_object).into_iter().flat_map(serde_json::Map::keys);
    let mut servers: Vec<String> = match helper(&json, "", environment) {
        Some(store) => credential_helper::list(&store).await?,
        None => names("auths").cloned().collect(),
    };
    servers.extend(names("credHelpers").cloned());
    servers.sort();
    servers.dedup();
    let mut logins = Vec::new();
    for server in servers {
        let found = find(&server, config, environment).await?;
        if found.auth.is_login() {
            logins.push((server, found.auth));
        }
    }
    Ok(logins)
}

/// The value of a member by its name in any case, as Go reads JSON.
pub(super) fn member<'a>(json: &'a Value, name: &str) -> Option<&'a Value> {
    json.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn text<'a>(json: &'a Value, name: &str) -> Option<&'a str> {
    member(json, name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn given(secret: Secret) -> Option<Secret> {
    Some(secret).filter(|secret| !secret.expose().is_empty())
}

fn helper(json: &Value, server: &str, environment: &Environment) -> Option<String> {
    // The keys here are registries, in their own case. An empty name means `auths`.
    let helpers = member(json, "credHelpers").and_then(Value::as_object);
    if let Some(name) = helpers.and_then(|helpers| helpers.get(server)?.as_str()) {
        return Some(name.to_owned()).filter(|name| !name.is_empty());
    }
    let store = text(json, "credsStore").map(str::to_owned);
    let is_empty = |name| member(json, name).and_then(Value::as_object).is_none_or(serde_json::Map::is_empty);
    if store.is_none() && is_empty("credHelpers") && is_empty("auths") {
        return default_store(environment);
    }
    store
}

/// The platform's own store, when nothing is configured and its helper is installed.
fn default_store(environment: &Environment) -> Option<String> {
    let path = environment.non_empty("PATH")?;
    let suffix = std::env::consts::EXE_SUFFIX;
    let is_there = |name: &str| {
        std::env::split_paths(path).any(|dir| is_executable(&dir.join(format!("{name}{suffix}"))))
    };
    let store = match std::env::consts::OS {
        "macos" => "osxkeychain",
        "windows" => "wincred",
        "linux" if is_there("pass") => "pass",
        "linux" => "secretservice",
        _ => return None,
    };
    is_there(&format!("docker-credential-{store}")).then(|| store.to_owned())
}

#[cfg(unix)]
fn is_executable(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &std::path::Path) -> bool {
    path.is_file()
}

pub(crate) fn from_auths(json: &Value, server: &str) -> Found {
    let Some(auths) = member(json, "auths").and_then(Value::as_object) else { return Found::default() };
    let entry = auths.get_key_value(server);
    // Old configs have addresses where newer ones have names.
    let entry = entry.or_else(|| auths.iter().find(|(key, _)| hostname(key) == server));
    entry.map_or_else(Found::default, |(key, entry)| from_entry(key, entry))
}

fn from_entry(key: &str, entry: &Value) -> Found {
    let own = |name| text(entry, name).map(str::to_owned);
    let secret = |name| text(entry, name).map(Secret::new);
    let plain = RegistryAuth {
        username: own("username"),
        password: secret("password"),
        auth: None,
        email: own("email"),
        server_address: Some(key.to_owned()),
        identity_token: secret("identitytoken"),
        registry_token: secret("registrytoken"),
    };
    let Some(auth) = secret("auth") else { return Found { auth: plain, warning: None } };
    if let Some((username, password)) = decode(auth.expose()) {
        let auth = RegistryAuth { username: Some(username), password: given(password), ..plain };
        return Found { auth, warning: None };
    }
    // docker warns, and sends the entry as it is.
    let auth = RegistryAuth { auth: Some(auth), server_address: own("serveraddress"), ..plain };
    let warning = format!("the docker config's `auth` for `{key}` is not `user:password` in base64");
    Found { auth, warning: Some(warning) }
}

fn decode(auth: &str) -> Option<(String, Secret)> {
    let compact = Zeroizing::new(auth.replace(['\r', '\n'], ""));
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(compact.as_bytes()).ok()?);
    let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
    let (username, password) = text.split_once(':').filter(|(username, _)| !username.is_empty())?;
    Some((username.to_owned(), Secret::new(password.trim_matches('\0'))))
}

/// `host` or `host:port` of what may be an address, as docker's `ConvertToHostname` has it.
fn hostname(key: &str) -> String {
    if let Some((_, rest)) = key.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        if let Some(host) = host.strip_suffix(':').or(Some(host)).filter(|host| !host.is_empty()) {
            return match host.strip_prefix('[').and_then(|v6| v6.strip_suffix(']')) {
                Some(address) => address.to_owned(),
                None => host.to_owned(),
            };
        }
    }
    key.split('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn found(registry: &str, config: &Value) -> Found {
        let folder = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(folder.path().join("config.json"), config.to_string()).expect("a file");
        let environment = Environment::default();
        let config = DockerConfig::load(folder.path().to_str(), &environment);
        find(registry, &config, &environment).await.expect("no helper fails")
    }

    fn login(text: &str) -> Value {
        serde_json::json!({ "auth": BASE64_STANDARD.encode(text) })
    }

    #[tokio::test]
    async fn keys_are_matched_as_docker_matches_them() {
        for (registry, key) in [
            ("docker.io", HUB),
            ("r.example.com", "r.example.com"),
            ("r.example.com", "https://r.example.com"),
            ("r.example.com:5000", "http://r.example.com:5000/v1/"),
            ("r.example.com", "r.example.com/v2/"),
        ] {
            let config = serde_json::json!({"auths": {key: login("me:p:w"), "other": login("x:y")}});
            let auth = found(registry, &config).await.auth;
            assert_eq!(auth.username.as_deref(), Some("me"), "{key}");
            assert_eq!(auth.password.as_ref().map(Secret::expose), Some("p:w"), "{key}");
            assert_eq!(auth.server_address.as_deref(), Some(key));
        }
        let config = serde_json::json!({"auths": {"docker.io": login("me:pw")}});
        assert!(!found("docker.io", &config).await.auth.is_login(), "the hub has but its old key");
    }

    #[tokio::test]
    async fn what_cannot_be_decoded_is_warned_of_and_not_shown() {
        for auth in ["!hush!", &BASE64_STANDARD.encode("no colon hush"), &BASE64_STANDARD.encode(":hush")] {
            let found = found("r", &serde_json::json!({"auths": {"r": {"auth": auth}}})).await;
            let warning = found.warning.expect("a warning");
            assert!(warning.contains("`r`") && !warning.contains("hush"), "{warning}");
            assert_eq!(found.auth.auth.as_ref().map(Secret::expose), Some(auth));
        }
        assert!(!found("r", &serde_json::json!({"auths": [1]})).await.auth.is_login());
    }

    #[test]
    fn hosts_of_addresses() {
        for (key, host) in [
            ("https://index.docker.io/v1/", "index.docker.io"),
            ("http://u@h:1/x", "h:1"),
            ("https://[::1]/", "::1"),
            ("https://[::1]:5/", "[::1]:5"),
            ("h/x", "h"),
            ("https:///x", "https:"),
        ] {
            assert_eq!(hostname(key), host, "{key}");
        }
    }
}

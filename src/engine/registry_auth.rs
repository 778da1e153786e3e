//! What the Docker config knows of a registry, as the `X-Registry-Auth` header.
//!
//! Source: <https://docs.docker.com/reference/api/engine/version/v1.50/#section/Authentication>.

use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use docker_credential::{CredentialRetrievalError, DockerCredential};
use http::HeaderValue;
use serde_json::json;

use crate::environment::Environment;

/// The header for `registry` out of the Docker config, and a warning when the config could not be used.
/// With nothing configured it is an empty object, as the docker CLI sends it.
pub(super) async fn header(registry: &str, environment: &Environment) -> (HeaderValue, Option<String>) {
    let server = if registry == "docker.io" { "https://index.docker.io/v1/" } else { registry }.to_owned();
    let config = config_file(environment);
    let looked_up = {
        let server = server.clone();
        // A credential helper is a process that may take its time.
        tokio::task::spawn_blocking(move || look_up(config, &server)).await
    };
    let json = match looked_up {
        Ok(Ok(Some(credential))) => auth_json(credential, &server),
        Ok(Ok(None)) => json!({}),
        Ok(Err(reason)) => return (encode(&json!({})), Some(format!("no login for `{registry}`: {reason}"))),
        Err(_) => return (encode(&json!({})), Some(format!("looking up the login for `{registry}` failed"))),
    };
    (encode(&json), None)
}

fn config_file(environment: &Environment) -> Option<PathBuf> {
    let folder = environment.non_empty("DOCKER_CONFIG").map(PathBuf::from);
    let home = || environment.non_empty("HOME").or_else(|| environment.non_empty("USERPROFILE"));
    Some(folder.or_else(|| Some(PathBuf::from(home()?).join(".docker")))?.join("config.json"))
}

fn look_up(config: Option<PathBuf>, server: &str) -> Result<Option<DockerCredential>, String> {
    let Some(file) = config.and_then(|path| std::fs::File::open(path).ok()) else { return Ok(None) };
    match docker_credential::get_credential_from_reader(std::io::BufReader::new(file), server) {
        Ok(credential) => Ok(Some(credential)),
        Err(CredentialRetrievalError::NoCredentialConfigured) => Ok(None),
        // Every helper answers so for a registry that it does not know; its output is never repeated, since
        // what a helper prints is a password.
        Err(CredentialRetrievalError::HelperFailure { stdout, .. })
            if stdout.contains("credentials not found") =>
        {
            Ok(None)
        }
        Err(CredentialRetrievalError::HelperFailure { helper, .. }) => {
            Err(format!("the credential helper `docker-credential-{helper}` failed"))
        }
        Err(other) => {
            Err(format!("the docker config could not be used: {}", lower_first(&other.to_string())))
        }
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

fn auth_json(credential: DockerCredential, server: &str) -> serde_json::Value {
    match credential {
        DockerCredential::IdentityToken(token) => json!({"identitytoken": token, "serveraddress": server}),
        DockerCredential::UsernamePassword(username, password) => {
            json!({"username": username, "password": password, "serveraddress": server})
        }
    }
}

/// The daemon decodes base64 of the URL-safe alphabet; with the standard one a password with `~ > ?` is lost.
fn encode(json: &serde_json::Value) -> HeaderValue {
    let text = BASE64_URL_SAFE.encode(json.to_string());
    let mut value = HeaderValue::from_str(&text).unwrap_or_else(|_| unreachable!("base64 is ASCII"));
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::BASE64_STANDARD;

    async fn header_for(registry: &str, config: &str) -> (String, Option<String>) {
        let folder = tempfile::tempdir().expect("tempdir");
        std::fs::write(folder.path().join("config.json"), config).expect("write");
        let environment = [("DOCKER_CONFIG", folder.path().display().to_string())].into_iter().collect();
        let (value, warning) = header(registry, &environment).await;
        assert!(value.is_sensitive());
        let json = BASE64_URL_SAFE.decode(value.as_bytes()).expect("url-safe base64");
        (String::from_utf8(json).expect("utf-8"), warning)
    }

    #[tokio::test]
    async fn a_password_of_any_characters_arrives() {
        let password = "a~>?b~~~>>>???";
        let config =
            json!({"auths": {"127.0.0.1:5000": {"auth": BASE64_STANDARD.encode(format!("me:{password}"))}}});
        let (header, warning) = header_for("127.0.0.1:5000", &config.to_string()).await;
        let value: serde_json::Value = serde_json::from_str(&header).expect("json");
        assert_eq!(value["password"], password);
        assert_eq!(value["username"], "me");
        assert_eq!(warning, None);
    }

    #[tokio::test]
    async fn the_hub_is_looked_up_under_its_old_address() {
        let auth = BASE64_STANDARD.encode("me:pw");
        let config = json!({"auths": {"https://index.docker.io/v1/": {"auth": auth}}});
        let (header, _) = header_for("docker.io", &config.to_string()).await;
        assert!(header.contains("\"pw\""), "{header}");
    }

    #[tokio::test]
    async fn an_unknown_registry_and_a_broken_config_pull_without_login() {
        assert_eq!(header_for("r.example.com", "{}").await, ("{}".to_owned(), None));
        let (header, warning) = header_for("r.example.com", "{ not json").await;
        assert_eq!(header, "{}");
        assert!(warning.expect("a warning").contains("r.example.com"));
    }
}

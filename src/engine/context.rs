//! Docker contexts: engines by name, with what it takes to reach them.
//!
//! Source: <https://docs.docker.com/engine/manage-resources/contexts/>. The store is
//! `contexts/meta/<sha256 of the name>/meta.json` below the Docker config's folder, and
//! `contexts/tls/<same>/docker/{ca,cert,key}.pem`.

use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::address::{Address, Endpoint, malformed};
use super::tls::Tls;
use crate::docker_config::DockerConfig;
use crate::error::{Error, ErrorKind, Result};

#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "Endpoints", default)]
    endpoints: Endpoints,
}

#[derive(Deserialize, Default)]
struct Endpoints {
    #[serde(default)]
    docker: Option<DockerEndpoint>,
}

#[derive(Deserialize)]
struct DockerEndpoint {
    #[serde(rename = "Host", default)]
    host: String,
    #[serde(rename = "SkipTLSVerify", default)]
    skip_tls_verify: bool,
}

/// The address of the context `name`, which `setting` chose.
///
/// # Errors
/// [`ErrorKind::Refused`] when there is no such context, or it cannot be used.
pub(super) fn address(name: &str, setting: &str, config: &DockerConfig) -> Result<Address> {
    // Never the working directory: whoever made that could name an engine to send credentials to.
    let folder = config.directory.as_ref().ok_or_else(|| {
        refused(name, setting, "the folder of the Docker config is not known: set HOME or DOCKER_CONFIG")
    })?;
    let store = folder.join("contexts");
    let id = hex(&Sha256::digest(name));
    let endpoint = metadata(&store.join("meta").join(&id).join("meta.json"), name, setting)?;
    let unusable = |why: &str| refused(name, setting, why);
    let docker = endpoint.endpoints.docker.ok_or_else(|| unusable("it has no docker endpoint"))?;
    let origin = format!("context `{name}`, {setting}");
    let parsed = match docker.host.as_str() {
        "" => Address::default().endpoint,
        host => Endpoint::parse(host).map_err(|why| malformed(host, &origin, &why))?,
    };
    let tls = Tls::of_context(&store.join("tls").join(&id).join("docker"), docker.skip_tls_verify)
        .map_err(|why| unusable(&why))?;
    let tls = tls.filter(|_| matches!(parsed, Endpoint::Tcp { .. }));
    Ok(Address { endpoint: parsed, tls, origin })
}

fn metadata(path: &Path, name: &str, setting: &str) -> Result<Metadata> {
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => refused(name, setting, "there is no such context"),
        _ => refused(name, setting, &format!("`{}` cannot be read: {error}", path.display())),
    })?;
    serde_json::from_slice(&bytes).map_err(|error| {
        refused(name, setting, &format!("`{}` is not what docker writes: {error}", path.display()))
    })
}

fn refused(name: &str, setting: &str, why: &str) -> Error {
    let error = Error::new(ErrorKind::Refused, format!("context `{name}` ({setting}): {why}"));
    let error = error.hint("`docker context ls` lists the contexts");
    match setting {
        "--context" => error,
        "DOCKER_CONTEXT" => error.hint("unset DOCKER_CONTEXT, or set it to a context that is there"),
        _ => error.hint("`docker context use default` goes back to this machine's engine"),
    }
}

/// The names of the contexts that are there, besides `default`. What cannot be read is left out.
#[must_use]
pub fn names(config: &DockerConfig) -> Vec<String> {
    #[derive(Deserialize)]
    struct Named {
        #[serde(rename = "Name")]
        name: String,
    }
    let store = config.directory.as_ref().map(|folder| folder.join("contexts/meta"));
    let entries = store.and_then(|store| std::fs::read_dir(store).ok()).into_iter().flatten().flatten();
    let read = entries.filter_map(|entry| std::fs::read(entry.path().join("meta.json")).ok());
    let mut names: Vec<_> =
        read.filter_map(|bytes| Some(serde_json::from_slice::<Named>(&bytes).ok()?.name)).collect();
    names.sort();
    names
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config_with(name: &str, json: &str) -> (tempfile::TempDir, DockerConfig) {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let meta = folder.path().join("contexts/meta").join(hex(&Sha256::digest(name)));
        std::fs::create_dir_all(&meta).expect("a directory");
        std::fs::write(meta.join("meta.json"), json).expect("a file");
        let config = DockerConfig { directory: Some(folder.path().to_owned()), ..DockerConfig::default() };
        (folder, config)
    }

    #[test]
    fn a_context_is_found_by_the_hash_of_its_name() {
        let json = r#"{"Name":"prod","Metadata":{},"Endpoints":{"docker":{"Host":"tcp://h:2376","SkipTLSVerify":true}}}"#;
        let (_folder, config) = config_with("prod", json);
        let address = address("prod", "--context", &config).expect("there");
        assert_eq!(
            (address.to_string().as_str(), address.origin.as_str()),
            ("tcp://h:2376", "context `prod`, --context")
        );
        assert!(!address.tls.expect("TLS, unverified").verifies());
        assert_eq!(names(&config), ["prod"]);
    }

    #[test]
    fn an_empty_host_is_the_default() {
        let (_folder, config) = config_with("x", r#"{"Name":"x","Endpoints":{"docker":{}}}"#);
        assert_eq!(address("x", "--context", &config).expect("there").endpoint, Address::default().endpoint);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (json, why) in [
            ("{}", "no docker endpoint"),
            ("[", "not what docker writes"),
            (r#"{"Endpoints":{"docker":{"Host":"http://h"}}}"#, "http://"),
        ] {
            let (_folder, config) = config_with("x", json);
            let error = address("x", "DOCKER_CONTEXT", &config).expect_err(json);
            assert!(error.to_string().contains(why) && error.to_string().contains("`x`"), "{error}");
            assert!(!error.hints().is_empty());
        }
        let (_folder, config) = config_with("x", "{}");
        let error = address("nope", "--context", &config).expect_err("none");
        assert!(error.to_string().contains("there is no such context"), "{error}");
        let error = address("x", "--context", &DockerConfig::default()).expect_err("no folder");
        assert!(error.to_string().contains("set HOME or DOCKER_CONFIG"), "{error}");
    }
}

//! The Docker CLI's `config.json`: what of it shapes a run.
//!
//! Source: <https://docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties>.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::environment::Environment;

/// The folder of the Docker CLI's configuration, and the file's content.
#[derive(Clone, Default)]
pub struct DockerConfig {
    /// The folder; `None` for a user without a home.
    pub directory: Option<PathBuf>,
    /// `HttpHeaders`: sent with every request to the engine.
    pub http_headers: BTreeMap<String, String>,
    /// `detachKeys`: used where `--detach-keys` is not given.
    pub detach_keys: Option<String>,
    /// `currentContext`.
    pub current_context: Option<String>,
    /// `proxies`: by the engine's address, or `default`.
    pub proxies: BTreeMap<String, ProxyConfig>,
    /// Why the file could not be used, if so; docker warns, and goes on without it.
    pub warning: Option<String>,
}

/// One entry of `proxies`.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyConfig {
    http_proxy: String,
    https_proxy: String,
    no_proxy: String,
    ftp_proxy: String,
    all_proxy: String,
}

impl ProxyConfig {
    /// The variables that a container gets, with their values; both spellings of each.
    pub fn variables(&self) -> impl Iterator<Item = (String, &str)> {
        let named = [
            ("HTTP_PROXY", &self.http_proxy),
            ("HTTPS_PROXY", &self.https_proxy),
            ("NO_PROXY", &self.no_proxy),
            ("FTP_PROXY", &self.ftp_proxy),
            ("ALL_PROXY", &self.all_proxy),
        ];
        let given = named.into_iter().filter(|(_, value)| !value.is_empty());
        given.flat_map(|(name, value)| [(name.to_owned(), value.as_str()), (name.to_lowercase(), value)])
    }
}

impl fmt::Debug for ProxyConfig {
    /// Without its values: a proxy's address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables().map(|(name, _)| name)).finish()
    }
}

impl fmt::Debug for DockerConfig {
    /// Headers by name only: they may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DockerConfig")
            .field("directory", &self.directory)
            .field("http_headers", &self.http_headers.keys())
            .field("current_context", &self.current_context)
            .field("proxies", &self.proxies)
            .finish_non_exhaustive()
    }
}

impl DockerConfig {
    /// Reads the file in `directory`, or where `DOCKER_CONFIG` says, or in `~/.docker`. One that is not there is
    /// an empty one; one that cannot be used is one with a warning.
    #[must_use]
    pub fn load(directory: Option<&str>, environment: &Environment) -> Self {
        let given = directory.filter(|text| !text.is_empty()).or(environment.non_empty("DOCKER_CONFIG"));
        let directory = given.map(PathBuf::from).or_else(|| Some(environment.home()?.join(".docker")));
        let Some(path) = directory.as_ref().map(|directory| directory.join("config.json")) else {
            return Self::default();
        };
        let read = match std::fs::read(&path) {
            Ok(bytes) => Self::parse(&bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.to_string()),
        };
        let config = read.unwrap_or_else(|cause| Self {
            warning: Some(format!("the docker config `{}` could not be used: {cause}", path.display())),
            ..Self::default()
        });
        Self { directory, ..config }
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let json: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let text = |name| field::<String>(&json, name).map(|text| text.filter(|text| !text.is_empty()));
        Ok(Self {
            http_headers: field(&json, "HttpHeaders")?.unwrap_or_default(),
            detach_keys: text("detachKeys")?,
            current_context: text("currentContext")?,
            proxies: field(&json, "proxies")?.unwrap_or_default(),
            ..Self::default()
        })
    }

    /// `config.json` itself.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        self.directory.as_ref().map(|directory| directory.join("config.json"))
    }

    /// The proxies for containers of the engine at `daemon_host`.
    #[must_use]
    pub fn proxies_for(&self, daemon_host: &str) -> Option<&ProxyConfig> {
        self.proxies.get(daemon_host).or_else(|| self.proxies.get("default"))
    }
}

/// A field by its name in any case, as Go reads JSON; null is none. An error shows no value: it may be secret.
fn field<T: DeserializeOwned>(json: &Value, name: &str) -> Result<Option<T>, String> {
    let Some(object) = json.as_object() else { return Err("it is not a JSON object".into()) };
    let found = object.iter().find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null());
    let Some((_, value)) = found else { return Ok(None) };
    T::deserialize(value).map(Some).map_err(|_| format!("`{name}` is not of the form that docker writes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(text: &str) -> DockerConfig {
        let folder = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(folder.path().join("config.json"), text).expect("a file");
        DockerConfig::load(
            None,
            &[("DOCKER_CONFIG", folder.path().display().to_string())].into_iter().collect(),
        )
    }

    #[test]
    fn what_is_there_is_read_in_any_case() {
        let config = loaded(
            r#"{"auths": {}, "httpheaders": {"X-A": "b"}, "detachKeys": "ctrl-x", "currentContext": "",
                "proxies": {"default": {"httpProxy": "http://u:hush@p"}, "unix:///x": {"noProxy": "y"}}}"#,
        );
        assert_eq!(config.http_headers["X-A"], "b");
        assert_eq!(
            (config.detach_keys.as_deref(), config.current_context.as_deref()),
            (Some("ctrl-x"), None)
        );
        let variables = |host| {
            let proxies = config.proxies_for(host).expect("there");
            proxies.variables().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
        };
        assert_eq!(variables("unix:///else"), ["HTTP_PROXY=http://u:hush@p", "http_proxy=http://u:hush@p"]);
        assert_eq!(variables("unix:///x"), ["NO_PROXY=y", "no_proxy=y"]);
        assert!(!format!("{config:?}").contains("hush"));
    }

    #[test]
    fn a_file_that_cannot_be_used_is_a_warning() {
        for (text, cause) in
            [("{ no", "could not be used"), (r#"{"proxies": [1]}"#, "`proxies`"), ("[]", "object")]
        {
            assert!(loaded(text).warning.expect("a warning").contains(cause), "{text}");
        }
        let nowhere = [("DOCKER_CONFIG", "/nonexistent")].into_iter().collect();
        assert!(DockerConfig::load(None, &nowhere).warning.is_none());
        let given = DockerConfig::load(Some("/given"), &nowhere);
        assert_eq!(given.file(), Some(PathBuf::from("/given/config.json")));
    }
}

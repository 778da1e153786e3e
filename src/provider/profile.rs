//! The profile in use, read by aws-config's own parser from the files that the environment names.

use std::fmt;
use std::path::PathBuf;

use aws_config::profile::ProfileSet;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_types::os_shim_internal::{Env, Fs};

use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::request::AwsOptions;

/// A profile's name and the sections of `~/.aws/config` and `~/.aws/credentials`.
#[derive(Clone)]
pub(crate) struct Profile {
    /// Which one is in use.
    pub(crate) name: String,
    /// Somebody named it (by `--profile` or by a variable), so it has to exist.
    pub(crate) named: bool,
    /// The files' contents, for aws-config's providers.
    pub(crate) files: EnvConfigFiles,
    sections: ProfileSet,
    shared: ProfileSet,
}

impl fmt::Debug for Profile {
    /// The name alone: the files hold keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Profile {
    /// Reads the files anew.
    ///
    /// # Errors
    /// When one of them exists and cannot be read or parsed.
    pub(crate) async fn load(options: &AwsOptions, environment: &Environment) -> Result<Self> {
        let asked = options.profile.as_deref().or_else(|| from_variables(environment));
        let name = asked.unwrap_or("default").to_owned();
        let config = read(environment, "AWS_CONFIG_FILE", "~/.aws/config").await?;
        let shared = read(environment, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials").await?;
        let shared_only =
            EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Credentials, shared.clone()).build();
        let files = EnvConfigFiles::builder()
            .with_contents(EnvConfigFileKind::Config, config)
            .with_contents(EnvConfigFileKind::Credentials, shared)
            .build();
        let sections = parse(&files, &name).await?;
        let shared = parse(&shared_only, &name).await?;
        Ok(Self { named: asked.is_some(), name, sections, shared, files })
    }

    /// Whether any file has such a profile.
    pub(crate) fn exists(&self) -> bool {
        self.sections.get_profile(&self.name).is_some()
    }

    /// One of its settings.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.sections.get_profile(&self.name)?.get(key)
    }

    /// One of its settings in the shared credentials file alone.
    pub(crate) fn shared(&self, key: &str) -> Option<&str> {
        self.shared.get_profile(&self.name)?.get(key)
    }

    /// Whether it asks for a role by means of other credentials: the AWS CLI then puts it before
    /// the web identity that variables name.
    pub(crate) fn assumes_role(&self) -> bool {
        self.get("role_arn").is_some() && self.get("web_identity_token_file").is_none()
    }

    /// Whether this profile, or one that it has its credentials from, runs a credential_process: that may
    /// wait for a person.
    pub(crate) fn runs_a_process(&self) -> bool {
        let mut seen = Vec::new();
        let mut next = Some(self.name.as_str());
        while let Some(section) = next.and_then(|name| self.sections.get_profile(name)) {
            if section.get("credential_process").is_some() {
                return true;
            }
            seen.push(section.name());
            next = section.get("source_profile").filter(|source| !seen.contains(source));
        }
        false
    }

    /// The profiles that there are, for a message.
    pub(crate) fn others(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.sections.profiles().collect();
        names.sort_unstable();
        names
    }
}

/// The AWS CLI looks at AWS_DEFAULT_PROFILE first (botocore's `configprovider.py`).
fn from_variables(environment: &Environment) -> Option<&str> {
    environment.non_empty("AWS_DEFAULT_PROFILE").or_else(|| environment.non_empty("AWS_PROFILE"))
}

async fn read(environment: &Environment, variable: &str, default: &str) -> Result<String> {
    let named = environment.non_empty(variable);
    let Some(path) = expand(environment, named.unwrap_or(default)) else { return Ok(String::new()) };
    match tokio::fs::read_to_string(&path).await {
        Ok(text) => Ok(text),
        // Like the SDKs: a file that is not there is an empty one, wherever its name comes from.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(unreadable(&path.display().to_string(), &error)),
    }
}

fn unreadable(path: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Credentials, format!("`{path}` cannot be read: {error}"))
        .hint("make the file readable for you, or name another by `AWS_CONFIG_FILE` or `AWS_SHARED_CREDENTIALS_FILE`")
}

fn expand(environment: &Environment, path: &str) -> Option<PathBuf> {
    let Some(below) = path.strip_prefix("~/") else { return Some(PathBuf::from(path)) };
    let home = environment.non_empty("HOME").or_else(|| environment.non_empty("USERPROFILE"))?;
    Some(PathBuf::from(home).join(below))
}

async fn parse(files: &EnvConfigFiles, name: &str) -> Result<ProfileSet> {
    let name = Some(name.to_owned().into());
    aws_config::profile::load(&Fs::real(), &Env::from_slice(&[]), files, name).await.map_err(|_| {
        // The parser's own words can quote the line, and lines hold keys.
        Error::new(ErrorKind::Credentials, "the AWS config or credentials file cannot be parsed")
            .hint("`aws configure list` names the line; a profile is a `[profile NAME]` section with `key = value` lines")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn load(config: &str, name: &str) -> Profile {
        let folder = tempfile::tempdir().expect("tempdir");
        let path = folder.path().join("config");
        std::fs::write(&path, config).expect("written");
        let nowhere = folder.path().join("none").display().to_string();
        let files =
            [("AWS_CONFIG_FILE", path.display().to_string()), ("AWS_SHARED_CREDENTIALS_FILE", nowhere)];
        let options = AwsOptions { profile: Some(name.to_owned()), ..AwsOptions::default() };
        Profile::load(&options, &files.into_iter().collect()).await.expect("loaded")
    }

    #[tokio::test]
    async fn debug_shows_no_key_of_the_files() {
        let profile =
            load("[profile a]\naws_access_key_id = AKIA\naws_secret_access_key = MARK\n", "a").await;
        let shown = format!("{profile:?} {profile:#?}");
        assert!(profile.exists() && shown.contains('a') && !shown.contains("MARK"), "{shown}");
    }

    #[tokio::test]
    async fn a_process_behind_a_role_is_found_and_a_circle_ends() {
        let config = "[profile role]\nrole_arn = x\nsource_profile = base\n\
                      [profile base]\ncredential_process = wait\n\
                      [profile a]\nrole_arn = x\nsource_profile = b\n\
                      [profile b]\nrole_arn = x\nsource_profile = a\n\
                      [profile self]\nrole_arn = x\nsource_profile = self\n";
        for (name, runs) in [("role", true), ("base", true), ("a", false), ("self", false), ("none", false)] {
            assert_eq!(load(config, name).await.runs_a_process(), runs, "{name}");
        }
    }
}

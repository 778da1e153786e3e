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

    /// Whether any file has the profile in use.
    pub(crate) fn exists(&self) -> bool {
        self.has(&self.name)
    }

    /// Whether any file has a profile of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.sections.get_profile(name).is_some()
    }

    /// A setting of the profile in use.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.of(&self.name, key)
    }

    /// A setting of the profile `name`.
    pub(crate) fn of(&self, name: &str, key: &str) -> Option<&str> {
        self.sections.get_profile(name)?.get(key)
    }

    /// Keys of the profile `name` in the shared credentials file alone.
    pub(crate) fn shared_keys(&self, name: &str) -> Result<Option<Keys<'_>>> {
        keys(name, |key| self.shared.get_profile(name)?.get(key))
    }

    /// Keys of the profile `name` in either file.
    pub(crate) fn keys(&self, name: &str) -> Result<Option<Keys<'_>>> {
        keys(name, |key| self.of(name, key))
    }

    /// The environment, with the profile's `ca_bundle` where no variable names one.
    pub(crate) fn trusting(&self, environment: &Environment) -> Environment {
        match self.get("ca_bundle") {
            Some(bundle) if environment.non_empty("AWS_CA_BUNDLE").is_none() => {
                let path = expand(environment, bundle).unwrap_or_else(|| bundle.into());
                environment.with("AWS_CA_BUNDLE", &path.display().to_string())
            }
            _ => environment.clone(),
        }
    }

    /// The profiles that there are, for a message.
    pub(crate) fn others(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.sections.profiles().collect();
        names.sort_unstable();
        names
    }
}

/// Access key id, secret access key, session token.
pub(crate) type Keys<'a> = (&'a str, &'a str, Option<&'a str>);

/// botocore's order of the two names of the token.
fn keys<'a>(name: &str, get: impl Fn(&str) -> Option<&'a str>) -> Result<Option<Keys<'a>>> {
    let Some(id) = get("aws_access_key_id") else { return Ok(None) };
    let Some(key) = get("aws_secret_access_key") else {
        let message = format!("profile `{name}` has `aws_access_key_id`, but no `aws_secret_access_key`");
        return Err(Error::new(ErrorKind::Credentials, message)
            .hint(format!("`aws configure --profile {name}` sets both")));
    };
    Ok(Some((id, key, get("aws_security_token").or_else(|| get("aws_session_token")))))
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

pub(crate) fn expand(environment: &Environment, path: &str) -> Option<PathBuf> {
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
pub(super) mod tests {
    use super::*;

    pub(crate) async fn load(config: &str, name: &str) -> Profile {
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
}

//! The profile in use, read by aws-config's own parser from the files that the environment names.

use std::path::PathBuf;

use aws_config::profile::ProfileSet;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_types::os_shim_internal::{Env, Fs};

use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::request::AwsOptions;

/// A profile's name and the sections of `~/.aws/config` and `~/.aws/credentials`.
#[derive(Debug, Clone)]
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

//! The files that came before `~/.aws`, which the AWS CLI still reads: AWS_CREDENTIAL_FILE of the first EC2 tools, and
//! boto's configuration (botocore `credentials.py`, `OriginalEC2Provider` and `BotoProvider`).

use async_trait::async_trait;

use super::profile::expand;
use super::{CredentialProvider, ProvideError};
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind};

/// `AWS_CREDENTIAL_FILE`.
#[derive(Debug)]
pub(crate) struct Ec2File(pub(crate) Environment);

/// `BOTO_CONFIG`, `/etc/boto.cfg`, `~/.boto`.
#[derive(Debug)]
pub(crate) struct BotoConfig(pub(crate) Environment);

#[async_trait]
impl CredentialProvider for Ec2File {
    fn name(&self) -> String {
        "EC2 credential file".into()
    }

    async fn provide(&self) -> Result<Credentials, ProvideError> {
        let Some(path) = self.0.non_empty("AWS_CREDENTIAL_FILE") else {
            return Err(ProvideError::NotConfigured("`AWS_CREDENTIAL_FILE` is not set".into()));
        };
        let text = read(&self.0, path).await.map_err(|error| {
            Error::new(
                ErrorKind::Credentials,
                format!("`AWS_CREDENTIAL_FILE` names `{path}`, which cannot be read: {error}"),
            )
            .hint("correct it, or unset it")
        })?;
        let value = |name: &str| setting(text.lines(), name);
        let Some(id) = value("AWSAccessKeyId") else {
            return Err(ProvideError::NotConfigured(format!("`{path}` has no `AWSAccessKeyId`")));
        };
        let key = value("AWSSecretKey").ok_or_else(|| half(path, "AWSSecretKey"))?;
        Ok(Credentials::new(id, Secret::new(key), None, None, format!("EC2 credential file `{path}`")))
    }
}

#[async_trait]
impl CredentialProvider for BotoConfig {
    fn name(&self) -> String {
        "boto configuration".into()
    }

    async fn provide(&self) -> Result<Credentials, ProvideError> {
        let named = self.0.non_empty("BOTO_CONFIG");
        let places = named.map_or_else(|| vec!["/etc/boto.cfg", "~/.boto"], |path| vec![path]);
        for path in &places {
            let Ok(text) = read(&self.0, path).await else { continue };
            let section = || {
                let after = text.lines().skip_while(|line| line.trim() != "[Credentials]").skip(1);
                after.take_while(|line| !line.trim_start().starts_with('['))
            };
            let Some(id) = setting(section(), "aws_access_key_id") else { continue };
            let key = setting(section(), "aws_secret_access_key")
                .ok_or_else(|| half(path, "aws_secret_access_key"))?;
            return Ok(Credentials::new(
                id,
                Secret::new(key),
                None,
                None,
                format!("boto configuration `{path}`"),
            ));
        }
        Err(ProvideError::NotConfigured(format!("no credentials in {}", places.join(", "))))
    }
}

async fn read(environment: &Environment, path: &str) -> std::io::Result<String> {
    match expand(environment, path) {
        Some(path) => tokio::fs::read_to_string(path).await,
        None => Err(std::io::ErrorKind::NotFound.into()),
    }
}

fn setting<'a>(mut lines: impl Iterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    lines.find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then_some(value.trim())
    })
}

fn half(path: &str, missing: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("`{path}` has an access key id, but no `{missing}`"))
        .hint("add it, or take the other away")
}

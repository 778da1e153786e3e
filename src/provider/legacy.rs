//! The files that came before `~/.aws`, which the AWS CLI still reads: AWS_CREDENTIAL_FILE of the first EC2 tools, and
//! boto's configuration (botocore `credentials.py`, `OriginalEC2Provider` and `BotoProvider`).

use async_trait::async_trait;

use super::ini::{Value, is_line_end, is_space};
use super::profile::sections;
use super::{CredentialProvider, ProvideError, path};
use crate::credentials::{Credentials, Secret};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind};

const VARIABLE: &str = "AWS_CREDENTIAL_FILE";

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
        let Some(path) = self.0.get(VARIABLE) else {
            return Err(ProvideError::NotConfigured(format!("`{VARIABLE}` is not set")));
        };
        let text = tokio::fs::read_to_string(path::expand_user(&self.0, path)).await.map_err(|error| {
            let message = format!("`{VARIABLE}` names `{path}`, which cannot be read: {error}");
            Error::new(ErrorKind::Credentials, message).hint("correct it, or unset it")
        })?;
        let Some(id) = setting(&text, "AWSAccessKeyId") else {
            return Err(ProvideError::NotConfigured(format!("`{path}` has no `AWSAccessKeyId`")));
        };
        let key = setting(&text, "AWSSecretKey").ok_or_else(|| half(path, "AWSSecretKey"))?;
        let source = format!("EC2 credential file `{path}`");
        Ok(Credentials::new(id, Secret::new(key), None, None, source))
    }
}

#[async_trait]
impl CredentialProvider for BotoConfig {
    fn name(&self) -> String {
        "boto configuration".into()
    }

    async fn provide(&self) -> Result<Credentials, ProvideError> {
        let places =
            self.0.get("BOTO_CONFIG").map_or_else(|| vec!["/etc/boto.cfg", "~/.boto"], |path| vec![path]);
        for path in &places {
            let sections = sections(&path::expand(&self.0, path), &mut Vec::new()).await?;
            let section = sections.iter().find(|(name, _)| name == "Credentials");
            let get = |key| section?.1.get(key).and_then(Value::text);
            let Some(id) = get("aws_access_key_id") else { continue };
            let key = get("aws_secret_access_key").ok_or_else(|| half(path, "aws_secret_access_key"))?;
            let source = format!("boto configuration `{path}`");
            return Ok(Credentials::new(id, Secret::new(key), None, None, source));
        }
        Err(ProvideError::NotConfigured(format!("no credentials in {}", places.join(", "))))
    }
}

/// The last line with this name counts.
fn setting<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let pairs = text.split(is_line_end).filter_map(|line| line.split_once('='));
    pairs
        .filter(|(key, _)| key.trim_matches(is_space) == name)
        .map(|(_, value)| value.trim_matches(is_space))
        .next_back()
}

fn half(path: &str, missing: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("`{path}` has an access key id, but no `{missing}`"))
        .hint("add it, or take the other away")
}

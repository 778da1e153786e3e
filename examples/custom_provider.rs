//! A source of credentials that credrun does not know, put in front of those that it does.
//!
//! `VAULT_FILE=creds.json cargo run --example custom_provider`, where the file holds what
//! `aws configure export-credentials` prints. Without it, the usual chain is asked.

use async_trait::async_trait;
use credrun::credentials::{Credentials, Secret};
use credrun::environment::Environment;
use credrun::error::{Error, ErrorKind};
use credrun::provider::chain::{self, Chain};
use credrun::provider::{CredentialProvider, ProvideError};
use credrun::request::AwsOptions;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Credentials in a JSON file that `VAULT_FILE` names.
#[derive(Debug)]
struct VaultFile(Environment);

#[async_trait]
impl CredentialProvider for VaultFile {
    fn name(&self) -> String {
        "vault file".into()
    }

    async fn provide(&self) -> Result<Credentials, ProvideError> {
        // "Not configured" lets the chain go on; a file that is named but bad stops it.
        let Some(path) = self.0.non_empty("VAULT_FILE") else {
            return Err(ProvideError::NotConfigured("`VAULT_FILE` is not set".into()));
        };
        let bad = |cause: &str| {
            Error::new(ErrorKind::Credentials, format!("`VAULT_FILE` names `{path}`: {cause}"))
                .hint("write it with `aws configure export-credentials`")
        };
        let text = std::fs::read(path).map_err(|error| bad(&error.to_string()))?;
        // What serde_json says could quote the file: only that it failed is told.
        let json: serde_json::Value = serde_json::from_slice(&text).map_err(|_| bad("it is not JSON"))?;
        let field = |name: &str| json[name].as_str().ok_or_else(|| bad(&format!("it has no `{name}`")));
        Ok(Credentials::new(
            field("AccessKeyId")?,
            Secret::new(field("SecretAccessKey")?),
            Some(Secret::new(field("SessionToken")?)),
            OffsetDateTime::parse(field("Expiration")?, &Rfc3339).ok(),
            format!("vault file {path}"),
        ))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let environment = Environment::of_process();
    let usual = chain::of_host(&AwsOptions::default(), &environment).await?;
    let chain = Chain::new(vec![Box::new(VaultFile(environment)), Box::new(usual)]);
    let credentials = chain.credentials().await?;
    let end =
        credentials.expiration_iso8601().unwrap_or_else(|| "at a time that the source does not tell".into());
    println!("{} from {}, until {end}", credentials.access_key_id(), credentials.principal_source());
    Ok(())
}

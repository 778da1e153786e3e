//! `sts:GetCallerIdentity`: who credentials are for AWS
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>).

use super::explain::{self, Operation, Refusal};
use super::sts::Sts;
use super::{mfa, provide};
use crate::credentials::Credentials;
use crate::environment::Environment;
use crate::error::Result;
use crate::region;
use crate::request::AwsOptions;

/// A principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdentity {
    /// Its ARN.
    pub arn: String,
    /// The account's 12 digits.
    pub account: String,
    /// Its unique id.
    pub user_id: String,
}

/// Credentials as [`provide`] gives them, and who they are. A session that was kept and that STS no longer takes is
/// forgotten, and another one asked for.
///
/// # Errors
/// Those of [`provide`] and [`caller_identity`].
pub async fn identity(
    options: &AwsOptions,
    environment: &Environment,
) -> Result<(Credentials, CallerIdentity)> {
    let credentials = provide(options, environment).await?;
    match ask(&credentials, options, environment).await {
        Err(refusal) if mfa::forgotten(&credentials, &refusal) => {
            let anew = provide(options, environment).await?;
            let caller = caller_identity(&anew, options, environment).await?;
            Ok((anew, caller))
        }
        caller => Ok((credentials, caller?)),
    }
}

/// Asks STS who `credentials` are.
///
/// # Errors
/// [`crate::error::ErrorKind::Credentials`] when STS cannot be reached or does not know them.
pub async fn caller_identity(
    credentials: &Credentials,
    options: &AwsOptions,
    environment: &Environment,
) -> Result<CallerIdentity> {
    Ok(ask(credentials, options, environment).await?)
}

async fn ask(
    credentials: &Credentials,
    options: &AwsOptions,
    environment: &Environment,
) -> Result<CallerIdentity, Refusal> {
    let region = region::resolve(options, environment).await;
    let partition = region.as_deref().map_or("aws", region::partition);
    let sts = Sts::connect(Some(credentials), partition, options, environment).await?;
    let doing =
        format!("asking {} who the credentials from {} are", sts.place, credentials.principal_source());
    let answer = sts.client.get_caller_identity().send().await;
    let refused = |error| sts.scrubbed(explain::refusal(Operation::CallerIdentity, &doing, &error), None);
    let answer = answer.map_err(refused)?;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Ok(CallerIdentity {
        arn: text(answer.arn()),
        account: text(answer.account()),
        user_id: text(answer.user_id()),
    })
}

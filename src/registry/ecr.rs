//! Logins at Amazon ECR, from AWS credentials.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html>,
//! <https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_GetAuthorizationToken.html>; the registries'
//! names: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html>.

use aws_config::SdkConfig;
use aws_sdk_ecr::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use crate::credentials::Secret;
use crate::engine::RegistryAuth;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::provider::{self, endpoint, explain, sts};
use crate::request::AwsOptions;

const PUBLIC: &str = "public.ecr.aws";
/// The one region where ECR Public gives tokens.
const PUBLIC_REGION: &str = "us-east-1";
/// What a private registry's name ends in: the partitions' own domains.
const DOMAINS: [&str; 9] = [
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "on.aws",
    "on.amazonwebservices.com.cn",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
];

/// One of Amazon's registries, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    host: String,
    region: String,
    /// The account; `None` for the public registry.
    account: Option<String>,
    fips: bool,
    dual_stack: bool,
}

impl Registry {
    /// `<account>.dkr.ecr.<region>.amazonaws.com` and its relatives, or `public.ecr.aws`.
    #[must_use]
    pub fn parse(host: &str) -> Option<Self> {
        if host == PUBLIC {
            let region = PUBLIC_REGION.to_owned();
            return Some(Self { host: host.into(), region, account: None, fips: false, dual_stack: false });
        }
        let (account, rest) = host.split_once('.')?;
        let (dual_stack, rest) = match rest.strip_prefix("dkr-ecr") {
            Some(rest) => (true, rest),
            None => (false, rest.strip_prefix("dkr.ecr")?),
        };
        let (fips, rest) = rest.strip_prefix("-fips").map_or((false, rest), |rest| (true, rest));
        let (region, domain) = rest.strip_prefix('.')?.split_once('.')?;
        let is_region = region.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let known = is_account && is_region && !region.is_empty() && DOMAINS.contains(&domain);
        known.then(|| Self {
            host: host.into(),
            region: region.into(),
            account: Some(account.into()),
            fips,
            dual_stack,
        })
    }

    /// Whether everybody may pull from it; a login only raises its limits.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.account.is_none()
    }

    fn action(&self) -> &'static str {
        if self.is_public() { "ecr-public:GetAuthorizationToken" } else { "ecr:GetAuthorizationToken" }
    }

    /// What the registry's answer to a pull means, in IAM's words.
    pub(super) fn hints(&self, answer: &str, logged_in: bool) -> Vec<String> {
        let Some(account) = &self.account else { return Vec::new() };
        let answer = answer.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| answer.contains(word));
        let hint = if has(&["not authorized to perform", "403 forbidden"]) {
            let rights = "`ecr:BatchGetImage` and `ecr:GetDownloadUrlForLayer` on the repository";
            format!(
                "AWS let the credentials in, but they may not pull this image: allow {rights}; \
                 in another account its repository policy has to allow them, too"
            )
        } else if has(&["the repository with name", "name unknown"]) {
            format!("there is no such repository in account {account}, region {}", self.region)
        } else if has(&["requested image not found", "manifest unknown", "manifest for"]) {
            let region = &self.region;
            format!(
                "the repository has no such tag: `aws ecr list-images --region {region} --repository-name NAME`"
            )
        } else if logged_in && has(&["authorization token has expired", "no basic auth", "unauthorized"]) {
            format!("the login from `{}` was sent, and the registry does not accept it", self.action())
        } else {
            return Vec::new();
        };
        vec![hint]
    }
}

/// The login that the shell's own credentials, not those of `--role-arn`, give for `registry`.
///
/// # Errors
/// [`ErrorKind::Credentials`] when there are none, and when ECR cannot be reached or refuses.
pub async fn login(
    registry: &Registry,
    options: &AwsOptions,
    environment: &Environment,
) -> Result<RegistryAuth> {
    let base = provider::base(options, environment).await?;
    let service = if registry.is_public() { endpoint::ECR_PUBLIC } else { endpoint::ECR };
    let config = sts::config(service, Some(&base), &registry.region, options, environment).await?;
    let doing = format!(
        "asking ECR in region {} for a login to `{}` with {}",
        registry.region,
        registry.host,
        base.principal_source()
    );
    let token = if registry.is_public() {
        public_token(&config).await.map_err(|error| refused(&doing, registry, &error))
    } else {
        private_token(registry, &config).await.map_err(|error| refused(&doing, registry, &error))
    };
    let decoded = token?.as_ref().and_then(decode);
    let (username, password) = decoded.ok_or_else(|| {
        Error::new(ErrorKind::Credentials, format!("{doing}: ECR answered without a token that can be used"))
    })?;
    Ok(RegistryAuth {
        username: Some(username),
        password: Some(password),
        server_address: Some(registry.host.clone()),
        ..RegistryAuth::default()
    })
}

async fn private_token(
    registry: &Registry,
    config: &SdkConfig,
) -> Result<Option<Secret>, SdkError<impl ProvideErrorMetadata + std::error::Error + use<>, HttpResponse>> {
    let mut builder = aws_sdk_ecr::config::Builder::from(config);
    // An endpoint that somebody names is the one to use: the SDK refuses it together with these.
    if config.endpoint_url().is_none() {
        builder
            .set_use_fips(registry.fips.then_some(true))
            .set_use_dual_stack(registry.dual_stack.then_some(true));
    }
    let answer = aws_sdk_ecr::Client::from_conf(builder.build()).get_authorization_token().send().await?;
    let data = answer.authorization_data.unwrap_or_default();
    Ok(data.into_iter().find_map(|data| data.authorization_token).map(Secret::new))
}

async fn public_token(
    config: &SdkConfig,
) -> Result<Option<Secret>, SdkError<impl ProvideErrorMetadata + std::error::Error + use<>, HttpResponse>> {
    let answer = aws_sdk_ecrpublic::Client::new(config).get_authorization_token().send().await?;
    Ok(answer.authorization_data.and_then(|data| data.authorization_token).map(Secret::new))
}

/// The token is `AWS:password` in base64.
pub(crate) fn decode(token: &Secret) -> Option<(String, Secret)> {
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(token.expose()).ok()?);
    let (username, password) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    Some((username.to_owned(), Secret::new(password)))
}

fn refused<E>(doing: &str, registry: &Registry, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let SdkError::ServiceError(refusal) = error else {
        let cause = explain::causes(error);
        return Error::new(ErrorKind::Credentials, format!("{doing}: ECR cannot be reached: {cause}")).hint(
            "check the region in the image's name, the network, `HTTPS_PROXY` and `AWS_ENDPOINT_URL_ECR`",
        );
    };
    let code = refusal.err().code().unwrap_or("an error without a code");
    let message = refusal.err().message().map(explain::first_line);
    let message = message.map(|message| format!(": {message}")).unwrap_or_default();
    let error = Error::new(ErrorKind::Credentials, format!("{doing}: ECR answered {code}{message}"));
    match code {
        "AccessDeniedException" | "AccessDenied" => {
            let also = if registry.is_public() { " and `sts:GetServiceBearerToken`" } else { "" };
            error.hint(format!("allow `{}`{also} (on resource `*`) to these credentials", registry.action()))
        }
        "ExpiredTokenException" | "ExpiredToken" => error.hint("the credentials have expired: get new ones"),
        "UnrecognizedClientException" | "InvalidSignatureException" => error.hint(
            "AWS does not accept the keys: mistyped, deleted, of another partition, or a clock is wrong",
        ),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_of_all_partitions_are_known_and_look_alikes_are_not() {
        let known = |host: &str| {
            let registry = Registry::parse(host)?;
            Some((registry.region, registry.fips, registry.dual_stack))
        };
        for (host, region, fips, dual_stack) in [
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "eu-west-1", false, false),
            ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1", true, false),
            ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1", false, false),
            ("123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1", false, false),
            ("123456789012.dkr-ecr.eu-west-1.on.aws", "eu-west-1", false, true),
            ("123456789012.dkr-ecr-fips.us-east-1.on.aws", "us-east-1", true, true),
            ("public.ecr.aws", "us-east-1", false, false),
        ] {
            assert_eq!(known(host), Some((region.into(), fips, dual_stack)), "{host}");
        }
        for host in [
            "docker.io",
            "12345678901.dkr.ecr.eu-west-1.amazonaws.com",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com.example.com",
            "123456789012.dkr.ecr.eu-west-1.example.com",
            "123456789012.dkr.ecr.evil/.amazonaws.com",
            "123456789012.dkr.ecr..amazonaws.com",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com:443",
            "x.public.ecr.aws",
        ] {
            assert_eq!(Registry::parse(host), None, "{host}");
        }
    }

    #[test]
    fn a_token_is_a_user_and_a_password() {
        let token = Secret::new(BASE64_STANDARD.encode("AWS:pa:ss"));
        let (username, password) = decode(&token).expect("a token");
        assert_eq!((username.as_str(), password.expose()), ("AWS", "pa:ss"));
        assert!(decode(&Secret::new("!")).is_none() && decode(&Secret::new("QVdT")).is_none());
    }

    #[test]
    fn missing_rights_are_told_from_a_missing_repository_and_a_missing_tag() {
        let registry = Registry::parse("123456789012.dkr.ecr.eu-west-1.amazonaws.com").expect("a registry");
        for (answer, hint) in [
            (
                "denied: User: arn:aws:sts::123456789012:assumed-role/r/s is not authorized to perform: ecr:BatchGetImage on resource: x",
                "`ecr:BatchGetImage`",
            ),
            (
                "name unknown: The repository with name 'a' does not exist in the registry with id '123456789012'",
                "no such repository in account 123456789012, region eu-west-1",
            ),
            ("manifest for x:y not found: manifest unknown: Requested image not found", "no such tag"),
            (
                "denied: Your authorization token has expired. Reauthenticate and try again.",
                "does not accept it",
            ),
        ] {
            assert!(registry.hints(answer, true).join("").contains(hint), "{answer}");
        }
        assert!(registry.hints("no basic auth credentials", false).is_empty());
        assert!(registry.hints("dial tcp: i/o timeout", true).is_empty());
    }
}

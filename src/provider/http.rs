//! The HTTP client of our own calls to AWS: the host's proxies and its CA bundle hold for it.

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_types::sdk_config::SharedHttpClient;

use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// A client that goes through HTTPS_PROXY, HTTP_PROXY and NO_PROXY and trusts AWS_CA_BUNDLE.
/// Certificates are loaded when the first connection is made, not here.
///
/// The proxy variables are the process's own: the SDK's matcher takes no others.
pub(crate) fn client(environment: &Environment) -> Result<SharedHttpClient> {
    let bundle = environment.non_empty("AWS_CA_BUNDLE").map(ca_bundle).transpose()?;
    Ok(build(bundle, ProxyConfig::from_env()))
}

fn build(bundle: Option<Vec<u8>>, proxy: ProxyConfig) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().proxy_config(proxy.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(aws_sdk_sts::config::RuntimeComponents::sleep_impl));
        connector
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(trust(bundle.as_ref()))
            .build()
    })
}

fn trust(bundle: Option<&Vec<u8>>) -> TlsContext {
    // As in the AWS CLI, the bundle stands in for the system's roots and does not add to them.
    let Some(pem) = bundle else { return TlsContext::default() };
    let store = TrustStore::empty().with_pem_certificate(pem.clone());
    TlsContext::builder().with_trust_store(store).build().unwrap_or_default()
}

/// The bundle's text, checked here because the SDK panics over one that does not parse.
fn ca_bundle(path: &str) -> Result<Vec<u8>> {
    let pem = std::fs::read(path).map_err(|error| bad_bundle(path, &error.to_string()))?;
    let certificates = reqwest::Certificate::from_pem_bundle(&pem)
        .map_err(|_| bad_bundle(path, "it is not a list of PEM certificates"))?;
    if certificates.is_empty() {
        return Err(bad_bundle(path, "it holds no PEM certificate"));
    }
    let parsed = reqwest::Client::builder().tls_certs_only(certificates).build();
    parsed.map_err(|_| bad_bundle(path, "one of its certificates cannot be parsed"))?;
    Ok(pem)
}

fn bad_bundle(path: &str, cause: &str) -> Error {
    Error::new(
        ErrorKind::Credentials,
        format!("`AWS_CA_BUNDLE` names `{path}`, which cannot be used: {cause}"),
    )
    .hint("point `AWS_CA_BUNDLE` at a PEM file of root certificates, or unset it to trust the system's")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_that_cannot_be_used_is_named_with_the_reason() {
        let directory = tempfile::tempdir().expect("a directory");
        // In the words of this platform.
        let missing = std::fs::read(directory.path().join("bundle.pem")).expect_err("not there").to_string();
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (content, reason) in [
            (None, missing.as_str()),
            (Some("hello"), "holds no PEM certificate"),
            (Some(broken), "cannot be parsed"),
        ] {
            let path = directory.path().join("bundle.pem");
            if let Some(content) = content {
                std::fs::write(&path, content).expect("a file");
            }
            let path = path.to_string_lossy().into_owned();
            let environment = [("AWS_CA_BUNDLE", path.clone())].into_iter().collect();
            let error = client(&environment).expect_err("a bad bundle").to_string();
            assert!(error.contains(reason) && error.contains(&path), "{error}");
        }
    }
}

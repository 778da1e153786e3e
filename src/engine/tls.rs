//! TLS to an engine: whose certificates are trusted, and which one is ours.
//!
//! Source: <https://docs.docker.com/engine/security/protect-access/>.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::BuilderVerifierExt;

use super::options::EngineOptions;
use crate::docker_config::DockerConfig;
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// What TLS to an engine is made of, in PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Tls {
    /// Trusted instead of the system's roots.
    ca: Option<Vec<u8>>,
    certificate: Option<Vec<u8>>,
    key: Option<Vec<u8>>,
    verify: bool,
}

impl fmt::Debug for Tls {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("verify", &self.verify).finish_non_exhaustive()
    }
}

impl Tls {
    /// What options and environment ask for; `None` when they ask for no TLS.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] when a file cannot be read.
    pub(super) fn of_options(
        options: &EngineOptions,
        config: &DockerConfig,
        environment: &Environment,
    ) -> Result<Option<Self>> {
        let set = |name| environment.non_empty(name).is_some();
        let verify = options.tls_verify.unwrap_or_else(|| set("DOCKER_TLS_VERIFY"));
        let on = verify || options.tls_verify.is_some() || options.tls.unwrap_or_else(|| set("DOCKER_TLS"));
        if !on {
            return Ok(None);
        }
        let folder = environment.non_empty("DOCKER_CERT_PATH").map(PathBuf::from);
        // Never the working directory, which somebody else may have filled.
        let folder = folder.or_else(|| config.directory.clone()).ok_or_else(|| {
            Error::new(ErrorKind::Refused, "TLS to the engine: the folder of ca.pem is not known")
                .hint("set DOCKER_CERT_PATH, or HOME")
        })?;
        // As docker has it: the CA must be there, a certificate of the client only where it is named.
        let optional = |given: Option<&str>, name: &str| match given {
            Some(path) => read(Path::new(unquoted(path))).map(Some),
            None if folder.join(name).exists() => read(&folder.join(name)).map(Some),
            None => Ok(None),
        };
        let ca =
            options.ca.as_deref().map_or_else(|| folder.join("ca.pem"), |path| PathBuf::from(unquoted(path)));
        Ok(Some(Self {
            ca: Some(read(&ca)?),
            certificate: optional(options.certificate.as_deref(), "cert.pem")?,
            key: optional(options.key.as_deref(), "key.pem")?,
            verify,
        }))
    }

    /// The material of a context; `None` when it has none and its certificate is to be verified.
    pub(super) fn of_context(folder: &Path, skip_verify: bool) -> std::result::Result<Option<Self>, String> {
        let file = |name: &str| match std::fs::read(folder.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("its `{name}` cannot be read: {error}")),
        };
        let (ca, certificate, key) = (file("ca.pem")?, file("cert.pem")?, file("key.pem")?);
        let some = ca.is_some() || certificate.is_some() || key.is_some() || skip_verify;
        Ok(some.then_some(Self { ca, certificate, key, verify: !skip_verify }))
    }

    /// Whether the engine's certificate is looked at.
    #[must_use]
    pub fn verifies(&self) -> bool {
        self.verify
    }

    /// How to connect.
    ///
    /// # Errors
    /// What of the material cannot be used.
    pub(super) fn client_config(&self) -> std::result::Result<ClientConfig, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let builder = match &self.ca {
            _ if !self.verify => {
                builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified(provider)))
            }
            Some(ca) => builder.with_root_certificates(roots(ca)?),
            None => builder.with_platform_verifier().map_err(|error| error.to_string())?,
        };
        match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                let chain = certificates(certificate, "cert.pem")?;
                let key = PrivateKeyDer::from_pem_slice(key).map_err(
                    |_| "`key.pem` holds no private key that can be used (an encrypted one cannot)",
                )?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|error| format!("the client's certificate: {error}"))
            }
            _ => Ok(builder.with_no_client_auth()),
        }
    }

    #[cfg(test)]
    pub(super) fn for_tests(verify: bool) -> Self {
        Self { ca: None, certificate: None, key: None, verify }
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        Error::new(
            ErrorKind::Refused,
            format!("TLS to the engine: `{}` cannot be read: {error}", path.display()),
        )
        .hint("DOCKER_CERT_PATH names the folder of ca.pem, cert.pem and key.pem")
        .hint("unset DOCKER_TLS_VERIFY and DOCKER_TLS for an engine without TLS")
    })
}

/// Docker takes one pair of quotes away from these three.
fn unquoted(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    inner('\'').or_else(|| inner('"')).unwrap_or(text)
}

fn roots(pem: &[u8]) -> std::result::Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem, "ca.pem")? {
        roots.add(certificate).map_err(|error| format!("`ca.pem`: {error}"))?;
    }
    Ok(roots)
}

fn certificates(pem: &[u8], name: &str) -> std::result::Result<Vec<CertificateDer<'static>>, String> {
    let all = CertificateDer::pem_slice_iter(pem).collect::<std::result::Result<Vec<_>, _>>();
    all.ok().filter(|all| !all.is_empty()).ok_or_else(|| format!("`{name}` holds no certificate"))
}

/// Takes any certificate, as `docker --tls` without `--tlsverify` does.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(options: &EngineOptions, folder: &Path, variables: &[(&str, &str)]) -> Result<Option<Tls>> {
        let config = DockerConfig { directory: Some(folder.to_owned()), ..DockerConfig::default() };
        Tls::of_options(options, &config, &variables.iter().copied().collect())
    }

    #[test]
    fn on_and_verified_as_docker_reads_it() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(folder.path().join("ca.pem"), "x").expect("a file");
        let options = |tls, tls_verify| EngineOptions { tls, tls_verify, ..EngineOptions::default() };
        for (tls, verify, variables, expected) in [
            (None, None, &[][..], None),
            (Some(true), None, &[], Some(false)),
            (None, Some(true), &[], Some(true)),
            (None, Some(false), &[], Some(false)),
            (None, None, &[("DOCKER_TLS", "1")], Some(false)),
            (Some(false), None, &[("DOCKER_TLS", "1")], None),
            (None, None, &[("DOCKER_TLS_VERIFY", "0")], Some(true)),
            (None, None, &[("DOCKER_TLS_VERIFY", "")], None),
        ] {
            let found = of(&options(tls, verify), folder.path(), variables).expect("readable");
            assert_eq!(found.map(|tls| tls.verifies()), expected, "{tls:?} {verify:?} {variables:?}");
        }
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let options = EngineOptions { tls: Some(true), ..EngineOptions::default() };
        let error = of(&options, folder.path(), &[]).expect_err("no CA");
        assert!(error.to_string().contains("ca.pem") && !error.hints().is_empty(), "{error}");
        let tls = Tls { ca: Some(b"x".to_vec()), ..Tls::for_tests(true) };
        assert!(tls.client_config().expect_err("no certificate").contains("`ca.pem`"));
    }

    #[test]
    fn quotes_are_taken_away() {
        for (text, expected) in [("'a'", "a"), ("\"a b\"", "a b"), ("'a", "'a"), ("a", "a"), ("'", "'")] {
            assert_eq!(unquoted(text), expected);
        }
    }
}

//! The token of one run.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::credentials::Secret;
use crate::error::{Error, ErrorKind, Result};

/// 256 bits from the system's source, as 43 letters of base64url: what the target is given as
/// `AWS_CONTAINER_AUTHORIZATION_TOKEN`, and the agent compares.
///
/// # Errors
/// [`ErrorKind::Credentials`] when the system gives no random bytes.
pub fn token() -> Result<Secret> {
    let mut bytes = Zeroizing::new([0; 32]);
    let random = rustls::crypto::aws_lc_rs::default_provider().secure_random;
    random
        .fill(&mut *bytes)
        .map_err(|_| Error::new(ErrorKind::Credentials, "the system gives no random bytes for a token"))?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(*bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_differ() {
        let tokens = [token().expect("a token"), token().expect("a token")];
        assert_ne!(tokens[0], tokens[1]);
        for token in tokens {
            let text = token.expose();
            assert_eq!(text.len(), 43);
            assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{text}");
        }
    }
}

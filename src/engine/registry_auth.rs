//! What the engine presents to a registry, as the `X-Registry-Auth` header.
//!
//! Source: <https://docs.docker.com/reference/api/engine/version/v1.50/#section/Authentication>.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use http::HeaderValue;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::credentials::Secret;
use crate::error::Error;

/// A login at a registry: the API's `AuthConfig`. The empty one asks for a pull without a login.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistryAuth {
    /// Who.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// `user:password` in base64, where only that is known.
    pub auth: Option<Secret>,
    /// An old field of Docker's, handed on.
    pub email: Option<String>,
    /// The registry that it is for.
    pub server_address: Option<String>,
    /// A token that is exchanged for an access token.
    pub identity_token: Option<Secret>,
    /// A bearer token for the registry itself.
    pub registry_token: Option<Secret>,
}

impl RegistryAuth {
    /// Whether there is anything in it that lets somebody in.
    #[must_use]
    pub fn is_login(&self) -> bool {
        self.username.is_some() || self.secrets().next().is_some()
    }

    fn secrets(&self) -> impl Iterator<Item = &Secret> {
        [&self.password, &self.auth, &self.identity_token, &self.registry_token].into_iter().flatten()
    }

    /// The error without what was sent, in case the engine's words repeat it.
    pub(super) fn scrubbed(&self, error: Error) -> Error {
        let header = Secret::new(self.header().to_str().unwrap_or_default());
        error.without(&self.secrets().chain(self.is_login().then_some(&header)).collect::<Vec<_>>())
    }

    /// The daemon decodes base64 of the URL-safe alphabet; with the standard one a password with `~ > ?` is lost.
    pub(super) fn header(&self) -> HeaderValue {
        let json = Zeroizing::new(self.json().to_string());
        let text = Zeroizing::new(BASE64_URL_SAFE.encode(json.as_bytes()));
        let mut value = HeaderValue::from_str(&text).unwrap_or_else(|_| unreachable!("base64 is ASCII"));
        value.set_sensitive(true);
        value
    }

    fn json(&self) -> Value {
        let secret = |field: &Option<Secret>| field.as_ref().map(|secret| secret.expose().to_owned());
        let fields = [
            ("username", self.username.clone()),
            ("password", secret(&self.password)),
            ("auth", secret(&self.auth)),
            ("email", self.email.clone()),
            ("serveraddress", self.server_address.clone()),
            ("identitytoken", secret(&self.identity_token)),
            ("registrytoken", secret(&self.registry_token)),
        ];
        let given = fields.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
        Value::Object(given.collect::<Map<_, _>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(auth: &RegistryAuth) -> String {
        let header = auth.header();
        assert!(header.is_sensitive());
        let json = BASE64_URL_SAFE.decode(header.as_bytes()).expect("url-safe base64");
        String::from_utf8(json).expect("utf-8")
    }

    #[test]
    fn a_password_of_any_characters_arrives_and_is_not_shown() {
        let password = "a~>?b~~~>>>???";
        let auth = RegistryAuth {
            username: Some("me".into()),
            password: Some(Secret::new(password)),
            ..RegistryAuth::default()
        };
        let json: Value = serde_json::from_str(&decoded(&auth)).expect("json");
        assert_eq!(json, serde_json::json!({"username": "me", "password": password}));
        assert!(!format!("{auth:?}").contains(password));
    }

    #[test]
    fn no_login_is_an_empty_object() {
        assert_eq!(decoded(&RegistryAuth::default()), "{}");
        assert!(!RegistryAuth { email: Some("a@b".into()), ..RegistryAuth::default() }.is_login());
    }
}

//! The variables that lead SDKs to the endpoint on the container's own loopback (`--refresh`).
//!
//! Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>.

use super::{Entry, Injection, KEYS, NOT_BESIDE_KEYS};
use crate::credentials::Secret;
use crate::spec::ContainerSpec;

/// Where the endpoint is.
const URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
/// What it is asked with, sent as it is in the header `Authorization`.
pub(super) const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";

impl Injection {
    /// The endpoint at `uri`, for whoever has `token`, and neither keys nor anything else that SDKs would ask first.
    ///
    /// A variable of the user's wins over ours, with a warning.
    #[must_use]
    pub fn endpoint(spec: &ContainerSpec, uri: &str, token: &Secret, region: Option<&str>) -> Self {
        let wanted = vec![Entry::Set(URI, Secret::new(uri)), Entry::Set(TOKEN, token.clone())];
        let away = NOT_BESIDE_KEYS.into_iter().filter(|name| ![URI, TOKEN].contains(name));
        let away = KEYS.into_iter().chain(["AWS_CREDENTIAL_EXPIRATION"]).chain(away);
        Self::of(spec, wanted, away, region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn injected(env: &[&str]) -> (Vec<String>, String) {
        let mut spec = ContainerSpec::new("x");
        env.iter().for_each(|entry| spec.push("Env", *entry));
        let token = Secret::new("MARK");
        let injection = Injection::endpoint(&spec, "http://127.0.0.1:31001/", &token, Some("eu-west-1"));
        assert!(!format!("{injection:?}").contains("MARK"));
        let exposed = injection.expose(&spec).iter().map(|entry| entry.to_string()).collect();
        (exposed, injection.warnings().join("\n"))
    }

    #[test]
    fn the_endpoint_and_nothing_beside_it() {
        let (exposed, warnings) = injected(&["FOO=bar"]);
        let set = [
            "FOO=bar",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:31001/",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN=MARK",
            "AWS_REGION=eu-west-1",
            "AWS_DEFAULT_REGION=eu-west-1",
        ];
        let away = [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_CREDENTIAL_EXPIRATION",
            "AWS_PROFILE",
            "AWS_DEFAULT_PROFILE",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_ROLE_ARN",
            "AWS_SECURITY_TOKEN",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        ];
        let mut expected: Vec<_> = set.into_iter().chain(away).map(str::to_owned).collect();
        let mut got = exposed;
        expected.sort_unstable();
        got.sort_unstable();
        assert_eq!((got, warnings.as_str()), (expected, ""));
    }

    #[test]
    fn the_users_own_wins_with_a_warning() {
        let (exposed, warnings) = injected(&["AWS_PROFILE=dev"]);
        assert!(exposed.contains(&"AWS_PROFILE=dev".to_owned()), "{exposed:?}");
        assert!(warnings.contains("`AWS_PROFILE` is given to the container and may win"), "{warnings}");
    }
}

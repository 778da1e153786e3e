//! Credentials as a container sees them: which variables are set, and which of the image's are taken away.
//!
//! The only part that knows both AWS's words and Docker's.

use std::collections::BTreeSet;
use std::fmt;

use crate::credentials::{Credentials, Secret};
use crate::error::{Error, Result};
use crate::spec::ContainerSpec;

/// The three that only work together.
const KEYS: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/// What an SDK would use instead of, or beside, the static variables. An image that sets one of them would
/// win over the credentials, or break them: an empty `AWS_PROFILE` breaks boto3, so they are taken away and
/// not emptied. The container endpoint's belong to the other way of injecting.
const TAKEN_AWAY: [&str; 9] = [
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// One entry of the container's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Set(&'static str, Secret),
    /// An entry without `=` makes the engine drop the image's variable
    /// (<https://docs.docker.com/reference/api/engine/version/v1.50/#operation/ContainerCreate>, `Env`).
    TakeAway(&'static str),
}

/// The variables that a container gets beside those of its specification.
#[derive(Clone, PartialEq, Eq)]
pub struct Injection {
    entries: Vec<Entry>,
    warnings: Vec<String>,
}

impl fmt::Debug for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Injection").field("entries", &self.entries).finish_non_exhaustive()
    }
}

/// Whose keys the container will have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// Those that a provider gives.
    Provided,
    /// The user's own, given with `-e` or an env-file.
    Users,
}

/// Looks at the user's own variables before anything is fetched.
///
/// # Errors
/// Usage, when one or two of the three key variables are given: mixed with ours they would be a broken set.
pub fn whose_keys(spec: &ContainerSpec) -> Result<Keys> {
    let own = own_names(spec);
    let given: Vec<_> = KEYS.into_iter().filter(|key| own.contains(key)).collect();
    match given.len() {
        0 => Ok(Keys::Provided),
        3 => Ok(Keys::Users),
        _ => {
            let missing: Vec<_> = KEYS.into_iter().filter(|key| !own.contains(key)).collect();
            Err(Error::usage(format!(
                "the container's environment is given {} without {}: half a set of keys",
                quoted(&given),
                quoted(&missing)
            ))
            .hint("leave all three out, and credrun fills them in; or give all three with `-e`"))
        }
    }
}

impl Injection {
    /// Static variables, as every SDK reads them
    /// (<https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html>).
    ///
    /// With `credentials` of `None` the user's own keys stay as they are. A variable of the user's wins over
    /// ours, with a warning.
    #[must_use]
    pub fn static_variables(
        spec: &ContainerSpec,
        credentials: Option<&Credentials>,
        region: Option<&str>,
    ) -> Self {
        let own = own_names(spec);
        let mut wanted = credentials.map_or_else(Vec::new, key_entries);
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            wanted.extend(region.map(|region| Entry::Set(name, Secret::new(region))));
        }
        wanted.extend(TAKEN_AWAY.map(Entry::TakeAway));
        let (kept, overridden): (Vec<_>, Vec<_>) =
            wanted.into_iter().partition(|entry| !own.contains(entry.name()));
        let mut warnings: Vec<_> = overridden.iter().map(Entry::overridden).collect();
        if credentials.is_none() {
            warnings.push(format!("the container gets the keys that you gave it: {}", quoted(&KEYS)));
        }
        Self { entries: kept, warnings }
    }

    /// What the user should know.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The entries as the create request's `Env` takes them, secrets in clear.
    #[must_use]
    pub fn expose(&self) -> Vec<String> {
        let text = |entry: &Entry| match entry {
            Entry::Set(name, value) => format!("{name}={}", value.expose()),
            Entry::TakeAway(name) => (*name).to_owned(),
        };
        self.entries.iter().map(text).collect()
    }
}

impl Entry {
    fn name(&self) -> &'static str {
        match self {
            Self::Set(name, _) | Self::TakeAway(name) => name,
        }
    }

    fn overridden(&self) -> String {
        let name = self.name();
        match self {
            Self::Set(..) => format!("`{name}` is your own, not the one that credrun would set"),
            Self::TakeAway(_) => {
                format!("`{name}` is given to the container and may win over its credentials")
            }
        }
    }
}

fn key_entries(credentials: &Credentials) -> Vec<Entry> {
    let mut entries = vec![
        Entry::Set("AWS_ACCESS_KEY_ID", Secret::new(credentials.access_key_id())),
        Entry::Set("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key().clone()),
    ];
    entries.push(match credentials.session_token() {
        Some(token) => Entry::Set("AWS_SESSION_TOKEN", token.clone()),
        None => Entry::TakeAway("AWS_SESSION_TOKEN"),
    });
    // Without an end of its own, the image's would be taken for theirs.
    entries.push(match credentials.expiration_iso8601() {
        Some(end) => Entry::Set("AWS_CREDENTIAL_EXPIRATION", Secret::new(end)),
        None => Entry::TakeAway("AWS_CREDENTIAL_EXPIRATION"),
    });
    entries
}

fn own_names(spec: &ContainerSpec) -> BTreeSet<&str> {
    spec.env().map(|entry| entry.split_once('=').map_or(entry, |(name, _)| name)).collect()
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(env: &[&str]) -> ContainerSpec {
        let mut spec = ContainerSpec::new("x");
        env.iter().for_each(|entry| spec.push("Env", *entry));
        spec
    }

    fn credentials(expiration: Option<i64>) -> Credentials {
        let expiration = expiration.and_then(|at| time::OffsetDateTime::from_unix_timestamp(at).ok());
        let token = Some(Secret::new("tok/en=="));
        Credentials::new("ASIAIOSFODNN7EXAMPLE", Secret::new("sec/ret"), token, expiration, "test")
    }

    #[test]
    fn exactly_the_variables_of_the_sdks() {
        let injection = Injection::static_variables(
            &spec(&["FOO=bar"]),
            Some(&credentials(Some(1_728_549_858))),
            Some("eu-west-1"),
        );
        let mut expected: Vec<String> = [
            "AWS_ACCESS_KEY_ID=ASIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY=sec/ret",
            "AWS_SESSION_TOKEN=tok/en==",
            "AWS_CREDENTIAL_EXPIRATION=2024-10-10T08:44:18Z",
            "AWS_REGION=eu-west-1",
            "AWS_DEFAULT_REGION=eu-west-1",
        ]
        .map(str::to_owned)
        .to_vec();
        expected.extend(TAKEN_AWAY.map(str::to_owned));
        assert_eq!(injection.expose(), expected);
        assert!(injection.warnings().is_empty());
        let shown = format!("{injection:?}");
        assert!(!shown.contains("sec/ret") && !shown.contains("tok/en"), "{shown}");
    }

    #[test]
    fn no_region_and_no_expiration_set_none() {
        let exposed = Injection::static_variables(&spec(&[]), Some(&credentials(None)), None).expose();
        assert!(exposed.contains(&"AWS_CREDENTIAL_EXPIRATION".to_owned()));
        assert!(!exposed.iter().any(|entry| entry.contains("REGION")), "{exposed:?}");
    }

    #[test]
    fn the_users_own_wins_with_a_warning() {
        let spec = spec(&["AWS_REGION=x", "AWS_PROFILE=dev"]);
        let injection = Injection::static_variables(&spec, Some(&credentials(None)), Some("eu-west-1"));
        let exposed = injection.expose();
        assert!(!exposed.iter().any(|entry| entry.starts_with("AWS_REGION")));
        assert!(!exposed.contains(&"AWS_PROFILE".to_owned()));
        assert!(exposed.contains(&"AWS_DEFAULT_REGION=eu-west-1".to_owned()));
        let warnings = injection.warnings().join("\n");
        assert!(
            warnings.contains("`AWS_REGION` is your own") && warnings.contains("`AWS_PROFILE`"),
            "{warnings}"
        );
    }

    #[test]
    fn half_a_set_of_keys_is_refused() {
        assert_eq!(whose_keys(&spec(&["A=1"])).expect("none"), Keys::Provided);
        let all = spec(&["AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_SESSION_TOKEN=c"]);
        assert_eq!(whose_keys(&all).expect("all"), Keys::Users);
        assert!(!Injection::static_variables(&all, None, None).expose().iter().any(|e| e.contains("KEY")));
        for half in [
            &["AWS_ACCESS_KEY_ID=a"][..],
            &["AWS_SESSION_TOKEN"],
            &["AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b"],
        ] {
            let error = whose_keys(&spec(half)).expect_err("half");
            assert!(error.to_string().contains("half a set") && !error.to_string().contains("=a"), "{error}");
        }
    }
}

//! Credentials as a container sees them: which variables are set, and which of the image's are taken away.
//!
//! The only part that knows both AWS's words and Docker's.

mod endpoint;
mod own_files;

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use crate::credentials::{Credentials, Secret};
use crate::error::{Error, Result};
use crate::spec::ContainerSpec;

pub(crate) use self::own_files::{OwnFile, OwnFiles};

/// The three that only work together.
const KEYS: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/// Which of the two an SDK reads depends on its age.
const REGIONS: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// What an SDK would use instead of, or beside, the static variables. An image that sets one of them would
/// win over the credentials, or break them: an empty `AWS_PROFILE` breaks boto3, so they are taken away and
/// not emptied. The container endpoint's belong to the other way of injecting.
pub(crate) const NOT_BESIDE_KEYS: [&str; 9] = [
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

/// Those that win over keys in variables: the SDK for JavaScript prefers a profile to them, botocore fails on one that is
/// not there, and takes the old name of the session token first. The others only stand behind.
pub(crate) const WINS_OVER_KEYS: [&str; 3] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN"];

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
    region: Option<String>,
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

/// Looks at the user's own variables before anything is fetched. One without a value, as `-e AWS_SESSION_TOKEN`
/// leaves it where the host has none, counts as not given.
///
/// # Errors
/// Usage, when one or two of the three key variables are given: mixed with ours they would be a broken set.
pub fn whose_keys(spec: &ContainerSpec) -> Result<Keys> {
    let own = own_values(spec);
    let (given, missing): (Vec<&str>, Vec<&str>) = KEYS.into_iter().partition(|key| own.contains_key(key));
    match given.len() {
        0 => Ok(Keys::Provided),
        3 => Ok(Keys::Users),
        _ => Err(Error::usage(format!(
            "the container's environment is given {} without {}: half a set of keys",
            quoted(&given),
            quoted(&missing)
        ))
        .hint("leave all three out, and credrun fills them in; or give all three with `-e`")),
    }
}

impl Injection {
    /// No variable, and none taken away: for a container that is not the user's.
    #[must_use]
    pub fn none() -> Self {
        Self { entries: Vec::new(), warnings: Vec::new(), region: None }
    }

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
        let keys = match credentials {
            Some(credentials) => key_entries(credentials),
            None => vec![Entry::TakeAway("AWS_CREDENTIAL_EXPIRATION")],
        };
        let mut injection = Self::of(spec, keys, NOT_BESIDE_KEYS, region);
        if credentials.is_none() {
            let keys = quoted(&KEYS);
            injection.warnings.push(format!("the container gets the keys that you gave it: {keys}"));
        }
        injection
    }

    /// What is `wanted` and the regions, and `away` taken away, but for what the user gives themselves.
    fn of(
        spec: &ContainerSpec,
        mut wanted: Vec<Entry>,
        away: impl IntoIterator<Item = &'static str>,
        region: Option<&str>,
    ) -> Self {
        let own = own_values(spec);
        // SDKs differ in which of the two they read, so that a user who sets one means both.
        let region = REGIONS.iter().find_map(|name| own.get(name).copied()).or(region);
        for name in REGIONS {
            wanted.extend(region.map(|region| Entry::Set(name, Secret::new(region))));
        }
        wanted.extend(away.into_iter().map(Entry::TakeAway));
        let (kept, overridden): (Vec<_>, Vec<_>) =
            wanted.into_iter().partition(|entry| !own.contains_key(entry.name()));
        let mut warnings: Vec<_> = overridden.iter().map(Entry::overridden).collect();
        warnings.extend(kept.iter().filter(|entry| entry.is_given_empty(spec)).map(Entry::replaced));
        Self { entries: kept, warnings, region: region.map(str::to_owned) }
    }

    /// The region that the container will have: the user's own, else the host's.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// What the user should know.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The create request's `Env`: the specification's own variables and the injected ones, secrets in clear.
    #[must_use]
    pub fn expose(&self, spec: &ContainerSpec) -> Vec<Zeroizing<String>> {
        let replaced = |own: &&str| self.entries.iter().any(|entry| entry.name() == split(own).0);
        let own = spec.env().filter(|own| !replaced(own)).map(str::to_owned);
        let text = |entry: &Entry| match entry {
            Entry::Set(name, value) => format!("{name}={}", value.expose()),
            Entry::TakeAway(name) => (*name).to_owned(),
        };
        own.chain(self.entries.iter().map(text)).map(Zeroizing::new).collect()
    }

    /// The error without what was sent, in case the engine's words repeat it.
    pub(crate) fn scrubbed(&self, error: Error) -> Error {
        let secret = |entry| match entry {
            // An id, a region, a time and an address are what errors are about.
            &Entry::Set("AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN" | endpoint::TOKEN, ref value) => {
                Some(value)
            }
            _ => None,
        };
        error.without(&self.entries.iter().filter_map(secret).collect::<Vec<_>>())
    }
}

impl Entry {
    fn name(&self) -> &'static str {
        match self {
            Self::Set(name, _) | Self::TakeAway(name) => name,
        }
    }

    /// Whether the user wrote `NAME=` and nothing behind it, which breaks SDKs (an empty `AWS_PROFILE`) or leaves
    /// them without what they need.
    fn is_given_empty(&self, spec: &ContainerSpec) -> bool {
        spec.env().any(|own| own.strip_suffix('=') == Some(self.name()))
    }

    fn replaced(&self) -> String {
        let what = if matches!(self, Self::Set(..)) { "credrun sets it" } else { "it is left out" };
        format!("`{}` is given without a value, so {what}", self.name())
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

/// The user's variables that have a value. Of two with one name the engine takes the last, empty or not.
fn own_values(spec: &ContainerSpec) -> BTreeMap<&str, &str> {
    let mut values: BTreeMap<_, _> = spec.env().map(split).collect();
    values.retain(|_, value| !value.is_empty());
    values
}

fn split(entry: &str) -> (&str, &str) {
    entry.split_once('=').unwrap_or((entry, ""))
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

    fn exposed(injection: &Injection, spec: &ContainerSpec) -> Vec<String> {
        injection.expose(spec).iter().map(|entry| entry.to_string()).collect()
    }

    fn injected(
        env: &[&str],
        credentials: Option<&Credentials>,
        region: Option<&str>,
    ) -> (Vec<String>, String) {
        let spec = spec(env);
        let injection = Injection::static_variables(&spec, credentials, region);
        (exposed(&injection, &spec), injection.warnings().join("\n"))
    }

    #[test]
    fn exactly_the_variables_of_the_sdks() {
        let credentials = credentials(Some(1_728_549_858));
        let (exposed, warnings) = injected(&["FOO=bar"], Some(&credentials), Some("eu-west-1"));
        let mut expected: Vec<String> = [
            "FOO=bar",
            "AWS_ACCESS_KEY_ID=ASIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY=sec/ret",
            "AWS_SESSION_TOKEN=tok/en==",
            "AWS_CREDENTIAL_EXPIRATION=2024-10-10T08:44:18Z",
            "AWS_REGION=eu-west-1",
            "AWS_DEFAULT_REGION=eu-west-1",
        ]
        .map(str::to_owned)
        .to_vec();
        expected.extend(NOT_BESIDE_KEYS.map(str::to_owned));
        assert_eq!((exposed, warnings.as_str()), (expected, ""));
        let shown = format!("{:?}", Injection::static_variables(&spec(&[]), Some(&credentials), None));
        assert!(!shown.contains("sec/ret") && !shown.contains("tok/en"), "{shown}");
    }

    #[test]
    fn no_region_and_no_expiration_set_none() {
        let (exposed, _) = injected(&[], Some(&credentials(None)), None);
        assert!(exposed.contains(&"AWS_CREDENTIAL_EXPIRATION".to_owned()));
        assert!(!exposed.iter().any(|entry| entry.contains("REGION")), "{exposed:?}");
    }

    #[test]
    fn the_users_own_wins_with_a_warning() {
        let (exposed, warnings) = injected(&["AWS_PROFILE=dev"], Some(&credentials(None)), None);
        assert!(exposed.contains(&"AWS_PROFILE=dev".to_owned()));
        assert!(!exposed.contains(&"AWS_PROFILE".to_owned()));
        assert!(warnings.contains("`AWS_PROFILE`"), "{warnings}");
    }

    #[test]
    fn a_region_of_the_users_is_both_regions() {
        for own in ["AWS_REGION=x-1", "AWS_DEFAULT_REGION=x-1"] {
            let (exposed, warnings) = injected(&[own], Some(&credentials(None)), Some("eu-west-1"));
            for entry in ["AWS_REGION=x-1", "AWS_DEFAULT_REGION=x-1"] {
                assert_eq!(exposed.iter().filter(|other| *other == entry).count(), 1, "{exposed:?}");
            }
            assert!(!exposed.iter().any(|entry| entry.contains("eu-west-1")), "{exposed:?}");
            assert!(warnings.contains("is your own"), "{warnings}");
        }
    }

    #[test]
    fn half_a_set_of_keys_is_refused() {
        assert_eq!(whose_keys(&spec(&["A=1"])).expect("none"), Keys::Provided);
        let all = ["AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_SESSION_TOKEN=c"];
        assert_eq!(whose_keys(&spec(&all)).expect("all"), Keys::Users);
        let (exposed, warnings) = injected(&all, None, None);
        assert_eq!(exposed.iter().filter(|entry| entry.contains('=')).count(), 3, "{exposed:?}");
        assert!(warnings.contains("keys that you gave"), "{warnings}");
        for half in [&all[..1], &all[1..], &all[..2]] {
            let error = whose_keys(&spec(half)).expect_err("half");
            assert!(error.to_string().contains("half a set") && !error.to_string().contains("=a"), "{error}");
        }
    }

    #[test]
    fn of_two_values_the_last_counts_also_when_it_is_empty() {
        let env =
            ["AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_SESSION_TOKEN=c", "AWS_ACCESS_KEY_ID="];
        let error = whose_keys(&spec(&env)).expect_err("half");
        assert!(error.to_string().contains("without `AWS_ACCESS_KEY_ID`"), "{error}");
    }

    #[test]
    fn an_empty_region_is_none_and_is_replaced_with_a_warning() {
        let spec = spec(&["AWS_REGION=", "AWS_PROFILE="]);
        assert_eq!(Injection::static_variables(&spec, Some(&credentials(None)), None).region(), None);
        let ours = Injection::static_variables(&spec, Some(&credentials(None)), Some("eu-west-1"));
        let exposed = exposed(&ours, &spec);
        assert!(
            exposed.contains(&"AWS_REGION=eu-west-1".to_owned())
                && exposed.contains(&"AWS_PROFILE".to_owned())
        );
        assert!(!exposed.iter().any(|entry| ["AWS_REGION=", "AWS_PROFILE="].contains(&entry.as_str())));
        let warnings = ours.warnings().join("\n");
        assert!(warnings.contains("`AWS_REGION` is given without a value, so credrun sets it"), "{warnings}");
        assert!(warnings.contains("`AWS_PROFILE` is given without a value, so it is left out"), "{warnings}");
    }

    /// `-e AWS_ACCESS_KEY_ID`, where the host has none, is how a docker line that works elsewhere looks here.
    #[test]
    fn a_key_without_a_value_is_none() {
        let bare = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY=", "AWS_SESSION_TOKEN"];
        assert_eq!(whose_keys(&spec(&bare)).expect("none given"), Keys::Provided);
        let (exposed, warnings) = injected(&bare, Some(&credentials(None)), None);
        let keys = exposed.iter().filter(|entry| KEYS.contains(&split(entry).0));
        assert_eq!(keys.count(), 3, "{exposed:?}");
        assert!(exposed.contains(&"AWS_SECRET_ACCESS_KEY=sec/ret".to_owned()));
        assert_eq!(warnings, "`AWS_SECRET_ACCESS_KEY` is given without a value, so credrun sets it");
    }
}

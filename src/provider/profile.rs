//! The profile in use, and the others that it leads to: `~/.aws/config` and `~/.aws/credentials` as botocore reads them.
//!
//! Anchor: botocore `session.py` (`full_config`), `configprovider.py`. aws-config's own parser knows neither quotes nor
//! continued values as botocore does, and gives everything up for one odd section.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::ini::{self, Defect, Section, Value};
use super::path;
use super::profile_map::{Named, ProfileMap};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::request::AwsOptions;

/// A profile's name and the sections of `~/.aws/config` and `~/.aws/credentials`.
#[derive(Clone)]
pub(crate) struct Profile {
    /// Which one is in use.
    pub(crate) name: String,
    /// Who named it, an option or a variable: then it has to exist.
    pub(crate) named_by: Option<&'static str>,
    files: Arc<Files>,
}

struct Files {
    /// Of the config file alone.
    config: ProfileMap,
    /// Of the credentials file alone, where the section's whole name is the profile's.
    shared: Named,
    /// Of both; what the credentials file says wins, setting by setting.
    both: Named,
    /// Files that are there and may not be read.
    unreadable: Vec<String>,
}

/// What has to be text where it is used; nested settings there are a mistake.
const TEXT: [&str; 22] = [
    "role_arn",
    "source_profile",
    "credential_source",
    "role_session_name",
    "duration_seconds",
    "external_id",
    "mfa_serial",
    "web_identity_token_file",
    "sso_session",
    "sso_start_url",
    "sso_region",
    "sso_account_id",
    "sso_role_name",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_security_token",
    "login_session",
    "credential_process",
    "region",
    "ca_bundle",
    "services",
];

impl fmt::Debug for Profile {
    /// The name alone: the files hold keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Profile {
    /// Reads the files anew.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when one of them cannot be parsed, with its name and the line's number.
    pub(crate) async fn load(options: &AwsOptions, environment: &Environment) -> Result<Self> {
        let (name, named_by) = named(options, environment);
        let mut unreadable = Vec::new();
        let mut read = async |variable, default| -> Result<Vec<(String, Section)>> {
            // A variable that is set and empty names no file, as in botocore.
            let path = path::expand(environment, environment.get(variable).unwrap_or(default));
            sections(&path, &mut unreadable).await
        };
        let config = ProfileMap::of(read("AWS_CONFIG_FILE", "~/.aws/config").await?);
        let shared: Named =
            read("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials").await?.into_iter().collect();
        let mut both = config.profiles.clone();
        for (name, section) in &shared {
            both.entry(name.clone()).or_default().extend(section.clone());
        }
        Ok(Self { name, named_by, files: Arc::new(Files { config, shared, both, unreadable }) })
    }

    /// Whether any file has the profile in use.
    pub(crate) fn exists(&self) -> bool {
        self.has(&self.name)
    }

    /// Whether any file has a profile of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.files.both.contains_key(name)
    }

    /// A setting of the profile in use.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.of(&self.name, key)
    }

    /// A setting of the profile `name`.
    pub(crate) fn of(&self, name: &str, key: &str) -> Option<&str> {
        self.files.both.get(name)?.get(key)?.text()
    }

    /// Refuses a profile with nested settings where a text belongs: taken for absent, they would have the run act as
    /// somebody else.
    pub(crate) fn check_text(&self, name: &str) -> Result<()> {
        let Some(section) = self.files.both.get(name) else { return Ok(()) };
        let nested = TEXT.iter().find(|&&key| matches!(section.get(key), Some(Value::Nested(_))));
        match nested {
            None => Ok(()),
            Some(key) => Err(Error::new(
                ErrorKind::Credentials,
                format!("`{key}` of profile `{name}` has no value, but lines that are indented below it"),
            )
            .hint(format!("write `{key} = VALUE` on one line"))),
        }
    }

    /// Keys of the profile `name` in the shared credentials file alone.
    pub(crate) fn shared_keys(&self, name: &str) -> Result<Option<Keys<'_>>> {
        keys(name, self.files.shared.get(name))
    }

    /// Keys of the profile `name` in the config file alone.
    pub(crate) fn config_keys(&self, name: &str) -> Result<Option<Keys<'_>>> {
        keys(name, self.files.config.profiles.get(name))
    }

    /// The section `[sso-session NAME]` of the config file.
    pub(crate) fn sso_session(&self, name: &str) -> Option<&Section> {
        self.files.config.sso_sessions.get(name)
    }

    /// The section `[services NAME]` of the config file.
    pub(crate) fn services(&self, name: &str) -> Option<&Section> {
        self.files.config.services.get(name)
    }

    /// The environment, with the profile's `ca_bundle` where no variable names one.
    pub(crate) fn trusting(&self, environment: &Environment) -> Environment {
        match self.get("ca_bundle") {
            Some(bundle) if environment.non_empty("AWS_CA_BUNDLE").is_none() => {
                let path = path::expand_user(environment, bundle);
                environment.with("AWS_CA_BUNDLE", &path.display().to_string())
            }
            _ => environment.clone(),
        }
    }

    /// The profiles that there are, for a message.
    pub(crate) fn others(&self) -> Vec<&str> {
        self.files.both.keys().map(String::as_str).collect()
    }

    /// The files that were passed over because they may not be read, for a message.
    pub(crate) fn unreadable(&self) -> &[String] {
        &self.files.unreadable
    }
}

/// Access key id, secret access key, session token.
pub(crate) type Keys<'a> = (&'a str, &'a str, Option<&'a str>);

fn keys<'a>(name: &str, section: Option<&'a BTreeMap<String, Value>>) -> Result<Option<Keys<'a>>> {
    let get = |key| section.and_then(|section| section.get(key)).and_then(Value::text);
    let Some(id) = get("aws_access_key_id") else { return Ok(None) };
    let bad = |what: &str| {
        Error::new(ErrorKind::Credentials, format!("profile `{name}` {what}"))
            .hint(format!("`aws configure --profile {name}` sets both"))
    };
    let Some(key) = get("aws_secret_access_key") else {
        return Err(bad("has `aws_access_key_id`, but no `aws_secret_access_key` in the same file"));
    };
    if id.is_empty() || key.is_empty() {
        return Err(bad("has an empty `aws_access_key_id` or `aws_secret_access_key`"));
    }
    // botocore's order of the two names of the token; the first that is there counts, even if it is empty.
    let token = get("aws_security_token").or_else(|| get("aws_session_token"));
    Ok(Some((id, key, token.filter(|token| !token.is_empty()))))
}

/// The AWS CLI looks at AWS_DEFAULT_PROFILE first, and takes an empty name for one (botocore's `configprovider.py`).
fn named(options: &AwsOptions, environment: &Environment) -> (String, Option<&'static str>) {
    let variable = |name: &'static str| environment.get(name).map(|value| (value.to_owned(), Some(name)));
    let option = options.profile.clone().map(|name| (name, Some("--profile")));
    option
        .or_else(|| variable("AWS_DEFAULT_PROFILE"))
        .or_else(|| variable("AWS_PROFILE"))
        .unwrap_or_else(|| ("default".to_owned(), None))
}

/// The sections of the file at `path`, which need not exist.
///
/// # Errors
/// [`ErrorKind::Credentials`] when it cannot be parsed, with the line's number.
pub(super) async fn sections(path: &Path, unreadable: &mut Vec<String>) -> Result<Vec<(String, Section)>> {
    if !tokio::fs::metadata(path).await.is_ok_and(|metadata| metadata.is_file()) {
        return Ok(Vec::new());
    }
    let shown = path.display().to_string();
    let Ok(bytes) = tokio::fs::read(path).await else {
        // Python's parser passes over a file that it may not open, and botocore knows of none then.
        unreadable.push(shown);
        return Ok(Vec::new());
    };
    let bytes = zeroize::Zeroizing::new(bytes);
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].split(|&byte| byte == b'\n').skip(1).count();
        unparsable(&shown, Defect { line, cause: "it is not UTF-8" })
    })?;
    ini::parse(text).map_err(|defect| unparsable(&shown, defect))
}

fn unparsable(path: &str, Defect { line, cause }: Defect) -> Error {
    Error::new(ErrorKind::Credentials, format!("`{path}` cannot be parsed: line {line}: {cause}"))
        .hint("correct that line: a profile is a `[profile NAME]` section (`[NAME]` in the credentials file) with `key = value` lines, each once")
        .hint("the AWS CLI fails with this file, too")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) async fn load(config: &str, name: &str) -> Profile {
        both(config, "", name).await.expect("loaded")
    }

    pub(crate) async fn both(config: &str, shared: &str, name: &str) -> Result<Profile> {
        let folder = tempfile::tempdir().expect("tempdir");
        let files = [("AWS_CONFIG_FILE", config), ("AWS_SHARED_CREDENTIALS_FILE", shared)];
        let files = files.map(|(variable, text)| {
            let path = folder.path().join(variable);
            std::fs::write(&path, text).expect("written");
            (variable, path.display().to_string())
        });
        let options = AwsOptions { profile: Some(name.to_owned()), ..AwsOptions::default() };
        Profile::load(&options, &files.into_iter().collect()).await
    }

    #[tokio::test]
    async fn debug_shows_no_key_of_the_files() {
        let profile =
            load("[profile a]\naws_access_key_id = AKIA\naws_secret_access_key = MARK\n", "a").await;
        let shown = format!("{profile:?} {profile:#?}");
        assert!(profile.exists() && shown.contains('a') && !shown.contains("MARK"), "{shown}");
    }

    #[tokio::test]
    async fn the_credentials_file_adds_to_the_config_file_setting_by_setting() {
        let config = "[profile a]\nregion = x\noutput = json\naws_access_key_id = AKIA\n[sso-session s]\nsso_region = r\n";
        let shared = "[a]\nregion = y\naws_secret_access_key = MARK\n[profile b]\n[c d]\n";
        let profile = both(config, shared, "a").await.expect("loaded");
        assert_eq!((profile.get("region"), profile.get("output")), (Some("y"), Some("json")));
        assert_eq!(profile.others(), ["a", "c d", "profile b"]);
        assert!(profile.sso_session("s").is_some() && profile.services("s").is_none());
        // Halves of a pair in two files are no pair.
        assert_eq!(profile.shared_keys("a").expect("none"), None);
        let error = profile.config_keys("a").expect_err("half").to_string();
        assert!(error.contains("no `aws_secret_access_key`"), "{error}");
    }

    #[tokio::test]
    async fn keys_are_told_from_what_looks_like_them() {
        let pair = "aws_access_key_id = AKIA\naws_secret_access_key = s\n";
        for (more, token) in [
            ("", None),
            ("aws_session_token = t\n", Some("t")),
            ("aws_session_token = t\naws_security_token = u\n", Some("u")),
            ("aws_session_token = t\naws_security_token =\n", None),
        ] {
            let profile = both("", &format!("[a]\n{pair}{more}"), "a").await.expect("loaded");
            assert_eq!(profile.shared_keys("a").expect("keys"), Some(("AKIA", "s", token)), "{more}");
        }
        for keys in [
            "aws_access_key_id = AKIA\naws_secret_access_key =\n",
            "aws_access_key_id =\naws_secret_access_key = MARK\n",
        ] {
            let profile = both("", &format!("[a]\n{keys}"), "a").await.expect("loaded");
            let error = profile.shared_keys("a").expect_err("empty").to_string();
            assert!(error.contains("empty") && !error.contains("MARK"), "{error}");
        }
    }

    #[tokio::test]
    async fn nested_settings_are_no_text() {
        let profile =
            load("[profile a]\nrole_arn =\n  x = MARK\ns3 =\n  x = 1\n[profile b]\ns3 =\n  x = 1\n", "a")
                .await;
        let error = profile.check_text("a").expect_err("nested").to_string();
        assert!(error.contains("`role_arn` of profile `a`") && !error.contains("MARK"), "{error}");
        assert!(profile.check_text("b").is_ok() && profile.check_text("none").is_ok());
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_parsed_is_named_with_the_line() {
        for (config, shared, file, line) in [
            ("[a]\nMARK\n", "", "AWS_CONFIG_FILE", "line 2"),
            ("", "[a]\nx=1\n[a]\n", "AWS_SHARED_CREDENTIALS_FILE", "line 3"),
        ] {
            let error = both(config, shared, "a").await.expect_err("a defect").to_string();
            assert!(error.contains(file) && error.contains(line) && !error.contains("MARK"), "{error}");
        }
        let folder = tempfile::tempdir().expect("tempdir");
        let path = folder.path().join("config");
        std::fs::write(&path, b"[a]\n# \xe4\n").expect("written");
        let environment = [("AWS_CONFIG_FILE", path.display().to_string())].into_iter().collect();
        let error =
            Profile::load(&AwsOptions::default(), &environment).await.expect_err("Latin-1").to_string();
        assert!(error.ends_with("line 2: it is not UTF-8"), "{error}");
    }
}

//! Credentials as text, for a shell or a program to read. The names of the formats are those of
//! `aws configure export-credentials`
//! (<https://docs.aws.amazon.com/cli/latest/reference/configure/export-credentials.html>) where it has them.

mod quoting;

use serde_json::{Map, Value};

use crate::credentials::{Credentials, Secret};
use crate::error::{Error, Result};

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `export NAME=value`, for sh, bash, zsh and their kin.
    Env,
    /// `NAME=value`, for the same.
    EnvNoExport,
    /// `set -gx NAME value`, for fish.
    Fish,
    /// `$Env:NAME="value"`, for PowerShell.
    PowerShell,
    /// `set NAME=value`, for a batch file of cmd.exe.
    WindowsCmd,
    /// All that is known, as a JSON object.
    Json,
    /// What a profile's `credential_process` has to print
    /// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>).
    Process,
    /// `NAME=value` as `docker run --env-file` reads it: nothing is quoted.
    DockerEnvFile,
    /// What a container-credentials endpoint answers, CloudShell's for one.
    Raw,
}

impl Format {
    /// All of them, with their names.
    pub const ALL: [(&str, Self); 9] = [
        ("env", Self::Env),
        ("env-no-export", Self::EnvNoExport),
        ("fish", Self::Fish),
        ("powershell", Self::PowerShell),
        ("windows-cmd", Self::WindowsCmd),
        ("json", Self::Json),
        ("process", Self::Process),
        ("docker-env-file", Self::DockerEnvFile),
        ("raw", Self::Raw),
    ];

    /// The one of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find_map(|(known, format)| (*known == name).then_some(*format))
    }

    fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Process | Self::Raw)
    }
}

/// The text of `credentials` in this format, the last newline included. `prefix` comes in front of the names of
/// variables (`TEMPORARY_`).
///
/// Variables that are not known are taken away, where the format can do so: a session token that an earlier export
/// left would break long-term keys.
///
/// # Errors
/// [`crate::error::ErrorKind::Usage`] for a prefix that makes no name of a variable or that the format has no place
/// for, and when a value cannot be written in this format; the value is not shown.
pub fn render(
    format: Format,
    credentials: &Credentials,
    region: Option<&str>,
    prefix: &str,
) -> Result<Secret> {
    check_prefix(format, prefix)?;
    if format.is_json() {
        let text = serde_json::to_string_pretty(&Value::Object(object(format, credentials, region)));
        return text.map(|text| Secret::new(text + "\n")).map_err(|error| Error::usage(error.to_string()));
    }
    let mut text = String::new();
    for (name, value) in variables(credentials, region) {
        let name = format!("{prefix}{name}");
        let line = match &value {
            Some(value) => quoting::set(format, &name, value)
                .map_err(|cause| Error::usage(format!("`{name}` cannot be written: {cause}")).hint("take another `--format`"))?,
            None => quoting::unset(format, &name),
        };
        text.push_str(&line);
    }
    Ok(Secret::new(text))
}

/// Whether `prefix` can stand in front of the names that `format` has.
///
/// # Errors
/// As [`render`].
pub(crate) fn check_prefix(format: Format, prefix: &str) -> Result<()> {
    if prefix.is_empty() {
        return Ok(());
    }
    if format.is_json() {
        return Err(Error::usage("`--prefix` is for the names of variables, which this format has none of")
            .hint("leave `--prefix` out, or take `--format env`"));
    }
    let first = prefix.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if first && prefix.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(());
    }
    Err(Error::usage(format!("`--prefix` `{}` does not begin a variable's name", prefix.escape_debug()))
        .hint("it may hold letters, digits and `_`, and begins with no digit: `TEMPORARY_`"))
}

/// In the order of the article's script; `None` for what is not known. A region that is not known is left as it is.
fn variables<'a>(
    credentials: &'a Credentials,
    region: Option<&'a str>,
) -> Vec<(&'static str, Option<std::borrow::Cow<'a, str>>)> {
    let mut all = vec![
        ("AWS_ACCESS_KEY_ID", Some(credentials.access_key_id().into())),
        ("AWS_SECRET_ACCESS_KEY", Some(credentials.secret_access_key().expose().into())),
        ("AWS_SESSION_TOKEN", credentials.session_token().map(|token| token.expose().into())),
        ("AWS_CREDENTIAL_EXPIRATION", credentials.expiration_iso8601().map(Into::into)),
    ];
    if let Some(region) = region {
        all.extend([("AWS_REGION", Some(region.into())), ("AWS_DEFAULT_REGION", Some(region.into()))]);
    }
    all
}

fn object(format: Format, credentials: &Credentials, region: Option<&str>) -> Map<String, Value> {
    let mut object = Map::new();
    let mut add = |name: &str, value: Option<Value>| object.extend(value.map(|value| (name.to_owned(), value)));
    let token = credentials.session_token().map(|token| token.expose().into());
    match format {
        Format::Process => add("Version", Some(1.into())),
        Format::Raw => add("Type", Some("".into())),
        _ => {}
    }
    add("AccessKeyId", Some(credentials.access_key_id().into()));
    add("SecretAccessKey", Some(credentials.secret_access_key().expose().into()));
    add(if format == Format::Raw { "Token" } else { "SessionToken" }, token);
    add("Expiration", credentials.expiration_iso8601().map(Into::into));
    match format {
        Format::Raw => add("Code", Some("Success".into())),
        Format::Json => add("Region", region.map(Into::into)),
        _ => {}
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;

    fn credentials(token: Option<&str>) -> Credentials {
        let end = token.and_then(|_| OffsetDateTime::from_unix_timestamp(1_728_549_858).ok());
        Credentials::new("ASIAIOSFODNN7EXAMPLE", Secret::new("s/+="), token.map(Secret::new), end, "test")
    }

    fn text(format: &str, token: Option<&str>, prefix: &str) -> String {
        let format = Format::by_name(format).expect("a format");
        render(format, &credentials(token), Some("eu-west-1"), prefix).expect("a text").expose().to_owned()
    }

    #[test]
    fn ordinary_values_look_as_the_aws_cli_s() {
        assert_eq!(
            text("env", Some("t"), ""),
            "export AWS_ACCESS_KEY_ID=ASIAIOSFODNN7EXAMPLE\nexport AWS_SECRET_ACCESS_KEY=s/+=\n\
             export AWS_SESSION_TOKEN=t\nexport AWS_CREDENTIAL_EXPIRATION=2024-10-10T08:44:18Z\n\
             export AWS_REGION=eu-west-1\nexport AWS_DEFAULT_REGION=eu-west-1\n"
        );
        for (format, line) in [
            ("env-no-export", "TEMPORARY_AWS_SESSION_TOKEN=t\n"),
            ("fish", "set -gx TEMPORARY_AWS_SESSION_TOKEN t\n"),
            ("powershell", "$Env:TEMPORARY_AWS_SESSION_TOKEN=\"t\"\n"),
            ("windows-cmd", "set TEMPORARY_AWS_SESSION_TOKEN=t\n"),
            ("docker-env-file", "TEMPORARY_AWS_SESSION_TOKEN=t\n"),
        ] {
            let text = text(format, Some("t"), "TEMPORARY_");
            assert!(text.contains(line), "{format}: {text}");
        }
    }

    #[test]
    fn what_is_not_known_is_taken_away() {
        for (format, line) in [
            ("env", "unset AWS_SESSION_TOKEN\n"),
            ("fish", "set -e AWS_SESSION_TOKEN\n"),
            ("powershell", "$Env:AWS_SESSION_TOKEN=$null\n"),
            ("windows-cmd", "set AWS_SESSION_TOKEN=\n"),
        ] {
            assert!(text(format, None, "").contains(line), "{format}");
        }
        assert!(!text("docker-env-file", None, "").contains("TOKEN"));
    }

    #[test]
    fn json_has_what_its_readers_ask_for() {
        let object = |format| serde_json::from_str::<Value>(&text(format, Some("t"), "")).expect("JSON");
        let keys = |format| object(format).as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
        let mut process = keys("process");
        process.sort();
        assert_eq!(process, ["AccessKeyId", "Expiration", "SecretAccessKey", "SessionToken", "Version"]);
        assert_eq!(object("process")["Version"], 1);
        assert_eq!(object("json")["Region"], "eu-west-1");
        assert_eq!((&object("raw")["Token"], &object("raw")["Code"]), (&"t".into(), &"Success".into()));
    }

    #[test]
    fn prefixes_that_name_nothing_are_refused() {
        for (format, prefix) in [("env", "1"), ("env", "a-"), ("fish", "a;b"), ("json", "A_"), ("env", "ä")] {
            let format = Format::by_name(format).expect("a format");
            assert!(render(format, &credentials(None), None, prefix).is_err(), "{prefix}");
        }
        let flags = crate::cli::flags::by_long(crate::cli::subcommand::by_name("export").expect("there").table, "format");
        for (name, _) in Format::ALL {
            assert!((flags.expect("there").check)(name).is_ok(), "{name}");
        }
    }
}

//! Credentials as text for something that is not a container: a shell, an SDK, an env file.
//!
//! The names of the formats, and what ordinary values look like in them, are those of
//! `aws configure export-credentials` where it has them; unlike it, every value is quoted for its reader. What a
//! reader cannot hold is an error that names the variable: a wrong value would only show as a signature that AWS
//! does not take.
//!
//! Anchor: aws-cli v2's `awscli/customizations/configure/exportcreds.py`.

mod json;
mod variables;

#[cfg(test)]
mod tests;

use crate::credentials::{Credentials, Secret};
use crate::error::{Error, Result};

/// How credentials are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `export NAME=value`, for `eval` in sh, bash and zsh.
    Env,
    /// `NAME=value` in the same quoting: variables of the shell that no program inherits, unless under `set -a`.
    EnvNoExport,
    /// `set -gx NAME "value"`, for `| source` in fish.
    Fish,
    /// `$Env:NAME="value"`, for `| Out-String | Invoke-Expression` in PowerShell. All of it is ASCII: the console's
    /// code page cannot spoil it.
    PowerShell,
    /// `set NAME=value`, for cmd.exe, as a batch file; what AWS gives can be read by `for /f "delims=" %i in ('…') do @%i`,
    /// too. It is UTF-8, as everything credrun prints; outside ASCII it reads right under `chcp 65001`.
    WindowsCmd,
    /// What is known under the names of [`Format::Process`], and the Region with it.
    Json,
    /// What a [`credential_process`] prints, which every SDK of AWS can run.
    ///
    /// [`credential_process`]: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
    Process,
    /// `NAME=value`, for `docker run --env-file`, which knows no quotes.
    DockerEnvFile,
    /// What CloudShell's container credentials endpoint answers, six names always in its order. An answer of AWS
    /// has them all; for long-term keys, which come from elsewhere, `Token` is empty, and without a known end there
    /// is no `Expiration`, since a date made up would be believed.
    Raw,
}

impl Format {
    /// The names of all formats, as `--format` takes them.
    pub const NAMES: &[&str] = &[
        "env",
        "env-no-export",
        "fish",
        "powershell",
        "windows-cmd",
        "json",
        "process",
        "docker-env-file",
        "raw",
    ];

    const ALL: [Self; 9] = [
        Self::Env,
        Self::EnvNoExport,
        Self::Fish,
        Self::PowerShell,
        Self::WindowsCmd,
        Self::Json,
        Self::Process,
        Self::DockerEnvFile,
        Self::Raw,
    ];

    /// The format of this name.
    ///
    /// # Errors
    /// When none has that name: the names there are.
    pub fn parse(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| format!("no such format; there are {}", Self::NAMES.join(", ")))
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        // Both lists are in the order of the enum.
        Self::NAMES[self as usize]
    }

    fn has_variables(self) -> bool {
        !matches!(self, Self::Json | Self::Process | Self::Raw)
    }
}

/// The credentials in this format, with a line's end at the end.
///
/// Every variable's name has `prefix` in front. A region that is empty counts as unknown. Where a shell is told and
/// there is no session token, or no known end, a variable that an earlier export set is taken away: a stale token
/// beside new keys would make AWS refuse them. Without a prefix, so is what would win over the keys, such as
/// `AWS_PROFILE`. (An env file can take nothing away, and starts from nothing.)
///
/// # Errors
/// When the prefix is not the start of a variable's name, or is given for a format that has no variables
/// ([`crate::error::ErrorKind::Usage`]), and when a value holds what its reader cannot
/// ([`crate::error::ErrorKind::Credentials`]). The value is never part of the message.
pub fn render(
    format: Format,
    credentials: &Credentials,
    region: Option<&str>,
    prefix: &str,
) -> Result<Secret> {
    check_prefix(format, prefix)?;
    let region = region.filter(|region| !region.is_empty());
    if format.has_variables() {
        variables::render(format, credentials, region, prefix)
    } else {
        json::render(format, credentials, region)
    }
}

/// Whether `prefix` fits the format, for whoever wants to know before credentials are there.
///
/// # Errors
/// As [`render`].
pub(crate) fn check_prefix(format: Format, prefix: &str) -> Result<()> {
    if prefix.is_empty() {
        return Ok(());
    }
    if !format.has_variables() {
        let cause = format!("a prefix goes in front of variables, and `{}` has none", format.name());
        return Err(Error::usage(cause).hint("leave `--prefix` out"));
    }
    let letters = prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if letters && !prefix.as_bytes()[0].is_ascii_digit() {
        return Ok(());
    }
    Err(Error::usage(format!("no variable can start with the prefix `{}`", prefix.escape_debug()))
        .hint("use letters, digits and `_`, and no digit first: `--prefix TEMPORARY_`"))
}

/// Room for the text without growing: a buffer that grows leaves its old memory behind, unwiped.
///
/// No character becomes more than PowerShell's 16 for one of a byte or two (`$([char]0x00E9)`).
fn room(credentials: &Credentials, region: Option<&str>, prefix: &str) -> usize {
    let token = credentials.session_token().map_or(0, |token| token.expose().len());
    let secret = credentials.secret_access_key().expose().len();
    let values = credentials.access_key_id().len() + secret + token + 2 * region.map_or(0, str::len);
    1024 + 16 * values + 12 * prefix.len()
}

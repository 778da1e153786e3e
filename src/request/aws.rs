//! Whose credentials, and how much of them: credrun's own options.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use time::OffsetDateTime;

use crate::cli::Cli;
use crate::cli::flags::{self, Effect, Kind};
use crate::cli::values::allow::Allow;
use crate::cli::values::tag::Tag;
use crate::cli::values::until::Until;
use crate::credentials::Secret;
use crate::error::{Error, Result};

/// Whose credentials the container gets. The text of the options; `provider::check` holds it against STS's limits.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct AwsOptions {
    /// `--profile`.
    pub profile: Option<String>,
    /// `--region`.
    pub region: Option<String>,
    /// `--role-arn`: the roles to assume, one from the other.
    pub roles: Vec<String>,
    /// `--role-session-name`; by default `credrun-` and a UTC time stamp.
    pub role_session_name: Option<String>,
    /// `--duration-seconds`, of the last session.
    pub duration_seconds: Option<String>,
    /// `--external-id`, for the last role.
    pub external_id: Option<String>,
    /// `--source-identity`, set with the first role and kept by the others.
    pub source_identity: Option<String>,
    /// `--tags`.
    pub tags: Vec<Tag>,
    /// `--transitive-tag-keys`.
    pub transitive_tag_keys: Vec<String>,
    /// `--serial-number`: the MFA device.
    pub serial_number: Option<String>,
    /// `--token-code`: what it shows.
    pub token_code: Option<Secret>,
    /// `--federation-name`.
    pub federation_name: Option<String>,
    /// `--allow-long-term-keys`.
    pub allow_long_term_keys: bool,
    /// `--no-cache`.
    pub no_cache: bool,
    /// `--refresh`.
    pub refresh: bool,
    /// What the credentials are narrowed to.
    pub narrowing: Narrowing,
    /// Nobody is there to be asked: credentials are fetched anew while the container runs.
    pub unattended: bool,
    /// Which of these, by the flag's long name, are given by variables `CREDRUN_…`.
    pub from_variables: Vec<&'static str>,
    /// What the user should know of variables that do not count.
    pub warnings: Vec<String>,
    /// Only the sources know whether there is one: a profile may name it.
    pub device: Device,
}

/// Whether an MFA device came up while credentials were got; clones tell the same.
#[derive(Debug, Clone, Default)]
pub struct Device {
    up: Arc<AtomicBool>,
    code_spent: Arc<AtomicBool>,
}

impl Device {
    /// One is about to be asked for its code, or its session is kept.
    pub(crate) fn comes_up(&self) {
        self.up.store(true, Ordering::Relaxed);
    }

    /// Whether one did.
    #[must_use]
    pub fn came_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    /// Whether the code of `--token-code` may be used: once, as STS takes it once.
    pub(crate) fn spend_code(&self) -> bool {
        !self.code_spent.swap(true, Ordering::Relaxed)
    }
}

/// The parts of a session policy.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Narrowing {
    /// `--policy`: the text of a policy document.
    pub policy: Option<String>,
    /// `--policy-arns`.
    pub policy_arns: Vec<String>,
    /// `--allow`.
    pub allow: Vec<Allow>,
    /// `--read-only-access`.
    pub read_only_access: bool,
    /// `--until`.
    pub until: Option<Until>,
}

impl Narrowing {
    /// Makes a length of `--until` the moment that it comes to, so that credentials which are fetched again end then, too.
    pub fn settle(&mut self, now: OffsetDateTime) {
        self.until = self.until.map(|until| Until::At(until.moment(now)));
    }

    /// The first option that narrows; `None` when nothing does.
    #[must_use]
    pub fn option(&self) -> Option<&'static str> {
        let given = [
            (self.policy.is_some(), "--policy"),
            (!self.policy_arns.is_empty(), "--policy-arns"),
            (!self.allow.is_empty(), "--allow"),
            (self.read_only_access, "--read-only-access"),
            (self.until.is_some(), "--until"),
        ];
        given.into_iter().find_map(|(given, option)| given.then_some(option))
    }
}

impl AwsOptions {
    /// Those of a command line; paths start at `working_directory`.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Usage`] for a value that is wrong, and for an option that belongs to another one
    /// which is not there.
    pub fn of(cli: &Cli, working_directory: &Path) -> Result<Self> {
        let mut options = Self::default();
        for flag in flags::rows(cli.table()) {
            let (Effect::Aws(effect), [.., last]) = (flag.effect, cli.values(flag.long)) else { continue };
            let all = cli.values(flag.long);
            if cli.is_default(flag.long) {
                options.from_variables.push(flag.long);
            }
            let counting = if flag.kind == Kind::List { all } else { std::slice::from_ref(last) };
            for value in counting {
                let done = effect(&mut options, value, working_directory);
                done.map_err(|cause| options.name_variables(flag.refuse(value, &cause)))?;
            }
        }
        options.warnings.extend_from_slice(cli.warnings());
        match options.belonging(cli).and_then(|()| options.exclusive()) {
            Ok(()) => Ok(options),
            Err(error) => Err(options.name_variables(error)),
        }
    }

    /// Says of an option that an error names and that nobody typed where it comes from.
    #[must_use]
    pub fn name_variables(&self, error: Error) -> Error {
        let message = error.to_string();
        let named = self.from_variables.iter().filter(|long| message.contains(&format!("`--{long}`")));
        named
            .map(|long| flags::given_by(long))
            .fold(error, |error, hint| if error.hints().contains(&hint) { error } else { error.hint(hint) })
    }

    /// Whether this option is given by its variable.
    #[must_use]
    pub(crate) fn is_variable(&self, long: &str) -> bool {
        self.from_variables.contains(&long)
    }

    /// What only says how something is done does nothing without it.
    fn belonging(&mut self, cli: &Cli) -> Result<()> {
        let role = !self.roles.is_empty();
        let rules: [(&'static str, bool, &str); 5] = [
            ("role-session-name", role, "`--role-arn`"),
            ("external-id", role, "`--role-arn`"),
            ("source-identity", role, "`--role-arn`"),
            ("tags", role || self.federation_name.is_some(), "`--role-arn` (or `--federation-name`)"),
            ("transitive-tag-keys", role && !self.tags.is_empty(), "`--role-arn` and `--tags`"),
        ];
        for (option, fits, owner) in rules {
            if !fits && cli.last(option).is_some() {
                let message = format!("`--{option}` belongs to {owner}, which was not given");
                let hint = format!("add {owner}, or leave `--{option}` out");
                self.idle(option, message, &hint)?;
            }
        }
        Ok(())
    }

    /// What cannot be had together.
    fn exclusive(&mut self) -> Result<()> {
        let (role, device) = (!self.roles.is_empty(), self.serial_number.is_some());
        if role && self.federation_name.is_some() {
            return Err(Error::usage("`--role-arn` and `--federation-name` do not go together")
                .hint("a role is assumed with the user's own keys; leave one of the two out"));
        }
        // A role is assumed with the code all the same.
        let idle = !role || !self.is_variable("serial-number");
        if self.allow_long_term_keys && device && idle {
            let message = "`--allow-long-term-keys` and `--serial-number` do not go together";
            let hint = "long-term keys as they are have no MFA code; leave one of the two out";
            self.idle("serial-number", message.into(), hint)?;
        }
        if self.federation_name.is_some() && device {
            let message = "`--federation-name` and `--serial-number` do not go together";
            let hint = "GetFederationToken takes no MFA code; a role (`--role-arn`) can be assumed with one";
            self.idle("serial-number", message.into(), hint)?;
        }
        Ok(())
    }

    /// An option that does nothing is refused. A variable says what is wanted wherever it can be had: that it does
    /// nothing here is told.
    fn idle(&mut self, option: &'static str, message: String, hint: &str) -> Result<()> {
        if !self.is_variable(option) {
            return Err(Error::usage(message).hint(hint));
        }
        self.warnings.push(idle_variable(option, &message));
        Ok(())
    }
}

/// The warning for a variable that does nothing, with the reason.
pub(crate) fn idle_variable(option: &str, reason: &str) -> String {
    format!("the variable `{}` does nothing here: {reason}", flags::variable(option))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Invocation;
    use crate::environment::Environment;

    const ROLE: (&str, &str) = ("CREDRUN_ROLE_ARN", "arn:aws:iam::123456789012:role/reader");
    const DEVICE: (&str, &str) = ("CREDRUN_SERIAL_NUMBER", "arn:aws:iam::123456789012:mfa/alice");

    fn options(line: &str, variables: &[(&str, &str)]) -> Result<AwsOptions> {
        let words = line.split_whitespace().chain(["bb"]).map(Into::into).collect();
        let Ok(Invocation::Run(cli)) = crate::cli::parse(words) else { panic!("{line}") };
        let environment: Environment = variables.iter().copied().collect();
        AwsOptions::of(&cli.with_defaults(&environment)?, Path::new("/"))
    }

    #[test]
    fn what_does_not_go_together_is_refused_and_its_variables_are_named() {
        for (line, variables, expected, named) in [
            ("--external-id 4711", &[][..], "`--external-id` belongs to `--role-arn`", &[][..]),
            ("--tags Key=a,Value=b", &[], "`--tags` belongs to", &[]),
            ("--federation-name me", &[ROLE], "`--role-arn` and `--federation-name`", &["CREDRUN_ROLE_ARN"]),
            (
                "",
                &[ROLE, ("CREDRUN_FEDERATION_NAME", "me")],
                "`--role-arn` and `--federation-name`",
                &["CREDRUN_ROLE_ARN", "CREDRUN_FEDERATION_NAME"],
            ),
            (
                "--serial-number arn:aws:iam::123456789012:mfa/me",
                &[("CREDRUN_ALLOW_LONG_TERM_KEYS", "1")],
                "`--allow-long-term-keys` and `--serial-number`",
                &["CREDRUN_ALLOW_LONG_TERM_KEYS"],
            ),
            (
                "",
                &[("CREDRUN_TRANSITIVE_TAG_KEYS", "a")],
                "no tag has the key `a`",
                &["CREDRUN_TRANSITIVE_TAG_KEYS"],
            ),
        ] {
            let error = options(line, variables).expect_err(expected);
            assert!(error.to_string().contains(expected), "{error}");
            for name in ["CREDRUN_ROLE_ARN", "CREDRUN_FEDERATION_NAME", "CREDRUN_ALLOW_LONG_TERM_KEYS"] {
                let hints = error.hints().iter().filter(|hint| hint.ends_with(&format!("variable `{name}`")));
                assert_eq!(hints.count(), usize::from(named.contains(&name)), "{name}: {:?}", error.hints());
            }
        }
    }

    #[test]
    fn a_variable_that_does_nothing_is_told() {
        for (line, variables, expected) in [
            ("", &[("CREDRUN_EXTERNAL_ID", "4711")][..], Some("`CREDRUN_EXTERNAL_ID` does nothing here")),
            ("--federation-name me", &[("CREDRUN_SOURCE_IDENTITY", "me")], Some("belongs to `--role-arn`")),
            ("--federation-name me", &[("CREDRUN_TAGS", "Key=a,Value=b")], None),
            ("", &[("CREDRUN_EXTERNAL_ID", "4711"), ROLE], None),
            ("--federation-name me", &[DEVICE], Some("`CREDRUN_SERIAL_NUMBER` does nothing here")),
            ("--allow-long-term-keys", &[DEVICE], Some("`--allow-long-term-keys` and `--serial-number`")),
            ("--allow-long-term-keys", &[DEVICE, ROLE], None),
            ("", &[("CREDRUN_COLOUR", "never")], Some("no option has the variable `CREDRUN_COLOUR`")),
        ] {
            let warnings = options(line, variables).expect(line).warnings;
            assert_eq!(warnings.len(), usize::from(expected.is_some()), "{line} {variables:?}: {warnings:?}");
            let part = expected.unwrap_or_default();
            assert!(warnings.iter().all(|text| text.contains(part)), "{line} {variables:?}: {warnings:?}");
        }
    }
}

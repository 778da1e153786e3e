//! Whose credentials, and how much of them: credrun's own options.

use std::path::Path;

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
    /// What the credentials are narrowed to.
    pub narrowing: Narrowing,
    /// Nobody is there to be asked: credentials are fetched anew while the container runs.
    pub unattended: bool,
    /// Which of these, by the flag's long name, are given by variables `CREDRUN_…`.
    pub from_variables: Vec<&'static str>,
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
        options.belonging(cli)?;
        Ok(options)
    }

    /// Says of an option that an error names and that nobody typed where it comes from.
    #[must_use]
    pub fn name_variables(&self, error: Error) -> Error {
        let message = error.to_string();
        let named = self.from_variables.iter().filter(|long| message.contains(&format!("`--{long}`")));
        named.fold(error, |error, long| {
            error.hint(format!("`--{long}` is given by the variable `{}`", flags::variable(long)))
        })
    }

    /// What only says how something is done does nothing without it.
    fn belonging(&self, cli: &Cli) -> Result<()> {
        let role = !self.roles.is_empty();
        let rules: [(&'static str, bool, &str); 5] = [
            ("role-session-name", role, "`--role-arn`"),
            ("external-id", role, "`--role-arn`"),
            ("source-identity", role, "`--role-arn`"),
            ("tags", role || self.federation_name.is_some(), "`--role-arn` (or `--federation-name`)"),
            ("transitive-tag-keys", role && !self.tags.is_empty(), "`--role-arn` and `--tags`"),
        ];
        for (option, fits, owner) in rules {
            // A variable says what is wanted wherever it can be had.
            if !fits && cli.last(option).is_some() && !cli.is_default(option) {
                return Err(Error::usage(format!("`--{option}` belongs to {owner}, which was not given"))
                    .hint(format!("add {owner}, or leave `--{option}` out")));
            }
        }
        if self.allow_long_term_keys && self.serial_number.is_some() && !cli.is_default("serial-number") {
            return Err(Error::usage("`--allow-long-term-keys` and `--serial-number` do not go together")
                .hint("long-term keys as they are have no MFA code; leave one of the two out"));
        }
        if self.federation_name.is_some() && self.serial_number.is_some() && !cli.is_default("serial-number")
        {
            return Err(Error::usage("`--federation-name` and `--serial-number` do not go together").hint(
                "GetFederationToken takes no MFA code; a role (`--role-arn`) can be assumed with one",
            ));
        }
        if role && self.federation_name.is_some() {
            return Err(Error::usage("`--role-arn` and `--federation-name` do not go together")
                .hint("a role is assumed with the user's own keys; leave one of the two out"));
        }
        Ok(())
    }
}

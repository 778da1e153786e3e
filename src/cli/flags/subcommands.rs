//! The flags of what credrun does beside running an image.

use super::{Completion, Flag, list, scalar, switch};
use crate::cli::values::{Parsed, allow, integer};
use crate::export::Format;

/// What every one of them has.
pub const HELP: &[Flag] = &[help()];

/// `credrun exec`.
pub const EXEC: &[Flag] = &[
    help(),
    switch("verbose", "Say on stderr which credentials are used, terminal or not", "--verbose").own(),
];

/// `credrun export`.
pub const EXPORT: &[Flag] = &[
    help(),
    scalar("format", "FORMAT", "How to print them (default: env)", "--format fish")
        .completes(Completion::Words(FORMATS))
        .check(|value| one_of(value, FORMATS)),
    scalar("prefix", "PREFIX", "Put this in front of the names of the variables", "--prefix TEMPORARY_"),
];

/// `credrun whoami`.
pub const WHOAMI: &[Flag] = &[
    help(),
    scalar("format", "FORMAT", "text (the default) or json", "--format json")
        .completes(Completion::Words(&["text", "json"]))
        .check(|value| one_of(value, &["text", "json"])),
];

/// `credrun ps`.
pub const PS: &[Flag] = &[
    help(),
    scalar("format", "FORMAT", "table (the default) or json: an object in a line for each", "--format json")
        .completes(Completion::Words(&["table", "json"]))
        .check(|value| one_of(value, &["table", "json"])),
];

/// `credrun stop`.
pub const STOP: &[Flag] = &[
    help(),
    scalar(
        "time",
        "SECONDS",
        "Wait so long before it is killed (default: its own time; -1: for ever)",
        "--time 30",
    )
    .short('t')
    .aliases(&["timeout"])
    .check(|value| seconds(value).map(drop)),
];

/// What `credrun stop --time` takes: as docker sends it, in 32 bits.
///
/// # Errors
/// When it is no whole number, or one that does not fit.
pub fn seconds(value: &str) -> Parsed<i32> {
    i32::try_from(integer::parse(value)?).map_err(|_| "it does not fit 32 bits".to_owned())
}

/// `credrun role-template`.
pub const ROLE_TEMPLATE: &[Flag] = &[
    help(),
    list("trust", "WHO", "Let these assume the role", "--trust user/alice")
        .note("an ARN of a user or a role; `user/NAME` or `role/NAME` of the account that the stack is in; an account's 12 digits; or `account`, everybody in the stack's account whose own policies allow it"),
    list(
        "allow",
        "ACTION[,ACTION...][=RESOURCE[,...]]",
        "Allow the role these actions; no resource means all",
        "--allow s3:GetObject=arn:aws:s3:::bucket/*",
    )
    .check(|value| allow::parse(value).map(drop)),
    scalar("policy", "FILE|JSON", "Allow the role what this policy does", "--policy policy.json")
        .completes(Completion::Files)
        .once(),
    list("policy-arns", "ARN[,ARN...]", "Allow the role what these managed policies do", "--policy-arns arn:aws:iam::aws:policy/ReadOnlyAccess"),
    switch("read-only-access", "Allow the role what AWS's managed policy ReadOnlyAccess does", "--read-only-access"),
    scalar("role-name", "NAME", "Name the role (default: CloudFormation does)", "--role-name reader"),
    scalar("external-id", "ID", "Have whoever assumes the role pass this external id", "--external-id 4711").once(),
    switch("mfa", "Have whoever assumes the role sign in with MFA", "--mfa"),
    scalar("max-session", "SECONDS", "Let sessions last this long (3600 to 43200)", "--max-session 7200"),
    scalar(
        "permissions-boundary",
        "ARN",
        "Bound the role's permissions by this managed policy",
        "--permissions-boundary arn:aws:iam::123456789012:policy/boundary",
    )
    .once(),
];

const FORMATS: &[&str] = Format::NAMES;

const fn help() -> Flag {
    switch("help", "Print this text", "--help").short('h')
}

fn one_of(value: &str, known: &[&str]) -> Parsed<()> {
    if known.contains(&value) {
        return Ok(());
    }
    Err(format!("it is none of {}", known.join(", ")))
}

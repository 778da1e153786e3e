//! credrun's own flags.

use super::{Flag, scalar, switch};
use crate::request::effects;

pub(super) const ROWS: &[Flag] = &[
    scalar("profile", "NAME", "Take the credentials of this AWS profile", "--profile dev")
        .each(effects::profile),
    scalar("region", "REGION", "Set the AWS region, for STS and in the container", "--region eu-west-1")
        .each(effects::region),
    scalar(
        "role-arn",
        "ARN",
        "Assume this role first; the container gets the role's credentials",
        "--role-arn arn:aws:iam::123456789012:role/reader",
    )
    .each(effects::role_arn),
    scalar(
        "role-session-name",
        "NAME",
        "Name the role's session (default: credrun- and a time stamp)",
        "--role-arn arn:aws:iam::123456789012:role/reader --role-session-name smoke-test",
    )
    .each(effects::role_session_name),
    scalar(
        "duration-seconds",
        "SECONDS",
        "Ask for a session of this length",
        "--role-arn arn:aws:iam::123456789012:role/reader --duration-seconds 900",
    )
    .each(effects::duration_seconds),
    scalar(
        "external-id",
        "ID",
        "Pass the external id that the role's trust policy asks for",
        "--role-arn arn:aws:iam::123456789012:role/reader --external-id 4711",
    )
    .each(effects::external_id),
    switch("verbose", "Say on stderr which credentials are used, terminal or not", "--verbose")
        .each(effects::verbose),
    switch(
        "allow-insecure-engine",
        "Send credentials to an engine over unencrypted tcp",
        "--allow-insecure-engine",
    )
    .each(effects::allow_insecure_engine),
];

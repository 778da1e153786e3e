//! credrun's own flags.

use super::{Completion, Flag, scalar, switch};
use crate::request::effects;

const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

pub(super) const ROWS: &[Flag] = &[
    scalar("profile", "NAME", "Take the credentials of this AWS profile", "--profile dev").completes(Completion::Profiles)
        .each(effects::profile),
    scalar("region", "REGION", "Set the AWS region, for STS and in the container", "--region eu-west-1").completes(Completion::Words(REGIONS))
        .each(effects::region),
    scalar(
        "role-arn",
        "ARN",
        "Assume this role first; the container gets the role's credentials",
        "--role-arn arn:aws:iam::123456789012:role/reader",
    ).note("it is assumed with the credentials that were found; the container gets the role's, and nothing of yours")
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
    switch("dry-run", "Print what would be asked of the engine, and do nothing", "--dry-run")
        .note(
            "prints JSON: the create request, the image and whether it would be pulled, the engine, whose credentials \
             it would get; secrets are left out, and so are values of variables whose names look like a secret's",
        )
        .each(effects::dry_run),
    switch(
        "allow-insecure-engine",
        "Send credentials to an engine over unencrypted tcp",
        "--allow-insecure-engine",
    )
    .each(effects::allow_insecure_engine),
];

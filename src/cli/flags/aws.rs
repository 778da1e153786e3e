//! credrun's own flags.

use super::{Completion, Flag, list, scalar, switch};
use crate::cli::values::{allow, until};
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

/// Said of every option that narrows.
const UNITE: &str = "it narrows a role's session (or a federation's) to what the role may do and the session policy allows. \
    `--policy`, `--policy-arns`, `--allow` and `--read-only-access` unite: what one of them allows is allowed";

/// Whose credentials.
pub(super) const ROWS: &[Flag] = &[
    scalar("profile", "NAME", "Take the credentials of this AWS profile", "--profile dev")
        .completes(Completion::Profiles)
        .narrows()
    .aws(effects::profile),
    scalar("region", "REGION", "Set the AWS region, for STS and in the container", "--region eu-west-1")
        .completes(Completion::Words(REGIONS))
        .aws(effects::region),
    list(
        "role-arn",
        "ARN",
        "Assume this role first; the container gets the role's credentials",
        "--role-arn arn:aws:iam::123456789012:role/reader",
    )
    .note(
        "it is assumed with the credentials that were found; the container gets the role's, and nothing of yours. \
         Given again, each role is assumed from the one before; sessions of such a chain last an hour at most",
    )
    .narrows()
    .aws(effects::role_arn),
    scalar(
        "role-session-name",
        "NAME",
        "Name the role's session (default: credrun- and a time stamp)",
        "--role-arn arn:aws:iam::123456789012:role/reader --role-session-name smoke-test",
    )
    .aws(effects::role_session_name),
    scalar("duration-seconds", "SECONDS", "Ask for a session of this length", "--duration-seconds 900")
        .note(
            "a role's session lasts 900 to 43200 seconds, and 3600 when it was assumed from another role; one of \
             GetSessionToken or GetFederationToken 900 to 129600",
        )
        .narrows()
    .once()
    .aws(effects::duration_seconds),
    scalar(
        "external-id",
        "ID",
        "Pass the external id that the role's trust policy asks for",
        "--role-arn arn:aws:iam::123456789012:role/reader --external-id 4711",
    )
    .note("of several roles, it is for the last")
    .aws(effects::external_id),
    scalar(
        "source-identity",
        "NAME",
        "Put this name on the session; CloudTrail shows it, and roles assumed from there keep it",
        "--role-arn arn:aws:iam::123456789012:role/reader --source-identity alice",
    )
    .note("the role's trust policy has to allow sts:SetSourceIdentity. Of several roles, the first is given it")
    .aws(effects::source_identity),
    list(
        "tags",
        "Key=KEY,Value=VALUE",
        "Tag the session",
        "--role-arn arn:aws:iam::123456789012:role/reader --tags Key=Project,Value=Unicorn",
    )
    .note(
        "the role's trust policy has to allow sts:TagSession. Of several roles, the last is given the tags, but for \
         transitive ones: these are for the first",
    )
    .narrows()
    .aws(effects::tags),
    list(
        "transitive-tag-keys",
        "KEY[,KEY...]",
        "Have roles that are assumed from the session keep these tags",
        "--role-arn arn:aws:iam::123456789012:role/reader --tags Key=Project,Value=Unicorn --transitive-tag-keys Project",
    )
    .narrows()
    .aws(effects::transitive_tag_keys),
    scalar(
        "serial-number",
        "ARN",
        "Name your MFA device; its code is asked for on the terminal",
        "--serial-number arn:aws:iam::123456789012:mfa/alice",
    )
    .note("a profile's `mfa_serial` is heeded without it. The session is kept in the system's keychain, so that the next run does not ask: see `--no-cache`")
    .aws(effects::serial_number),
    scalar(
        "token-code",
        "CODE",
        "Give the MFA code, for where there is no terminal",
        "--serial-number arn:aws:iam::123456789012:mfa/alice --token-code 123456",
    )
    .aws(effects::token_code),
    scalar(
        "federation-name",
        "NAME",
        "With an IAM user's keys: call GetFederationToken, which can be narrowed without a role",
        "--federation-name alice --allow s3:ListAllMyBuckets",
    )
    .note("the session may do what the user may and the session policy allows; it cannot call IAM, nor STS but for GetCallerIdentity")
    .narrows()
    .aws(effects::federation_name),
    switch(
        "allow-long-term-keys",
        "Hand long-term keys over as they are, for as long as they live",
        "--allow-long-term-keys",
    )
    .note(
        "without it they are exchanged for temporary ones (GetSessionToken), which cannot call IAM, nor STS but for \
         AssumeRole and GetCallerIdentity",
    )
    .aws(effects::allow_long_term_keys),
    switch("no-cache", "Neither use nor keep a session that cost an MFA code", "--no-cache")
        .note("such sessions are kept in the system's keychain until they end, on Linux in the kernel's keyring; `credrun logout` forgets them")
        .aws(effects::no_cache),
];

/// How much of them.
pub(super) const NARROWING: &[Flag] = &[
    list(
        "allow",
        "ACTION[,ACTION...][=RESOURCE[,...]]",
        "Allow these actions and nothing else; no resource means all",
        "--allow s3:ListBucket,s3:GetObject=arn:aws:s3:::bucket/*",
    )
    .note(UNITE)
    .check(|value| allow::parse(value).map(drop))
    .narrows()
    .aws(effects::allow),
    switch("read-only-access", "Allow what AWS's managed policy ReadOnlyAccess does", "--read-only-access")
        .note(UNITE)
        .narrows()
    .aws(effects::read_only_access),
    scalar(
        "policy",
        "FILE|JSON",
        "Allow what this session policy does",
        "--policy policy.json",
    )
    .note(UNITE)
    .completes(Completion::Files)
    .narrows()
    .once()
    .aws(effects::policy),
    list(
        "policy-arns",
        "ARN[,ARN...]",
        "Allow what these managed policies do",
        "--policy-arns arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
    )
    .note(UNITE)
    .narrows()
    .aws(effects::policy_arns),
    scalar(
        "until",
        "TIME",
        "Deny everything from then on: a length (30m) or a moment (2026-01-01T12:00Z)",
        "--until 30m",
    )
    .note(
        "it works below STS's 15 minutes, too. With it alone the session may do all that the role may until then. \
         What it cannot stop: a role that the container assumes from its session before the moment",
    )
    .check(|value| until::parse(value).map(drop))
    .narrows()
    .once()
    .aws(effects::until),
];

/// What else is credrun's own.
pub(super) const CREDRUN: &[Flag] = &[
    switch(
        "refresh",
        "Keep the container in valid credentials for as long as it runs, not for as long as these live",
        "--refresh",
    )
    .note(
        "the container gets no keys, but an endpoint on its own loopback that every AWS SDK knows, and that no other \
         container and nobody on the host reaches; credrun fetches new credentials before the old ones end, and stays \
         for that. With `-d` it stays in the background: `credrun ps` lists such runs, `credrun stop` ends them",
    )
    .aws(effects::refresh),
    switch("verbose", "Say on stderr which credentials are used, terminal or not", "--verbose")
        .own()
        .each(effects::verbose),
    switch("dry-run", "Print what would be asked of the engine, and do nothing", "--dry-run")
        .note(
            "prints JSON: the create request, the image and whether it would be pulled, the engine, whose credentials \
             it would get; secrets are left out, and so are values of variables whose names look like a secret's. The \
             credentials are looked for as the run would, an MFA code and a role of the profile's own included; a role \
             that `--role-arn` names is not assumed",
        )
        .narrows()
        .own()
        .each(effects::dry_run),
    switch(
        "allow-insecure-engine",
        "Send credentials to an engine over unencrypted tcp",
        "--allow-insecure-engine",
    )
    .own()
    .each(effects::allow_insecure_engine),
];

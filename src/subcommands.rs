//! What credrun does beside running an image.

use std::io::IsTerminal;

use serde_json::json;
use time::OffsetDateTime;

use crate::cli::{Cli, flags};
use crate::credentials::{Credentials, Secret};
use crate::engine::Engine;
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::export::{self, Format};
use crate::notice;
use crate::provider::{self, keychain, session_policy, user_session, whoami};
use crate::refresh::ps;
use crate::refresh::stop::{self, Stopped};
use crate::region;
use crate::request::{AwsOptions, Narrowing, effects};
use crate::role_template::{self, ReadyMade, Trust};
use crate::session::ended_by;
use crate::session::signals::SignalQueue;

/// Whose credentials, and where they are used.
struct Identity {
    credentials: Credentials,
    region: Option<String>,
}

async fn identity(cli: &Cli, environment: &Environment) -> Result<Identity> {
    let options = options(cli)?;
    check(&options)?;
    let identity = unless_ended(async {
        let credentials = provider::provide(&options, environment).await?;
        let region = region::resolve(&options, environment).await;
        Ok(Identity { credentials, region })
    });
    let identity = identity.await?;
    tell_warnings(&identity.credentials);
    Ok(identity)
}

fn tell_warnings(credentials: &Credentials) {
    credentials.warnings().iter().for_each(|text| notice::warn(text));
}

/// What is wrong with the options, or may surprise, is told before anybody is asked for anything.
fn check(options: &AwsOptions) -> Result<()> {
    provider::check(options)?;
    provider::warnings(options).iter().for_each(|text| notice::warn(text));
    Ok(())
}

/// `work`, dropped when a signal comes that ends programs: a prompt for an MFA code gives the terminal back. Signals that
/// came before its end and were not seen have no effect afterwards, so all that may last belongs into it.
///
/// # Errors
/// Those of `work`, and [`crate::error::ErrorKind::Interrupted`] for the signal.
pub(crate) async fn unless_ended<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut signals = SignalQueue::take_over();
    signals.unless_ended(work).await.map_err(|signal| ended_by(&signal))?
}

fn options(cli: &Cli) -> Result<AwsOptions> {
    let working_directory = std::env::current_dir()
        .map_err(|error| Error::usage(format!("the working directory cannot be told: {error}")))?;
    let mut options = AwsOptions::of(cli, &working_directory)?;
    options.narrowing.settle(OffsetDateTime::now_utc());
    Ok(options)
}

/// `credrun export`: the text for stdout.
///
/// # Errors
/// As [`provider::provide`] and [`export::render`].
pub async fn export(cli: &Cli, environment: &Environment) -> Result<Secret> {
    let format = cli.last("format").and_then(|name| Format::parse(name).ok()).unwrap_or(Format::Env);
    let prefix = cli.last("prefix").unwrap_or_default();
    // What is wrong with the prefix is told before anybody is asked for anything.
    export::check_prefix(format, prefix)?;
    if std::io::stdout().is_terminal() {
        notice::warn(
            "secrets are shown on this terminal: whoever sees it, or its scrollback, can use them until they expire",
        );
    }
    let Identity { credentials, region } = identity(cli, environment).await?;
    export::render(format, &credentials, region.as_deref(), prefix)
}

/// `credrun exec`: the command, ready to be started.
///
/// # Errors
/// As [`provider::provide`].
pub async fn exec(cli: &Cli, environment: &Environment) -> Result<std::process::Command> {
    let Identity { credentials, region } = identity(cli, environment).await?;
    if cli.switch("verbose") == Some(true) {
        notice::say(&notice::principal_line(&credentials, OffsetDateTime::now_utc()));
    }
    if let Some(warning) = user_session::falls_short(&credentials, &cli.command) {
        notice::warn(&warning);
    }
    Ok(crate::exec::command(&cli.command, &credentials, region.as_deref()))
}

/// `credrun whoami`: the text for stdout.
///
/// # Errors
/// As [`provider::provide`] and [`whoami::caller_identity`]; [`crate::error::ErrorKind::Interrupted`] for a signal.
pub async fn whoami(cli: &Cli, environment: &Environment) -> Result<String> {
    let mut options = options(cli)?;
    // Asked who they are, long-term keys are themselves, unless a session is asked for in so many words.
    options.allow_long_term_keys |= options.serial_number.is_none() && options.duration_seconds.is_none();
    check(&options)?;
    let (credentials, caller, region) = unless_ended(async {
        let (credentials, caller) = whoami::identity(&options, environment).await?;
        let region = region::resolve(&options, environment).await;
        Ok((credentials, caller, region))
    })
    .await?;
    tell_warnings(&credentials);
    if cli.last("format") == Some("json") {
        let told = json!({
            "Arn": caller.arn,
            "Account": caller.account,
            "UserId": caller.user_id,
            "Source": credentials.chain().last(),
            "Chain": credentials.chain().iter().rev().collect::<Vec<_>>(),
            "Temporary": credentials.is_temporary(),
            "Expiration": credentials.expiration_iso8601(),
            "Region": region,
        });
        return serde_json::to_string_pretty(&told).map_err(|error| Error::usage(error.to_string()));
    }
    Ok(told(&caller, &credentials, region.as_deref(), OffsetDateTime::now_utc()))
}

fn told(
    caller: &whoami::CallerIdentity,
    credentials: &Credentials,
    region: Option<&str>,
    now: OffsetDateTime,
) -> String {
    let chain: String = credentials.chain().iter().map(|step| format!("{step}\n            ")).collect();
    let expires = match (credentials.expiration(), credentials.is_temporary()) {
        (Some(end), _) => {
            let text = credentials.expiration_iso8601().unwrap_or_default();
            format!("{text} (in {})", notice::length(end - now))
        }
        (None, true) => "not known: the source does not say".to_owned(),
        (None, false) => {
            "never: these are long-term keys, which are exchanged before they enter a container".to_owned()
        }
    };
    format!(
        "principal:  {}\naccount:    {}\nuser id:    {}\nfrom:       {}\nexpires:    {expires}\nregion:     {}",
        caller.arn,
        caller.account,
        caller.user_id,
        chain.trim_end(),
        region.unwrap_or("none is configured: give `--region`, or set AWS_REGION"),
    )
}

/// `credrun ps`: the text for stdout.
///
/// # Errors
/// As [`Engine::of_options`] and [`ps::ps`].
pub async fn ps(cli: &Cli, environment: &Environment) -> Result<String> {
    let engine = Engine::of_options(&cli.engine_options(), environment).await?;
    let format = if cli.last("format") == Some("json") { ps::Format::Json } else { ps::Format::Table };
    ps::ps(&engine, format).await
}

/// `credrun stop`: what came of it.
///
/// # Errors
/// As [`Engine::of_options`] and [`stop::stop`].
pub async fn stop(cli: &Cli, environment: &Environment) -> Result<Stopped> {
    let engine = Engine::of_options(&cli.engine_options(), environment).await?;
    let seconds = cli.last("time").and_then(|text| flags::subcommands::seconds(text).ok());
    stop::stop(&engine, &cli.command, seconds).await
}

/// `credrun logout`: the text for stdout.
///
/// # Errors
/// As [`keychain::forget_all`].
pub fn logout() -> Result<String> {
    Ok(match keychain::forget_all()? {
        0 => "no session was kept".to_owned(),
        1 => "forgot 1 session".to_owned(),
        count => format!("forgot {count} sessions"),
    })
}

/// `credrun role-template`: the text for stdout.
///
/// # Errors
/// [`crate::error::ErrorKind::Usage`] for options that make no role.
pub fn role_template(cli: &Cli) -> Result<String> {
    cli.warnings().iter().for_each(|text| notice::warn(text));
    if cli.is_bare() {
        return Ok(role_template::general().to_owned());
    }
    let allowed = allowed(cli)?;
    let text = |long| cli.last(long).map(str::to_owned);
    let trust = |value: &String| Trust::parse(value).map_err(|cause| refuse(cli, "trust", value, &cause));
    let session = cli.last("max-session");
    let session =
        session.map(|value| max_session(value).map_err(|cause| refuse(cli, "max-session", value, &cause)));
    let role = ReadyMade {
        role_name: text("role-name"),
        trust: cli.values("trust").iter().map(trust).collect::<Result<_>>()?,
        policy: session_policy::document(allowed.policy.as_deref(), &allowed.allow)?,
        managed_policy_arns: allowed.policy_arns,
        read_only_access: cli.switch("read-only-access") == Some(true),
        external_id: text("external-id"),
        mfa: cli.switch("mfa") == Some(true),
        max_session_seconds: session.transpose()?,
        permissions_boundary: text("permissions-boundary"),
    };
    role.render()
}

/// What the options of a role's own policy say.
fn allowed(cli: &Cli) -> Result<Narrowing> {
    let working_directory = std::env::current_dir().unwrap_or_default();
    let mut options = AwsOptions::default();
    let effects: [(&str, effects::AwsEffect); 3] =
        [("policy", effects::policy), ("allow", effects::allow), ("policy-arns", effects::policy_arns)];
    for (long, effect) in effects {
        for value in cli.values(long) {
            effect(&mut options, value, &working_directory)
                .map_err(|cause| refuse(cli, long, value, &cause))?;
        }
    }
    session_policy::check_arns(&options.narrowing.policy_arns)?;
    Ok(options.narrowing)
}

fn refuse(cli: &Cli, long: &str, value: &str, cause: &str) -> Error {
    flags::by_long(cli.table(), long).map_or_else(|| Error::usage(cause), |flag| flag.refuse(value, cause))
}

fn max_session(text: &str) -> Result<u32, String> {
    let seconds = text.parse().ok().filter(|seconds| (3600..=43200).contains(seconds));
    seconds.ok_or_else(|| "it is not a whole number within 3600 (one hour) to 43200 (twelve hours)".into())
}

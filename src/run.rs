//! A run from its request to its exit code.

mod cidfile;
mod create;
mod identity;
mod own_files;
mod with_agent;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use serde_json::Value;
use time::OffsetDateTime;

use self::cidfile::CidFile;
use self::create::Run;
use self::identity::Source;
pub(crate) use self::identity::{Identity, endpoint};
use self::with_agent::{Ground, WithAgent};
use crate::credentials::Secret;
use crate::engine::{DetachKeys, Engine, EngineOptions};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::injection::{self, Keys};
use crate::notice::{Notices, engine_warnings};
use crate::refresh::halves;
use crate::refresh::sweep::Sweep;
use crate::registry::api_socket;
use crate::request::{self, EngineNeed, RunRequest};
use crate::session::signals::SignalQueue;
use crate::session::{Beside, ContainerExit, Session, interrupted};
use crate::{agent, background};
use crate::{plugin, provider};

/// Carries a request out.
///
/// # Errors
/// Every failure before the container has ended; its kind decides the exit code.
pub async fn run(mut request: RunRequest, environment: &Environment) -> Result<ContainerExit> {
    let began = OffsetDateTime::now_utc();
    let keys = check(&mut request)?;
    Notices::new(&request.client).command_line(&mut request.client);
    let address = request.engine.clone();
    let token = request.aws.refresh.then(agent::token).transpose()?;
    let fetch = Source { request: &request, environment, keys, token: token.as_ref() };
    // Before the credentials are fetched: a prompt for an MFA code has to give the terminal back when Ctrl-C comes.
    let mut signals = SignalQueue::take_over();
    if request.client.in_background {
        background::end_with_starter();
    }
    let connect = async {
        let engine = Engine::connect(address, environment, &request.docker_config).await?;
        let ground =
            if token.is_some() { Some(Ground::prepare(&engine, &request, began).await?) } else { None };
        Ok((engine, ground))
    };
    let both = async { tokio::try_join!(connect, fetch.fetch()) };
    let both = signals.unless_ended(both).await.map_err(|signal| interrupted(&signal))?;
    let ((engine, ground), mut identity) = both?;
    let mut sweep = Sweep::begin(&engine);
    if needs_what_is_left(&request) {
        let cleared = signals.unless_ended(sweep.cleared()).await;
        cleared.map_err(|signal| interrupted(&signal))?;
    }
    let refresh = token.zip(ground);
    let ended =
        run_on(&engine, request, (keys, began), refresh, &mut identity, &mut signals, environment).await;
    sweep.finish(Sweep::LINGER).await;
    ended
}

/// Whether a run that was left behind may have what this one is to have: a name, a port, an address.
fn needs_what_is_left(request: &RunRequest) -> bool {
    let spec = &request.spec;
    let endpoints = spec.get("NetworkingConfig.EndpointsConfig").and_then(Value::as_object);
    let has_address = |endpoint: &Value| {
        endpoint["IPAMConfig"].is_object()
            || endpoint["Aliases"].is_array()
            || endpoint["MacAddress"].is_string()
    };
    spec.name.is_some()
        || spec.get("HostConfig.PortBindings").is_some()
        || endpoints.is_some_and(|all| all.values().any(has_address))
}

/// The part of a run that takes place on the engine.
async fn run_on(
    engine: &Engine,
    mut request: RunRequest,
    (keys, began): (Keys, OffsetDateTime),
    refresh: Option<(Secret, Ground)>,
    identity: &mut Identity,
    signals: &mut SignalQueue,
    environment: &Environment,
) -> Result<ContainerExit> {
    request::fit_to_engine(&mut request, engine.api_version(), engine.os_type())?;
    let logins = api_socket::prepare(&mut request, environment).await?;
    let notices = Notices::new(&request.client).with_refresh(refresh.is_some());
    notices.identity(&request, identity);

    // What stays in the background outlives docker, which started what the user waits for.
    if !request.client.in_background {
        plugin::follow_docker(environment);
    }
    let extras = Extras { cidfile: CidFile::reserve(request.client.cidfile.as_deref())?, logins };
    let token = refresh.as_ref().map(|(token, _)| token);
    let source = Source { request: &request, environment, keys, token };
    let run = Run { request: &request, environment, engine, source: &source, notices: &notices };
    if let Some((token, ground)) = &refresh {
        return WithAgent { run: &run, token, ground, began }.live(identity, signals, extras).await;
    }
    let created = run.create(identity, signals).await?;
    identity.forget();
    let session = Session { engine, id: &created.id, client: &request.client };
    if let Err(error) = extras.put_in(engine, &created.id).await {
        return Err(session.clean_up(error).await);
    }
    engine_warnings(&created.warnings, &request.spec);
    lived(&session, signals, &mut Beside::default()).await
}

/// From here on a container is there: not even a defect of ours may leave it behind.
async fn lived(
    session: &Session<'_>,
    signals: &mut SignalQueue,
    beside: &mut Beside<'_>,
) -> Result<ContainerExit> {
    match AssertUnwindSafe(session.live(signals, beside)).catch_unwind().await {
        Ok(ended) => ended,
        Err(panic) => {
            session.clean_up(Error::new(ErrorKind::Abandoned, "a defect of credrun")).await;
            std::panic::resume_unwind(panic)
        }
    }
}

/// What is done with a container between its creation and its start.
struct Extras {
    cidfile: Option<CidFile>,
    logins: Option<Secret>,
}

impl Extras {
    /// Writes its id down, and puts the registry logins into it.
    async fn put_in(self, engine: &Engine, id: &str) -> Result<()> {
        if let Some(cidfile) = self.cidfile {
            cidfile.write(id)?;
        }
        let Some(logins) = self.logins else { return Ok(()) };
        let file = format!("{}/config.json", api_socket::FOLDER);
        let put = engine.put_file(id, &file, logins.expose().as_bytes()).await;
        put.map_err(|error| error.context("the registry logins cannot be put into the container"))
    }
}

/// What is refused, and what is to be warned of, before anybody is asked for anything; a dry run has the same.
///
/// # Errors
/// [`ErrorKind::Usage`] for options that do not go together or are outside STS's limits, [`ErrorKind::Engine`] for an
/// engine that the credentials would reach in clear.
pub(crate) fn check(request: &mut RunRequest) -> Result<Keys> {
    request.aws.narrowing.settle(OffsetDateTime::now_utc());
    let keys = injection::whose_keys(&request.spec)?;
    refuse_idle_options(request, keys)?;
    check_refresh(request, keys)?;
    provider::check(&request.aws)?;
    request.client.warnings.extend(provider::warnings(&request.aws));
    if !request.client.allow_insecure_engine {
        request.engine.require_private()?;
    }
    Ok(keys)
}

/// What does not go together with `--refresh`; what an engine has to do with is found later.
///
/// # Errors
/// [`ErrorKind::Usage`], naming the option.
fn check_refresh(request: &mut RunRequest, keys: Keys) -> Result<()> {
    if !request.aws.refresh {
        return Ok(());
    }
    if keys == Keys::Users {
        // By its variable: a given `--refresh` was refused before.
        request.aws.refresh = false;
        let reason = "the container is given keys of its own with `-e`";
        request.client.warnings.push(request::idle_variable("refresh", reason));
        return Ok(());
    }
    let named = |error| request.aws.name_variables(error);
    if request.aws.allow_long_term_keys {
        let message = "`--refresh` and `--allow-long-term-keys` do not go together: an endpoint for containers serves \
                       temporary credentials only";
        return Err(named(Error::usage(message).hint("leave either out")));
    }
    halves::check_flags(request).map_err(named)?;
    // Nobody can leave with keys: credrun has to stay.
    (request.client.detach_keys, request.client.detach_keys_text) = (Some(Vec::new()), DetachKeys::Never);
    Ok(())
}

/// Refuses a command line that cannot be resolved. Where it has flags that not every engine takes, docker judges
/// these first, with another exit code.
///
/// # Errors
/// Always: what the engine lacks, or `error`.
pub async fn refuse<T>(
    gates: Vec<EngineNeed>,
    error: Error,
    options: &EngineOptions,
    environment: &Environment,
) -> Result<T> {
    if gates.is_empty() {
        return Err(error);
    }
    let engine = Engine::of_options(options, environment).await?;
    request::check_needs(&gates, engine.api_version(), engine.os_type())?;
    Err(error)
}

/// With keys of the user's own nothing is fetched, so that `--role-arn` would narrow nothing.
///
/// # Errors
/// [`ErrorKind::Usage`], naming the first such option.
pub(crate) fn refuse_idle_options(request: &RunRequest, keys: Keys) -> Result<()> {
    let aws = &request.aws;
    let options = [
        (!aws.roles.is_empty(), "--role-arn"),
        (aws.federation_name.is_some(), "--federation-name"),
        (aws.profile.is_some(), "--profile"),
        // A variable says what is wanted wherever it can be had.
        (aws.duration_seconds.is_some() && !aws.is_variable("duration-seconds"), "--duration-seconds"),
        (aws.serial_number.is_some() && !aws.is_variable("serial-number"), "--serial-number"),
        (aws.token_code.is_some(), "--token-code"),
        (aws.refresh && !aws.is_variable("refresh"), "--refresh"),
    ];
    let given = options.into_iter().find_map(|(given, option)| given.then_some(option));
    let Some(option) = given.or(aws.narrowing.option()) else { return Ok(()) };
    if keys == Keys::Provided {
        return Ok(());
    }
    let message = format!("`{option}` does nothing when the container is given keys of its own with `-e`");
    Err(aws.name_variables(Error::usage(message).hint("leave either out")))
}

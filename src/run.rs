//! A run from its request to its exit code.

use std::fs;
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use futures_util::FutureExt;
use time::OffsetDateTime;
use tokio::task::JoinHandle;

use crate::cli::values::image;
use crate::credentials::Credentials;
use crate::engine::{CreateError, Created, Engine, EngineOptions, ImageReference};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::injection::{self, Injection, Keys};
use crate::notice::{Notices, engine_warnings, line};
use crate::refresh::sweep::Sweep;
use crate::registry::{self, api_socket};
use crate::request::{EngineNeed, PullPolicy, RunRequest};
use crate::session::signals::SignalQueue;
use crate::session::{ContainerExit, LAST_CALLS, Session, interrupted};
use crate::{plugin, progress, provider, region, request};

/// Carries a request out.
///
/// # Errors
/// Every failure before the container has ended; its kind decides the exit code.
pub async fn run(mut request: RunRequest, environment: &Environment) -> Result<ContainerExit> {
    let keys = check(&mut request)?;
    Notices::new(&request.client).command_line(&mut request.client);
    let address = request.engine.clone();
    let fetch = Source { request: &request, environment, keys };
    // Before the credentials are fetched: a prompt for an MFA code has to give the terminal back when Ctrl-C comes.
    let mut signals = SignalQueue::take_over();
    let connect = Engine::connect(address, environment, &request.docker_config);
    let both = async { tokio::try_join!(connect, fetch.fetch()) };
    let both = signals.unless_ended(both).await.map_err(|signal| interrupted(&signal))?;
    let (engine, mut identity) = both?;
    let sweep = Sweep::begin(&engine);
    let ended = run_on(&engine, request, keys, &mut identity, &mut signals, environment).await;
    sweep.finish(Sweep::LINGER).await;
    ended
}

/// The part of a run that takes place on the engine.
async fn run_on(
    engine: &Engine,
    mut request: RunRequest,
    keys: Keys,
    identity: &mut Identity,
    signals: &mut SignalQueue,
    environment: &Environment,
) -> Result<ContainerExit> {
    request::fit_to_engine(&mut request, engine.api_version(), engine.os_type())?;
    let logins = api_socket::prepare(&mut request, environment).await?;
    let notices = Notices::new(&request.client);
    notices.identity(&request, identity);

    plugin::follow_docker(environment);
    let cidfile = CidFile::reserve(request.client.cidfile.as_deref())?;
    let source = Source { request: &request, environment, keys };
    let run = Run { request: &request, environment, engine, source: &source, notices: &notices };
    let created = run.create(identity, signals).await?;
    let session = Session { engine, id: &created.id, client: &request.client };
    if let Some(Err(error)) = cidfile.map(|cidfile| cidfile.write(&created.id)) {
        return Err(session.clean_up(error).await);
    }
    if let Some(logins) = logins {
        let file = format!("{}/config.json", api_socket::FOLDER);
        if let Err(error) = engine.put_file(&created.id, &file, logins.expose().as_bytes()).await {
            return Err(session
                .clean_up(error.context("the registry logins cannot be put into the container"))
                .await);
        }
    }
    engine_warnings(&created.warnings, &request.spec);
    // From here on a container is there: not even a defect of ours may leave it behind.
    match AssertUnwindSafe(session.live(signals)).catch_unwind().await {
        Ok(ended) => ended,
        Err(panic) => {
            session.clean_up(Error::new(ErrorKind::Abandoned, "a defect of credrun")).await;
            std::panic::resume_unwind(panic)
        }
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
    provider::check(&request.aws)?;
    request.client.warnings.extend(provider::warnings(&request.aws));
    if !request.client.allow_insecure_engine {
        request.engine.require_private()?;
    }
    Ok(keys)
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
    ];
    let given = options.into_iter().find_map(|(given, option)| given.then_some(option));
    let Some(option) = given.or(aws.narrowing.option()) else { return Ok(()) };
    if keys == Keys::Provided {
        return Ok(());
    }
    let message = format!("`{option}` does nothing when the container is given keys of its own with `-e`");
    Err(aws.name_variables(Error::usage(message).hint("leave either out")))
}

/// Who the container will be.
#[derive(Debug)]
pub(crate) struct Identity {
    /// `None` when the user gave the container keys of their own.
    pub(crate) credentials: Option<Credentials>,
    pub(crate) injection: Injection,
    fetched: OffsetDateTime,
}

impl Identity {
    /// Whether less than half of the life that they had when fetched is left at `now`.
    fn is_past_half_life(&self, now: OffsetDateTime) -> bool {
        let expiration = self.credentials.as_ref().and_then(Credentials::expiration);
        expiration.is_some_and(|end| (end - now) * 2 < end - self.fetched)
    }
}

/// Where an identity is fetched from, once or again.
struct Source<'a> {
    request: &'a RunRequest,
    environment: &'a Environment,
    keys: Keys,
}

impl Source<'_> {
    async fn fetch(&self) -> Result<Identity> {
        let aws = &self.request.aws;
        let credentials = match self.keys {
            Keys::Provided => Some(provider::provide(aws, self.environment).await?),
            Keys::Users => None,
        };
        let region = region::resolve(aws, self.environment).await;
        let injection =
            Injection::static_variables(&self.request.spec, credentials.as_ref(), region.as_deref());
        Ok(Identity { credentials, injection, fetched: OffsetDateTime::now_utc() })
    }
}

struct Run<'a> {
    request: &'a RunRequest,
    environment: &'a Environment,
    engine: &'a Engine,
    source: &'a Source<'a>,
    notices: &'a Notices,
}

impl Run<'_> {
    /// Creates the container, pulling its image as `--pull` says.
    async fn create(&self, identity: &mut Identity, signals: &mut SignalQueue) -> Result<Created> {
        let policy = self.request.client.pull;
        if policy == PullPolicy::Always {
            self.pull(identity, signals).await?;
        }
        let is_id = image::is_id(&self.request.spec.image);
        match self.create_once(identity, signals).await? {
            Err(CreateError::NoSuchImage(_)) if policy == PullPolicy::Missing && !is_id => {
                if !self.request.client.quiet {
                    let image = ImageReference::parse(&self.request.spec.image).familiar();
                    line(&format!("Unable to find image '{image}' locally"));
                }
                self.pull(identity, signals).await?;
                self.create_once(identity, signals).await?.map_err(CreateError::into_error)
            }
            Err(CreateError::NoSuchImage(error)) if policy == PullPolicy::Never => {
                Err(error.hint("`--pull never` keeps credrun from pulling it"))
            }
            other => other.map_err(CreateError::into_error),
        }
    }

    async fn create_once(
        &self,
        identity: &Identity,
        signals: &mut SignalQueue,
    ) -> Result<Result<Created, CreateError>> {
        let (engine, spec) = (self.engine.clone(), self.request.spec.clone());
        let injection = identity.injection.clone();
        let mut create = tokio::spawn(async move { engine.create(&spec, &injection).await });
        match signals.through(&mut create).await {
            Some(created) => created.map_err(|error| Error::caused(ErrorKind::Engine, error)),
            None => Err(self.give_up(create).await),
        }
    }

    /// The engine may finish the creation all the same: what it made is removed.
    async fn give_up(&self, create: JoinHandle<Result<Created, CreateError>>) -> Error {
        let error = Error::new(ErrorKind::Abandoned, "got 3 SIGTERM/SIGINTs while the engine was creating");
        match tokio::time::timeout(LAST_CALLS, create).await {
            Ok(Ok(Ok(created))) => {
                let session = Session { engine: self.engine, id: &created.id, client: &self.request.client };
                session.clean_up(error).await
            }
            Ok(_) => error,
            Err(_) => error.hint("the engine may still create it: look with `docker ps -a`"),
        }
    }

    /// Pulls, and fetches the credentials again when the pull has used up their better half.
    async fn pull(&self, identity: &mut Identity, signals: &mut SignalQueue) -> Result<()> {
        let spec = &self.request.spec;
        let mut display = progress::display(self.request.client.quiet);
        let pull = async {
            let login = registry::login(&spec.image, self.request, self.environment).await?;
            if let Some(text) = login.warning() {
                display.warning(&text);
            }
            let pulled = self.engine.pull(
                &spec.image,
                self.request.client.pull_platform.as_deref(),
                login.auth(),
                &mut *display,
            );
            pulled.await.map_err(|error| login.explain(error))
        };
        signals.unless_ended(pull).await.map_err(|signal| interrupted(&signal))??;
        if identity.is_past_half_life(OffsetDateTime::now_utc()) {
            let fetch = signals.unless_ended(self.source.fetch()).await;
            *identity = fetch.map_err(|signal| interrupted(&signal))??;
            self.notices.credentials(identity);
        }
        Ok(())
    }
}

/// `--cidfile`: taken before the run, written once the container is created, gone again when it is not.
struct CidFile {
    path: PathBuf,
    file: fs::File,
    written: bool,
}

impl CidFile {
    fn reserve(path: Option<&Path>) -> Result<Option<Self>> {
        let Some(path) = path else { return Ok(None) };
        match fs::File::create_new(path) {
            Ok(file) => Ok(Some(Self { path: path.to_owned(), file, written: false })),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(Error::usage(format!(
                "container ID file found, make sure the other container isn't running or delete `{}`",
                path.display()
            ))),
            Err(error) => Err(request::cidfile::not_made(path, error)),
        }
    }

    fn write(mut self, id: &str) -> Result<()> {
        self.file.write_all(id.as_bytes()).map_err(|error| {
            let message = format!("failed to write the container ID file `{}`", self.path.display());
            Error::caused(ErrorKind::Usage, error).context(message)
        })?;
        self.written = true;
        Ok(())
    }
}

impl Drop for CidFile {
    fn drop(&mut self) {
        if !self.written {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::Secret;
    use crate::spec::ContainerSpec;
    use time::Duration;

    #[test]
    fn a_pull_that_took_half_of_the_life_is_too_long() {
        let fetched = OffsetDateTime::UNIX_EPOCH;
        let end = Some(fetched + Duration::minutes(10));
        let credentials = Credentials::new("ASIAIOSFODNN7EXAMPLE", Secret::new("s"), None, end, "test");
        let injection = Injection::static_variables(&ContainerSpec::new("x"), Some(&credentials), None);
        let identity = Identity { credentials: Some(credentials), injection, fetched };
        assert!(!identity.is_past_half_life(fetched + Duration::seconds(299)));
        assert!(identity.is_past_half_life(fetched + Duration::seconds(301)));
    }

    #[test]
    fn a_cidfile_is_taken_written_and_given_back() {
        let folder = tempfile::tempdir().expect("tempdir");
        let path = folder.path().join("cid");
        drop(CidFile::reserve(Some(&path)).expect("free"));
        assert!(!path.exists());
        CidFile::reserve(Some(&path)).expect("free").expect("asked for").write("abc").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("there"), "abc");
        let error = CidFile::reserve(Some(&path)).err().expect("taken");
        assert!(error.to_string().contains("container ID file found"), "{error}");
    }
}

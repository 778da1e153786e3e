//! Creating the container that was asked for, with its image pulled.

use time::OffsetDateTime;
use tokio::task::JoinHandle;

use super::identity::{Identity, Source};
use crate::cli::values::image;
use crate::engine::{CreateError, Created, Engine, ImageFacts, ImageReference};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::injection::Injection;
use crate::notice::{Notices, line};
use crate::refresh::labels;
use crate::request::{PullPolicy, RunRequest};
use crate::session::signals::SignalQueue;
use crate::session::{LAST_CALLS, Session, interrupted};
use crate::spec::ContainerSpec;
use crate::{progress, registry};

/// What all steps of a run need.
pub(super) struct Run<'a> {
    pub(super) request: &'a RunRequest,
    pub(super) environment: &'a Environment,
    pub(super) engine: &'a Engine,
    pub(super) source: &'a Source<'a>,
    pub(super) notices: &'a Notices,
}

impl Run<'_> {
    /// Creates the container, pulling its image as `--pull` says.
    pub(super) async fn create(&self, identity: &mut Identity, signals: &mut SignalQueue) -> Result<Created> {
        if self.request.client.pull == PullPolicy::Always {
            self.pull(identity, signals).await?;
        }
        self.create_of_present(&self.request.spec, identity, signals).await
    }

    /// What the image is, pulled as `--pull` says; nothing of one that is not there all the same: the creation says why.
    pub(super) async fn image(
        &self,
        identity: &mut Identity,
        signals: &mut SignalQueue,
    ) -> Result<ImageFacts> {
        let name = &self.request.spec.image;
        if self.request.client.pull == PullPolicy::Always {
            self.pull(identity, signals).await?;
        }
        let mut found = self.asked(self.engine.image(name), signals).await?;
        if found.is_none() && self.may_pull() {
            self.pull_missing(identity, signals).await?;
            found = self.asked(self.engine.image(name), signals).await?;
        }
        Ok(found.unwrap_or_default())
    }

    async fn asked<T>(
        &self,
        question: impl Future<Output = Result<T>>,
        signals: &mut SignalQueue,
    ) -> Result<T> {
        signals.unless_ended(question).await.map_err(|signal| interrupted(&signal))?
    }

    fn may_pull(&self) -> bool {
        self.request.client.pull == PullPolicy::Missing && !image::is_id(&self.request.spec.image)
    }

    /// Creates the container of an image that should be there: `--pull always` has been done.
    pub(super) async fn create_of_present(
        &self,
        spec: &ContainerSpec,
        identity: &mut Identity,
        signals: &mut SignalQueue,
    ) -> Result<Created> {
        match self.create_once(spec, &identity.injection, signals).await? {
            Err(CreateError::NoSuchImage(_)) if self.may_pull() => {
                self.pull_missing(identity, signals).await?;
                let created = self.create_once(spec, &identity.injection, signals).await?;
                created.map_err(CreateError::into_error)
            }
            Err(CreateError::NoSuchImage(error)) if self.request.client.pull == PullPolicy::Never => {
                Err(error.hint("`--pull never` keeps credrun from pulling it"))
            }
            other => other.map_err(CreateError::into_error),
        }
    }

    pub(super) async fn create_once(
        &self,
        spec: &ContainerSpec,
        injection: &Injection,
        signals: &mut SignalQueue,
    ) -> Result<Result<Created, CreateError>> {
        // Without `--refresh` a label of ours would be the user's own.
        let mark = self.source.token.and_then(|_| labels::mark(spec));
        let (engine, spec, injection) = (self.engine.clone(), spec.clone(), injection.clone());
        let mut create = tokio::spawn(async move { engine.create(&spec, &injection).await });
        match signals.through(&mut create).await {
            Some(Ok(Err(CreateError::Unknown(error)))) => Err(self.remove_unseen(mark, error).await),
            Some(created) => created.map_err(|error| Error::caused(ErrorKind::Engine, error)),
            None => Err(self.give_up(create, mark).await),
        }
    }

    /// The engine may finish the creation all the same: what it made is removed.
    async fn give_up(&self, create: JoinHandle<Result<Created, CreateError>>, mark: Option<String>) -> Error {
        let error = Error::new(ErrorKind::Abandoned, "got 3 SIGTERM/SIGINTs while the engine was creating");
        match tokio::time::timeout(LAST_CALLS, create).await {
            Ok(Ok(Ok(created))) => {
                let session = Session { engine: self.engine, id: &created.id, client: &self.request.client };
                session.clean_up(error).await
            }
            Ok(_) => error,
            Err(_) => self.remove_unseen(mark, error).await,
        }
    }

    /// Removes what the engine has made without telling, if it can be told from others; without a mark only its id could.
    async fn remove_unseen(&self, mark: Option<String>, error: Error) -> Error {
        let removal = async {
            let found = self.engine.labelled(&mark?).await.ok()?.containers;
            for container in &found {
                self.engine.remove(&container.id).await.ok()?;
            }
            (!found.is_empty()).then_some(())
        };
        match tokio::time::timeout(LAST_CALLS, removal).await {
            Ok(Some(())) => error,
            _ => error.hint("the engine may create the container all the same: look with `docker ps -a`"),
        }
    }

    async fn pull_missing(&self, identity: &mut Identity, signals: &mut SignalQueue) -> Result<()> {
        if !self.request.client.quiet {
            let image = ImageReference::parse(&self.request.spec.image).familiar();
            line(&format!("Unable to find image '{image}' locally"));
        }
        self.pull(identity, signals).await
    }

    /// Pulls, and fetches the credentials again when that took long.
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
        self.asked(pull, signals).await?;
        self.fetch_spent_again(identity, signals).await
    }

    /// Fetches the credentials again when what has been done meanwhile has used up their better half.
    pub(super) async fn fetch_spent_again(
        &self,
        identity: &mut Identity,
        signals: &mut SignalQueue,
    ) -> Result<()> {
        if !identity.is_past_half_life(OffsetDateTime::now_utc()) {
            return Ok(());
        }
        let injection = identity.injection.clone();
        *identity = self.asked(self.source.fetch(), signals).await?;
        // Where the endpoint is has been settled, and does not depend on what it serves.
        if self.source.token.is_some() {
            identity.injection = injection;
        }
        self.notices.credentials(identity);
        Ok(())
    }
}

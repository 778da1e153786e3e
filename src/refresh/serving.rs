//! Credentials for a container that runs already, for programs that are not `docker run`: an agent joins its network and
//! serves them on its loopback. `examples/serve_credentials.rs` is such a program.

use time::OffsetDateTime;
use tokio::sync::oneshot;

use super::agent_container::{self, Agent};
use super::halves;
use super::keeper::Keeper;
use super::labels::{Labels, Mode, Network};
use super::link::Charge;
use crate::agent::frame::AtEnd;
use crate::agent::{self, PATH};
use crate::credentials::{Credentials, Secret};
use crate::engine::{CreateError, Engine};
use crate::error::{Error, ErrorKind, Result};
use crate::injection::Injection;
use crate::provider::CredentialProvider;

/// Credentials that are served on a container's loopback, to whoever there has the token.
///
/// Call [`end`](Self::end) when it is over. A program that is killed leaves nothing either: its agent ends with it.
pub struct Serving {
    agent: Agent,
    port: u16,
    token: Secret,
    keeper: Keeper,
    failure: oneshot::Receiver<Error>,
}

impl Serving {
    /// Serves `first` in the network of the running container `container` (its name or id), and what `source` gives before
    /// those end. What happens meanwhile is said on stderr.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Credentials`] for credentials that an endpoint cannot serve,
    /// [`crate::error::ErrorKind::Refused`] for an engine that the agent cannot run on,
    /// [`crate::error::ErrorKind::Engine`] for what the engine refuses.
    pub async fn beside(
        engine: &Engine,
        container: &str,
        first: &Credentials,
        source: Box<dyn CredentialProvider>,
    ) -> Result<Self> {
        let (loaded, facts) =
            tokio::try_join!(agent::image_in(engine, OffsetDateTime::now_utc()), engine.facts())?;
        let labels = Labels::new(Mode::Foreground, Network::Shared);
        let mut spec = halves::agent_in(&format!("container:{container}"), &facts);
        spec.image.clone_from(&loaded.id);
        spec.set("Image", loaded.id);
        agent_container::label(&mut spec, &labels);
        let created = engine.create(&spec, &Injection::none()).await.map_err(CreateError::into_error)?;
        let agent = Agent::new(engine.clone(), created.id);
        match Self::begin(&agent, first, source).await {
            Ok((port, token, keeper, failure)) => Ok(Self { agent, port, token, keeper, failure }),
            Err(error) => Err(match agent.remove().await {
                None => error,
                Some(left) => error.hint(left),
            }),
        }
    }

    async fn begin(
        agent: &Agent,
        first: &Credentials,
        source: Box<dyn CredentialProvider>,
    ) -> Result<(u16, Secret, Keeper, oneshot::Receiver<Error>)> {
        let token = agent::token()?;
        let (wire, port) = agent.start(agent_container::hello(AtEnd::Exit, None, &token)).await?;
        let (failed, failure) = oneshot::channel();
        let charge = Charge {
            engine: agent.engine.clone(),
            id: agent.id.clone(),
            far: None,
            network: Network::Shared,
            quiet: false,
        };
        let keeper = Keeper::start(charge, wire, first, source, failed).await?;
        Ok((port, token, keeper, failure))
    }

    /// What leads an SDK in the container to them, names and values. The second value is a secret, though of use in that
    /// network alone.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, Secret); 2] {
        let uri = format!("http://127.0.0.1:{}{PATH}", self.port);
        [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", Secret::new(uri)),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", self.token.clone()),
        ]
    }

    /// Why nothing is served any more; for ever pending while all is well.
    pub async fn failed(&mut self) -> Error {
        match (&mut self.failure).await {
            Ok(error) => error,
            Err(_) => std::future::pending().await,
        }
    }

    /// Ends it, and removes the agent.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Engine`] when that cannot be removed; the next start of credrun does it.
    pub async fn end(mut self) -> Result<()> {
        self.keeper.rest().await;
        self.agent.remove().await.map_or(Ok(()), |left| Err(Error::new(ErrorKind::Engine, left)))
    }
}

impl std::fmt::Debug for Serving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Serving")
            .field("agent", &self.agent.id)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

//! Credentials for a container that runs already, for programs that are not `docker run`: an agent joins its network and
//! serves them on its loopback. `examples/serve_credentials.rs` is such a program.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::oneshot;

use super::halves;
use super::keeper::Keeper;
use super::labels::{Labels, Mode, Network, Role};
use super::link::{Charge, HEARTBEAT};
use super::sweep::remove_agent;
use super::wire::Wire;
use crate::agent::frame::{AtEnd, Hello};
use crate::agent::wiped::Wiped;
use crate::agent::{self, PATH};
use crate::credentials::{Credentials, Secret};
use crate::engine::{CreateError, Engine};
use crate::error::{Error, Result};
use crate::injection::Injection;
use crate::provider::CredentialProvider;

/// How long the removal of the agent may take.
const REMOVAL: Duration = Duration::from_secs(15);

/// Credentials that are served on a container's loopback, to whoever there has the token.
///
/// Call [`end`](Self::end) when it is over. A program that is killed leaves nothing either: its agent ends with it.
pub struct Serving {
    engine: Engine,
    agent: String,
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
        spec.name = Some(format!("credrun-agent-{}", labels.run));
        labels.put_on(Role::Agent, &mut spec);
        let created = engine.create(&spec, &Injection::none()).await.map_err(CreateError::into_error)?;
        let begun = Self::begin(engine, &created.id, first, source).await;
        match begun {
            Ok(serving) => Ok(serving),
            Err(error) => {
                let _ = remove_agent(engine, &created.id).await;
                Err(error)
            }
        }
    }

    async fn begin(
        engine: &Engine,
        id: &str,
        first: &Credentials,
        source: Box<dyn CredentialProvider>,
    ) -> Result<Self> {
        let token = agent::token()?;
        let mut wire = Wire::attach(engine, id).await?;
        engine.start(id).await?;
        let hello = Hello {
            at_end: AtEnd::Exit,
            port: halves::PORT,
            other_port: true,
            heartbeat_ms: u32::try_from(HEARTBEAT.as_millis()).unwrap_or(u32::MAX),
            token: Wiped::copy_of(token.expose().as_bytes()),
        };
        let port = wire.greet(hello).await?;
        let (failed, failure) = oneshot::channel();
        let charge = Charge {
            engine: engine.clone(),
            id: id.to_owned(),
            far: None,
            network: Network::Shared,
            quiet: false,
        };
        let keeper = Keeper::start(charge, wire, first, source, failed).await?;
        Ok(Self { engine: engine.clone(), agent: id.to_owned(), port, token, keeper, failure })
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
        let removed = tokio::time::timeout(REMOVAL, remove_agent(&self.engine, &self.agent)).await;
        removed.unwrap_or(Ok(()))
    }
}

impl std::fmt::Debug for Serving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Serving")
            .field("agent", &self.agent)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

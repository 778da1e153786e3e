//! The agent's container, from its start to its removal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::halves::PORT;
use super::labels::{Labels, Role};
use super::link::HEARTBEAT;
use super::sweep::remove_agent;
use super::wire::{LOOK, Wire};
use crate::agent::frame::{AtEnd, Hello};
use crate::agent::wiped::Wiped;
use crate::credentials::Secret;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::spec::ContainerSpec;

/// How long the removal of an agent may take.
const REMOVAL: Duration = Duration::from_secs(15);
/// How often it is looked for.
const GLANCE: Duration = Duration::from_millis(5);
/// How long after an answer that has not come.
const PAUSE: Duration = Duration::from_millis(200);

/// An agent that was created. Whoever has one removes it.
pub(crate) struct Agent {
    pub(crate) engine: Engine,
    pub(crate) id: String,
    is_gone: AtomicBool,
}

/// Names and labels the request for an agent as its run's.
pub(crate) fn label(spec: &mut ContainerSpec, labels: &Labels) {
    spec.name = Some(format!("credrun-agent-{}", labels.run));
    labels.put_on(Role::Agent, spec);
}

/// What it is told first. Without a port any that is free will do, the usual one if it is.
pub(crate) fn hello(at_end: AtEnd, port: Option<u16>, token: &Secret) -> Hello {
    Hello {
        at_end,
        port: port.unwrap_or(PORT),
        other_port: port.is_none(),
        heartbeat_ms: u32::try_from(HEARTBEAT.as_millis()).unwrap_or(u32::MAX),
        token: Wiped::copy_of(token.expose().as_bytes()),
    }
}

impl Agent {
    /// One that was created with this id.
    pub(crate) fn new(engine: Engine, id: String) -> Self {
        Self { engine, id, is_gone: AtomicBool::new(false) }
    }

    /// Removes it, if that has not been done; what is left when that fails.
    pub(crate) async fn remove(&self) -> Option<String> {
        if self.is_gone.load(Ordering::Relaxed) {
            return None;
        }
        let gone = async {
            remove_agent(&self.engine, &self.id).await?;
            // It may have ended by itself, and is being removed by the engine: its ports are taken until then.
            while self.is_there().await? {
                tokio::time::sleep(GLANCE).await;
            }
            Ok::<_, Error>(())
        };
        match tokio::time::timeout(REMOVAL, gone).await {
            Ok(Ok(())) => {
                self.is_gone.store(true, Ordering::Relaxed);
                None
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "the agent stays");
                Some(self.left())
            }
            Err(_) => Some(self.left()),
        }
    }

    /// One answer that does not come says nothing of the agent.
    async fn is_there(&self) -> Result<bool> {
        let life = match self.engine.life(&self.id).await {
            Err(_) => {
                tokio::time::sleep(PAUSE).await;
                self.engine.life(&self.id).await?
            }
            Ok(life) => life,
        };
        Ok(life.is_some())
    }

    fn left(&self) -> String {
        let id = self.id.get(..12).unwrap_or(&self.id);
        format!("the agent `{id}` could not be removed; the next start of credrun tries again")
    }

    /// Starts it, and waits until it listens: on which port.
    pub(crate) async fn start(&self, hello: Hello) -> Result<(Wire, u16)> {
        let mut wire = Wire::attach(&self.engine, &self.id).await.map_err(with_advice)?;
        self.engine.start(&self.id).await.map_err(in_its_own_words).map_err(with_advice)?;
        let port = wire.greet(hello).await?;
        Ok((wire, port))
    }
}

/// What cannot be started is the agent: `docker run` has codes of its own for the user's command.
fn in_its_own_words(error: Error) -> Error {
    match error.kind() {
        ErrorKind::CommandNotFound | ErrorKind::CommandNotExecutable => Error::new(ErrorKind::Engine, error)
            .context("the agent, which would serve the credentials, cannot be started"),
        _ => error,
    }
}

/// Somebody may have removed it already.
fn with_advice(error: Error) -> Error {
    if error.hints().is_empty() { error.hint(LOOK) } else { error }
}

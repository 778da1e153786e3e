//! The agent's container, from its start to its removal.

use std::time::Duration;

use crate::agent::frame::Hello;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::refresh::sweep::remove_agent;
use crate::refresh::wire::{LOOK, Wire};

/// How long the removal of an agent may take.
const REMOVAL: Duration = Duration::from_secs(15);
/// How often it is looked for.
const GLANCE: Duration = Duration::from_millis(5);

/// An agent that was created. Whoever has one removes it.
pub(super) struct Agent<'a> {
    pub(super) engine: &'a Engine,
    pub(super) id: String,
}

impl Agent<'_> {
    /// Removes it; what is left when that fails.
    pub(super) async fn remove(&self) -> Option<String> {
        let gone = async {
            remove_agent(self.engine, &self.id).await?;
            // It may have ended by itself, and is being removed by the engine: its ports are taken until then.
            while self.engine.life(&self.id).await?.is_some() {
                tokio::time::sleep(GLANCE).await;
            }
            Ok::<_, Error>(())
        };
        match tokio::time::timeout(REMOVAL, gone).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the agent stays");
                Some(self.left())
            }
            Err(_) => Some(self.left()),
        }
    }

    fn left(&self) -> String {
        let id = self.id.get(..12).unwrap_or(&self.id);
        format!("the agent `{id}` could not be removed; the next start of credrun tries again")
    }

    /// Starts it, and waits until it listens: on which port.
    pub(super) async fn start(&self, hello: Hello) -> Result<(Wire, u16)> {
        let mut wire = Wire::attach(self.engine, &self.id).await.map_err(with_advice)?;
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

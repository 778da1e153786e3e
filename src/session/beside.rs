//! What a run under `--refresh` has beside its container, and how it goes on waiting for that.

use std::time::Duration;

use tokio::sync::oneshot;

use super::{Exit, Session, WaitCondition};
use crate::background::Background;
use crate::engine::{Engine, State, Waiting};
use crate::error::{Error, Result};

/// How long an engine that does not answer is asked again for what it was asked already.
const PATIENCE: Duration = Duration::from_mins(5);
const PAUSE: Duration = Duration::from_secs(1);

/// It. By default: nothing.
#[derive(Default)]
pub(crate) struct Beside<'a> {
    /// Why the container cannot go on.
    pub(crate) failure: Option<oneshot::Receiver<Error>>,
    /// This process stays when the one that the user waits for has gone.
    pub(crate) background: Option<&'a Background>,
    /// The engine is far away: a wait that broke off says nothing about the container.
    pub(crate) waits_again: bool,
}

impl Beside<'_> {
    pub(super) fn is_in_background(&self) -> bool {
        self.background.is_some()
    }

    /// The container runs: leaves the terminal, where this process is to stay without it.
    pub(super) fn go(&self) -> Result<()> {
        self.background.map_or(Ok(()), Background::go)
    }

    /// Why the container has to end; for ever pending when nothing is amiss.
    pub(super) async fn failure(&mut self) -> Error {
        if let Some(failure) = &mut self.failure {
            let told = failure.await;
            // It is told once; or nobody is left to tell.
            self.failure = None;
            if let Ok(error) = told {
                return error;
            }
        }
        std::future::pending().await
    }
}

impl Session<'_> {
    /// Waits once more, as long as it takes; `error` is why the last wait ended.
    pub(super) fn wait_again(&self, error: Error) -> impl Future<Output = Result<Exit>> + Send + use<> {
        let (engine, id) = (self.engine.clone(), self.id.to_owned());
        let condition =
            if self.client.auto_remove { WaitCondition::Removed } else { WaitCondition::NextExit };
        async move {
            let asked = tokio::time::timeout(PATIENCE, registered(&engine, &id, condition)).await;
            match asked {
                Ok(Some(Registered::Waits(waiting))) => waiting.exit().await,
                Ok(Some(Registered::Ended(exit))) => Ok(exit),
                Ok(None) => Err(error.context(
                    "the container has ended while the connection was lost, and nobody knows with which status",
                )),
                Err(_) => Err(error),
            }
        }
    }
}

enum Registered {
    Waits(Box<Waiting>),
    Ended(Exit),
}

/// Asks until the engine answers; `None` when the container is gone.
async fn registered(engine: &Engine, id: &str, condition: WaitCondition) -> Option<Registered> {
    loop {
        match engine.life(id).await {
            Ok(None) => return None,
            Ok(Some(life)) if matches!(life.state, State::Exited | State::Removing) => {
                return Some(Registered::Ended(Exit { status: life.status }));
            }
            Ok(Some(_)) => {
                if let Ok(waiting) = engine.wait(id, condition).await {
                    return Some(Registered::Waits(Box::new(waiting)));
                }
            }
            Err(error) => tracing::debug!(%error, "the engine does not answer"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

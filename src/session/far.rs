//! Living with a container whose engine is far away: connections are lost on the way, and the container knows nothing
//! of it. The wait and the streams are made again.

use std::time::Duration;

use super::beside::{Far, dead};
use super::{Exit, Session, WaitCondition};
use crate::engine::{AttachOptions, Attached, Engine, Life, State, Waiting};
use crate::error::{Error, ErrorKind, Result};
use crate::notice::warn;

/// How long an engine that does not answer is asked again for what it was asked already.
const PATIENCE: Duration = Duration::from_mins(5);
const PAUSE: Duration = Duration::from_secs(1);
/// How long one answer may take: on a connection that is dead there will be none.
const ANSWER: Duration = Duration::from_secs(10);

/// A container and the engine that it is asked for, again and again.
struct Distant {
    engine: Engine,
    id: String,
    condition: WaitCondition,
    quiet: bool,
}

impl Session<'_> {
    pub(super) fn condition(&self) -> WaitCondition {
        if self.client.auto_remove { WaitCondition::Removed } else { WaitCondition::NextExit }
    }

    fn distant(&self) -> Distant {
        let (engine, id) = (self.engine.clone(), self.id.to_owned());
        Distant { engine, id, condition: self.condition(), quiet: self.client.quiet }
    }

    /// Waits for the end of the container, over as many connections as it takes where the engine is far away.
    pub(super) fn exit(
        &self,
        waiting: Waiting,
        far: Option<Far>,
    ) -> impl Future<Output = Result<Exit>> + Send + use<> {
        let distant = self.distant();
        async move {
            match far {
                None => waiting.exit().await,
                Some(far) => distant.exit(waiting, far).await,
            }
        }
    }

    /// The streams once more, as far as they can be had again; `None` when the container has ended.
    pub(super) fn attach_again(&self) -> impl Future<Output = Option<Attached>> + Send + use<> {
        let (distant, options) = (self.distant(), self.streams_again());
        let loses_input = self.client.attach_stdin && !options.stdin;
        async move {
            // The end of a container ends its output a moment before the wait.
            tokio::time::sleep(PAUSE).await;
            let mut attached = tokio::time::timeout(PATIENCE, distant.attached(&options)).await.ok()??;
            if !options.stdin {
                let _ = tokio::io::AsyncWriteExt::shutdown(&mut attached.writer).await;
            }
            distant.warn(if loses_input {
                "the container's streams were lost and are attached again: what it wrote meanwhile is not shown, and \
                 its stdin has ended, since the engine has closed that"
            } else {
                "the container's streams were lost and are attached again: what it wrote meanwhile is not shown"
            });
            Some(attached)
        }
    }

    /// With the first connection the engine closes the stdin of a container, but for that of a terminal.
    fn streams_again(&self) -> AttachOptions {
        AttachOptions { stdin: self.client.attach_stdin && self.client.tty, ..self.streams() }
    }
}

/// What the engine says of a container that was waited for.
enum Found {
    Waits(Box<Waiting>),
    Ended(Exit),
    /// It is gone, and was seen to end with this status.
    Gone(Option<i64>),
}

impl Distant {
    async fn exit(self, mut waiting: Waiting, mut far: Far) -> Result<Exit> {
        loop {
            let error = tokio::select! {
                ended = waiting.exit() => match ended {
                    Ok(exit) => return Ok(exit),
                    Err(error) => error,
                },
                () = dead(Some(&mut far)) => silent(),
            };
            self.warn(&format!("the wait for the container broke off, and is made again: {error}"));
            match tokio::time::timeout(PATIENCE, self.found()).await {
                Ok(Found::Waits(again)) => waiting = *again,
                Ok(Found::Ended(exit)) => return Ok(exit),
                Ok(Found::Gone(Some(status))) => return Ok(Exit { status }),
                Ok(Found::Gone(None)) => return Err(error.context(
                    "the container has ended while the connection was lost, and nobody knows with which status",
                )),
                Err(_) => return Err(error),
            }
        }
    }

    /// Asks until the engine answers.
    async fn found(&self) -> Found {
        loop {
            match self.life().await {
                Ok(None) => return Found::Gone(self.past_status().await),
                Ok(Some(life)) if matches!(life.state, State::Exited | State::Removing) => {
                    return Found::Ended(Exit { status: life.status });
                }
                Ok(Some(_)) => {
                    let wait = self.engine.wait(&self.id, self.condition);
                    if let Ok(Ok(waiting)) = tokio::time::timeout(ANSWER, wait).await {
                        return Found::Waits(Box::new(waiting));
                    }
                }
                Err(error) => tracing::debug!(%error, "the engine does not answer"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn attached(&self, options: &AttachOptions) -> Option<Attached> {
        loop {
            match self.life().await {
                Ok(life) if !life.is_some_and(|life| life.state.is_up()) => return None,
                Ok(_) => {
                    let attach = self.engine.attach(&self.id, options);
                    if let Ok(Ok(attached)) = tokio::time::timeout(ANSWER, attach).await {
                        return Some(attached);
                    }
                }
                Err(error) => tracing::debug!(%error, "the engine does not answer"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn life(&self) -> Result<Option<Life>> {
        tokio::time::timeout(ANSWER, self.engine.life(&self.id)).await.unwrap_or_else(|_| Err(silent()))
    }

    async fn past_status(&self) -> Option<i64> {
        let past = tokio::time::timeout(ANSWER, self.engine.past_status(&self.id)).await;
        past.unwrap_or_else(|_| Err(silent())).unwrap_or_else(|error| {
            tracing::debug!(%error, "the engine does not tell its events");
            None
        })
    }

    fn warn(&self, text: &str) {
        if !self.quiet {
            warn(text);
        }
    }
}

fn silent() -> Error {
    Error::new(ErrorKind::Engine, "the engine says nothing any more")
}

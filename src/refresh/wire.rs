//! The stream between credrun and an agent in a container.

use std::time::Duration;

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncWriteExt, ReadHalf, WriteHalf};

use crate::agent::frame::{FromAgent, Hello, ToAgent};
use crate::agent::link::AgentOutput;
use crate::engine::{AttachOptions, Attached, DetachKeys, Engine};
use crate::error::{Error, ErrorKind, Result};

/// How long an agent may take for what it does at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// It.
pub(crate) struct Wire {
    output: AgentOutput<ReadHalf<TokioIo<Upgraded>>>,
    writer: WriteHalf<TokioIo<Upgraded>>,
}

impl Wire {
    /// Attaches to the agent's container.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`].
    pub(crate) async fn attach(engine: &Engine, id: &str) -> Result<Self> {
        let options =
            AttachOptions { stdin: true, stdout: true, stderr: false, detach_keys: DetachKeys::Never };
        let Attached { reader, writer } = engine.attach(id, &options).await?;
        Ok(Self { output: AgentOutput::attached(reader), writer })
    }

    /// Tells the agent what it is for, and waits until it listens: on which port.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`], with what the agent says.
    pub(crate) async fn greet(&mut self, hello: Hello) -> Result<u16> {
        let port = hello.port;
        self.send(&ToAgent::Hello(hello)).await.map_err(not_ready)?;
        match self.answer().await.map_err(not_ready)? {
            FromAgent::Ready { port, .. } => Ok(port),
            FromAgent::Failed { port_taken: true, .. } => {
                Err(not_ready(format!("port {port} of the container's loopback is taken")))
            }
            FromAgent::Failed { message, .. } => Err(not_ready(message)),
            FromAgent::Pong { .. } => Err(not_ready("it answers what it was not asked")),
        }
    }

    /// Shows that credrun lives, and waits for the answer: whether the agent holds credentials that are valid.
    ///
    /// # Errors
    /// Why there is no answer, in words.
    pub(crate) async fn ping(&mut self, sequence: u64) -> Result<bool, String> {
        self.send(&ToAgent::Heartbeat { sequence }).await?;
        loop {
            match self.answer().await? {
                FromAgent::Pong { sequence: answered, holds, .. } if answered == sequence => {
                    return Ok(holds);
                }
                _ => {}
            }
        }
    }

    /// Sends a message, within [`PATIENCE`].
    ///
    /// # Errors
    /// Why it cannot be sent, in words.
    pub(crate) async fn send(&mut self, message: &ToAgent) -> Result<(), String> {
        let bytes = message.to_bytes();
        let sent = async {
            self.writer.write_all(bytes.expose()).await?;
            self.writer.flush().await
        };
        match tokio::time::timeout(PATIENCE, sent).await {
            Ok(sent) => sent.map_err(|error| error.to_string()),
            Err(_) => Err(format!("it takes nothing for {} seconds", PATIENCE.as_secs())),
        }
    }

    /// The next message, however long it takes.
    ///
    /// # Errors
    /// Why there will be none, in words.
    pub(crate) async fn next(&mut self) -> Result<FromAgent, String> {
        match self.output.next().await {
            Ok(Some(message)) => Ok(message),
            Ok(None) => Err("its stream has ended".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Returns when it says something; never when it cannot.
    pub(crate) async fn speaks(&mut self) {
        if self.next().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    async fn answer(&mut self) -> Result<FromAgent, String> {
        let silence = || Err(format!("it says nothing for {} seconds", PATIENCE.as_secs()));
        tokio::time::timeout(PATIENCE, self.next()).await.unwrap_or_else(|_| silence())
    }
}

fn not_ready(cause: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::Engine,
        format!("the agent, which would serve the credentials, is not ready: {cause}"),
    )
    .hint(LOOK)
}

/// Where more is said of an agent that does not do what it is for.
pub(crate) const LOOK: &str =
    "`CREDRUN_LOG=debug` and the engine's own log say more; without `--refresh` there is no agent";

//! What runs have left behind whose credrun has gone: every start of credrun takes it away.
//!
//! It happens beside the run, which waits for it only where it may need a name or a port that a run has left behind. What
//! goes wrong is in the log (`CREDRUN_LOG`) alone.

use std::time::Duration;

use tokio::task::JoinHandle;

use super::owner::Place;
use super::runs::{self, Remains, Run};
use crate::engine::{Engine, Labelled, State};
use crate::error::Result;

/// How often the removal of an agent is tried, and how far apart. Podman refuses it while the target is still on its
/// way out.
const ATTEMPTS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(200);

/// A sweep that is going on.
#[derive(Debug)]
pub struct Sweep(JoinHandle<()>);

impl Sweep {
    /// How long a sweep may take at all.
    pub const LONGEST: Duration = Duration::from_secs(20);
    /// How long a run waits for it before it begins.
    pub const CLEARING: Duration = Duration::from_secs(10);
    /// How long a run that has ended waits for it.
    pub const LINGER: Duration = Duration::from_secs(2);

    /// Begins one.
    #[must_use]
    pub fn begin(engine: &Engine) -> Self {
        let engine = engine.clone();
        Self(tokio::spawn(async move {
            match tokio::time::timeout(Self::LONGEST, sweep(&engine)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "nothing is swept"),
                Err(_) => tracing::debug!("the sweep takes too long"),
            }
        }))
    }

    /// Waits until names and ports are free that nobody looks after, or for [`CLEARING`](Self::CLEARING).
    pub async fn cleared(&mut self) {
        self.wait(Self::CLEARING).await;
    }

    /// Waits until it is done, or for so long. What it has not done is the next one's.
    pub async fn finish(mut self, limit: Duration) {
        self.wait(limit).await;
        self.0.abort();
    }

    /// A task that has ended must not be waited for twice.
    async fn wait(&mut self, limit: Duration) {
        if !self.0.is_finished() {
            let _ = tokio::time::timeout(limit, &mut self.0).await;
        }
    }
}

/// Takes away what nobody looks after.
///
/// # Errors
/// [`crate::error::ErrorKind::Engine`] when the engine does not tell which containers there are.
async fn sweep(engine: &Engine) -> Result<()> {
    for run in runs::all(engine, &Place::here()).await? {
        let remains = run.remains();
        if remains == Remains::Nothing {
            continue;
        }
        let (id, standing) = (&run.labels.run, run.standing);
        tracing::debug!(run = %id, ?standing, ?remains, "swept");
        if let Err(error) = take_away(engine, &run, remains).await {
            tracing::debug!(run = %id, %error, "not swept");
        }
    }
    Ok(())
}

/// Takes away what remains of a run. The target goes first: the agent is its network.
///
/// # Errors
/// [`crate::error::ErrorKind::Engine`]; also when a container that was not running is running now.
pub(super) async fn take_away(engine: &Engine, run: &Run, remains: Remains) -> Result<()> {
    if remains == Remains::Both
        && let Some(target) = &run.target
    {
        remove(engine, &target.id, is_up(target)).await?;
    }
    let Some(agent) = run.agent.as_ref().filter(|_| remains != Remains::Nothing) else { return Ok(()) };
    let by_force = is_up(agent);
    persistently(engine, &agent.id, by_force).await
}

/// Removes an agent whose target is gone, or is on its way out.
///
/// # Errors
/// [`crate::error::ErrorKind::Engine`].
pub(crate) async fn remove_agent(engine: &Engine, id: &str) -> Result<()> {
    persistently(engine, id, true).await
}

async fn persistently(engine: &Engine, id: &str, by_force: bool) -> Result<()> {
    let mut attempt = 1;
    loop {
        match remove(engine, id, by_force).await {
            Err(_) if attempt < ATTEMPTS => tokio::time::sleep(PAUSE).await,
            other => return other,
        }
        attempt += 1;
    }
}

/// What did not run when it was judged is not removed by force: its owner may have started it since, and gone on.
async fn remove(engine: &Engine, id: &str, by_force: bool) -> Result<()> {
    if by_force { engine.remove(id).await } else { engine.remove_unless_running(id).await }
}

fn is_up(container: &Labelled) -> bool {
    container.state.is_up() || container.state == State::Removing
}

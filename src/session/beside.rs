//! What a run under `--refresh` has beside its container.

use tokio::sync::{oneshot, watch};

use crate::background::Background;
use crate::error::{Error, Result};

/// It. By default: nothing.
#[derive(Default)]
pub(crate) struct Beside<'a> {
    /// Why the container cannot go on.
    pub(crate) failure: Option<oneshot::Receiver<Error>>,
    /// This process stays when the one that the user waits for has gone.
    pub(crate) background: Option<&'a Background>,
    /// The engine is far away.
    pub(crate) far: Option<Far>,
}

/// An engine far away: a stream that broke off says nothing about the container. Told, by a new number, when streams
/// that say nothing are dead.
pub(crate) type Far = watch::Receiver<u32>;

impl Beside<'_> {
    pub(super) fn is_in_background(&self) -> bool {
        self.background.is_some()
    }

    /// The container runs: leaves the terminal, where this process is to stay without it.
    pub(super) fn go(&self) -> Result<()> {
        self.background.map_or(Ok(()), Background::go)
    }
}

/// Why the container has to end; for ever pending when nothing is amiss.
pub(super) async fn failure(told: &mut Option<oneshot::Receiver<Error>>) -> Error {
    if let Some(receiver) = told {
        let error = receiver.await;
        // It is told once; or nobody is left to tell.
        *told = None;
        if let Ok(error) = error {
            return error;
        }
    }
    std::future::pending().await
}

/// Returns when the streams that say nothing have turned out to be dead.
pub(super) async fn dead(far: Option<&mut Far>) {
    if let Some(far) = far
        && far.changed().await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

//! Living with a container: attach, wait, start, stream, forward signals, leave with its status.
//!
//! The order of the calls is the docker CLI's (cli/command/container/run.go). Where it would leave a
//! container behind (third Ctrl-C, stdout closed), this kills it: it holds credentials.

mod beside;
mod copies;
mod detach_keys;
mod far;
pub(crate) mod frames;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
pub mod signals;
mod stdio;
mod streams;
pub mod tty;

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;

use crate::engine::{AttachOptions, Attached, Engine, Exit, WaitCondition, Waiting};
use crate::error::{Error, ErrorKind, Result};
use crate::request::ClientOptions;
pub(crate) use beside::Beside;
use beside::{dead, failure};
use copies::{Copies, cut, joined, output_ended};
use signals::{Next, Signal, SignalQueue};
use streams::{InputEnd, OutputError};

/// How long a container that we end may take to go before it is removed by force.
const REMOVAL: Duration = Duration::from_secs(10);
/// How long output may still come when the engine has lost the container.
const DRAIN: Duration = Duration::from_secs(1);
/// How long an answer of the engine may take when the user has already given up.
pub(crate) const LAST_CALLS: Duration = Duration::from_secs(5);

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerExit {
    /// The container ended with this status.
    Status(i64),
    /// It goes on without us (`-d`, or the detach keys).
    Detached,
}

/// One created container and how it is to be lived with.
pub(crate) struct Session<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) id: &'a str,
    pub(crate) client: &'a ClientOptions,
}

impl Session<'_> {
    /// Starts the container and stays until it ends or goes on alone.
    pub(crate) async fn live(
        &self,
        signals: &mut SignalQueue,
        beside: &mut Beside<'_>,
    ) -> Result<ContainerExit> {
        let prepared = signals.through(self.prepare()).await;
        let (attached, waiting) = match prepared {
            Some(Ok(prepared)) => prepared,
            Some(Err(error)) => return Err(self.clean_up(error).await),
            None => return Err(self.clean_up(gave_up()).await),
        };
        if let Some(signal) = signals.termination() {
            return Err(self.clean_up(interrupted(&signal)).await);
        }
        if self.client.sig_proxy && !beside.is_in_background() {
            // Before the start: whoever sees the container's first output may send it one.
            signals.take_over_ignored();
        }
        let raw = self.raw_mode();
        let _raw = match raw {
            Ok(raw) => raw,
            Err(error) => return Err(self.clean_up(error).await),
        };
        let copies = attached.map(|attached| self.copy(attached, beside.far.is_some()));
        match signals.through(self.engine.start(self.id)).await {
            Some(Ok(())) => {}
            Some(Err(error)) => return Err(self.start_failed(error, waiting).await),
            None => return Err(self.abandon(gave_up(), waiting).await),
        }
        if self.client.detach {
            if let Err(error) = print_id(self.id).and_then(|()| beside.go()) {
                return Err(self.abandon(error, waiting).await);
            }
            if !beside.is_in_background() {
                return Ok(ContainerExit::Detached);
            }
        }
        self.stay(copies, waiting, signals, beside).await
    }

    /// Attach, then register the wait: nothing of a short run can be missed.
    async fn prepare(&self) -> Result<(Option<Attached>, Waiting)> {
        let client = self.client;
        let wanted = client.attach_stdin || client.attach_stdout || client.attach_stderr;
        let attached = if wanted && !client.detach {
            let mut attached = self.engine.attach(self.id, &self.streams()).await?;
            if !client.attach_stdin {
                // As docker does: the container's stdin is at its end from the beginning.
                let _ = tokio::io::AsyncWriteExt::shutdown(&mut attached.writer).await;
            }
            Some(attached)
        } else {
            None
        };
        Ok((attached, self.engine.wait(self.id, self.condition()).await?))
    }

    fn streams(&self) -> AttachOptions {
        AttachOptions {
            stdin: self.client.attach_stdin,
            stdout: self.client.attach_stdout,
            stderr: self.client.attach_stderr,
            detach_keys: self.client.detach_keys_text.clone(),
        }
    }

    fn raw_mode(&self) -> Result<Option<tty::RawMode>> {
        let wanted = self.client.tty && self.client.attach_stdin && io::stdin().is_terminal();
        let raw = (wanted && !self.client.detach).then(tty::RawMode::enter).transpose();
        raw.map_err(|error| {
            Error::caused(ErrorKind::Engine, error).context("the terminal cannot be set to raw mode")
        })
    }

    async fn stay(
        &self,
        copies: Option<Copies>,
        waiting: Waiting,
        signals: &mut SignalQueue,
        beside: &mut Beside<'_>,
    ) -> Result<ContainerExit> {
        let Copies { mut output, mut input, resume } = copies.unwrap_or_default();
        let (forward, size) = (self.forwarder(), self.size_follower());
        let mut waiting = tokio::spawn(self.exit(waiting, beside.far.clone()));
        let (mut exit, mut again): (Option<Exit>, Option<JoinHandle<Option<Attached>>>) = (None, None);
        let is_in_background = beside.is_in_background();
        loop {
            if let (Some(exit), None) = (exit, &output) {
                return Ok(ContainerExit::Status(exit.status));
            }
            tokio::select! {
                end = joined(&mut output), if output.is_some() => {
                    output = None;
                    if let Err(error) = output_ended(end) {
                        cut(None, input);
                        return Err(self.end_by_force(error, &mut waiting, exit.is_some()).await);
                    }
                    again = beside.far.is_some().then(|| tokio::spawn(self.attach_again()));
                }
                () = dead(beside.far.as_mut()) => if let Some(output) = output.take() {
                    output.abort();
                    again = Some(tokio::spawn(self.attach_again()));
                },
                attached = joined(&mut again), if again.is_some() => {
                    again = None;
                    output = attached.ok().flatten().and_then(|attached| self.copy_again(attached, resume.as_ref()));
                }
                end = joined(&mut input), if input.is_some() => {
                    input = None;
                    if end.is_ok_and(|end| end == InputEnd::Detached) {
                        return Ok(ContainerExit::Detached);
                    }
                }
                end = &mut waiting, if exit.is_none() => match flatten(end) {
                    Ok(end) => exit = Some(end),
                    Err(error) => return Err(self.lost(error, output).await),
                },
                error = failure(&mut beside.failure), if exit.is_none() => {
                    return Err(self.end_with(error, &mut waiting).await);
                }
                next = signals.next() => match (next, exit) {
                    // Whoever ends this process ends no container: the agent holds the network for it.
                    (next, _) if is_in_background => {
                        if !matches!(next, Next::Signal(signal) if !signal.is_fatal()) {
                            return Ok(ContainerExit::Detached);
                        }
                    }
                    // Only its output is still on the way.
                    (Next::GiveUp, Some(exit)) => return Ok(ContainerExit::Status(exit.status)),
                    (Next::GiveUp, None) => {
                        cut(output, input);
                        return Err(self.end_by_force(gave_up(), &mut waiting, false).await);
                    }
                    (Next::Signal(signal), None) if signal.is_fatal() && self.ends_us(&signal) => {
                        cut(output, input);
                        return Err(self.end_by_force(ended_by(&signal), &mut waiting, false).await);
                    }
                    (Next::Signal(signal), _) => self.act_on(signal, &forward, &size),
                },
            }
        }
    }

    /// Without `--sig-proxy` docker dies of HUP and QUIT, and takes INT and TERM only the third time.
    fn ends_us(&self, signal: &Signal) -> bool {
        !self.client.sig_proxy && !signal.is_termination()
    }

    fn act_on(&self, signal: Signal, forward: &UnboundedSender<Signal>, size: &Notify) {
        if signal.name == "WINCH" {
            size.notify_one();
        }
        if self.client.sig_proxy {
            let _ = forward.send(signal);
        }
    }

    /// Sends signals in their order, beside everything else: a slow engine must not hold up the streams.
    fn forwarder(&self) -> UnboundedSender<Signal> {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel::<Signal>();
        let (engine, id) = (self.engine.clone(), self.id.to_owned());
        tokio::spawn(async move {
            while let Some(signal) = receiver.recv().await {
                if let Err(error) = engine.kill(&id, &signal.name).await {
                    tracing::debug!(signal = signal.name, %error, "signal not delivered");
                }
            }
        });
        sender
    }

    /// Gives the container the size of our terminal, now and at each notice, one after the other, so that the
    /// last size is the one that stays.
    fn size_follower(&self) -> Arc<Notify> {
        let changed = Arc::new(Notify::new());
        if self.client.tty && io::stdout().is_terminal() {
            let (engine, id, changed) = (self.engine.clone(), self.id.to_owned(), Arc::clone(&changed));
            tokio::spawn(async move {
                loop {
                    resize(&engine, &id).await;
                    changed.notified().await;
                }
            });
        }
        changed
    }

    /// The engine's wait broke off: nobody can tell how the container is, and it holds credentials. What it
    /// wrote is shown first.
    async fn lost(&self, error: Error, output: Option<JoinHandle<Result<(), OutputError>>>) -> Error {
        if let Some(output) = output {
            let _ = tokio::time::timeout(DRAIN, output).await;
        }
        let killed = tokio::time::timeout(LAST_CALLS, self.engine.kill(self.id, "KILL")).await;
        let is_killed = matches!(killed, Ok(Ok(())));
        let error = if is_killed { error.context("the container was killed") } else { error };
        match is_killed {
            _ if self.client.auto_remove => self.clean_up(error).await,
            true => error,
            false => self.may_still_run(error),
        }
    }

    /// Removes a container that never started.
    pub(crate) async fn clean_up(&self, error: Error) -> Error {
        let removal = tokio::time::timeout(REMOVAL, self.engine.remove(self.id)).await;
        match removal {
            Ok(Ok(())) => error,
            _ => error.hint(format!("the container `{}` could not be removed: `docker rm -f` it", self.id)),
        }
    }

    /// The engine removes what it could not start when AutoRemove is set; it is made sure of here. Without
    /// `--rm` the container stays, as docker leaves it.
    async fn start_failed(&self, error: Error, waiting: Waiting) -> Error {
        if self.client.detach {
            let _ = print_id(self.id);
        }
        if !self.client.auto_remove {
            return error;
        }
        match tokio::time::timeout(REMOVAL, waiting.exit()).await {
            Ok(Ok(_)) => error,
            _ => self.clean_up(error).await,
        }
    }

    async fn abandon(&self, error: Error, waiting: Waiting) -> Error {
        self.end_by_force(error, &mut tokio::spawn(waiting.exit()), false).await
    }

    /// Kills the container and waits until it is gone.
    async fn end_by_force(&self, error: Error, waiting: &mut JoinHandle<Result<Exit>>, ended: bool) -> Error {
        if ended {
            return error;
        }
        match tokio::time::timeout(REMOVAL, self.kill_until(waiting)).await {
            Ok(Ok(Ok(_))) => error.context("the container was killed"),
            _ if self.client.auto_remove => self.clean_up(error).await,
            _ => self.may_still_run(error),
        }
    }

    /// The same for an error that says already that it is done.
    async fn end_with(&self, error: Error, waiting: &mut JoinHandle<Result<Exit>>) -> Error {
        match tokio::time::timeout(REMOVAL, self.kill_until(waiting)).await {
            Ok(Ok(Ok(_))) => error,
            _ => self.clean_up(error).await,
        }
    }

    fn may_still_run(&self, error: Error) -> Error {
        error.hint(format!("the container `{}` may still run: `docker kill` it", self.id))
    }

    /// Kills again and again, since one that is still being started cannot be killed yet.
    async fn kill_until(
        &self,
        waiting: &mut JoinHandle<Result<Exit>>,
    ) -> Result<Result<Exit>, tokio::task::JoinError> {
        loop {
            let _ = tokio::time::timeout(LAST_CALLS, self.engine.kill(self.id, "KILL")).await;
            if let Ok(end) = tokio::time::timeout(Duration::from_millis(200), &mut *waiting).await {
                return end;
            }
        }
    }
}

/// Right after the start the container may not be ready for it: docker tries ten more times, 10 to 100 ms apart
/// (cli/command/container/tty.go).
async fn resize(engine: &Engine, id: &str) {
    for attempt in 0..=10u64 {
        tokio::time::sleep(Duration::from_millis(attempt * 10)).await;
        let Some((rows, columns)) = tty::size() else { return };
        if engine.resize(id, rows, columns).await.is_ok() {
            return;
        }
    }
}

fn flatten(end: Result<Result<Exit>, tokio::task::JoinError>) -> Result<Exit> {
    end.map_err(|error| Error::caused(ErrorKind::Engine, error))?
}

fn print_id(id: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{id}").and_then(|()| stdout.flush()).map_err(|error| {
        Error::caused(ErrorKind::Abandoned, error).context("the container's id cannot be written to stdout")
    })
}

fn gave_up() -> Error {
    Error::new(ErrorKind::Abandoned, "got 3 SIGTERM/SIGINTs")
}

/// A run that was stopped before its container started.
pub(crate) fn interrupted(signal: &Signal) -> Error {
    ended_by(signal).context("the container was not started")
}

pub(crate) fn ended_by(signal: &Signal) -> Error {
    let number = u8::try_from(signal.number).unwrap_or(0);
    Error::new(ErrorKind::Interrupted(number), format!("interrupted by SIG{}", signal.name))
}

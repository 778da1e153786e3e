//! The tasks that copy a container's streams.

use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};

use super::detach_keys::{self, DetachKeys};
use super::streams::{self, InputEnd, OutputError};
use super::{Session, stdio};
use crate::engine::{Attached, ContainerOutput, ContainerStdin};
use crate::error::{Error, ErrorKind, Result};
use crate::notice::say;

pub(super) type Output = JoinHandle<Result<(), OutputError>>;

#[derive(Default)]
pub(super) struct Copies {
    pub(super) output: Option<Output>,
    pub(super) input: Option<JoinHandle<InputEnd>>,
    /// Takes the container's stdin where that is attached again.
    pub(super) resume: Option<Resume>,
}

pub(super) type Resume = mpsc::UnboundedSender<ContainerStdin>;

impl Session<'_> {
    /// Begins to copy; `is_far`: the streams may be attached again.
    pub(super) fn copy(&self, attached: Attached, is_far: bool) -> Copies {
        let client = self.client;
        let Attached { reader, writer } = attached;
        let keys = client.tty.then(|| {
            DetachKeys::new(client.detach_keys.clone().unwrap_or_else(|| detach_keys::DEFAULT.to_vec()))
        });
        let (resume, resumed) = mpsc::unbounded_channel();
        let input = client
            .attach_stdin
            .then(|| tokio::spawn(streams::copy_input(stdio::stdin(), writer, keys, resumed)));
        // The engine closes every other container's stdin with the first connection.
        let resume = (is_far && client.tty).then_some(resume);
        Copies { output: self.copy_output(reader), input, resume }
    }

    /// Goes on with streams that were attached again.
    pub(super) fn copy_again(&self, attached: Attached, resume: Option<&Resume>) -> Option<Output> {
        if let Some(resume) = resume {
            let _ = resume.send(attached.writer);
        }
        self.copy_output(attached.reader)
    }

    fn copy_output(&self, reader: ContainerOutput) -> Option<Output> {
        let client = self.client;
        (client.attach_stdout || client.attach_stderr).then(|| {
            if client.tty {
                tokio::spawn(streams::copy_raw(reader, stdio::stdout()))
            } else {
                tokio::spawn(streams::copy_frames(
                    reader,
                    client.attach_stdout.then(stdio::stdout),
                    client.attach_stderr.then(stdio::stderr),
                ))
            }
        })
    }
}

/// Lets go of the streams. Output that nobody reads holds a container that has ended, and whatever asks for it, for as
/// long as the connection is there (seen with 20.10).
pub(super) fn cut(output: Option<Output>, input: Option<JoinHandle<InputEnd>>) {
    output.inspect(JoinHandle::abort);
    input.inspect(JoinHandle::abort);
}

/// Waits for a task that may not be there (then the branch is disabled and this is never polled).
pub(super) async fn joined<T>(task: &mut Option<JoinHandle<T>>) -> Result<T, JoinError> {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}

/// An error when our side of the output is closed: then nobody is left to run for.
pub(super) fn output_ended(end: Result<Result<(), OutputError>, JoinError>) -> Result<()> {
    match end {
        Ok(Ok(())) => Ok(()),
        Ok(Err(OutputError::Write(error))) => {
            Err(Error::caused(ErrorKind::Abandoned, error).context("the output cannot be written"))
        }
        // The status tells how it went on; the engine's own words are worth showing.
        Ok(Err(OutputError::Read(error))) => {
            say(&format!("lost the container's output: {error}"));
            Ok(())
        }
        Ok(Err(OutputError::Engine(text))) => {
            say(&format!("error from the engine in the stream: {text}"));
            Ok(())
        }
        Err(error) => Err(Error::caused(ErrorKind::Engine, error)),
    }
}

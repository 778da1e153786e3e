//! Bytes between this process and the container, unchanged and in constant memory: the next chunk is read
//! when the last one is written.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::UnboundedReceiver;

use super::detach_keys::DetachKeys;
use super::frames::{Frames, Target};

/// Large enough that the cost of a call does not matter, small enough that many runs side by side fit.
pub(super) const CHUNK: usize = 64 * 1024;

/// Why copying the output ended early.
#[derive(Debug)]
pub(super) enum OutputError {
    /// Our stdout or stderr takes no more.
    Write(io::Error),
    /// The engine's side broke.
    Read(io::Error),
    /// The engine reports an error in the stream itself.
    Engine(String),
}

/// How copying the input ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum InputEnd {
    /// Nothing more to send, or nobody to take it.
    Done,
    /// The detach keys were typed.
    Detached,
}

/// Copies a TTY's output: one stream, every byte as it is.
pub(super) async fn copy_raw<R, W>(mut from: R, mut stdout: W) -> Result<(), OutputError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = from.read(&mut chunk).await.map_err(OutputError::Read)?;
        if count == 0 {
            return Ok(());
        }
        tracing::trace!(count, "output");
        stdout.write_all(&chunk[..count]).await.map_err(OutputError::Write)?;
        stdout.flush().await.map_err(OutputError::Write)?;
    }
}

/// Copies framed output to stdout and stderr, of which one may not be attached: Podman sends it all the same (seen
/// with 4.3).
pub(super) async fn copy_frames<R, O, E>(
    mut from: R,
    mut stdout: Option<O>,
    mut stderr: Option<E>,
) -> Result<(), OutputError>
where
    R: AsyncRead + Unpin,
    O: AsyncWrite + Unpin,
    E: AsyncWrite + Unpin,
{
    let (mut chunk, mut frames, mut message) = (vec![0; CHUNK], Frames::default(), Vec::new());
    loop {
        let count = from.read(&mut chunk).await.map_err(OutputError::Read)?;
        if count == 0 {
            break;
        }
        tracing::trace!(count, "output");
        let mut data = &chunk[..count];
        while !data.is_empty() {
            let (used, payload) = frames.next(data).map_err(OutputError::Engine)?;
            match payload {
                Some((Target::Stdout, range)) => write(&mut stdout, &data[range]).await?,
                Some((Target::Stderr, range)) => write(&mut stderr, &data[range]).await?,
                // Bounded, since this is kept.
                Some((Target::Engine, range)) => {
                    let left = CHUNK - message.len();
                    message.extend(data[range].iter().take(left));
                }
                None => {}
            }
            data = &data[used..];
        }
        flush(&mut stdout).await?;
        flush(&mut stderr).await?;
    }
    if message.is_empty() {
        Ok(())
    } else {
        Err(OutputError::Engine(String::from_utf8_lossy(&message).into()))
    }
}

async fn write<W: AsyncWrite + Unpin>(to: &mut Option<W>, data: &[u8]) -> Result<(), OutputError> {
    match to {
        Some(to) => to.write_all(data).await.map_err(OutputError::Write),
        None => Ok(()),
    }
}

async fn flush<W: AsyncWrite + Unpin>(to: &mut Option<W>) -> Result<(), OutputError> {
    match to {
        Some(to) => to.flush().await.map_err(OutputError::Write),
        None => Ok(()),
    }
}

/// Copies our stdin to the container and closes it there at the end. What is `resumed` takes the place of a stream that
/// is lost, with which goes what it had not delivered.
pub(super) async fn copy_input<R, W>(
    mut from: R,
    mut to: W,
    mut keys: Option<DetachKeys>,
    mut resumed: UnboundedReceiver<W>,
) -> InputEnd
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (mut chunk, mut filtered) = (vec![0; CHUNK], Vec::new());
    // An error of reading our stdin is its end; one of writing means that the container has ended, and its
    // status says why.
    while let Ok(count @ 1..) = from.read(&mut chunk).await {
        tracing::trace!(count, "input");
        let mut data = &chunk[..count];
        let mut detached = false;
        if let Some(keys) = &mut keys {
            filtered.clear();
            detached = keys.filter(data, &mut filtered);
            data = &filtered;
        }
        while let Ok(again) = resumed.try_recv() {
            to = again;
        }
        while to.write_all(data).await.is_err() || to.flush().await.is_err() {
            let Some(again) = resumed.recv().await else { return InputEnd::Done };
            to = again;
        }
        if detached {
            return InputEnd::Detached;
        }
    }
    let _ = to.shutdown().await;
    InputEnd::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
        [&[kind, 0, 0, 0], &length[..], payload].concat()
    }

    async fn demultiplexed(bytes: &[u8], step: usize) -> (Vec<u8>, Vec<u8>, Result<(), OutputError>) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let (mut writer, reader) = tokio::io::duplex(step);
        let bytes = bytes.to_vec();
        tokio::spawn(async move { writer.write_all(&bytes).await });
        let result = copy_frames(reader, Some(&mut out), Some(&mut err)).await;
        (out, err, result)
    }

    #[tokio::test]
    async fn frames_come_apart_wherever_they_are_cut() {
        let bytes = [frame(1, b"\x01\x02abc"), frame(2, b"err"), frame(1, b""), frame(1, b"more")].concat();
        for step in [1, 2, 3, 7, 8, 9, 64, 4096] {
            let (out, err, result) = demultiplexed(&bytes, step).await;
            assert_eq!(
                (out.as_slice(), err.as_slice()),
                (&b"\x01\x02abcmore"[..], &b"err"[..]),
                "step {step}"
            );
            assert!(result.is_ok());
        }
    }

    #[tokio::test]
    async fn a_stream_that_is_not_attached_is_dropped() {
        let bytes = [frame(1, b"out"), frame(2, b"err")].concat();
        let mut err = Vec::new();
        copy_frames(bytes.as_slice(), None::<Vec<u8>>, Some(&mut err)).await.expect("copied");
        assert_eq!(err, b"err");
    }

    #[tokio::test]
    async fn the_engines_own_error_is_reported() {
        let (_, _, result) = demultiplexed(&frame(3, b"log driver failed"), 5).await;
        assert!(matches!(result, Err(OutputError::Engine(text)) if text == "log driver failed"));
        for step in [4096, CHUNK] {
            let long = frame(3, &vec![b'x'; 2 * CHUNK + 7]);
            let (_, _, result) = demultiplexed(&long, step).await;
            assert!(matches!(result, Err(OutputError::Engine(text)) if text.len() == CHUNK), "step {step}");
        }
        let (_, _, result) = demultiplexed(&frame(9, b"x"), 5).await;
        assert!(matches!(result, Err(OutputError::Engine(_))));
    }

    #[tokio::test]
    async fn a_ttys_bytes_are_never_parsed() {
        let mut out = Vec::new();
        copy_raw(&b"\x01\x02abcprompt> x"[..], &mut out).await.expect("copied");
        assert_eq!(out, b"\x01\x02abcprompt> x");
    }

    fn nothing<W>() -> UnboundedReceiver<W> {
        tokio::sync::mpsc::unbounded_channel().1
    }

    #[tokio::test]
    async fn input_goes_on_in_a_stream_that_takes_the_place_of_a_lost_one() {
        let (mut typed, stdin) = tokio::io::duplex(64);
        let (lost, other_end) = tokio::io::duplex(64);
        let (resume, resumed) = tokio::sync::mpsc::unbounded_channel();
        let copy = tokio::spawn(copy_input(stdin, lost, None, resumed));
        drop(other_end);
        typed.write_all(b"one ").await.expect("typed");
        let (again, mut theirs) = tokio::io::duplex(64);
        resume.send(again).expect("it waits");
        let mut got = [0; 4];
        theirs.read_exact(&mut got).await.expect("read");
        assert_eq!(&got, b"one ");
        let (another, mut theirs) = tokio::io::duplex(64);
        resume.send(another).expect("it reads");
        typed.write_all(b"two").await.expect("typed");
        drop(typed);
        let mut got = Vec::new();
        theirs.read_to_end(&mut got).await.expect("read");
        assert_eq!(got, b"two");
        assert_eq!(copy.await.expect("copied"), InputEnd::Done);
    }

    #[tokio::test]
    async fn input_ends_with_a_half_close() {
        let (ours, mut theirs) = tokio::io::duplex(8);
        let copy = tokio::spawn(copy_input(&b"hello, container"[..], ours, None, nothing()));
        let mut got = Vec::new();
        theirs.read_to_end(&mut got).await.expect("read");
        assert_eq!(got, b"hello, container");
        assert_eq!(copy.await.expect("copied"), InputEnd::Done);
    }

    #[tokio::test]
    async fn detach_keys_are_not_sent() {
        let mut sent = Vec::new();
        let keys = DetachKeys::new(super::super::detach_keys::DEFAULT.to_vec());
        let end = copy_input(&b"ls\n\x10\x11rest"[..], &mut sent, Some(keys), nothing()).await;
        assert_eq!((sent.as_slice(), end), (&b"ls\n"[..], InputEnd::Detached));
    }
}

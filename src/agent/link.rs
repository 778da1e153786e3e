//! What the agent says, as the host hears it.

use tokio::io::{AsyncRead, AsyncReadExt};

use super::frame::{Frame, FrameError, FromAgent};
use crate::session::frames::{Frames, Target};

/// The agent's messages out of its stdout, as a pipe has it or as an engine hands it over.
pub struct AgentOutput<R> {
    from: R,
    /// Takes an engine's stream apart; `None` for a plain one.
    engine: Option<Frames>,
    pending: Vec<u8>,
    /// What came last is no engine's stream.
    is_broken: bool,
}

const CHUNK: usize = 4096;

impl<R: AsyncRead + Unpin> AgentOutput<R> {
    /// The stdout of a process.
    pub fn plain(from: R) -> Self {
        Self { from, engine: None, pending: Vec::new(), is_broken: false }
    }

    /// An attached container's stream ([`crate::engine::Attached`]), without a TTY; of it stdout.
    pub fn attached(from: R) -> Self {
        Self { from, engine: Some(Frames::default()), pending: Vec::new(), is_broken: false }
    }

    /// The next message; `None` when the stream has ended. Nothing is lost when this is dropped before it is done.
    ///
    /// # Errors
    /// [`FrameError`] when what comes is not the agent's. The stream is of no use any more then.
    pub async fn next(&mut self) -> Result<Option<FromAgent>, FrameError> {
        loop {
            while let Some(frame) = Frame::take(&mut self.pending)? {
                // Another service's is not for us.
                if let Some(message) = FromAgent::of(&frame)? {
                    return Ok(Some(message));
                }
            }
            if self.is_broken {
                return Err(FrameError::NoFrame);
            }
            let mut chunk = [0; CHUNK];
            match self.from.read(&mut chunk).await.map_err(FrameError::Io)? {
                0 => return Ok(None),
                // What came before it is heard first, wherever the stream was cut.
                count => self.is_broken = self.keep(&chunk[..count]).is_err(),
            }
        }
    }

    fn keep(&mut self, mut data: &[u8]) -> Result<(), String> {
        let Some(engine) = &mut self.engine else {
            self.pending.extend_from_slice(data);
            return Ok(());
        };
        while !data.is_empty() {
            let (used, payload) = engine.next(data)?;
            if let Some((Target::Stdout, range)) = payload {
                self.pending.extend_from_slice(&data[range]);
            }
            data = &data[used..];
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    const MESSAGES: [FromAgent; 2] = [
        FromAgent::Ready { port: 31001, clock_unix_ms: 5 },
        FromAgent::Pong { sequence: 1, holds: false, served: 0, refused: 2 },
    ];

    fn sent() -> Vec<Vec<u8>> {
        MESSAGES.iter().map(|message| message.to_bytes().expose().to_vec()).collect()
    }

    async fn heard<R: AsyncRead + Unpin>(mut output: AgentOutput<R>) -> Vec<FromAgent> {
        let mut heard = Vec::new();
        while let Some(message) = output.next().await.expect("messages") {
            heard.push(message);
        }
        heard
    }

    /// As an engine wraps it: a head of its own before each piece, which need not be a whole message.
    fn wrapped(kind: u8, piece: &[u8]) -> Vec<u8> {
        let length = u32::try_from(piece.len()).expect("short").to_be_bytes();
        [&[kind, 0, 0, 0], &length[..], piece].concat()
    }

    #[tokio::test]
    async fn messages_are_heard_from_a_pipe_and_from_an_engine() {
        assert_eq!(heard(AgentOutput::plain(sent().concat().as_slice())).await, MESSAGES);
        let noise = wrapped(2, b"panic at x");
        for step in [1, 5, 8, 100] {
            let pieces = sent().concat();
            let pieces: Vec<u8> = pieces.chunks(step).flat_map(|piece| wrapped(1, piece)).collect();
            let stream = [noise.clone(), pieces, noise.clone()].concat();
            let (mut writer, reader) = tokio::io::duplex(step);
            tokio::spawn(async move { writer.write_all(&stream).await });
            assert_eq!(heard(AgentOutput::attached(reader)).await, MESSAGES, "in steps of {step}");
        }
    }

    #[tokio::test]
    async fn what_is_not_the_agent_s_is_refused() {
        let hello = b"hello, I am no agent";
        assert!(AgentOutput::plain(&hello[..]).next().await.is_err());
        assert!(AgentOutput::attached(&wrapped(1, hello)[..]).next().await.is_err());
        assert!(AgentOutput::attached(&hello[..]).next().await.is_err());
        assert_eq!(AgentOutput::plain(&b""[..]).next().await.expect("an end"), None);
    }

    #[tokio::test]
    async fn what_came_before_a_broken_stream_is_heard() {
        let stream = [wrapped(1, &sent().concat()), wrapped(9, b"x")].concat();
        let mut output = AgentOutput::attached(stream.as_slice());
        for message in MESSAGES {
            assert_eq!(output.next().await.expect("a message"), Some(message));
        }
        for _ in 0..2 {
            assert!(matches!(output.next().await, Err(FrameError::NoFrame)));
        }
    }

    #[tokio::test]
    async fn nothing_is_lost_by_not_waiting() {
        let (mut writer, reader) = tokio::io::duplex(1024);
        let mut output = AgentOutput::plain(reader);
        let first = &sent()[0];
        writer.write_all(&first[..10]).await.expect("written");
        tokio::select! {
            biased;
            message = output.next() => panic!("{message:?}"),
            () = tokio::task::yield_now() => {}
        }
        writer.write_all(&first[10..]).await.expect("written");
        assert_eq!(output.next().await.expect("a message"), Some(MESSAGES[0].clone()));
    }
}

//! A stream that comes in pieces, as one over a network does.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use tokio::io::{AsyncRead, ReadBuf};

/// Bytes that come in pieces whose lengths follow from a number. Never pending.
pub(crate) struct Pieces<'a> {
    rest: &'a [u8],
    state: u32,
}

impl<'a> Pieces<'a> {
    /// `data` in pieces of 1 to 16 bytes, another sequence of lengths for each `seed`; all at once for 0.
    pub(crate) fn of(data: &'a [u8], seed: u8) -> Self {
        Self { rest: data, state: u32::from(seed) }
    }

    /// What a future gives that waits for nothing but such streams.
    ///
    /// # Panics
    /// When it waits for something else.
    pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
        future.now_or_never().expect("nothing is waited for")
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let count = if self.state == 0 {
            self.rest.len()
        } else {
            // Numerical Recipes' generator: its upper bits are good enough to cut by.
            self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) | 1;
            1 + (self.state >> 28) as usize
        };
        let (piece, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        Some(piece)
    }
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let whole = self.rest;
        if let Some(piece) = self.next() {
            let count = piece.len().min(buffer.remaining());
            buffer.put_slice(&piece[..count]);
            self.rest = &whole[count..];
        }
        Poll::Ready(Ok(()))
    }
}

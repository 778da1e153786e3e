//! Our own stdin, stdout and stderr, asynchronously.
//!
//! tokio's would do but for one thing: another program that shares the terminal or the pipe may have set it to
//! non-blocking, and then `EAGAIN` means wait, not fail.

#[cfg(unix)]
mod platform {
    use std::io;
    use std::os::fd::BorrowedFd;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::io::Errno;
    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
    use tokio::task::{JoinHandle, spawn_blocking};

    use crate::session::streams::CHUNK;

    /// Stdout or stderr. A write is taken at once and done on another thread; the next one waits for it.
    pub(crate) struct Output {
        fd: BorrowedFd<'static>,
        busy: Option<JoinHandle<io::Result<()>>>,
    }

    /// Stdin.
    pub(crate) struct Input {
        fd: BorrowedFd<'static>,
        busy: Option<JoinHandle<io::Result<Vec<u8>>>>,
        /// What was read and not taken yet.
        left: Vec<u8>,
    }

    pub(crate) fn stdin() -> Input {
        Input { fd: rustix::stdio::stdin(), busy: None, left: Vec::new() }
    }

    pub(crate) fn stdout() -> Output {
        Output { fd: rustix::stdio::stdout(), busy: None }
    }

    pub(crate) fn stderr() -> Output {
        Output { fd: rustix::stdio::stderr(), busy: None }
    }

    /// Waits out what only means that it has to be tried again.
    fn patiently<T>(
        fd: BorrowedFd<'_>,
        ready: PollFlags,
        mut call: impl FnMut() -> rustix::io::Result<T>,
    ) -> io::Result<T> {
        loop {
            match call() {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => match poll(&mut [PollFd::new(&fd, ready)], None) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                },
                done => return Ok(done?),
            }
        }
    }

    fn write_all(fd: BorrowedFd<'_>, mut data: &[u8]) -> io::Result<()> {
        while !data.is_empty() {
            let count = patiently(fd, PollFlags::OUT, || rustix::io::write(fd, data))?;
            data = &data[count..];
        }
        Ok(())
    }

    fn read_some(fd: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
        let mut chunk = vec![0; CHUNK];
        let count = patiently(fd, PollFlags::IN, || rustix::io::read(fd, &mut chunk))?;
        chunk.truncate(count);
        Ok(chunk)
    }

    impl Output {
        fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
            let Some(busy) = &mut self.busy else { return Poll::Ready(Ok(())) };
            let done = ready!(Pin::new(busy).poll(context));
            self.busy = None;
            Poll::Ready(done.unwrap_or_else(|error| Err(io::Error::other(error))))
        }
    }

    impl AsyncWrite for Output {
        fn poll_write(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            data: &[u8],
        ) -> Poll<io::Result<usize>> {
            ready!(self.poll_idle(context))?;
            let (fd, data) = (self.fd, data[..data.len().min(CHUNK)].to_vec());
            let count = data.len();
            self.busy = Some(spawn_blocking(move || write_all(fd, &data)));
            Poll::Ready(Ok(count))
        }

        fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.poll_idle(context)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.poll_idle(context)
        }
    }

    impl AsyncRead for Input {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            if self.left.is_empty() {
                let fd = self.fd;
                let busy = self.busy.get_or_insert_with(|| spawn_blocking(move || read_some(fd)));
                let done = ready!(Pin::new(busy).poll(context));
                self.busy = None;
                self.left = done.unwrap_or_else(|error| Err(io::Error::other(error)))?;
            }
            let count = self.left.len().min(buffer.remaining());
            buffer.put_slice(&self.left[..count]);
            self.left.drain(..count);
            Poll::Ready(Ok(()))
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use std::io::{Read, Write};
        use std::os::fd::AsFd;

        /// Leaks the pipe's end, since the types above hold stdio's for ever.
        fn for_ever(end: impl AsFd) -> BorrowedFd<'static> {
            let owned = end.as_fd().try_clone_to_owned().expect("a copy");
            rustix::io::ioctl_fionbio(&owned, true).expect("non-blocking");
            let leaked: &'static std::os::fd::OwnedFd = Box::leak(Box::new(owned));
            leaked.as_fd()
        }

        #[tokio::test]
        async fn a_non_blocking_pipe_loses_nothing_on_the_way_out() {
            let (mut reader, writer) = std::io::pipe().expect("a pipe");
            let fd = for_ever(&writer);
            drop(writer);
            let data: Vec<u8> = (0..1_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
            let length = data.len();
            let read = spawn_blocking(move || {
                let mut got = vec![0; length];
                reader.read_exact(&mut got).map(|()| got)
            });
            let mut output = Output { fd, busy: None };
            tokio::io::AsyncWriteExt::write_all(&mut output, &data).await.expect("written");
            tokio::io::AsyncWriteExt::flush(&mut output).await.expect("flushed");
            assert!(read.await.expect("joined").expect("read") == data);
        }

        #[tokio::test]
        async fn a_non_blocking_pipe_that_is_empty_is_not_at_its_end() {
            let (reader, mut writer) = std::io::pipe().expect("a pipe");
            let mut input = Input { fd: for_ever(&reader), busy: None, left: Vec::new() };
            let late = spawn_blocking(move || {
                std::thread::sleep(std::time::Duration::from_millis(50));
                writer.write_all(b"late")
            });
            let mut got = Vec::new();
            tokio::io::AsyncReadExt::read_to_end(&mut input, &mut got).await.expect("read");
            late.await.expect("joined").expect("written");
            assert_eq!(got, b"late");
        }
    }
}

#[cfg(not(unix))]
mod platform {
    pub(crate) use tokio::io::{stderr, stdin, stdout};
}

pub(super) use platform::{stderr, stdin, stdout};

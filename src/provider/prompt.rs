//! A question at the terminal, with the answer unseen. Not at stdin, which is the container's.

use crate::credentials::Secret;
use crate::error::Result;

/// Asks at the terminal; `None` when there is none.
///
/// # Errors
/// [`crate::error::ErrorKind::Interrupted`] when a signal (Ctrl-C) comes before the answer; the terminal is then as it
/// was before.
pub(crate) async fn ask(question: &str) -> Result<Option<Secret>> {
    terminal::ask(question).await
}

#[cfg(unix)]
mod terminal {
    use std::fs::File;
    use std::io::{Read, Write};

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
    use tokio::signal::unix::{SignalKind, signal};
    use tokio::sync::oneshot;
    use zeroize::Zeroizing;

    use crate::credentials::Secret;
    use crate::error::{Error, ErrorKind, Result};

    /// An answer is a line; nobody types a longer one.
    const MOST: usize = 1024;

    /// The terminal as it was, put back on drop.
    struct Unseen {
        terminal: File,
        before: Termios,
    }

    impl Unseen {
        fn new(terminal: File) -> rustix::io::Result<Self> {
            let before = tcgetattr(&terminal)?;
            let mut unseen = before.clone();
            unseen.local_modes.remove(LocalModes::ECHO);
            unseen.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
            tcsetattr(&terminal, OptionalActions::Flush, &unseen)?;
            Ok(Self { terminal, before })
        }
    }

    impl Drop for Unseen {
        fn drop(&mut self) {
            let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
        }
    }

    pub(super) async fn ask(question: &str) -> Result<Option<Secret>> {
        let Ok(mut terminal) = File::options().read(true).write(true).open("/dev/tty") else { return Ok(None) };
        let Ok(reader) = terminal.try_clone() else { return Ok(None) };
        // From here on a signal no longer ends the process, which would leave the terminal without echo.
        let ended = ended()?;
        if terminal.write_all(question.as_bytes()).is_err() {
            return Ok(None);
        }
        let Ok(mut unseen) = Unseen::new(terminal) else { return Ok(None) };
        let (answer, typed) = oneshot::channel();
        // A thread of its own: it may wait for ever, and is left behind when a signal comes.
        std::thread::spawn(move || answer.send(line(reader)));
        tokio::select! {
            typed = typed => Ok(typed.ok().flatten()),
            number = ended => {
                let _ = unseen.terminal.write_all(b"\n");
                Err(Error::new(ErrorKind::Interrupted(number), "interrupted while the MFA code was asked for"))
            }
        }
    }

    /// The number of the first signal that means to end the program.
    fn ended() -> Result<impl Future<Output = u8>> {
        let listen = |kind, number| {
            signal(kind).map(|signal| (signal, number)).map_err(|error| Error::caused(ErrorKind::Credentials, error))
        };
        let (mut int, mut term, mut hup, mut quit) = (
            listen(SignalKind::interrupt(), 2)?,
            listen(SignalKind::terminate(), 15)?,
            listen(SignalKind::hangup(), 1)?,
            listen(SignalKind::quit(), 3)?,
        );
        Ok(async move {
            tokio::select! {
                _ = int.0.recv() => int.1,
                _ = term.0.recv() => term.1,
                _ = hup.0.recv() => hup.1,
                _ = quit.0.recv() => quit.1,
            }
        })
    }

    /// One line, byte by byte: what comes after it is not ours.
    fn line(mut terminal: File) -> Option<Secret> {
        let mut text = Zeroizing::new(Vec::with_capacity(MOST));
        let mut byte = [0];
        while text.len() < MOST && terminal.read(&mut byte).ok()? == 1 && byte[0] != b'\n' {
            text.push(byte[0]);
        }
        String::from_utf8(text.to_vec()).ok().map(Secret::new)
    }
}

#[cfg(not(unix))]
mod terminal {
    use crate::credentials::Secret;
    use crate::error::Result;

    /// Not built here: the code is given with `--token-code`.
    #[allow(clippy::unused_async, reason = "the same form as on Unix")]
    pub(super) async fn ask(_: &str) -> Result<Option<Secret>> {
        Ok(None)
    }
}

//! A question at the terminal, with the answer unseen. Not at stdin, which is the container's.

use crate::credentials::Secret;

/// Asks at the terminal; `None` when there is none. Whoever drops this before the answer, because a signal came, gets
/// the terminal back as it was.
pub(crate) async fn ask(question: &str) -> Option<Secret> {
    terminal::ask(question).await
}

#[cfg(unix)]
mod terminal {
    use std::fs::File;
    use std::io::{Read, Write};

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
    use tokio::sync::oneshot;
    use zeroize::Zeroizing;

    use crate::credentials::Secret;

    /// An answer is a line; nobody types a longer one.
    const MOST: usize = 1024;

    /// The terminal as it was, put back on drop.
    struct Unseen {
        terminal: File,
        before: Termios,
        answered: bool,
    }

    impl Unseen {
        fn new(terminal: File) -> rustix::io::Result<Self> {
            let before = tcgetattr(&terminal)?;
            let mut unseen = before.clone();
            unseen.local_modes.remove(LocalModes::ECHO);
            unseen.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
            tcsetattr(&terminal, OptionalActions::Flush, &unseen)?;
            Ok(Self { terminal, before, answered: false })
        }
    }

    impl Drop for Unseen {
        fn drop(&mut self) {
            if !self.answered {
                // What comes next begins on a line of its own.
                let _ = self.terminal.write_all(b"\n");
            }
            let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
        }
    }

    pub(super) async fn ask(question: &str) -> Option<Secret> {
        let mut terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
        let reader = terminal.try_clone().ok()?;
        terminal.write_all(question.as_bytes()).ok()?;
        let mut unseen = Unseen::new(terminal).ok()?;
        let (answer, typed) = oneshot::channel();
        // A thread of its own: it may wait for ever, and is left behind when nobody waits for it any longer.
        std::thread::spawn(move || answer.send(line(reader)));
        let typed = typed.await.ok().flatten();
        unseen.answered = true;
        typed
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

    /// Not built here: the code is given with `--token-code`.
    #[allow(clippy::unused_async, reason = "the same form as on Unix")]
    pub(super) async fn ask(_: &str) -> Option<Secret> {
        None
    }
}

//! A question at the terminal, with the answer unseen. Not at stdin, which is the container's.

use crate::credentials::Secret;

/// Whether there is a prompt on this system.
pub(crate) const BUILT: bool = cfg!(unix);

/// What came of a question.
#[derive(Debug)]
#[cfg_attr(not(unix), allow(dead_code, reason = "nobody is asked here"))]
pub(crate) enum Answer {
    /// A line, without its end.
    Typed(Secret),
    /// The end of the input (Ctrl-D), and no line.
    Ended,
    /// Nobody can be asked.
    NoTerminal,
}

/// Asks at the terminal. Whoever drops this before the answer, because a signal came, gets the terminal back as it was.
pub(crate) async fn ask(question: &str) -> Answer {
    terminal::ask(question).await
}

#[cfg(unix)]
mod terminal {
    use std::fs::File;
    use std::io::{Read, Write};

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
    use tokio::sync::oneshot;
    use zeroize::Zeroizing;

    use super::Answer;
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

    pub(super) async fn ask(question: &str) -> Answer {
        let Some((mut unseen, reader)) = open() else { return Answer::NoTerminal };
        // Who sees the question may answer it at once: by now nobody sees that.
        if unseen.terminal.write_all(question.as_bytes()).is_err() {
            return Answer::NoTerminal;
        }
        let (answer, typed) = oneshot::channel();
        // A thread of its own: it may wait for ever, and is left behind when nobody waits for it any longer.
        std::thread::spawn(move || answer.send(line(reader)));
        let typed = typed.await.ok().flatten();
        unseen.answered = typed.is_some();
        typed.map_or(Answer::Ended, Answer::Typed)
    }

    fn open() -> Option<(Unseen, File)> {
        let terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
        let reader = terminal.try_clone().ok()?;
        Some((Unseen::new(terminal).ok()?, reader))
    }

    /// One line, byte by byte: what comes after it is not ours. `None` when the input ends before the line does.
    fn line(mut from: impl Read) -> Option<Secret> {
        let mut text = Zeroizing::new(Vec::with_capacity(MOST));
        let mut byte = [0];
        while text.len() < MOST {
            if from.read(&mut byte).ok()? == 0 {
                return None;
            }
            if byte[0] == b'\n' {
                break;
            }
            text.push(byte[0]);
        }
        // What is not UTF-8 is no answer that anybody takes, and is not the end of the input.
        Some(Secret::new(str::from_utf8(&text).unwrap_or_default()))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn an_answer_is_a_line_with_its_end() {
            let long = [b'1'; MOST + 1];
            for (input, expected) in [
                (&b"123456\nmore\n"[..], Some("123456")),
                (b"\n", Some("")),
                (b"", None),
                (b"1234", None),
                (b"\xff\n", Some("")),
                (&long, Some(str::from_utf8(&long[..MOST]).expect("digits"))),
            ] {
                let answer = line(input);
                assert_eq!(answer.as_ref().map(Secret::expose), expected, "{input:?}");
            }
        }
    }
}

#[cfg(not(unix))]
mod terminal {
    use super::Answer;

    /// Not built here: the code is given with `--token-code`.
    #[allow(clippy::unused_async, reason = "the same form as on Unix")]
    pub(super) async fn ask(_: &str) -> Answer {
        Answer::NoTerminal
    }
}

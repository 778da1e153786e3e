//! `-d --refresh`: this program once more, which stays behind and looks after the credentials.
//!
//! The one that the user started waits until the container runs, so that errors, prompts and the exit code are seen
//! where they are expected. The other one inherits its streams until then; its stdin is a socket between the two.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// The first word of the command line of the one that stays.
pub const WORD: &str = "__background";

/// Where the log of what stays is kept: `XDG_STATE_HOME`, or what stands for it
/// (<https://specifications.freedesktop.org/basedir-spec/latest/>).
fn folder(environment: &Environment) -> Option<PathBuf> {
    let state = environment.non_empty("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(environment.home()?.join(".local/state")));
    Some(state?.join("credrun"))
}

fn unwritable(path: &std::path::Path, error: &io::Error) -> Error {
    Error::usage(format!(
        "the log of the background process, `{}`, cannot be written: {error}",
        path.display()
    ))
    .hint("set `XDG_STATE_HOME` to a directory that you may write to")
}

#[cfg(unix)]
mod platform {
    use std::fs::{DirBuilder, OpenOptions};
    use std::io::Read;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    use std::os::unix::net::UnixStream;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, ExitStatus};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::{
        Environment, Error, ErrorKind, File, OsString, PathBuf, Result, WORD, folder, io, unwritable,
    };

    /// Starts this program again with the same command line, and stays until its container runs or it has ended; the exit
    /// code.
    ///
    /// # Errors
    /// [`ErrorKind::Abandoned`] when it cannot be started.
    pub fn start(argv: Vec<OsString>) -> Result<u8> {
        // Signals: those that a terminal sends reach both, and the one that works acts on them; one that is sent to this
        // one alone ends it, its stdin ends with it, and the other gives the run up.
        started(argv).map_err(|error| {
            Error::caused(ErrorKind::Abandoned, error).context("the background process cannot be started")
        })
    }

    fn started(argv: Vec<OsString>) -> io::Result<u8> {
        let (mut ours, theirs) = UnixStream::pair()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(WORD).args(argv).stdin(OwnedFd::from(theirs));
        let mut child = command.spawn()?;
        // It holds the other end, too.
        drop(command);
        let mut told = [0; 1];
        match ours.read(&mut told) {
            Ok(1) => Ok(0),
            _ => child.wait().map(code),
        }
    }

    /// As a shell has it.
    fn code(status: ExitStatus) -> u8 {
        let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
        code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
    }

    /// How long an engine may take for what it was asked when the one that waits has gone.
    const GRACE: Duration = Duration::from_secs(5);
    /// Signals that come at once count as one.
    const AGAIN: Duration = Duration::from_millis(200);

    /// The one that waits may go.
    static IS_ALONE: AtomicBool = AtomicBool::new(false);

    /// Ends the run when the one that waits has gone before the container ran: with the signal that a shell would send.
    /// Signals have to be taken over already.
    pub(crate) fn end_with_starter() {
        std::thread::spawn(|| {
            let mut byte = [0; 1];
            // It never says anything: this is its end.
            while rustix::io::read(rustix::stdio::stdin(), &mut byte) == Err(rustix::io::Errno::INTR) {}
            // What an engine does that does not answer is given up for the third signal only, and nobody is left to send it.
            for pause in [GRACE, AGAIN, AGAIN] {
                if IS_ALONE.load(Ordering::SeqCst) {
                    return;
                }
                let _ =
                    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM);
                std::thread::sleep(pause);
            }
        });
    }

    /// What will be done when the container runs.
    #[derive(Debug)]
    pub struct Background {
        log: File,
        path: PathBuf,
        is_kept: bool,
    }

    impl Background {
        /// Opens the log, readable for this user alone.
        ///
        /// # Errors
        /// [`ErrorKind::Usage`], naming the file.
        pub fn prepare(environment: &Environment, run: &str) -> Result<Self> {
            let Some(folder) = folder(environment) else {
                return Err(Error::usage("there is no home directory for the log of the background process")
                    .hint("set `XDG_STATE_HOME` to a directory that you may write to"));
            };
            let path = folder.join(format!("{run}.log"));
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
            let open = OpenOptions::new().create(true).append(true).mode(0o600).clone();
            let log = made.and_then(|()| open.open(&path)).map_err(|error| unwritable(&path, &error))?;
            Ok(Self { log, path, is_kept: false })
        }

        /// Where the log is.
        #[must_use]
        pub fn log(&self) -> &std::path::Path {
            &self.path
        }

        /// Leaves the log where it is, if it is this process's stderr: what ended the run is yet to be said.
        pub fn keep(mut self) {
            self.is_kept = IS_ALONE.load(Ordering::SeqCst);
        }

        /// Leaves the terminal and the streams to the one that waits, and tells it that the container runs. What is
        /// said from here on goes to the log.
        ///
        /// # Errors
        /// [`ErrorKind::Abandoned`] when the one that waits is gone, or the streams cannot be replaced.
        pub fn go(&self) -> Result<()> {
            self.leave().map_err(|error| {
                Error::caused(ErrorKind::Abandoned, error)
                    .context("the background process cannot go on alone")
            })
        }

        fn leave(&self) -> io::Result<()> {
            let nothing = OpenOptions::new().read(true).write(true).open("/dev/null")?;
            rustix::stdio::dup2_stdout(&nothing)?;
            rustix::stdio::dup2_stderr(&self.log)?;
            // A process that leads a group already is in no terminal's way.
            let _ = rustix::process::setsid();
            IS_ALONE.store(true, Ordering::SeqCst);
            rustix::io::write(rustix::stdio::stdin(), b"1")?;
            rustix::stdio::dup2_stdin(&nothing)?;
            Ok(())
        }
    }

    impl Drop for Background {
        /// A log that holds nothing is no use to anybody.
        fn drop(&mut self) {
            if !self.is_kept && self.log.metadata().is_ok_and(|log| log.len() == 0) {
                let _ = std::fs::remove_file(&self.path);
            }
        }
    }
}

#[cfg(not(unix))]
mod platform {
    use super::{Environment, Error, OsString, PathBuf, Result};

    fn not_here() -> Error {
        Error::usage("`--detach` with `--refresh` is not built for this system")
            .hint("leave `--detach` out, and let the terminal be")
    }

    /// Not on this system.
    ///
    /// # Errors
    /// Always.
    pub fn start(_argv: Vec<OsString>) -> Result<u8> {
        Err(not_here())
    }

    /// Never done on this system.
    pub(crate) fn end_with_starter() {}

    /// Never made on this system.
    #[derive(Debug)]
    pub struct Background(PathBuf);

    impl Background {
        /// Not on this system.
        ///
        /// # Errors
        /// Always.
        pub fn prepare(_environment: &Environment, _run: &str) -> Result<Self> {
            Err(not_here())
        }

        /// Where the log is.
        #[must_use]
        pub fn log(&self) -> &std::path::Path {
            &self.0
        }

        /// Never done on this system.
        pub fn keep(self) {}

        /// Not on this system.
        ///
        /// # Errors
        /// Always.
        pub fn go(&self) -> Result<()> {
            Err(not_here())
        }
    }
}

pub(crate) use platform::end_with_starter;
pub use platform::{Background, start};

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn host(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_log_s_folder_is_the_state_s() {
        for (variables, expected) in [
            (&[("XDG_STATE_HOME", "/state"), ("HOME", "/home/x")][..], "/state/credrun"),
            (&[("XDG_STATE_HOME", "relative"), ("HOME", "/home/x")], "/home/x/.local/state/credrun"),
            (&[("HOME", "/home/x")], "/home/x/.local/state/credrun"),
        ] {
            assert_eq!(folder(&host(variables)), Some(PathBuf::from(expected)), "{variables:?}");
        }
    }

    #[test]
    fn the_log_is_its_user_s_alone_and_goes_when_it_is_empty() {
        let home = tempfile::tempdir().expect("a directory");
        let environment = host(&[("XDG_STATE_HOME", home.path().to_str().expect("UTF-8"))]);
        let background = Background::prepare(&environment, "abc").expect("a log");
        let path = background.log().to_owned();
        assert_eq!(path.metadata().expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(
            path.parent().expect("a folder").metadata().expect("there").permissions().mode() & 0o777,
            0o700
        );
        drop(background);
        assert!(!path.exists());
        let background = Background::prepare(&environment, "abc").expect("a log");
        std::fs::write(&path, "said").expect("written");
        drop(background);
        assert!(path.exists());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let environment = host(&[("XDG_STATE_HOME", "/dev/null")]);
        let error = Background::prepare(&environment, "abc").expect_err("no folder");
        assert!(error.to_string().contains("/dev/null/credrun/abc.log"), "{error}");
        assert_eq!(error.kind(), ErrorKind::Usage);
    }
}

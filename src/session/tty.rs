//! The terminal: raw mode that is undone on every way out, and its size.

#[cfg(unix)]
mod platform {
    use std::io;
    use std::os::fd::{AsFd, OwnedFd};

    use std::sync::atomic::{AtomicBool, Ordering};

    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

    /// Whether a terminal of this process is in raw mode.
    static IS_RAW: AtomicBool = AtomicBool::new(false);

    /// Whether a terminal of this process is in raw mode, so that a line has to end with a carriage return, too.
    #[must_use]
    pub fn is_raw() -> bool {
        IS_RAW.load(Ordering::Relaxed)
    }

    /// Raw mode of the terminal on stdin, for as long as this lives. Dropping it, a panic's unwinding
    /// included, puts back what was there.
    pub struct RawMode {
        terminal: OwnedFd,
        before: Termios,
    }

    impl RawMode {
        /// Switches stdin's terminal to raw mode: every byte goes to the container, Ctrl-C too.
        ///
        /// # Errors
        /// Whatever `tcgetattr(3)` and `tcsetattr(3)` say.
        pub fn enter() -> io::Result<Self> {
            Self::enter_on(rustix::stdio::stdin())
        }

        fn enter_on(terminal: impl AsFd) -> io::Result<Self> {
            let terminal = terminal.as_fd().try_clone_to_owned()?;
            let before = tcgetattr(&terminal)?;
            let mut raw = before.clone();
            raw.make_raw();
            tcsetattr(&terminal, OptionalActions::Now, &raw)?;
            IS_RAW.store(true, Ordering::Relaxed);
            Ok(Self { terminal, before })
        }
    }

    impl Drop for RawMode {
        fn drop(&mut self) {
            // A terminal that is gone needs no restoring.
            let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
            IS_RAW.store(false, Ordering::Relaxed);
        }
    }

    /// Rows and columns of the terminal on stdout; `None` when it is not one, or has no size.
    #[must_use]
    pub fn size() -> Option<(u16, u16)> {
        let size = tcgetwinsize(rustix::stdio::stdout()).ok()?;
        (size.ws_row != 0 || size.ws_col != 0).then_some((size.ws_row, size.ws_col))
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        use rustix::termios::LocalModes;

        #[test]
        fn a_panic_restores_the_terminal() {
            let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pty");
            grantpt(&master).and_then(|()| unlockpt(&master)).expect("a usable pty");
            let name = ptsname(&master, Vec::new()).expect("a name");
            let mut options = std::fs::File::options();
            let slave =
                options.read(true).write(true).open(name.to_str().expect("utf-8")).expect("the slave");
            let modes = || tcgetattr(&slave).expect("modes").local_modes;
            let before = modes();
            assert!(before.contains(LocalModes::ICANON | LocalModes::ECHO));
            let panicked = std::panic::catch_unwind(|| {
                let _raw = RawMode::enter_on(&slave).expect("raw");
                assert!(!modes().intersects(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG));
                panic!("in the middle of a session");
            });
            assert!(panicked.is_err_and(|text| text.is::<&str>()));
            assert_eq!(modes(), before);
        }
    }
}

#[cfg(not(unix))]
mod platform {
    use std::io;

    /// Raw mode, which this platform has not got yet.
    pub struct RawMode(());

    impl RawMode {
        /// Always fails here.
        ///
        /// # Errors
        /// `Unsupported`.
        pub fn enter() -> io::Result<Self> {
            Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "raw terminals are not supported on this platform yet",
            ))
        }
    }

    /// Never here.
    #[must_use]
    pub fn is_raw() -> bool {
        false
    }

    /// Not known here.
    #[must_use]
    pub fn size() -> Option<(u16, u16)> {
        None
    }
}

pub use platform::{RawMode, is_raw, size};

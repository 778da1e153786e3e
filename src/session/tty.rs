//! The terminal: raw mode that is undone on every way out, and its size.

#[cfg(unix)]
mod platform {
    use std::io;

    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

    /// Raw mode of the terminal on stdin, for as long as this lives. Dropping it, a panic's unwinding
    /// included, puts back what was there.
    pub struct RawMode {
        before: Termios,
    }

    impl RawMode {
        /// Switches stdin's terminal to raw mode: every byte goes to the container, Ctrl-C too.
        ///
        /// # Errors
        /// Whatever `tcgetattr(3)` and `tcsetattr(3)` say.
        pub fn enter() -> io::Result<Self> {
            let stdin = rustix::stdio::stdin();
            let before = tcgetattr(stdin)?;
            let mut raw = before.clone();
            raw.make_raw();
            tcsetattr(stdin, OptionalActions::Now, &raw)?;
            Ok(Self { before })
        }
    }

    impl Drop for RawMode {
        fn drop(&mut self) {
            // A terminal that is gone needs no restoring.
            let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.before);
        }
    }

    /// Rows and columns of the terminal on stdout; `None` when it is not one, or has no size.
    #[must_use]
    pub fn size() -> Option<(u16, u16)> {
        let size = tcgetwinsize(rustix::stdio::stdout()).ok()?;
        (size.ws_row != 0 || size.ws_col != 0).then_some((size.ws_row, size.ws_col))
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
            Err(io::Error::new(io::ErrorKind::Unsupported, "raw terminals are not supported on this platform yet"))
        }
    }

    /// Not known here.
    #[must_use]
    pub fn size() -> Option<(u16, u16)> {
        None
    }
}

pub use platform::{RawMode, size};

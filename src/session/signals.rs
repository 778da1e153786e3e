//! Signals of the host, by the names that the engine knows them under.
//!
//! Every one that can be caught is forwarded, as the docker CLI does it, except those that concern this
//! process alone: CHLD, PIPE and URG, and TTIN and TTOU. Docker catches the last two, and then turns round and
//! round on the terminal when it is in the background; without that it stops there, as every program does.
//! ILL, FPE and SEGV cannot be caught in safe Rust.
//!
//! One that was ignored from the start stays so until there is a container: whoever said `nohup` does not want it to
//! end anything. To the container it is forwarded, as docker does it (Go's `signal.Notify` undoes the ignoring).

mod ignored;

pub use ignored::Ignored;

/// A signal that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// Its number on this host.
    pub number: i32,
    /// Its name for the engine, `TERM`.
    pub name: String,
}

impl Signal {
    /// Whether it asks this program to end: the kind that docker counts to three.
    #[must_use]
    pub fn is_termination(&self) -> bool {
        matches!(self.name.as_str(), "INT" | "TERM")
    }

    /// Whether it ends a program that does nothing about it, and is how users and terminals end one.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        self.is_termination() || matches!(self.name.as_str(), "HUP" | "QUIT")
    }
}

#[cfg(unix)]
mod platform {
    use rustix::process::Signal as Number;
    use tokio::signal::unix::{SignalKind, signal};
    use tokio::sync::mpsc;

    use super::{Ignored, Signal};

    /// Signals as they come.
    pub struct Signals {
        sender: mpsc::UnboundedSender<Signal>,
        receiver: mpsc::UnboundedReceiver<Signal>,
        ignored: Ignored,
    }

    impl Signals {
        /// Takes over every signal that can be forwarded, but for those that are ignored; from here on none of them ends
        /// this process.
        #[must_use]
        pub fn take_over() -> Self {
            let (sender, receiver) = mpsc::unbounded_channel();
            let signals = Self { sender, receiver, ignored: Ignored::of_process() };
            signals.listen(|number| !signals.ignored.holds(number));
            signals
        }

        /// Takes over those that were ignored, too.
        pub fn take_over_ignored(&mut self) {
            let ignored = std::mem::take(&mut self.ignored);
            self.listen(|number| ignored.holds(number));
        }

        fn listen(&self, to: impl Fn(i32) -> bool) {
            for (number, name) in forwarded().into_iter().filter(|(number, _)| to(*number)) {
                let Ok(mut stream) = signal(SignalKind::from_raw(number)) else { continue };
                let sender = self.sender.clone();
                tokio::spawn(async move {
                    while stream.recv().await.is_some() {
                        if sender.send(Signal { number, name: name.clone() }).is_err() {
                            return;
                        }
                    }
                });
            }
        }

        /// The next signal; for ever pending when none can come.
        pub async fn recv(&mut self) -> Signal {
            match self.receiver.recv().await {
                Some(signal) => signal,
                None => std::future::pending().await,
            }
        }

        /// A signal that has come already.
        pub fn try_recv(&mut self) -> Option<Signal> {
            self.receiver.try_recv().ok()
        }
    }

    fn forwarded() -> Vec<(i32, String)> {
        let named = [
            (Number::HUP, "HUP"),
            (Number::INT, "INT"),
            (Number::QUIT, "QUIT"),
            (Number::TRAP, "TRAP"),
            (Number::ABORT, "ABRT"),
            (Number::BUS, "BUS"),
            (Number::USR1, "USR1"),
            (Number::USR2, "USR2"),
            (Number::ALARM, "ALRM"),
            (Number::TERM, "TERM"),
            (Number::CONT, "CONT"),
            (Number::TSTP, "TSTP"),
            (Number::XCPU, "XCPU"),
            (Number::XFSZ, "XFSZ"),
            (Number::VTALARM, "VTALRM"),
            (Number::PROF, "PROF"),
            (Number::WINCH, "WINCH"),
            (Number::IO, "IO"),
            (Number::SYS, "SYS"),
        ];
        let mut all: Vec<_> = named.map(|(number, name)| (number.as_raw(), name.to_owned())).to_vec();
        if cfg!(target_os = "linux") {
            all.push((30, "PWR".to_owned()));
            all.push((16, "STKFLT".to_owned()));
            all.extend((34..=64).map(|number| (number, real_time(number))));
        }
        all
    }

    /// The engine's names for 34 to 64 (moby/sys/signal, `signal_linux.go`).
    fn real_time(number: i32) -> String {
        match number {
            34 => "RTMIN".to_owned(),
            64 => "RTMAX".to_owned(),
            35..=49 => format!("RTMIN+{}", number - 34),
            _ => format!("RTMAX-{}", 64 - number),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_concerns_this_process_alone_is_not_forwarded() {
            let names: Vec<_> = forwarded().into_iter().map(|(_, name)| name).collect();
            for name in ["CHLD", "PIPE", "URG", "TTIN", "TTOU", "KILL", "STOP"] {
                assert!(!names.contains(&name.to_owned()), "{name}");
            }
            for name in ["HUP", "INT", "TERM", "USR1", "WINCH"] {
                assert!(names.contains(&name.to_owned()), "{name}");
            }
        }

        #[test]
        fn real_time_signals_have_the_engines_names() {
            for (number, name) in
                [(34, "RTMIN"), (35, "RTMIN+1"), (49, "RTMIN+15"), (50, "RTMAX-14"), (64, "RTMAX")]
            {
                assert_eq!(real_time(number), name);
            }
        }
    }
}

#[cfg(not(unix))]
mod platform {
    use super::Signal;

    /// Ctrl-C, the one signal of this platform.
    pub struct Signals(());

    impl Signals {
        /// From here on Ctrl-C does not end this process.
        #[must_use]
        pub fn take_over() -> Self {
            Self(())
        }

        /// None is ignored here.
        pub fn take_over_ignored(&mut self) {}

        /// The next Ctrl-C.
        pub async fn recv(&mut self) -> Signal {
            match tokio::signal::ctrl_c().await {
                Ok(()) => Signal { number: 2, name: "INT".to_owned() },
                Err(_) => std::future::pending().await,
            }
        }

        /// None is queued here.
        pub fn try_recv(&mut self) -> Option<Signal> {
            None
        }
    }
}

pub use platform::Signals;

/// What comes next from the user.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A signal to act on.
    Signal(Signal),
    /// The third INT or TERM: the user wants to be let go, whatever hangs.
    GiveUp,
}

/// How many INT and TERM the docker CLI takes before it leaves by force (cmd/docker/docker.go,
/// `forceExitAfter3TerminationSignals`).
const PATIENCE: u8 = 3;

/// Signals, kept while there is no container to give them to, and counted.
pub(crate) struct SignalQueue {
    signals: Signals,
    kept: std::collections::VecDeque<Signal>,
    terminations: u8,
}

impl SignalQueue {
    /// Takes over the host's signals, but for those that are ignored.
    pub(crate) fn take_over() -> Self {
        Self { signals: Signals::take_over(), kept: std::collections::VecDeque::new(), terminations: 0 }
    }

    /// Takes over those that were ignored, too: there is a container that they can be given to.
    pub(crate) fn take_over_ignored(&mut self) {
        self.signals.take_over_ignored();
    }

    /// Does `work` to its end, keeping what signals come; `None` when the user gave up on it.
    pub(crate) async fn through<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Some(done),
                signal = self.signals.recv() => {
                    if self.counted(&signal) {
                        return None;
                    }
                    self.kept.push_back(signal);
                }
            }
        }
    }

    /// Does `work` until it is done or the first signal comes that ends a program.
    pub(crate) async fn unless_ended<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Signal> {
        tokio::pin!(work);
        loop {
            if let Some(signal) = self.termination() {
                return Err(signal);
            }
            tokio::select! {
                done = &mut work => return Ok(done),
                signal = self.signals.recv() => {
                    self.counted(&signal);
                    self.kept.push_back(signal);
                }
            }
        }
    }

    /// A signal that ends a program and that nobody has acted on.
    pub(crate) fn termination(&mut self) -> Option<Signal> {
        while let Some(signal) = self.signals.try_recv() {
            self.counted(&signal);
            self.kept.push_back(signal);
        }
        self.kept.iter().find(|signal| signal.is_fatal()).cloned()
    }

    /// The next signal, those that were kept first.
    pub(crate) async fn next(&mut self) -> Next {
        if let Some(signal) = self.kept.pop_front() {
            return Next::Signal(signal);
        }
        let signal = self.signals.recv().await;
        if self.counted(&signal) { Next::GiveUp } else { Next::Signal(signal) }
    }

    fn counted(&mut self, signal: &Signal) -> bool {
        self.terminations += u8::from(signal.is_termination());
        self.terminations >= PATIENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_program_and_what_is_counted() {
        let signal = |name: &str| Signal { number: 0, name: name.to_owned() };
        for (name, fatal, counted) in [
            ("INT", true, true),
            ("TERM", true, true),
            ("HUP", true, false),
            ("QUIT", true, false),
            ("USR1", false, false),
        ] {
            assert_eq!((signal(name).is_fatal(), signal(name).is_termination()), (fatal, counted), "{name}");
        }
    }
}

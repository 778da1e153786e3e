//! Signals that were ignored when this program was started: `nohup` does so with HUP, and a shell without job control
//! with INT and QUIT of what it starts in the background.
//!
//! Whoever takes such a signal over undoes that, for the programs that are started from here, too.

/// Signals by their numbers: the lowest bit is number 1, as the kernel has it
/// (<https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>, `SigIgn`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ignored(u64);

impl Ignored {
    /// What this process ignores now. Linux alone tells a program without `unsafe`; elsewhere it is none.
    #[must_use]
    pub fn of_process() -> Self {
        let status = std::fs::read_to_string("/proc/self/status");
        status.ok().and_then(|status| Self::parse(&status)).unwrap_or_default()
    }

    /// Whether the signal of this number is one of them.
    #[must_use]
    pub fn holds(self, number: i32) -> bool {
        let bit = number.checked_sub(1).and_then(|bit| u32::try_from(bit).ok());
        bit.and_then(|bit| self.0.checked_shr(bit)).is_some_and(|rest| rest & 1 == 1)
    }

    fn parse(status: &str) -> Option<Self> {
        let bits = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(bits.trim(), 16).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_tells() {
        for (status, held, free) in [
            // HUP (1), INT (2) and PIPE (13).
            (
                "Name:\tx\nSigIgn:\t0000000000001003\nSigCgt:\tffffffffffffffff\n",
                &[1, 2, 13][..],
                &[3, 15, 64][..],
            ),
            ("SigIgn:\t8000000000000000\n", &[64], &[1, 63]),
            ("SigIgn:\t0000000000000000\n", &[], &[1, 64]),
        ] {
            let ignored = Ignored::parse(status).expect("a line of it");
            assert!(held.iter().all(|&number| ignored.holds(number)), "{status}");
            assert!(
                free.iter().chain(&[0, -1, 65, i32::MIN]).all(|&number| !ignored.holds(number)),
                "{status}"
            );
        }
        for status in ["", "SigCgt:\t3\n", "SigIgn:\tmany\n"] {
            assert_eq!(Ignored::parse(status), None, "{status}");
        }
    }
}

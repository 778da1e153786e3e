//! Who looks after a run: one process of one machine, told apart from whoever has its number later, and told to others
//! without saying which machine that is.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::path::PathBuf;

use sha2::{Digest, Sha256};

/// What is shared by the two containers of a run, and by nothing else: 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunId(String);

impl RunId {
    /// A new one. It is no secret: it has to be different, not hard to guess.
    #[must_use]
    pub fn random() -> Self {
        // Seeded by the system for each process, and by a count within it.
        Self(format!("{:016x}", RandomState::new().build_hasher().finish()))
    }

    /// The one that `text` spells; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_hex(text).then(|| Self(text.to_owned()))
    }

    /// Its digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 16 lower-case hexadecimal digits.
fn is_hex(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Where this process is, as far as the numbers of processes go: a boot of a machine, and a namespace there.
///
/// Not by `/etc/machine-id`: copies of a virtual machine and containers of an image share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `/proc/sys/kernel/random/boot_id`; `None` where the system has none, and then nobody can be found again.
    pub boot: Option<String>,
    /// The namespaces that numbers and start times of processes belong to.
    pub namespaces: String,
    /// Where the processes are: `/proc`.
    pub processes: PathBuf,
}

impl Place {
    /// This process's.
    #[must_use]
    pub fn here() -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        // Start times count from the boot as the time namespace has it. Old kernels have none.
        let namespace = |kind: &str| {
            let link = std::fs::read_link(format!("/proc/self/ns/{kind}"));
            link.map(|link| link.display().to_string()).unwrap_or_default()
        };
        let (numbers, times) = (namespace("pid"), namespace("time"));
        let boot =
            boot.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty() && !numbers.is_empty());
        Self { boot, namespaces: format!("{numbers} {times}"), processes: PathBuf::from("/proc") }
    }

    /// When the process began, in clock ticks since the boot, and whether it has ended and only its parent has not
    /// looked yet (proc_pid_stat(5), fields 22 and 3).
    fn process(&self, pid: u32) -> Option<(u64, bool)> {
        let text = std::fs::read_to_string(self.processes.join(pid.to_string()).join("stat")).ok()?;
        // The name before it may hold anything, parentheses too.
        let fields: Vec<_> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let started = fields.get(19)?.parse().ok()?;
        Some((started, matches!(fields.first(), Some(&("Z" | "X")))))
    }
}

/// A process that looks after a run, as a label can say it.
///
/// The machine is a hash that is another one for each run: it can be compared, and not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Of the boot; `None` where the system told none.
    machine: Option<String>,
    /// Of the boot and the namespaces.
    place: Option<String>,
    pid: u32,
    /// In clock ticks since the boot.
    started: u64,
}

/// What has become of an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It lives.
    Alive,
    /// It is certain that it does not.
    Gone,
    /// It was seen on another machine, or before this one's last boot: nobody here can tell.
    OtherMachine,
    /// It was seen in another namespace of this machine, such as a container: nobody here can tell.
    OtherNamespace,
    /// The system does not let us see.
    Unknown,
}

impl Owner {
    /// This process, as the owner of `run`.
    #[must_use]
    pub fn of_this_process(run: &RunId) -> Self {
        Self::of_process(run, &Place::here(), std::process::id())
    }

    /// The process with this number at `place`, as the owner of `run`.
    #[must_use]
    pub fn of_process(run: &RunId, place: &Place, pid: u32) -> Self {
        let started = place.process(pid).map_or(0, |(started, _)| started);
        Self { machine: machine(run, place), place: namespace(run, place), pid, started }
    }

    /// What its `to_string` has written; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let mut hash = || match words.next()? {
            "-" => Some(None),
            word => is_hex(word).then(|| Some(word.to_owned())),
        };
        let (machine, place) = (hash()?, hash()?);
        let (pid, started) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        words.next().is_none().then_some(Self { machine, place, pid, started })
    }

    /// Its number, where it is.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// What has become of it, as far as can be told at `place`.
    #[must_use]
    pub fn standing(&self, run: &RunId, place: &Place) -> Standing {
        if self.machine.is_none() || place.boot.is_none() {
            return Standing::Unknown;
        }
        if self.machine != machine(run, place) {
            return Standing::OtherMachine;
        }
        if self.place != namespace(run, place) {
            return Standing::OtherNamespace;
        }
        match place.process(self.pid) {
            Some((started, false)) if started == self.started => Standing::Alive,
            // With `hidepid` the processes of others are hidden, and not gone.
            None if may_exist(self.pid) => Standing::Unknown,
            _ => Standing::Gone,
        }
    }
}

impl fmt::Display for Owner {
    /// As a label has it: `MACHINE PLACE PID STARTED`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = |hash: &Option<String>| hash.clone().unwrap_or_else(|| "-".to_owned());
        write!(f, "{} {} {} {}", hash(&self.machine), hash(&self.place), self.pid, self.started)
    }
}

fn machine(run: &RunId, place: &Place) -> Option<String> {
    Some(hash(&["machine", run.as_str(), place.boot.as_deref()?]))
}

fn namespace(run: &RunId, place: &Place) -> Option<String> {
    Some(hash(&["namespace", run.as_str(), place.boot.as_deref()?, &place.namespaces]))
}

fn hash(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\n"));
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether there is a process of this number, whoever's it is.
#[cfg(unix)]
fn may_exist(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn may_exist(_: u32) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number that no process of Linux has: it is above `PID_MAX_LIMIT`.
    const NOBODY: u32 = 0x7fff_fff0;

    fn stat(state: &str, started: u64) -> String {
        let zeros = "0 ".repeat(18);
        format!("7 (a) b (c)) {state} {zeros}{started} 0 0\n")
    }

    fn place(folder: &std::path::Path) -> Place {
        Place { boot: Some("boot".into()), namespaces: "pid:[1] time:[1]".into(), processes: folder.into() }
    }

    fn write(folder: &std::path::Path, pid: u32, text: &str) {
        let of_it = folder.join(pid.to_string());
        std::fs::create_dir_all(&of_it).expect("a directory");
        std::fs::write(of_it.join("stat"), text).expect("a file");
    }

    #[test]
    fn ids_are_different_and_readable() {
        let [one, two] = [RunId::random(), RunId::random()];
        assert_ne!(one, two);
        assert_eq!(RunId::parse(one.as_str()), Some(one));
        for text in ["", "0123456789abcde", "0123456789ABCDEF", "0123456789abcdeg", "0123456789abcdef0"] {
            assert_eq!(RunId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_owner_is_found_again_and_nobody_else_is_taken_for_it() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let (here, run) = (place(folder.path()), RunId::random());
        let started = |text: &str| {
            write(folder.path(), NOBODY, text);
            Owner::of_process(&run, &here, NOBODY)
        };
        let owner = started(&stat("S", 100));
        assert_eq!(owner.standing(&run, &here), Standing::Alive);
        for (text, expected) in [
            (stat("R", 100), Standing::Alive),
            (stat("T", 100), Standing::Alive),
            (stat("Z", 100), Standing::Gone),
            (stat("S", 101), Standing::Gone),
        ] {
            write(folder.path(), NOBODY, &text);
            assert_eq!(owner.standing(&run, &here), expected, "{text}");
        }
        std::fs::remove_dir_all(folder.path().join(NOBODY.to_string())).expect("it was there");
        assert_eq!(owner.standing(&run, &here), Standing::Gone);
    }

    #[test]
    fn whoever_is_elsewhere_cannot_be_judged() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let (here, run) = (place(folder.path()), RunId::random());
        let standing = |there: &Place| Owner::of_process(&run, there, NOBODY).standing(&run, &here);
        let there = Place { boot: Some("another".into()), ..here.clone() };
        assert_eq!(standing(&there), Standing::OtherMachine);
        let there = Place { namespaces: "pid:[2] time:[1]".into(), ..here.clone() };
        assert_eq!(standing(&there), Standing::OtherNamespace);
        let there = Place { boot: None, ..here.clone() };
        assert_eq!(standing(&there), Standing::Unknown);
        let owner = Owner::of_process(&run, &here, NOBODY);
        assert_eq!(owner.standing(&run, &Place { boot: None, ..here.clone() }), Standing::Unknown);
        // The hashes are those of the run: of another one they say nothing.
        assert_eq!(owner.standing(&RunId::random(), &here), Standing::OtherMachine);
    }

    #[test]
    fn a_process_that_is_hidden_is_not_gone() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let (here, run) = (place(folder.path()), RunId::random());
        let owner = Owner::of_process(&run, &here, std::process::id());
        assert_eq!(owner.standing(&run, &here), Standing::Unknown);
    }

    #[test]
    fn labels_are_read_as_they_were_written() {
        let run = RunId::random();
        let folder = tempfile::tempdir().expect("a temporary directory");
        for there in [place(folder.path()), Place { boot: None, ..place(folder.path()) }] {
            let owner = Owner::of_process(&run, &there, 7);
            assert_eq!(Owner::parse(&owner.to_string()), Some(owner.clone()), "{owner}");
            assert!(!owner.to_string().contains("boot"), "{owner}");
        }
        for text in ["", "me", "- - 7", "- - 7 8 9", "- - x 8", "- 0123 7 8", "- - -1 8"] {
            assert_eq!(Owner::parse(text), None, "{text}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_of_this_machine() {
        let run = RunId::random();
        assert_eq!(Owner::of_this_process(&run).standing(&run, &Place::here()), Standing::Alive);
        let mut child = std::process::Command::new("true").spawn().expect("true");
        let owner = Owner::of_process(&run, &Place::here(), child.id());
        child.wait().expect("it ends");
        assert_eq!(owner.standing(&run, &Place::here()), Standing::Gone);
    }
}

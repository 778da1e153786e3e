//! Programs on a terminal of their own.
//!
//! `setsid --ctty` of util-linux makes the terminal the controlling one: doing that between fork and exec would
//! need `unsafe`.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process_group};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::run::{PATIENCE, eventually, wait};

/// A terminal: what the user has, and what the program has.
pub struct Terminal {
    master: File,
    slave: OwnedFd,
    output: Arc<Mutex<Vec<u8>>>,
}

/// How a program on a terminal ended.
#[derive(Debug)]
pub struct TerminalOutcome {
    /// Its exit code.
    pub code: i32,
    /// What it wrote to the terminal, stdout and stderr together unless they were led elsewhere.
    pub output: Vec<u8>,
}

impl Terminal {
    /// A new one of 30 rows and 90 columns, which does not change what is written to it.
    pub fn open() -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).expect("a pseudo-terminal");
        grantpt(&master).expect("the pseudo-terminal is ours");
        unlockpt(&master).expect("the pseudo-terminal can be unlocked");
        let slave = ioctl_tiocgptpeer(&master, flags).expect("the other end of the pseudo-terminal");
        let terminal = Self { master: master.into(), slave, output: Arc::default() };
        terminal.resize(30, 90);
        terminal.collect();
        terminal
    }

    /// Reads all that is written, so that the program never waits for the user.
    fn collect(&self) {
        let mut master = self.master.try_clone().expect("a descriptor");
        let output = Arc::clone(&self.output);
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            // An error means that the program's end is closed.
            while let Ok(count @ 1..) = master.read(&mut chunk) {
                output.lock().expect("no reader panics").extend_from_slice(&chunk[..count]);
            }
        });
    }

    /// Starts the program with this as its controlling terminal and on its stdin, stdout and stderr.
    /// The process is the program itself: signals sent to it reach no launcher.
    pub fn start(&self, command: &mut Command) -> Child {
        let stderr = self.stdio();
        self.start_with_stderr(command, stderr)
    }

    /// The same with stderr elsewhere.
    pub fn start_with_stderr(&self, command: &mut Command, stderr: Stdio) -> Child {
        let mut launcher = Command::new("setsid");
        launcher.arg("--ctty").arg(command.get_program()).args(command.get_args()).env_clear();
        let set = |(name, value): (_, Option<_>)| Some::<(&OsStr, &OsStr)>((name, value?));
        launcher.envs(command.get_envs().filter_map(set));
        launcher.current_dir(command.get_current_dir().unwrap_or_else(|| std::path::Path::new("/")));
        launcher.stdin(self.stdio()).stdout(self.stdio()).stderr(stderr);
        launcher.spawn().expect("`setsid` of util-linux")
    }

    fn stdio(&self) -> Stdio {
        self.slave.try_clone().expect("a descriptor").into()
    }

    /// Runs the program to its end.
    pub fn run(&self, command: &mut Command) -> TerminalOutcome {
        let mut child = self.start(command);
        self.outcome(&mut child)
    }

    /// Waits for the program's end, and for all that it wrote.
    pub fn outcome(&self, child: &mut Child) -> TerminalOutcome {
        let code = wait(child, PATIENCE).unwrap_or_else(|| {
            let _ = child.kill();
            panic!("not ended after {PATIENCE:?}: {}", self.text());
        });
        // What was written before this mark has come when the mark has.
        let mark = b"<end of the program's output>";
        File::from(self.slave.try_clone().expect("a descriptor")).write_all(mark).expect("the terminal");
        eventually(PATIENCE, "the terminal hands on its output", || self.bytes().ends_with(mark));
        let mut output = self.bytes();
        output.truncate(output.len() - mark.len());
        TerminalOutcome { code, output }
    }

    /// Types.
    pub fn write(&self, keys: &[u8]) {
        (&self.master).write_all(keys).expect("the terminal");
    }

    /// All that was written so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.output.lock().expect("no reader panics").clone()
    }

    /// The same as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// Waits until `text` was written.
    pub fn wait_for(&self, text: &str) {
        let shown = || self.text().contains(text);
        assert!(
            super::run::within(PATIENCE, shown),
            "`{text}` not shown after {PATIENCE:?}: {}",
            self.text()
        );
    }

    /// Changes the window's size; the kernel tells those in the foreground.
    pub fn resize(&self, rows: u16, columns: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.master, size).expect("a terminal has a size");
    }

    /// All modes and special characters, for comparing.
    pub fn modes(&self) -> String {
        format!("{:?}", tcgetattr(&self.slave).expect("a terminal has modes"))
    }

    /// Has a program set it to raw?
    pub fn is_raw(&self) -> bool {
        let modes = tcgetattr(&self.slave).expect("a terminal has modes").local_modes;
        !modes.intersects(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }
}

/// Ends a program that has a session of its own with all that it started.
pub fn end(child: &mut Child) {
    if child.try_wait().is_ok_and(|status| status.is_none()) {
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
        let _ = child.wait();
    }
}

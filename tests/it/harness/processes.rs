//! Processes that a program has started, wherever they went.

use std::fs;

/// Set for a program, it is found with all that it starts.
pub const MARK: &str = "CREDRUN_TEST_MARK";

/// The processes that have this mark in their environment, or in their command line: a process that hides its environment
/// shows that. Those that have ended and are not waited for are none.
pub fn marked(mark: &str) -> Vec<(u32, String)> {
    let entries = fs::read_dir("/proc").expect("the processes");
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let variable = format!("{MARK}={mark}");
    let found = |pid: u32| {
        // Of this process all threads are there; no other one has this environment by accident.
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let is_marked = environment.split(|byte| *byte == 0).any(|one| one == variable.as_bytes());
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        (!line.is_empty() && (is_marked || line.contains(mark))).then_some((pid, line))
    };
    numbers.filter_map(found).collect()
}

/// How much of the machine a process holds.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// Memory, in KiB.
    pub memory: u64,
    /// Open descriptors; `None` when the process is another user's.
    pub descriptors: Option<usize>,
    /// Threads.
    pub threads: u64,
}

/// What the process holds; `None` when it is gone.
pub fn held(pid: u32) -> Option<Held> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).ok().map(Iterator::count);
    Some(Held { memory: number("VmRSS:")?, descriptors, threads: number("Threads:")? })
}

#[test]
fn a_child_of_a_child_is_found_until_it_has_ended() {
    let mark = super::container::unique("mark");
    let mut shell = std::process::Command::new("sh");
    let mut child = shell.args(["-c", "setsid sleep 600 & wait"]).env(MARK, &mark).spawn().expect("a shell");
    super::run::eventually(super::run::PATIENCE, "both are found", || marked(&mark).len() >= 2);
    for (pid, _) in marked(&mark) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(pid).expect("a number")).expect("a number");
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
    child.wait().expect("it ends");
    super::run::eventually(super::run::PATIENCE, "none is found", || marked(&mark).is_empty());
}

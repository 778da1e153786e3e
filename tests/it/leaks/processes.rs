//! The arguments and the variables of every process of the machine.

use std::path::Path;

use super::marks::Marks;

/// No process may have a secret in its arguments, and of those outside of containers none in its variables, but for
/// credrun itself where it has `inherited` them; how many were seen.
pub fn hold_nothing(marks: &Marks, inherited: bool) -> usize {
    let here = mounts(Path::new("/proc/self"));
    let numbers = std::fs::read_dir("/proc").expect("/proc").flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let seen = numbers.filter_map(|number| {
        let process = Path::new("/proc").join(number.to_string());
        let arguments = std::fs::read(process.join("cmdline")).ok()?;
        marks.assert_not_in(&arguments, "the arguments of a process");
        if mounts(&process) == here && !(inherited && is_credrun(&process)) {
            // One that has ended meanwhile has none.
            let variables = std::fs::read(process.join("environ")).unwrap_or_default();
            let found = marks.fetched_in(&variables);
            assert!(found.is_none(), "the variables of `{}`: {found:?}", String::from_utf8_lossy(&arguments));
        }
        Some(number)
    });
    seen.count()
}

fn is_credrun(process: &Path) -> bool {
    std::fs::read_link(process.join("exe"))
        .is_ok_and(|program| program == Path::new(env!("CARGO_BIN_EXE_credrun")))
}

/// Which files a process sees: those in containers see others.
fn mounts(process: &Path) -> Option<std::path::PathBuf> {
    std::fs::read_link(process.join("ns/mnt")).ok()
}

#[test]
fn processes_can_be_seen() {
    use std::process::{Command, Stdio};
    let marks = Marks::new();
    let seen = |command: &mut Command| {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        // It answers when it is the program that it was to become.
        std::io::Read::read_exact(child.stdout.as_mut().expect("piped"), &mut [0; 1]).expect("an answer");
        let found = std::panic::catch_unwind(|| hold_nothing(&marks, false)).is_err();
        let _ = (child.kill(), child.wait());
        found
    };
    let script = "echo; read x; exit";
    assert!(!seen(Command::new("sh").args(["-c", script])), "nothing is there to be found");
    assert!(seen(Command::new("sh").args(["-c", script, &marks.ticket])), "its arguments");
    assert!(seen(Command::new("sh").args(["-c", script]).env("SECRET", &marks.key)), "its variables");
}

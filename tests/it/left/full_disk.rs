//! Disks that are full: the engine's when it is given the agent's image, and the user's for what little credrun writes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::run_of::{Kind, RunOf};
use crate::harness::container::{Container, docker};
use crate::harness::host::{Program, image};
use crate::harness::own_engine::{IMAGE, OwnEngine};
use crate::harness::run::{Outcome, PATIENCE, eventually, run};
use crate::harness::tier::is_long;
use crate::refresh::stage::{Stage, assert_no_secret};

/// Room for the engine's own files and the image of the tests, and some more.
const ENGINE_DISK: u64 = 48 << 20;

/// With what is left on the disk, in KiB: nothing, and less than the agent's image takes.
#[test]
fn an_image_that_finds_no_room_is_told_and_a_later_try_works() {
    if !is_long() {
        return;
    }
    let engine = OwnEngine::on_small_disk(ENGINE_DISK);
    for room in [0, 300, 700] {
        let fill = Fill::all_but(&engine, room);
        let before = engine.api().inventory().expect("it answers");
        let mut refused = RunOf::start(Kind::Refresh, &engine.docker_host(), None, "exit 5");
        let ended = refused.ended();
        assert_eq!(ended.code, 125, "{ended:?}");
        assert!(ended.stderr.starts_with("credrun: "), "{ended:?}");
        assert!(ended.stderr.contains("no space left on device"), "{ended:?}");
        assert_eq!(ended.stderr.lines().filter(|line| line.starts_with("credrun: ")).count(), 1, "{ended:?}");
        eventually(PATIENCE, "nothing is left", || engine.api().inventory().as_ref() == Some(&before));
        eprintln!("{room} KiB left: {}", ended.stderr.trim());
        drop(fill);
        let mut later = RunOf::start(Kind::Refresh, &engine.docker_host(), None, "exit 5");
        let ended = later.ended();
        assert_eq!((ended.code, ended.stderr.as_str()), (5, ""), "{ended:?}");
        let images = engine.api().inventory().expect("it answers").images;
        let agent = images.iter().find(|name| name.contains("credrun-agent")).expect("it stays").clone();
        assert_eq!(run(refused.host.tool("docker").args(["rmi", &agent])).code, 0);
    }
}

/// What takes the engine's room.
struct Fill<'a>(&'a OwnEngine);

impl<'a> Fill<'a> {
    /// Leaves so many KiB.
    fn all_but(engine: &'a OwnEngine, room: usize) -> Self {
        let fill = Self(engine);
        // The shell's own words are enough to fill a disk; what is to be left is what it clears in the end.
        let block = "x".repeat(1024);
        let script = format!(
            "n=0; while [ $n -lt {room} ]; do echo {block}; n=$((n+1)); done >/fill/room
             while echo {block}; do :; done >/fill/rest 2>/fill/why; : >/fill/room; echo full"
        );
        let filled = fill.docker(&[
            "run",
            "--rm",
            "--network=none",
            "--volume=fill:/fill",
            IMAGE,
            "sh",
            "-c",
            &script,
        ]);
        assert!(filled.stdout.starts_with(b"full"), "{filled:?}");
        fill
    }

    fn docker(&self, arguments: &[&str]) -> Outcome {
        run(Command::new("docker").args(["--host", &self.0.docker_host()]).args(arguments))
    }
}

impl Drop for Fill<'_> {
    fn drop(&mut self) {
        let removed = self.docker(&["volume", "rm", "fill"]);
        assert_eq!(removed.code, 0, "{removed:?}");
    }
}

/// A file system that is full, over a folder of the host.
struct FullDisk<'a>(&'a Path);

impl<'a> FullDisk<'a> {
    fn over(folder: &'a Path) -> Self {
        fs::create_dir_all(folder).expect("a folder");
        small_disk("mount", folder, "65536");
        let disk = Self(folder);
        let written = fs::write(folder.join("rest"), vec![b'x'; 1 << 20]);
        assert!(written.is_err_and(|error| error.kind() == std::io::ErrorKind::StorageFull));
        disk
    }

    /// There is room again.
    fn clear(&self) {
        fs::remove_file(self.0.join("rest")).expect("it was there");
    }
}

impl Drop for FullDisk<'_> {
    fn drop(&mut self) {
        small_disk("umount", self.0, "");
    }
}

fn small_disk(command: &str, folder: &Path, size: &str) {
    let setup = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/setup");
    let script = ". \"$1/common.sh\"; as_root 'for a small disk' sh \"$1/small_disk.sh\" \"${@:2}\"";
    let mut bash = Command::new("bash");
    bash.args(["-c", script, "bash"]).arg(setup).arg(command).arg(folder).arg(size).stdin(Stdio::null());
    let outcome = run(&mut bash);
    assert_eq!(outcome.code, 0, "{outcome:?}");
}

#[test]
fn a_cidfile_that_finds_no_room_is_told_and_a_later_try_works() {
    let stage = Stage::new();
    let folder = stage.host.root().join("full");
    let disk = FullDisk::over(&folder);
    let file = folder.join("cid").display().to_string();
    for options in [&[][..], &["-d"], &["--refresh"]] {
        let container = Container::named("full-cid");
        let rest = ["--cidfile", &file, image(), "sh", "-c", "exit 5"];
        let arguments = [&container.options()[..], options, &rest].concat();
        let outcome = run(&mut stage.host.command(Program::Credrun, &arguments));
        assert_eq!(outcome.code, 125, "{options:?}: {outcome:?}");
        let line =
            format!("credrun: failed to write the container ID file `{file}`: No space left on device");
        assert!(outcome.stderr.starts_with(&line), "{options:?}: {outcome:?}");
        assert!(!container.exists() && !Path::new(&file).exists(), "{options:?}: {outcome:?}");
        assert_no_secret(&outcome.stderr, "stderr");
    }
    disk.clear();
    let container = Container::named("full-cid");
    let arguments = [&container.options()[..], &["--cidfile", &file, image(), "sh", "-c", "exit 5"]].concat();
    let outcome = run(&mut stage.host.command(Program::Credrun, &arguments));
    assert_eq!((outcome.code, fs::read(&file).expect("it is there").len()), (5, 64), "{outcome:?}");
}

/// The log of the one in the background holds what goes wrong: it is no reason for anything else to.
#[test]
fn a_log_that_finds_no_room_stops_nothing() {
    let stage = Stage::new();
    let folder = stage.host.root().join("state");
    let disk = FullDisk::over(&folder);
    let stage = stage.with(|host| host.with("XDG_STATE_HOME", &folder));
    for is_full in [true, false] {
        if !is_full {
            disk.clear();
        }
        let container = Container::named("full-log");
        let script = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done";
        let options = ["-d", "--name", &container.name, "--network=none", image(), "sh", "-c", script];
        let outcome = stage.run(&options);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
        let agent = crate::refresh::stage::agent_container(&container);
        // Something to be said: the network is gone.
        assert!(docker(&["rm", "--force", &agent.name]).status.success());
        assert!(container.is_gone_within(PATIENCE), "the container has no credentials any more");
        let log = || -> String {
            let files = fs::read_dir(folder.join("credrun")).expect("the folder").flatten();
            files.map(|file| fs::read_to_string(file.path()).expect("a log")).collect()
        };
        if is_full {
            assert_eq!(log(), "");
        } else {
            eventually(PATIENCE, "it is told", || log().contains("the agent has ended"));
        }
    }
}

//! Runs that stay for the whole time, and all that is measured: of them, of their agents, of the engine.

use std::io::Write;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::Signal;

use super::load::{Load, read_exactly};
use super::table::{Table, Unit};
use crate::harness::container::unique;
use crate::harness::host::{Host, Program};
use crate::harness::own_engine::{IMAGE, OwnEngine};
use crate::harness::processes::{held, marked};
use crate::harness::run::{PATIENCE, eventually, run, send, wait};

/// Asks for credentials five times a second.
const ASK: &str = "trap 'exit 0' TERM
uri=${AWS_CONTAINER_CREDENTIALS_FULL_URI#http://}; port=${uri%%/*}; port=${port#*:}
while :; do
  exec 3<>/dev/tcp/127.0.0.1/$port
  printf 'GET /%s HTTP/1.0\r\nAuthorization: %s\r\n\r\n' \"${uri#*/}\" \"$AWS_CONTAINER_AUTHORIZATION_TOKEN\" >&3
  read -r line <&3; exec 3>&-
  case $line in *' 200 '*) ;; *) echo \"$line\" >&2; exit 8 ;; esac
  sleep 0.2
done";
const CHUNK: usize = 65536;

/// They.
pub struct LongLiving<'a> {
    engine: &'a OwnEngine,
    host: &'a Host,
    stream: Child,
    pump: Option<JoinHandle<usize>>,
    is_over: Arc<AtomicBool>,
    refresh: Child,
    /// The name of the container of the one in the background.
    detached: String,
    /// What is measured of, by name.
    processes: Vec<(&'static str, u32)>,
}

impl<'a> LongLiving<'a> {
    pub fn start(engine: &'a OwnEngine, load: &'a Load) -> Self {
        let (host, detached) = (load.short(), unique("soak-long-d"));
        let command = |options: &[&str], script: &str| {
            let rest = ["-q", "--network=none", IMAGE, "bash", "-c", script];
            let mut command = host.command(Program::Credrun, &[options, &rest].concat());
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
            command
        };
        let piped = &mut command(&["-i"], "cat");
        let mut stream = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("credrun");
        let (stdin, stdout) = stream.stdin.take().zip(stream.stdout.take()).expect("piped");
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let pump = Some(std::thread::spawn(move || pump(stdin, stdout, &over)));
        let refresh = command(&["--refresh"], ASK).spawn().expect("credrun");
        let background = run(&mut command(&["-d", "--refresh", "--name", &detached], ASK));
        assert_eq!(background.code, 0, "{background:?}");
        let mut long_living =
            Self { engine, host, stream, pump, is_over, refresh, detached, processes: Vec::new() };
        long_living.find();
        long_living
    }

    /// All the processes, once they are there.
    fn find(&mut self) {
        let mut background = None;
        eventually(PATIENCE, "one stays in the background", || {
            let all = marked(&self.detached);
            background = all.iter().find(|(_, line)| line.contains("__background")).map(|(pid, _)| *pid);
            background.is_some()
        });
        let background = background.expect("it is there");
        let owners = [("its agent", self.refresh.id()), ("its agent (-d)", background)];
        self.processes = vec![
            ("credrun -i", self.stream.id()),
            ("credrun --refresh", self.refresh.id()),
            ("credrun -d --refresh", background),
        ];
        for (name, owner) in owners {
            eventually(PATIENCE, "it has an agent", || {
                let agent = agent_of(self.engine, owner);
                self.processes.extend(agent.map(|pid| (name, pid)));
                agent.is_some()
            });
        }
    }

    /// Measures everything once.
    pub fn sample(&mut self, table: &mut Table, at: Duration) {
        assert!(self.stream.try_wait().expect("waited for").is_none(), "the stream has ended");
        assert!(self.refresh.try_wait().expect("waited for").is_none(), "`--refresh` has ended");
        let at = at.as_secs_f64();
        for (name, pid) in &self.processes {
            let held = held(*pid).unwrap_or_else(|| panic!("{name} is gone"));
            table.add(name, Unit::Memory, at, number(held.memory));
            table.add(name, Unit::Threads, at, number(held.threads));
            if let Some(descriptors) = held.descriptors {
                table.add(name, Unit::Descriptors, at, number(descriptors as u64));
            }
        }
        let api = self.engine.api();
        let counts = api.inventory().expect("it answers").counts();
        for (name, count) in ["containers", "networks", "volumes", "images"].into_iter().zip(counts) {
            table.add(&format!("the engine's {name}"), Unit::Things, at, number(count as u64));
        }
        let info = api.get("/info").expect("it answers");
        let of = |name: &str| number(info[name].as_u64().expect("a number"));
        table.add("the engine", Unit::EngineDescriptors, at, of("NFd"));
        table.add("the engine", Unit::EngineRoutines, at, of("NGoroutines"));
    }

    /// Ends them, each as it is ended; how many megabytes went through the stream.
    pub fn end(mut self) -> usize {
        self.is_over.store(true, Ordering::SeqCst);
        let streamed = self.pump.take().map(JoinHandle::join);
        let streamed = streamed.expect("it runs").expect("every byte comes back");
        assert_eq!(wait(&mut self.stream, PATIENCE), Some(0), "the stream");
        send(&self.refresh, Signal::TERM);
        assert_eq!(wait(&mut self.refresh, PATIENCE), Some(0), "`--refresh`");
        let stopped = run(&mut self.host.command(Program::Credrun, &["stop", &self.detached]));
        assert_eq!(stopped.code, 0, "{stopped:?}");
        eventually(PATIENCE, "the one in the background ends", || marked(&self.detached).is_empty());
        streamed / 1_000_000
    }
}

impl Drop for LongLiving<'_> {
    /// What a failed test leaves; the engine, and with it the one in the background, goes by itself.
    fn drop(&mut self) {
        for child in [&mut self.stream, &mut self.refresh] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The process of the agent of this owner.
fn agent_of(engine: &OwnEngine, owner: u32) -> Option<u32> {
    let all = engine.api().containers()?;
    let agent = all.into_iter().find(|one| one.is_agent && one.owner == Some(owner))?;
    let pid = engine.api().get(&format!("/containers/{}/json", agent.id))?["State"]["Pid"].as_u64()?;
    u32::try_from(pid).ok().filter(|pid| *pid > 0)
}

#[expect(clippy::cast_precision_loss, reason = "none is that large")]
fn number(count: u64) -> f64 {
    count as f64
}

/// Sends what comes back, piece by piece; how many bytes.
fn pump(mut stdin: ChildStdin, mut stdout: ChildStdout, is_over: &AtomicBool) -> usize {
    let (mut sent, mut come, mut total) = (vec![0; CHUNK], vec![0; CHUNK], 0_usize);
    while !is_over.load(Ordering::SeqCst) {
        for (n, byte) in sent.iter_mut().enumerate() {
            *byte = (total + n * n).to_le_bytes()[0];
        }
        stdin.write_all(&sent).expect("it is taken");
        let count = read_exactly(&mut stdout, &mut come);
        assert!(count == CHUNK && come == sent, "what comes back from {total} on is something else");
        total += count;
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(stdin);
    assert_eq!(read_exactly(&mut stdout, &mut come), 0, "nothing more comes");
    total
}

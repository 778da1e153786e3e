//! Bytes through the client: both ways, in large and small writes, and through a terminal of the container's.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use wait4::Wait4;

use super::Bench;
use super::report::Goal::{AtLeast, AtMost};
use super::sample::{CPU, PEAK, Sample, WALL, in_turn, middle, ratio};

const GIB: u64 = 1 << 30;
/// Small writes: so many, of 64 bytes each.
const WRITES: u64 = 200_000;

/// What a container writes, or reads.
struct Flow {
    name: &'static str,
    options: &'static [&'static str],
    script: String,
    /// What comes out, or goes in.
    bytes: u64,
    is_input: bool,
}

fn flow(name: &'static str, options: &'static [&'static str], script: String, bytes: u64) -> Flow {
    Flow { name, options, script, bytes, is_input: options.contains(&"-i") }
}

pub fn measure(bench: &mut Bench) {
    let runs = bench.runs.clamp(1, 20);
    let small = format!("import os\nfor _ in range({WRITES}): os.write(1, b'.' * 63 + b'\\n')");
    for flow in [
        flow("1 GiB from the container", &["--log-driver=none"], format!("head -c {GIB} /dev/zero"), GIB),
        flow("1 GiB to the container", &["-i", "--log-driver=none"], "cat >/dev/null".into(), GIB),
        flow(
            "200,000 writes of 64 bytes",
            &["--log-driver=none"],
            format!("python3 -c \"{small}\""),
            WRITES * 64,
        ),
        flow(
            "256 MiB through a terminal",
            &["-t", "--log-driver=none"],
            format!("stty raw; head -c {} /dev/zero", GIB / 4),
            GIB / 4,
        ),
    ] {
        row(bench, &flow, runs);
    }
    flat(bench);
}

fn row(bench: &mut Bench, flow: &Flow, runs: usize) {
    let arguments = [flow.options, &[bench.image.as_str(), "sh", "-c", &flow.script]].concat();
    let [ours, docker] = in_turn(
        runs,
        [&mut || through(&mut bench.credrun(&arguments), flow), &mut || {
            through(&mut bench.docker(&arguments), flow)
        }],
    );
    let from = format!("{:.2} to {:.2} s, {runs} pairs", middle(&ours, WALL), middle(&docker, WALL));
    bench.report.add(flow.name, "`docker run`: throughput", ratio(&docker, &ours, WALL), AtLeast(1.0), &from);
    let from = format!("{:.2} to {:.2} s", middle(&ours, CPU), middle(&docker, CPU));
    bench.report.add(
        flow.name,
        "`docker run`: CPU of the client",
        ratio(&ours, &docker, CPU),
        AtMost(0.7),
        &from,
    );
}

/// A run takes no more memory for a gibibyte than for a sixteenth of it.
fn flat(bench: &mut Bench) {
    let peak = |bytes: u64| {
        let flow = flow("", &["--log-driver=none"], format!("head -c {bytes} /dev/zero"), bytes);
        let mut command = bench.credrun(&[flow.options[0], &bench.image, "sh", "-c", &flow.script]);
        [through(&mut command, &flow), through(&mut command, &flow), through(&mut command, &flow)]
    };
    let (little, much) = (middle(&peak(GIB / 16), PEAK), middle(&peak(GIB), PEAK));
    let from = format!("{:.1} to {:.1} MiB", much / 1024.0, little / 1024.0);
    bench.report.add("peak memory of 1 GiB from the container", "64 MiB", much / little, AtMost(1.1), &from);
}

/// One run whose bytes go through pipes.
fn through(command: &mut Command, flow: &Flow) -> Sample {
    let started = Instant::now();
    let input = if flow.is_input { Stdio::piped() } else { Stdio::null() };
    let mut child = command.stdin(input).stdout(Stdio::piped()).spawn().expect("it starts");
    let feeder = child.stdin.take().map(|mut stdin| {
        let count = flow.bytes;
        std::thread::spawn(move || {
            let zeros = vec![0; 1 << 16];
            for _ in 0..count / zeros.len() as u64 {
                stdin.write_all(&zeros).expect("it reads");
            }
        })
    });
    let mut stdout = child.stdout.take().expect("a pipe");
    let (mut buffer, mut count) = (vec![0; 1 << 18], 0);
    loop {
        match stdout.read(&mut buffer).expect("it writes") {
            0 => break,
            some => count += some as u64,
        }
    }
    let ended = child.wait4().expect("it ends");
    let wall = started.elapsed();
    feeder.into_iter().for_each(|feeder| feeder.join().expect("all is fed"));
    assert!(ended.status.success(), "{command:?}: {}", ended.status);
    assert_eq!(count, if flow.is_input { 0 } else { flow.bytes }, "{}", flow.name);
    let usage = ended.rusage;
    Sample { wall, cpu: usage.utime + usage.stime, peak: usage.maxrss / 1024 }
}

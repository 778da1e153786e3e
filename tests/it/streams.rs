//! What goes in comes out: every byte, in order, apart, and in constant memory.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::harness::container::Container;
use super::harness::host::{BOTH, Host, Program, image};
use super::harness::pty::Terminal;
use super::harness::run::{PATIENCE, peak_memory, run, run_with_input, wait};

/// What a run may take at most, in KiB, however much goes through it.
const MEMORY_LIMIT: u64 = 64 * 1024;

/// Bytes without any order in them that can be made again, for comparing without keeping them.
struct Noise(u64);

impl Read for Noise {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        for word in buffer.chunks_mut(8) {
            // xorshift64
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            word.copy_from_slice(&self.0.to_le_bytes()[..word.len()]);
        }
        Ok(buffer.len())
    }
}

fn piped(command: &mut Command) -> Child {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the program")
}

#[test]
fn two_hundred_megabytes_go_through_unchanged() {
    const SIZE: u64 = 200_000_000;
    let host = Host::new();
    let container = Container::named("noise");
    let arguments = [&container.options()[..], &["-i", image(), "cat"]].concat();
    let mut child = piped(&mut host.command(Program::Credrun, &arguments));
    let mut stdin = child.stdin.take().expect("piped");
    let mut stdout = child.stdout.take().expect("piped");
    let writer = std::thread::spawn(move || std::io::copy(&mut Noise(1).take(SIZE), &mut stdin));
    let (mut sent, mut come) = (vec![0; 65536], vec![0; 65536]);
    let (mut noise, mut total, mut peak) = (Noise(1), 0, 0);
    // In whole chunks, because the noise is made word by word.
    loop {
        let count = fill(&mut stdout, &mut come);
        noise.read_exact(&mut sent).expect("noise has no end");
        assert!(come[..count] == sent[..count], "the bytes from {total} on differ");
        total += count as u64;
        peak = peak_memory(child.id()).unwrap_or(peak);
        if count < come.len() {
            break;
        }
    }
    assert_eq!(writer.join().expect("the writer").expect("stdin is read to its end"), SIZE);
    assert_eq!(total, SIZE);
    assert_eq!(wait(&mut child, PATIENCE), Some(0));
    assert!((1..MEMORY_LIMIT).contains(&peak), "credrun took {peak} KiB");
}

/// Reads until the buffer is full or the stream ends.
fn fill(stream: &mut impl Read, buffer: &mut [u8]) -> usize {
    let mut count = 0;
    while let Ok(more @ 1..) = stream.read(&mut buffer[count..]) {
        count += more;
    }
    count
}

#[test]
fn a_reader_that_pauses_costs_no_memory() {
    const SIZE: usize = 100_000_000;
    let host = Host::new();
    let container = Container::named("pause");
    let script = format!("head -c {SIZE} /dev/zero | tr '\\0' x");
    let arguments = [&container.options()[..], &[image(), "sh", "-c", &script]].concat();
    let mut child = piped(&mut host.command(Program::Credrun, &arguments));
    container.wait_running();
    // The pause is what is tested: long enough for a program that buffers to show it.
    let pause = Instant::now() + Duration::from_secs(3);
    while Instant::now() < pause {
        let peak = peak_memory(child.id()).expect("credrun waits for its reader");
        assert!(peak < MEMORY_LIMIT, "credrun took {peak} KiB");
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut bytes = Vec::new();
    child.stdout.take().expect("piped").read_to_end(&mut bytes).expect("stdout");
    assert_eq!(bytes.len(), SIZE);
    assert!(bytes.iter().all(|byte| *byte == b'x'));
    assert_eq!(wait(&mut child, PATIENCE), Some(0));
}

#[test]
fn stdout_and_stderr_stay_apart() {
    for program in BOTH {
        let host = Host::new();
        let container = Container::named("apart");
        let script = "for i in 1 2 3; do echo out$i; echo err$i >&2; done";
        let arguments = [&container.options()[..], &[image(), "sh", "-c", script]].concat();
        let outcome = run(&mut host.command(program, &arguments));
        assert_eq!(outcome.stdout, b"out1\nout2\nout3\n", "{program:?}");
        assert_eq!(outcome.stderr, "err1\nerr2\nerr3\n", "{program:?}");
    }
}

#[test]
fn the_end_of_stdin_is_seen_while_output_goes_on() {
    for program in BOTH {
        let host = Host::new();
        let container = Container::named("half-close");
        // `wc` speaks only after the end of its stdin; what follows shows that only that half was closed.
        let script = "wc -c; echo still here";
        let arguments = [&container.options()[..], &["-i", image(), "sh", "-c", script]].concat();
        let outcome = run_with_input(&mut host.command(program, &arguments), &[b'x'; 100_001]);
        assert_eq!(outcome.text(), "100001\nstill here", "{program:?}: {outcome:?}");
        assert_eq!(outcome.code, 0, "{program:?}");
    }
}

#[test]
fn without_i_stdin_is_not_the_container_s() {
    for program in BOTH {
        let host = Host::new();
        let container = Container::named("no-stdin");
        let arguments = [&container.options()[..], &[image(), "wc", "-c"]].concat();
        let mut child = piped(&mut host.command(program, &arguments));
        // Too little to block on, and perhaps nobody there to take it.
        let _ = child.stdin.take().expect("piped").write_all(b"not for you");
        let mut text = String::new();
        child.stdout.take().expect("piped").read_to_string(&mut text).expect("stdout");
        assert_eq!(text.trim(), "0", "{program:?}");
        assert_eq!(wait(&mut child, PATIENCE), Some(0), "{program:?}");
    }
}

#[test]
fn a_terminal_s_first_bytes_may_look_like_a_frame() {
    for program in BOTH {
        let host = Host::new();
        let container = Container::named("frame");
        // Each of them is the first byte of a frame's head (stdin, stdout, stderr) where there are frames.
        for first in ["\\000", "\\001", "\\002"] {
            let script = format!("printf '{first}\\002\\001\\000abcprompt> x'");
            let arguments = [&container.options()[..], &["-t", image(), "sh", "-c", &script]].concat();
            let terminal = Terminal::open();
            // Only the container's own output is compared: on a terminal credrun says whose credentials it gives.
            let mut child = terminal.start_with_stderr(&mut host.command(program, &arguments), Stdio::null());
            let outcome = terminal.outcome(&mut child);
            let expected = [&[first.as_bytes()[3] - b'0'][..], b"\x02\x01\0abcprompt> x"].concat();
            assert_eq!(outcome.output, expected, "{program:?}: {outcome:?}");
            assert_eq!(outcome.code, 0, "{program:?}");
        }
    }
}

//! What `--refresh` costs: `cargo bench --bench refresh [-- PAIRS]`. Not part of CI, whose machines are shared.
//!
//! Runs in pairs, with and without it, the order changing from pair to pair: how long until the container's command has
//! ended, and how long until credrun has. Then 32 side by side. Needs an engine, and an image with `date` of coreutils
//! (`CREDRUN_TEST_IMAGE`, which `. tests/setup/env.sh` sets).

use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

const SIDE_BY_SIDE: usize = 32;

/// What one run took.
#[derive(Clone, Copy)]
struct Took {
    /// Until the command had ended, by the machine's clock.
    command: Duration,
    /// Until credrun had.
    exit: Duration,
}

type Moment = fn(&Took) -> Duration;

fn main() {
    let pairs = std::env::args().find_map(|text| text.parse().ok()).unwrap_or(40);
    let image = std::env::var("CREDRUN_TEST_IMAGE").unwrap_or_else(|_| "credrun-test:latest".into());
    // The agent's image is there afterwards.
    took(&image, true);
    let measured: Vec<[Took; 2]> = (0..pairs).map(|pair| pair_of(&image, pair % 2 == 0)).collect();
    let (command, exit): (Moment, Moment) = (|took| took.command, |took| took.exit);
    for (name, with, other, without) in [
        ("the command's end", command, "the whole run", exit),
        ("the command's end", command, "the command's end", command),
        ("credrun's exit", exit, "the whole run", exit),
    ] {
        let plain = median(measured.iter().map(|pair| without(&pair[0])));
        let refresh = median(measured.iter().map(|pair| with(&pair[1])));
        let ratio = median(measured.iter().map(|pair| with(&pair[1]).div_duration_f64(without(&pair[0]))));
        println!(
            "{name} with --refresh {refresh:?}, {other} without {plain:?}: median of {pairs} ratios {ratio:.3}"
        );
    }
    let docker = median((0..pairs).map(|_| docker(&image)));
    println!("docker run --rm: {docker:?} to its exit");
    side_by_side(&image);
}

/// Without, and with it.
fn pair_of(image: &str, plain_first: bool) -> [Took; 2] {
    if plain_first {
        [took(image, false), took(image, true)]
    } else {
        let refresh = took(image, true);
        [took(image, false), refresh]
    }
}

fn command(image: &str, refresh: bool) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_credrun"));
    command.args(refresh.then_some("--refresh")).args([image, "date", "+%s%N"]);
    // Keys that nobody asks AWS about.
    command
        .env("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "not-a-key")
        .env("AWS_SESSION_TOKEN", "not-a-token")
        .env("AWS_REGION", "eu-west-1")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn took(image: &str, refresh: bool) -> Took {
    let (started, since_1970) = (Instant::now(), now());
    let output = command(image, refresh).output().expect("credrun runs");
    let exit = started.elapsed();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    let ended = Duration::from_nanos(text.trim().parse().expect("nanoseconds"));
    Took { command: ended.saturating_sub(since_1970), exit }
}

fn docker(image: &str) -> Duration {
    let started = Instant::now();
    let mut command = Command::new("docker");
    let ended = command.args(["run", "--rm", image, "date"]).stdout(Stdio::null()).status();
    assert!(ended.expect("the docker CLI").success());
    started.elapsed()
}

fn side_by_side(image: &str) {
    let started = Instant::now();
    let spawn = |_| command(image, true).stdout(Stdio::null()).spawn().expect("credrun runs");
    let runs: Vec<_> = (0..SIDE_BY_SIDE).map(spawn).collect();
    let ended = runs.into_iter().map(|mut run| run.wait().expect("it ends").success());
    let succeeded = ended.filter(|success| *success).count();
    println!("{SIDE_BY_SIDE} side by side: {succeeded} succeeded, in {:?}", started.elapsed());
    assert_eq!(succeeded, SIDE_BY_SIDE);
}

fn now() -> Duration {
    SystemTime::UNIX_EPOCH.elapsed().expect("later than 1970")
}

fn median<T: PartialOrd + Copy>(values: impl Iterator<Item = T>) -> T {
    let mut all: Vec<T> = values.collect();
    all.sort_by(|one, other| one.partial_cmp(other).expect("numbers"));
    all[all.len() / 2]
}

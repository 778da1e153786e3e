//! The targets over the inputs that are kept, and over mutations of them out of a seed: a number of inputs, not a time.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Instant;

use fastrand::Rng;

use super::{TARGETS, Target};

const SEED: u64 = 20_261_125;
/// Mutations of each target.
const QUICK: usize = 1000;
/// In the long tier, unless `CREDRUN_TEST_LONG` is a number of its own.
const LONG: usize = 20_000;
/// The longest mutation in bytes: what goes wrong does so with less.
const LONGEST: usize = 4096;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

/// The inputs that are kept, in the order of their names.
fn kept(target: &Target) -> Vec<Vec<u8>> {
    let folder = folder("corpus").join(target.name);
    names(&folder).iter().map(|name| std::fs::read(folder.join(name)).expect("an input")).collect()
}

/// How many mutations the long tier asks for; `None` in the quick one.
fn long() -> Option<usize> {
    let text = std::env::var("CREDRUN_TEST_LONG").ok().filter(|text| !text.is_empty())?;
    Some(text.parse().ok().filter(|number| *number > 1).unwrap_or(LONG))
}

/// What happens with an input that a target does not stand.
fn tried(target: &Target, input: &[u8]) -> Result<(), String> {
    let run = AssertUnwindSafe(|| (target.run)(input));
    catch_unwind(run).map_err(|_| format!("{} fails with \"{}\"", target.name, input.escape_ascii()))
}

#[allow(clippy::print_stderr, reason = "a long tier prints its figures")]
fn try_all(target: &Target) {
    let inputs = kept(target);
    assert!(!inputs.is_empty(), "{} has no inputs", target.name);
    let count = long().unwrap_or(QUICK);
    let (mut rng, started) = (Rng::with_seed(SEED), Instant::now());
    let mutations = std::iter::repeat_with(|| mutation(&inputs, &mut rng)).take(count);
    let failed = inputs.iter().cloned().chain(mutations).find_map(|input| tried(target, &input).err());
    assert_eq!(failed, None);
    if long().is_some() {
        eprintln!("{}: {} kept, {count} mutations, {:?}", target.name, inputs.len(), started.elapsed());
    }
}

/// One of the inputs with a few changes.
fn mutation(inputs: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let any = |rng: &mut Rng| rng.choice(inputs).map(Vec::as_slice).unwrap_or_default();
    let mut input = any(rng).to_vec();
    for _ in 0..=rng.usize(..4) {
        let at = rng.usize(..=input.len());
        let end = rng.usize(at..=input.len().min(at + 8));
        match rng.u8(..7) {
            0 => drop(input.splice(at..end, [])),
            1 => drop(input.splice(at..end, PARTS[rng.usize(..PARTS.len())].iter().copied())),
            2 => input.insert(at, rng.u8(..)),
            3 => input.truncate(at),
            4 => {
                let other = any(rng);
                input.truncate(at);
                input.extend_from_slice(&other[rng.usize(..=other.len())..]);
            }
            5 => {
                let part = input[at..end].to_vec();
                drop(input.splice(at..at, part.repeat(1 + rng.usize(..8))));
            }
            _ => input.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << rng.u8(..8)),
        }
    }
    input.truncate(LONGEST);
    input
}

/// What readers stumble over.
const PARTS: &[&[u8]] = &[
    b"\0",
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b"\"",
    b"'",
    b"\\",
    b"\\u0000",
    b"\xff",
    b"\xef\xbb\xbf",
    b"=",
    b":",
    b",",
    b"/",
    b"..",
    b"-",
    b"+",
    b"_",
    b"[",
    b"]",
    b"{",
    b"}",
    b"0",
    b"-1",
    b"0x",
    b"1e999",
    b"65535",
    b"65536",
    b"2147483648",
    b"4294967295",
    b"9223372036854775807",
    b"9223372036854775808",
    b"18446744073709551615",
    b"\x00\x00\x00\x00",
    b"\xff\xff\xff\xff",
    b"null",
    b"true",
    b"\xe2\x80\xa8",
    b"\xc4\xb0",
    b"\xe1\xba\x9e",
    b"hush-hush",
];

macro_rules! tests {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            try_all(TARGETS.iter().find(|target| target.name == stringify!($name)).expect("a target"));
        })*

        const TESTED: &[&str] = &[$(stringify!($name)),*];
    };
}

tests! {
    agent_frames agent_held agent_http agent_output answers command_line docker_config engine_answers engine_pull
    engine_stream env_file ini moments policies values
}

#[test]
fn every_target_has_a_test_a_program_and_inputs() {
    let all: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(all, TESTED);
    let named = |name: &String| name.trim_end_matches(".rs").to_owned();
    let programs: Vec<_> = names(&folder("fuzz_targets")).iter().map(named).collect();
    assert_eq!(programs, all);
    assert_eq!(names(&folder("corpus")).into_iter().collect::<Vec<_>>(), all);
    let manifest = std::fs::read_to_string(folder("Cargo.toml")).expect("a manifest");
    for name in all {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
        let program = std::fs::read_to_string(folder("fuzz_targets").join(format!("{name}.rs")));
        assert!(program.expect("a program").contains(&format!("\"{name}\"")), "{name} runs another target");
    }
}

#[test]
fn what_fails_is_told_with_its_input() {
    let target =
        Target { name: "planted", run: |data| assert!(!data.windows(2).any(|two| two == b"\0\xff")) };
    assert_eq!(tried(&target, b"\xff\0"), Ok(()));
    assert_eq!(tried(&target, b"a\0\xff"), Err(r#"planted fails with "a\x00\xff""#.into()));
    // And mutations reach it from an input that is good.
    let (inputs, mut rng) = ([b"ab\0cd".to_vec(), b"\xff".to_vec()], Rng::with_seed(SEED));
    let found = (0..QUICK).find(|_| tried(&target, &mutation(&inputs, &mut rng)).is_err());
    assert!(found.is_some(), "no mutation in {QUICK} finds it");
}

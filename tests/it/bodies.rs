//! The docker CLI as the judge: the same command line through it and through credrun must lead to the same requests
//! and the same exit code.

mod compare;
pub mod engine;
mod generator;
mod lines;
mod memory;
mod messages;
mod mutations;
mod normal;
mod programs;
mod surroundings;
mod values;

use std::process::Command;
use std::sync::OnceLock;

use credrun::cli::flags::{self, TABLE};

use self::compare::{Record, compare, report};
use self::programs::Bench;
use crate::differences::OF_REQUESTS;

/// API versions of engines 20.10, 25 and 28.
const VERSIONS: [(u16, u16); 3] = [(1, 41), (1, 44), (1, 50)];
const SEED: u64 = 20_261_123;
/// Lines over the three versions in the quick tier.
const QUICK: usize = 2000;
/// Lines at each version in the long tier, unless `CREDRUN_TEST_LONG` is a number of its own.
const LONG: usize = 20_000;

fn long() -> bool {
    std::env::var_os("CREDRUN_TEST_LONG").is_some_and(|value| !value.is_empty())
}

/// A number from the environment: other lines than every day's, for whoever looks for differences.
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok().filter(|number| *number > 1)
}

fn words(lines: &[&[&str]]) -> Vec<Vec<String>> {
    lines.iter().map(|line| line.iter().map(ToString::to_string).collect()).collect()
}

fn assert_alike(api: (u16, u16), lines: &[Vec<String>]) -> Vec<Record> {
    let records = compare(|| Bench::new(api), lines);
    let different = report(|| Bench::new(api), &records);
    assert!(different.is_empty(), "{different}");
    records
}

/// What docker made of the quick tier's lines, for the tests that need it; docker runs once for all of them.
fn generated() -> &'static [Record] {
    static RECORDS: OnceLock<Vec<Record>> = OnceLock::new();
    RECORDS.get_or_init(|| {
        let lines = generator::lines(SEED, QUICK);
        let parts = lines.chunks(QUICK.div_ceil(VERSIONS.len())).zip(VERSIONS);
        parts.flat_map(|(part, api)| compare(|| Bench::new(api), part)).collect()
    })
}

#[test]
fn generated_lines_are_read_alike() {
    let records = generated();
    for api in VERSIONS {
        let part: Vec<_> = records.iter().filter(|record| record.api == api).cloned().collect();
        let different = report(|| Bench::new(api), &part);
        assert!(different.is_empty(), "{different}");
    }
    let created = records.iter().filter(|record| record.docker.create().is_some()).count();
    let refused =
        records.iter().filter(|record| record.docker.code != 0 && record.docker.asked.is_empty()).count();
    assert!(
        created * 2 > records.len() && refused * 6 > records.len(),
        "the mix is off: of {} lines docker created {created} and refused {refused}",
        records.len()
    );
}

#[test]
fn refusals_name_at_least_what_docker_names() {
    let less = messages::less_said(generated());
    assert!(less.is_empty(), "{} refusals:\n{}", less.len(), less.join("\n"));
}

#[test]
fn many_generated_lines_are_read_alike() {
    if !long() {
        return;
    }
    let count = number("CREDRUN_TEST_LONG").map_or(LONG, |count| usize::try_from(count).expect("a count"));
    let seed = number("CREDRUN_TEST_SEED").unwrap_or(SEED);
    let mut different = String::new();
    for (part, api) in (1..).zip(VERSIONS) {
        let started = std::time::Instant::now();
        let records = compare(|| Bench::new(api), &generator::lines(seed + part, count));
        eprintln!("{count} lines at API {api:?}: {} s", started.elapsed().as_secs());
        different += &report(|| Bench::new(api), &records);
    }
    assert!(different.is_empty(), "{different}");
}

#[test]
fn chosen_lines_are_read_alike() {
    assert_alike((1, 41), &words(lines::LINES));
    for api in [(1, 44), (1, 50)] {
        assert_alike(api, &words(lines::NEWER));
    }
}

/// The values in the tables of docker/cli's own tests; what is expected of them is the installed docker's to say.
#[test]
fn docker_s_own_test_values_are_read_alike() {
    let lines = include_str!("bodies/docker_cli_cases.jsonl").lines();
    let lines: Vec<Vec<String>> = lines
        .map(|line| {
            let mut words: Vec<String> = serde_json::from_str(line).expect("a list of words");
            words.push("bb".into());
            words
        })
        .collect();
    for api in if long() { &VERSIONS[..] } else { &VERSIONS[..1] } {
        let records = assert_alike(*api, &lines);
        let less = messages::less_said(&records);
        assert!(less.is_empty(), "{} refusals:\n{}", less.len(), less.join("\n"));
    }
}

#[test]
fn the_docker_config_counts_alike() {
    const PROXIES: &str = r#"{"proxies": {"default": {"httpProxy": "http://p:1", "noProxy": "a,b"}}}"#;
    type Case = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);
    let tried: [Case; 10] = [
        (PROXIES, &[], &["bb"]),
        (PROXIES, &[], &["-e", "HTTP_PROXY=mine", "-e", "no_proxy", "bb"]),
        (PROXIES, &[], &["--env-file", "env.txt", "bb"]),
        (r#"{"HttpHeaders": {"X-Team": "tools", "User-Agent": "me"}}"#, &[], &["bb"]),
        (r#"{"detachKeys": "ctrl-a,b"}"#, &[], &["-i", "bb"]),
        (
            r#"{"HttpHeaders": {"X-Team": "tools"}}"#,
            &[("DOCKER_CUSTOM_HEADERS", "x-a=1,\"x-b=2,3\"")],
            &["bb"],
        ),
        ("{ no", &[], &["bb"]),
        ("{}", &[("DOCKER_DEFAULT_PLATFORM", "linux/arm64")], &["bb"]),
        ("{}", &[("DOCKER_DEFAULT_PLATFORM", "linux/arm64")], &["--platform", "linux/386", "bb"]),
        ("{}", &[("DOCKER_DEFAULT_PLATFORM", "x y")], &["bb"]),
    ];
    for (config, variables, line) in tried {
        let bench = || {
            let bench = Bench::new((1, 41)).with_config(config);
            variables.iter().fold(bench, |bench, (name, value)| bench.with_variable(name, value))
        };
        let records = compare(bench, &words(&[line]));
        let different = report(bench, &records);
        assert!(different.is_empty(), "{config} {variables:?}: {different}");
    }
}

#[test]
fn the_api_socket_is_given_alike() {
    const LOGIN: &str = r#"{"auths": {"r.example.com": {"auth": "bWU6cHc="}}}"#;
    let line: [&str; 4] = ["--use-api-socket", "--mount", "dst=/m", "bb"];
    let own: [&str; 4] = ["--use-api-socket", "-e", "DOCKER_CONFIG=/mine", "bb"];
    for config in ["{}", LOGIN] {
        let bench = || Bench::new((1, 41)).with_config(config);
        let records = compare(bench, &words(&[&line, &own]));
        let different = report(bench, &records);
        assert!(different.is_empty(), "{config}: {different}");
    }
}

/// A rule that explains nothing any more is to go.
#[test]
fn each_rule_of_the_differences_is_needed() {
    let bench = Bench::new((1, 41));
    let lines: [&[&str]; 2] = [&["--device", "v/c=1", "bb"], &["--detach-keys", "foo", "bb"]];
    for (difference, line) in OF_REQUESTS.iter().zip(lines) {
        let explanation = bench.credrun(line).explanation(&bench.docker(line));
        assert_eq!(explanation.map(|found| found.what), Some(difference.what), "{}", difference.reason);
    }
}

/// The comparison finds a mistake in the table: with each mutation at least one line comes out other than docker has
/// it, and without one none does.
#[test]
fn small_mutations_of_the_table_are_found() {
    let benches = VERSIONS.map(Bench::new);
    let differing = |table, of: &dyn Fn(&Record) -> bool| {
        let differs = |record: &&Record| {
            let bench = benches.iter().find(|bench| bench.api() == record.api).expect("one of each version");
            !bench.agrees(table, &record.line, &record.docker)
        };
        generated()
            .iter()
            .filter(|record| of(record))
            .filter(differs)
            .map(|record| &record.line)
            .collect::<Vec<_>>()
    };
    assert_eq!(differing(TABLE, &|_| true), Vec::<&Vec<String>>::new());
    for mutation in &mutations::ALL {
        // Its own lines are enough, and save time.
        let flag = flags::by_long(TABLE, mutation.flag).expect("a flag");
        let names: Vec<_> = flag.aliases.iter().chain([&flag.long]).map(|name| format!("--{name}")).collect();
        let letter = |word: &str| {
            flag.short.is_some_and(|letter| {
                word.starts_with('-') && !word.starts_with("--") && word.contains(letter)
            })
        };
        let own = |word: &String| names.iter().any(|name| word.starts_with(name)) || letter(word);
        let of = |record: &Record| record.line.iter().any(own);
        assert!(
            !differing(mutation.table(), &of).is_empty(),
            "`--{}`, {}: not found",
            mutation.flag,
            mutation.what
        );
    }
}

/// docker completes the names of all its flags, hidden ones too once they are begun.
#[test]
fn every_flag_of_docker_is_in_the_table_and_no_other() {
    let mut theirs: Vec<String> = docker_flags();
    assert_eq!(theirs.len(), 107, "docker lists its flags: {theirs:?}");
    let ours = flags::rows(TABLE).filter(|flag| !flag.own && !OF_DOCKER.contains(&flag.long));
    let mut ours: Vec<String> =
        ours.flat_map(|flag| flag.aliases.iter().chain([&flag.long])).map(ToString::to_string).collect();
    theirs.sort();
    ours.sort();
    assert_eq!(ours, theirs);
}

/// Options of the `docker` command, which credrun takes, too.
const OF_DOCKER: [&str; 10] =
    ["host", "context", "config", "tls", "tlsverify", "tlscacert", "tlscert", "tlskey", "debug", "log-level"];

fn docker_flags() -> Vec<String> {
    let output = Command::new("docker").args(["__complete", "run", "--"]).output().expect("docker on PATH");
    let listed = String::from_utf8(output.stdout).expect("text");
    let listed = listed.lines().filter_map(|line| line.split_whitespace().next()?.strip_prefix("--"));
    // Completion leaves out what is hidden; docker 28.2 hides these.
    let hidden = ["dns-opt", "net", "net-alias"];
    listed.map(str::to_owned).chain(hidden.map(str::to_owned)).collect()
}

//! How fast credrun is: `bash benches/run.sh`, or `cargo bench --bench speed [-- SECTIONS --runs N]` where an engine,
//! the emulator and an image are there (`. tests/setup/env.sh`). Not part of CI, whose machines are shared.
//!
//! Everything is measured beside what it is compared with, run by run in turn, and the ratio of each pair is taken: what
//! else the machine does meets both. The figures are medians. A table is printed, and written to `target/speed` with the
//! plots of the README.

mod floor;
mod plot;
mod refresh;
mod report;
mod roles;
mod sample;
mod side_by_side;
mod stand_in;
mod start;
mod streams;
mod timeline;
mod whole_run;

use std::path::PathBuf;

use report::Report;

/// What is the same for all sections.
struct Bench {
    /// How often each pair is run.
    runs: usize,
    image: String,
    /// Where figures and plots go.
    folder: PathBuf,
    endpoint: stand_in::Endpoint,
    report: Report,
}

type Section = (&'static str, fn(&mut Bench));

const SECTIONS: [Section; 7] = [
    ("run", whole_run::measure),
    ("timeline", timeline::measure),
    ("side-by-side", side_by_side::measure),
    ("roles", roles::measure),
    ("streams", streams::measure),
    ("refresh", refresh::measure),
    ("start", start::measure),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [word, command @ ..] = &arguments[..]
        && word == floor::WORD
    {
        return floor::run(command);
    }
    let (runs, wanted) = read(&arguments);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("speed");
    std::fs::create_dir_all(&folder).expect("a folder for the figures");
    let image = std::env::var("CREDRUN_TEST_IMAGE").unwrap_or_else(|_| "credrun-test:latest".into());
    let mut bench =
        Bench { runs, image, folder, endpoint: stand_in::Endpoint::start(), report: Report::default() };
    for (name, section) in SECTIONS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            eprintln!("{name} ...");
            section(&mut bench);
        }
    }
    bench.report.finish(&bench.folder, runs);
}

/// How often, and which sections.
fn read(arguments: &[String]) -> (usize, Vec<String>) {
    let (mut runs, mut wanted, mut words) = (40, Vec::new(), arguments.iter());
    while let Some(word) = words.next() {
        if word == "--runs" {
            runs = words.next().and_then(|number| number.parse().ok()).expect("`--runs` takes a number");
        } else {
            let known = SECTIONS.iter().any(|(name, _)| name == word);
            assert!(known, "no section `{word}`: there are {:?}", SECTIONS.map(|(name, _)| name));
            wanted.push(word.clone());
        }
    }
    (runs, wanted)
}

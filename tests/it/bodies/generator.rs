//! Command lines out of a seed: pairs of flags, in all spellings, with values that are right and wrong, before
//! all sorts of images and commands.

use credrun::cli::flags::{self, Flag, Kind, TABLE};
use fastrand::Rng;

use super::values::{self, Values};

/// `count` lines.
pub fn lines(seed: u64, count: usize) -> Vec<Vec<String>> {
    let mut rng = Rng::with_seed(seed);
    (0..count).map(|number| line(&mut rng, number)).collect()
}

/// The first flag goes round the table, so that each has its turn; the others are drawn.
fn line(rng: &mut Rng, number: usize) -> Vec<String> {
    let mut words = Vec::new();
    // Of two mistakes at once a program tells one: most lines have none or one.
    let mistakes = rng.u8(..) < 90;
    let count = [1, 2, 2, 2, 3][rng.usize(..5)];
    let wrong = mistakes.then(|| rng.usize(..count));
    for at in 0..count {
        let all = values::ALL;
        let values = if at == 0 { &all[number % all.len()] } else { &all[rng.usize(..all.len())] };
        add(&mut words, values, wrong == Some(at), rng);
    }
    tail(&mut words, rng);
    words
}

fn add(words: &mut Vec<String>, values: &Values, wrong: bool, rng: &mut Rng) {
    let flag = flags::by_long(TABLE, values.flag).unwrap_or_else(|| panic!("`{}` is no flag", values.flag));
    let from = if wrong && !values.bad.is_empty() { values.bad } else { values.good };
    let repeated = if flag.kind == Kind::List {
        1 + usize::from(rng.u8(..) < 60)
    } else {
        1 + usize::from(rng.u8(..) < 10)
    };
    for _ in 0..repeated {
        let value = rng.choice(from).copied().unwrap_or_default();
        spell(words, flag, value, rng);
    }
}

/// Long or short, joined or apart, in a cluster.
fn spell(words: &mut Vec<String>, flag: &Flag, value: &str, rng: &mut Rng) {
    let names: Vec<&str> = std::iter::once(flag.long).chain(flag.aliases.iter().copied()).collect();
    let long = names[rng.usize(..names.len())];
    let short = flag.short.filter(|_| rng.bool());
    match (short, flag.kind) {
        (Some(letter), Kind::Switch) if value == "true" => {
            words.push(format!("-{}{letter}", cluster(rng)));
        }
        (Some(letter), Kind::Switch) => words.push(format!("-{letter}={value}")),
        (None, Kind::Switch) if value == "true" && rng.bool() => words.push(format!("--{long}")),
        (None, Kind::Switch) => words.push(format!("--{long}={value}")),
        (Some(letter), _) => match rng.u8(..4) {
            0 => words.push(format!("-{letter}={value}")),
            1 if !value.is_empty() => words.push(format!("-{letter}{value}")),
            2 if !value.is_empty() => words.push(format!("-P{letter}{value}")),
            3 if rng.u8(..) < 90 => words.extend([format!("-{}{letter}", cluster(rng)), value.to_owned()]),
            _ => words.extend([format!("-{letter}"), value.to_owned()]),
        },
        (None, _) if rng.bool() => words.push(format!("--{long}={value}")),
        (None, _) => words.extend([format!("--{long}"), value.to_owned()]),
    }
}

/// Switches before another letter. A terminal, which the programs do not have, would hide the rest: no `t`.
fn cluster(rng: &mut Rng) -> &'static str {
    rng.choice(["", "", "", "P", "i", "qP", "Pi"]).expect("there are some")
}

fn tail(words: &mut Vec<String>, rng: &mut Rng) {
    let commands = values::COMMANDS;
    let odd = rng.u8(..) < 20;
    if odd && rng.bool() {
        words.extend(values::TAILS[rng.usize(..values::TAILS.len())].iter().map(ToString::to_string));
        return;
    }
    let images = if odd { values::BAD_IMAGES } else { values::IMAGES };
    // Half of the time the plain one: what is odd about an image hides what is odd about the flags.
    let image = if !odd && rng.bool() { "bb" } else { images[rng.usize(..images.len())] };
    words.push(image.to_owned());
    words.extend(commands[rng.usize(..commands.len())].iter().map(ToString::to_string));
}

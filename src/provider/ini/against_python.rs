//! Our parsers of files, words, numbers and paths beside Python's own, over texts made by chance. Needs `python3`.
//!
//! `CREDRUN_TEST_SEED` repeats a run.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use fastrand::Rng;
use serde_json::{Value as Json, json};

use super::{Section, Value, parse};
use crate::environment::Environment;
use crate::provider::{path, setting, words};

/// Enough to meet each pair of pieces often; a second's work.
const TEXTS: usize = 4000;

/// What decides something somewhere in the grammars, and a few letters between.
const PIECES: [&str; 48] = [
    "[",
    "]",
    "[a]",
    "[b]",
    "[DEFAULT]",
    "[profile a]",
    "[profile \"a b\"]",
    "=",
    ":",
    " = ",
    " : ",
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    "  ",
    "\t",
    "#",
    ";",
    "a",
    "b",
    "A",
    "x",
    "key",
    "\"",
    "'",
    "\\",
    "\\\n",
    "\\\"",
    "\u{a0}",
    "\u{1c}",
    "\u{1f}",
    "\u{b}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "é",
    "İ",
    "Σ",
    "1",
    "_",
    "+",
    "-",
    "a = 1\n",
    "b =\n  c = 2\n",
    "\n  d\n",
];

/// What botocore makes of a file, and the other functions as they are.
const PYTHON: &str = r#"
import configparser, io, json, os, shlex, sys

def nested(value):
    pairs = (line.strip().split("=", 1) for line in value.splitlines() if line.strip())
    return {key.strip(): text.strip() for key, text in pairs}

def file(text):
    parser = configparser.RawConfigParser()
    parser.read_file(io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"))
    read = {name: {key: parser.get(name, key) for key in parser.options(name)} for name in parser.sections()}
    return {name: {key: nested(text) if text.startswith("\n") else text for key, text in section.items()}
            for name, section in read.items()}

def attempt(function, text):
    try:
        return function(text)
    except (configparser.Error, ValueError):
        return None

def number(text):
    return int(text) if text.isascii() and -2**63 < int(text) < 2**63 else None

os.environ.clear()
os.environ.update(HOME="/home/me", a="1", key="$b", A="~")
path = lambda text: os.path.expanduser(os.path.expandvars(text))
functions = [file, shlex.split, number, path]
for line in sys.stdin:
    print(json.dumps([attempt(function, json.loads(line)) for function in functions]))
"#;

fn text(random: &mut Rng) -> String {
    let count = random.usize(..16);
    // Most files begin with a section, or nothing of them would be read.
    let start = if random.u8(..4) == 0 { "" } else { "[a]\n" };
    (0..count).fold(start.to_owned(), |text, _| text + PIECES[random.usize(..PIECES.len())])
}

fn path_text(random: &mut Rng) -> String {
    const PARTS: [&str; 14] =
        ["~", "/", "$", "{", "}", "a", "key", "A", "$a", "${a}", "${key}", "-", "é", "~root"];
    (0..random.usize(..8)).map(|_| PARTS[random.usize(..PARTS.len())]).collect()
}

fn shown(sections: &[(String, Section)]) -> Json {
    let value = |value: &Value| match value {
        Value::Text(text) => json!(text.expose()),
        Value::Nested(nested) => {
            json!(nested.iter().map(|(name, text)| (name, text.expose())).collect::<BTreeMap<_, _>>())
        }
    };
    let section = |section: &Section| {
        json!(section.iter().map(|(name, text)| (name, value(text))).collect::<BTreeMap<_, _>>())
    };
    json!(sections.iter().map(|(name, options)| (name, section(options))).collect::<BTreeMap<_, _>>())
}

fn ours(text: &str, environment: &Environment) -> Json {
    let number = text.is_ascii().then(|| setting::python_int(text)).flatten();
    json!([
        parse(text).ok().map(|sections| shown(&sections)),
        words::split(text).ok(),
        number,
        path::expand(environment, text),
    ])
}

fn python(texts: &[String]) -> Vec<Json> {
    let mut command = Command::new("python3");
    command.args(["-X", "utf8", "-c", PYTHON]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("python3 has to be there");
    let mut stdin = child.stdin.take().expect("piped");
    let lines: String = texts.iter().map(|text| json!(text).to_string() + "\n").collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("its answers");
    writer.join().expect("no panic").expect("python3 reads all");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn texts_made_by_chance_are_read_as_python_reads_them() {
    let given = std::env::var("CREDRUN_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| fastrand::u64(..));
    let mut random = Rng::with_seed(seed);
    let texts: Vec<String> = (0..TEXTS)
        .map(|number| if number % 4 == 0 { path_text(&mut random) } else { text(&mut random) })
        .collect();
    let environment = [("HOME", "/home/me"), ("a", "1"), ("key", "$b"), ("A", "~")].into_iter().collect();
    let theirs = python(&texts);
    assert_eq!(theirs.len(), TEXTS);
    let mut read = 0;
    for (text, theirs) in texts.iter().zip(theirs) {
        let ours = ours(text, &environment);
        assert_eq!(ours, theirs, "{text:?}, CREDRUN_TEST_SEED={seed}");
        read += usize::from(ours[0].as_object().is_some_and(|sections| !sections.is_empty()));
    }
    assert!(read > TEXTS / 10, "only {read} of {TEXTS} are files with a section");
}

//! Exported credentials, read by those they are written for: the shells themselves, docker, botocore, credrun.
//!
//! cmd.exe is Wine's, which reads a batch file and a prompt, yet cannot run `set` from a variable of `for /f`: that
//! way was not tried. PowerShell is in no registry that the set-up asks (Debian, PyPI, npm, crates.io): what
//! it reads is held against its tokenizer's rules in `src/export/tests.rs`, and here by a test that has to be asked
//! for, with `pwsh` on PATH: `cargo test -- --ignored powershell`.

use std::collections::BTreeMap;
use std::process::Stdio;

use credrun::credentials::{Credentials, Secret};
use credrun::export::{Format, render};
use time::macros::datetime;

use super::harness::host::{ACCESS_KEY_ID, Host, Program, image, required_variable};
use super::harness::run::{Outcome, run, run_with_input, start};

/// What a variable held before.
const STALE: &str = "stale";
const END: &str = "2099-12-31T23:59:59Z";
const VARIABLES: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
];

/// Values that hold what has a meaning in one of the readers.
const NASTY: [&str; 22] = [
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE+==",
    "it's",
    "say \"so\"",
    "'\"'\"'",
    "  two  spaces  ",
    "$HOME ${HOME} $(touch pwned) `touch pwned` $",
    "%PATH% 100% %% %i %self",
    "a\\b\\\\c\\n\\",
    "back`tick``s`n",
    "!! !x ^ ^^ & && | || < > << >>",
    "* ? [a-z] {a,b} ~ ~root # ; ( ) ,",
    "=ls",
    "a:=ls:~",
    "-n",
    "@('x') @x",
    "naïve Ünïcode 日本語 😀",
    "“low„ and ”high“ and ‘single’ ‚these‛",
    "tab\tand\u{1b}[31mescape\u{7f}",
    "line\nbreak",
    "\nfirst\n\nand last\n",
    "carriage\rreturn\r\n",
    "'",
];

fn long_term(value: &str) -> Credentials {
    Credentials::new(value, Secret::new(value), None, None, "test")
}

fn temporary(value: &str) -> Credentials {
    let end = datetime!(2099-12-31 23:59:59 UTC);
    Credentials::new(value, Secret::new(value), Some(Secret::new(value)), Some(end), "test")
}

fn rendered(format: Format, credentials: &Credentials, region: &str, prefix: &str) -> String {
    let text = render(format, credentials, Some(region), prefix);
    text.unwrap_or_else(|error| panic!("{format:?}: {error}")).expose().to_owned()
}

/// The variables of ours, from `NAME=value` with `end` after each.
fn variables(listed: &[u8], end: &str) -> BTreeMap<String, String> {
    let listed = String::from_utf8(listed.to_vec()).expect("UTF-8");
    let pairs = listed.split(end).filter_map(|pair| pair.split_once('='));
    let ours = pairs.filter(|(name, _)| VARIABLES.iter().any(|variable| name.ends_with(variable)));
    ours.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What they have to be.
fn expected(prefix: &str, value: &str, region: &str) -> BTreeMap<String, String> {
    let values = [value, value, value, END, region, region];
    VARIABLES.iter().zip(values).map(|(name, value)| (format!("{prefix}{name}"), value.to_owned())).collect()
}

/// A host whose own variables must not be found again.
fn host(locale: &str) -> Host {
    let names = ["AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"];
    names.iter().fold(Host::bare().with("LC_ALL", locale), |host, name| host.with(name, STALE))
}

/// The shell's way to take a script, and what a child of it then has.
fn read_by(host: &Host, shell: &[&str], script: &str, text: &str) -> BTreeMap<String, String> {
    std::fs::write(host.root().join("text"), text).expect("a file");
    let mut command = host.tool(shell[0]);
    let outcome = run(command.args(&shell[1..]).arg(script).stdin(Stdio::null()));
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{shell:?}\n{text}\n{outcome:?}");
    assert!(!host.root().join("pwned").exists(), "{shell:?} ran a part of a value:\n{text}");
    variables(&outcome.stdout, "\0")
}

/// Every value through every script, in both locales; then long-term keys where a token was.
fn round_trips(format: Format, shell: &[&str], scripts: &[&str]) {
    for host in ["C", "C.UTF-8"].map(host) {
        for script in scripts {
            for value in NASTY {
                let text = rendered(format, &temporary(value), value, "");
                assert_eq!(read_by(&host, shell, script, &text), expected("", value, value), "{text}");
            }
            let text = rendered(format, &temporary("it's"), "r", "TEMPORARY_");
            let mut prefixed = expected("TEMPORARY_", "it's", "r");
            let stale =
                ["AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"].map(|name| (name.into(), STALE.into()));
            prefixed.extend(stale);
            assert_eq!(read_by(&host, shell, script, &text), prefixed, "{text}");
            let mut kept = expected("", "key", "r");
            kept.retain(|name, _| {
                !["AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"].contains(&name.as_str())
            });
            let text = rendered(format, &long_term("key"), "r", "");
            assert_eq!(read_by(&host, shell, script, &text), kept, "{text}");
        }
    }
}

/// Fails with the package to install unless the shell is there.
fn require(shell: &str) {
    let found = std::process::Command::new(shell).args(["-c", "exit 0"]).stdin(Stdio::null()).output();
    assert!(found.is_ok(), "no `{shell}`: install the package `{shell}`, or run `bash tests/run.sh`");
}

fn posix_shell(shell: &[&str]) {
    require(shell[0]);
    let read = ["eval \"$(cat text)\"; env -0", ". ./text; env -0"];
    round_trips(Format::Env, shell, &read);
    let all = ["set -a; eval \"$(cat text)\"; env -0", "set -a; . ./text; env -0"];
    round_trips(Format::EnvNoExport, shell, &all);
    let host = Host::bare();
    let text = rendered(Format::EnvNoExport, &temporary("it's"), "r", "");
    assert_eq!(read_by(&host, shell, read[0], &text), BTreeMap::new(), "nothing is exported");
    let told = "eval \"$(cat text)\"; printf 'AWS_REGION=%s\\0' \"$AWS_SESSION_TOKEN\"";
    assert_eq!(read_by(&host, shell, told, &text)["AWS_REGION"], "it's", "the shell itself has it");
}

#[test]
fn dash_reads_env() {
    posix_shell(&["dash", "-euc"]);
}

#[test]
fn sh_reads_env() {
    posix_shell(&["sh", "-euc"]);
}

#[test]
fn bash_reads_env() {
    posix_shell(&["bash", "--norc", "-euc"]);
}

#[test]
fn zsh_reads_env() {
    posix_shell(&["zsh", "-f", "-euc"]);
}

#[test]
fn fish_reads_fish() {
    require("fish");
    let scripts =
        ["source text; env -0", "cat text | source; env -0", "eval (cat text | string join ';'); env -0"];
    round_trips(Format::Fish, &["fish", "--no-config", "-c"], &scripts);
}

/// What cmd.exe cannot hold is left out, and has to be refused.
fn held_by_cmd() -> Vec<&'static str> {
    let (held, refused): (Vec<_>, Vec<_>) =
        NASTY.iter().partition(|value| !value.contains(['%', '!']) && !value.contains(char::is_control));
    for value in refused {
        assert!(render(Format::WindowsCmd, &temporary(value), None, "").is_err(), "{value:?}");
    }
    assert!(held.len() >= 12, "{held:?}");
    held
}

/// The variables that a child of cmd.exe has; without a console and a code page of its own, UTF-8 comes and
/// goes as code page 437, which has a character for each byte.
fn cmd_variables(outcome: &Outcome) -> BTreeMap<String, String> {
    let decode = "import sys; text = sys.stdin.buffer.read().decode('utf-16-le'); \
                  sys.stdout.buffer.write(text.encode('cp437', 'replace'))";
    let listed = run_with_input(Host::bare().tool("python3").args(["-c", decode]), &outcome.stdout);
    assert_eq!(listed.code, 0, "{listed:?}");
    variables(&listed.stdout, "\r\n")
}

/// As a batch file, and typed in (from a file, too: Wine's takes no pipe for that).
fn read_by_cmd(host: &Host, text: &str) -> [BTreeMap<String, String>; 2] {
    let cmd = required_variable("CREDRUN_TEST_CMD");
    assert!(
        std::path::Path::new(&cmd).exists(),
        "no cmd.exe: the set-up takes it from the packages wine64, libwine and libz-mingw-w64; see what it said"
    );
    host.write("text.cmd", &format!("@echo off\n{text}cmd /u /c set\n"));
    host.write("typed", &format!("{text}echo.\ncmd /u /c set\n"));
    let batch = format!("Z:{}", host.home().join("text.cmd").display()).replace('/', "\\");
    let typed = std::fs::File::open(host.home().join("typed")).expect("a file");
    let batch = run(host.tool(&cmd).args(["/u", "/c", &batch]));
    let typed = start(host.tool(&cmd).args(["/u", "/q"]).stdin(typed)).outcome();
    [batch, typed].map(|outcome| {
        assert_eq!(outcome.code, 0, "{text}\n{outcome:?}");
        assert!(!host.root().join("pwned").exists(), "cmd.exe ran a part of a value:\n{text}");
        cmd_variables(&outcome)
    })
}

#[test]
fn cmd_reads_windows_cmd() {
    let host = host("C.UTF-8");
    for value in held_by_cmd() {
        let text = rendered(Format::WindowsCmd, &temporary(value), value, "");
        for read in read_by_cmd(&host, &text) {
            assert_eq!(read, expected("", value, value), "{text}");
        }
    }
    let text = rendered(Format::WindowsCmd, &long_term("key"), "r", "");
    for read in read_by_cmd(&host, &text) {
        assert!(!read.contains_key("AWS_SESSION_TOKEN") && read["AWS_REGION"] == "r", "{read:?}");
        assert!(!read.contains_key("AWS_CREDENTIAL_EXPIRATION"), "{read:?}");
    }
}

#[test]
#[ignore = "PowerShell is in no registry that the set-up asks: run it where `pwsh` is on PATH"]
fn powershell_reads_powershell() {
    let scripts = [
        "Get-Content -Raw -Encoding utf8 text | Invoke-Expression; & env -0",
        "Get-Content -Encoding utf8 text | Out-String | Invoke-Expression; & env -0",
        "Get-Content -Encoding utf8 text | Invoke-Expression; & env -0",
    ];
    round_trips(Format::PowerShell, &["pwsh", "-NoProfile", "-NonInteractive", "-Command"], &scripts);
}

/// All values in one file, each under a prefix of its own.
#[test]
fn docker_reads_docker_env_file() {
    let (host, mut text, mut wanted) = (Host::bare(), String::new(), BTreeMap::new());
    for (index, value) in NASTY.iter().enumerate() {
        let prefix = format!("V{index}_");
        match render(Format::DockerEnvFile, &temporary(value), Some(value), &prefix) {
            Ok(rendered) => text.push_str(rendered.expose()),
            Err(error) => {
                assert!(value.contains('\n'), "{value:?}: {error}");
                continue;
            }
        }
        wanted.extend(expected(&prefix, value, value));
    }
    std::fs::write(host.root().join("env"), text).expect("a file");
    let arguments = ["--env-file", "env", image(), "cat", "/proc/self/environ"];
    let outcome = run(&mut host.command(Program::Docker, &arguments));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(variables(&outcome.stdout, "\0"), wanted);
    assert!(wanted.len() >= 16 * VARIABLES.len(), "{wanted:?}");
}

/// What Python's json makes of the object: its names and values, in its order.
fn read_by_python(text: &str) -> Vec<(String, String)> {
    let script = "import json, sys\n\
                  for pair in json.load(sys.stdin.buffer).items(): \
                  sys.stdout.buffer.write('='.join(map(str, pair)).encode() + b'\\0')";
    let outcome = run_with_input(Host::bare().tool("python3").args(["-c", script]), text.as_bytes());
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let listed = String::from_utf8(outcome.stdout).expect("UTF-8");
    let pairs = listed.split_terminator('\0').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn python_reads_the_objects() {
    for value in NASTY {
        let keys = [("AccessKeyId", value), ("SecretAccessKey", value)];
        let process =
            [&[("Version", "1")], &keys[..], &[("SessionToken", value), ("Expiration", END)]].concat();
        let json = [&process[..], &[("Region", value)]].concat();
        let end = [("Token", value), ("Expiration", END), ("Code", "Success")];
        let raw = [&[("Type", "")], &keys[..], &end].concat();
        for (format, expected) in [(Format::Process, process), (Format::Json, json), (Format::Raw, raw)] {
            let read = read_by_python(&rendered(format, &temporary(value), value, ""));
            let read: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(read, expected, "{format:?}");
        }
    }
}

/// A profile whose process prints the text.
fn process_host(credentials: &Credentials) -> Host {
    let host = Host::bare();
    host.write("credentials.json", &rendered(Format::Process, credentials, "eu-west-1", ""));
    let file = host.home().join("credentials.json");
    host.write(".aws/config", &format!("[profile exported]\ncredential_process = cat {}\n", file.display()));
    host
}

/// The AWS CLI itself, and the library that it signs with. (`aws configure export-credentials` is in its version 2
/// alone, which PyPI does not have.)
#[test]
fn the_aws_cli_reads_process() {
    let cli = required_variable("CREDRUN_TEST_AWS_CLI");
    let python = std::path::Path::new(&cli).with_file_name("python");
    let python = python.to_str().expect("UTF-8");
    let script = "import sys, botocore.session\n\
                  keys = botocore.session.Session(profile='exported').get_credentials()\n\
                  values = *keys.get_frozen_credentials()[:3], keys.method, str(getattr(keys, '_expiry_time', None))\n\
                  sys.stdout.buffer.write('\\0'.join(map(str, values)).encode())";
    for value in NASTY {
        for (credentials, token, end) in
            [(temporary(value), value, "2099-12-31 23:59:59+00:00"), (long_term(value), "None", "None")]
        {
            let host = process_host(&credentials).with("LC_ALL", "C.UTF-8");
            let outcome = run(host.tool(python).args(["-c", script]));
            assert_eq!(outcome.code, 0, "{outcome:?}");
            let expected = [value, value, token, "custom-process", end].join("\0");
            assert_eq!(String::from_utf8_lossy(&outcome.stdout), expected, "{outcome:?}");
        }
    }
    let host = process_host(&temporary(ACCESS_KEY_ID));
    let listed = run(host.tool(&cli).args(["configure", "list", "--profile", "exported"]));
    assert!(listed.text().contains("MPLE") && listed.text().contains("custom-process"), "{listed:?}");
}

/// credrun reads what credrun wrote.
#[test]
fn credrun_reads_process() {
    let value = "it's \"$HOME\" `%PATH%` \\ naïve 日本語 😀\n!";
    let host = process_host(&temporary(value));
    let arguments = ["--profile", "exported", image(), "cat", "/proc/self/environ"];
    let outcome = run(&mut host.command(Program::Credrun, &arguments));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let read = variables(&outcome.stdout, "\0");
    let expected = expected("", value, "");
    for name in &VARIABLES[..4] {
        assert_eq!(read.get(*name), expected.get(*name), "{name}: {read:?}");
    }
}

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

use super::harness::host::{ACCESS_KEY_ID, BOTH, Host, Program, image, required_variable};
use super::harness::run::{Outcome, run, run_with_input, start};

/// What a variable held before.
const STALE: &str = "stale";
const END: &str = "2099-12-31T23:59:59Z";
/// The variables that are taken away where there is no value for them, and those that would win over the keys.
const STALES: [&str; 5] = [
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SECURITY_TOKEN",
];
const VARIABLES: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
];

/// Values that hold what has a meaning in one of the readers.
const NASTY: [&str; 23] = [
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE+==",
    "it's",
    "say \"so\"",
    "'\"'\"'",
    "  two  spaces  ",
    "$HOME ${HOME} $(touch pwned) `touch pwned` $",
    "%PATH% 100% %% %i %self",
    "a\\b\\\\c\\n\\",
    "back`tick``s`n",
    "!! !x !",
    "a & b && c | d || e < f > g ^ h ^^ (i) ^",
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
    let ours =
        pairs.filter(|(name, _)| VARIABLES.iter().chain(&STALES).any(|variable| name.ends_with(variable)));
    ours.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What they have to be.
fn expected(prefix: &str, value: &str, region: &str) -> BTreeMap<String, String> {
    let values = [value, value, value, END, region, region];
    VARIABLES.iter().zip(values).map(|(name, value)| (format!("{prefix}{name}"), value.to_owned())).collect()
}

/// A host whose own variables must not be found again.
fn host(locale: &str) -> Host {
    STALES.iter().fold(Host::bare().with("LC_ALL", locale), |host, name| host.with(name, STALE))
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

/// All the values, each under a prefix of its own, and what has to be read; none is held back silently.
fn all(format: Format, is_refused: impl Fn(&str) -> bool) -> (String, BTreeMap<String, String>) {
    let (mut text, mut wanted) = (String::new(), BTreeMap::new());
    for (index, value) in NASTY.iter().enumerate() {
        let prefix = format!("V{index}_");
        let rendered = render(format, &temporary(value), Some(value), &prefix);
        assert_eq!(rendered.is_err(), is_refused(value), "{format:?}: {value:?}");
        if let Ok(rendered) = rendered {
            text.push_str(rendered.expose());
            wanted.extend(expected(&prefix, value, value));
        }
    }
    (text, wanted)
}

/// Every value through every script, in both locales; then temporary keys under a prefix and long-term keys, where
/// a token was.
fn round_trips(format: Format, shell: &[&str], scripts: &[&str]) {
    let (text, wanted) = all(format, |_| false);
    let stale = STALES.map(|name| (name.to_owned(), STALE.to_owned()));
    let kept: BTreeMap<_, _> = wanted.into_iter().chain(stale).collect();
    let mut long = expected("", "it's", "r");
    long.retain(|name, _| !STALES.contains(&name.as_str()));
    for host in ["C", "C.UTF-8"].map(host) {
        for script in scripts {
            assert_eq!(read_by(&host, shell, script, &text), kept, "{shell:?} {script}");
            let text = rendered(format, &long_term("it's"), "r", "");
            assert_eq!(read_by(&host, shell, script, &text), long, "{text}");
            let text = rendered(format, &temporary("it's"), "r", "");
            assert_eq!(read_by(&host, shell, script, &text), expected("", "it's", "r"), "{text}");
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
    let (text, mut wanted) =
        all(Format::WindowsCmd, |value| value.contains('!') || value.contains(char::is_control));
    assert!(wanted.len() >= 13 * VARIABLES.len(), "{wanted:?}");
    wanted.extend(STALES.map(|name| (name.to_owned(), STALE.to_owned())));
    // The text is a batch file's: typed in, a `%` would stay two.
    let [batch, mut typed] = read_by_cmd(&host, &text);
    assert_eq!(batch, wanted);
    let holds_percent = |value: &String| value.contains('%');
    typed.retain(|_, value| !holds_percent(value));
    wanted.retain(|_, value| !holds_percent(value));
    assert_eq!(typed, wanted);
    let mut long = expected("", "it's", "r");
    long.retain(|name, _| !STALES.contains(&name.as_str()));
    let text = rendered(Format::WindowsCmd, &long_term("it's"), "r", "");
    assert_eq!(read_by_cmd(&host, &text), [long.clone(), long]);
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

#[test]
fn docker_reads_docker_env_file() {
    let (text, wanted) = all(Format::DockerEnvFile, |value| value.contains('\n'));
    assert!(wanted.len() >= 16 * VARIABLES.len(), "{wanted:?}");
    let host = Host::bare();
    host.write("env", &text);
    let file = host.home().join("env");
    for program in BOTH {
        let arguments = ["--env-file", file.to_str().expect("UTF-8"), image(), "cat", "/proc/self/environ"];
        let outcome = run(&mut Host::new().command(program, &arguments));
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let mut read = variables(&outcome.stdout, "\0");
        // What credrun adds has no prefix.
        read.retain(|name, _| name.starts_with('V'));
        assert_eq!(read, wanted, "{program:?}");
    }
}

/// What Python's json makes of the objects: their names and values, in their order.
fn read_by_python(text: &str) -> Vec<String> {
    let script = "import json, sys\n\
                  text = sys.stdin.buffer.read().decode().lstrip()\n\
                  while text:\n    \
                      read, end = json.JSONDecoder().raw_decode(text)\n    \
                      text = text[end:].lstrip()\n    \
                      for pair in read.items(): sys.stdout.buffer.write(('%s=%s\\0' % pair).encode())\n";
    let outcome = run_with_input(Host::bare().tool("python3").args(["-c", script]), text.as_bytes());
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let listed = String::from_utf8(outcome.stdout).expect("UTF-8");
    listed.split_terminator('\0').map(str::to_owned).collect()
}

#[test]
fn python_reads_the_objects() {
    for (format, names) in [
        (Format::Process, "Version=1 AccessKeyId SecretAccessKey SessionToken Expiration"),
        (Format::Json, "Version=1 AccessKeyId SecretAccessKey SessionToken Expiration Region"),
        (Format::Raw, "Type= AccessKeyId SecretAccessKey Token Expiration Code=Success"),
    ] {
        let text = NASTY.map(|value| rendered(format, &temporary(value), value, "")).concat();
        let wanted = NASTY.iter().flat_map(|value| {
            names.split(' ').map(move |name| match name {
                "Expiration" => format!("{name}={END}"),
                name if name.contains('=') => name.to_owned(),
                name => format!("{name}={value}"),
            })
        });
        assert_eq!(read_by_python(&text), wanted.collect::<Vec<_>>(), "{format:?}");
    }
}

/// Profiles of these names, whose processes print the credentials.
fn process_host(profiles: &[(String, Credentials)]) -> Host {
    let host = Host::bare().with("LC_ALL", "C.UTF-8");
    let mut config = String::new();
    for (name, credentials) in profiles {
        let file = format!("{name}.json");
        host.write(&file, &rendered(Format::Process, credentials, "eu-west-1", ""));
        let file = host.home().join(file);
        let file = file.to_str().expect("UTF-8");
        config.extend(["[profile ", name, "]\ncredential_process = cat ", file, "\n"]);
    }
    host.write(".aws/config", &config);
    host
}

/// The library that the AWS CLI signs with, and the CLI itself. (`aws configure export-credentials` is in its
/// version 2 alone, which PyPI does not have.)
#[test]
fn the_aws_cli_reads_process() {
    let cli = required_variable("CREDRUN_TEST_AWS_CLI");
    let python = std::path::Path::new(&cli).with_file_name("python");
    let script = "import sys, botocore.session\n\
                  for name in sys.argv[1:]:\n    \
                      keys = botocore.session.Session(profile=name).get_credentials()\n    \
                      end = str(getattr(keys, '_expiry_time', None))\n    \
                      values = *keys.get_frozen_credentials()[:3], keys.method, end\n    \
                      sys.stdout.buffer.write(('\\0'.join(map(str, values)) + '\\0').encode())\n";
    let (mut profiles, mut wanted) = (Vec::new(), String::new());
    for (index, value) in NASTY.iter().enumerate() {
        profiles.push((format!("t{index}"), temporary(value)));
        wanted += &[value, value, value, "custom-process", "2099-12-31 23:59:59+00:00", ""].join("\0");
        profiles.push((format!("l{index}"), long_term(value)));
        wanted += &[value, value, "None", "custom-process", "None", ""].join("\0");
    }
    let host = process_host(&profiles);
    let names = profiles.iter().map(|(name, _)| name);
    let outcome = run(host.tool(python.to_str().expect("UTF-8")).args(["-c", script]).args(names));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), wanted, "{outcome:?}");
    let host = process_host(&[("exported".into(), temporary(ACCESS_KEY_ID))]);
    let listed = run(host.tool(&cli).args(["configure", "list", "--profile", "exported"]));
    assert!(listed.text().contains("MPLE") && listed.text().contains("custom-process"), "{listed:?}");
}

/// credrun reads what credrun wrote.
#[test]
fn credrun_reads_process() {
    let value = "it's \"$HOME\" `%PATH%` \\ naïve 日本語 😀\n!";
    let host = process_host(&[("exported".into(), temporary(value))]);
    let arguments = ["--profile", "exported", image(), "cat", "/proc/self/environ"];
    let outcome = run(&mut host.command(Program::Credrun, &arguments));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let read = variables(&outcome.stdout, "\0");
    let expected = expected("", value, "");
    for name in &VARIABLES[..4] {
        assert_eq!(read.get(*name), expected.get(*name), "{name}: {read:?}");
    }
}

//! What stands around the command line: the environment, `config.json`, engines of another operating system.

use super::compare::{compare, report};
use super::programs::Bench;

/// A `config.json`, variables, and the words after `run --rm`.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

const DEFAULT: &str = r#"{"proxies": {"default": {"httpProxy": "http://p:1", "httpsProxy": "http://s:2",
    "ftpProxy": "f", "noProxy": "a,b", "allProxy": "z"}}}"#;
const EMPTY: &str = r#"{"proxies": {"default": {"httpProxy": "", "noProxy": "x"}}}"#;
const OTHER_ENGINE: &str = r#"{"proxies": {"tcp://192.0.2.1:2376": {"httpProxy": "http://p:1"}}}"#;
const BOTH: &str =
    r#"{"proxies": {"tcp://192.0.2.1:2376": {"httpProxy": "h"}, "default": {"httpsProxy": "d"}}}"#;
const PLATFORM: &str = "DOCKER_DEFAULT_PLATFORM";
const HIDE: &str = "DOCKER_HIDE_LEGACY_COMMANDS";
const TRUST: &str = "DOCKER_CONTENT_TRUST";
const KEYS: &str = r#"{"detachKeys": "ctrl-a,b"}"#;

#[rustfmt::skip]
const CASES: &[Case] = &[
    (DEFAULT, &[], &["bb"]),
    (DEFAULT, &[], &["-e", "http_proxy=", "bb"]),
    (DEFAULT, &[], &["-e", "HTTP_PROXY", "bb"]),
    (DEFAULT, &[("HTTP_PROXY", "hosts")], &["-e", "HTTP_PROXY", "bb"]),
    (DEFAULT, &[], &["-e", "Http_Proxy=x", "-e", "ALL_PROXY=y", "bb"]),
    (DEFAULT, &[], &["-e", "FTP_PROXY=1", "-e", "ftp_proxy=2", "-e", "FTP_PROXY=3", "bb"]),
    (EMPTY, &[], &["bb"]),
    (OTHER_ENGINE, &[], &["bb"]),
    (BOTH, &[], &["bb"]),
    (r#"{"proxies": {}}"#, &[], &["bb"]),
    (r#"{"proxies": null}"#, &[], &["bb"]),
    (r#"{"proxies": "x"}"#, &[], &["bb"]),
    (r#"{"PROXIES": {"DEFAULT": {"HTTPPROXY": "x"}}}"#, &[], &["bb"]),
    (KEYS, &[], &["bb"]),
    (KEYS, &[], &["-i", "--detach-keys", "ctrl-c", "bb"]),
    (KEYS, &[], &["-d", "bb"]),
    (r#"{"HttpHeaders": {"X-Team": "tools", "x-other": "a b"}}"#, &[], &["bb"]),
    (r#"{"HttpHeaders": {}}"#, &[], &["bb"]),
    (r#"{"HttpHeaders": {"X-Team": ""}}"#, &[], &["bb"]),
    ("", &[], &["bb"]),
    ("[]", &[], &["bb"]),
    ("null", &[], &["bb"]),
    (r#"{"unknown": [1, {"a": 2}]}"#, &[], &["bb"]),
    ("{}", &[(PLATFORM, "")], &["bb"]),
    ("{}", &[(PLATFORM, "linux")], &["bb"]),
    ("{}", &[(PLATFORM, "linux/arm/v7")], &["--platform", "", "bb"]),
    ("{}", &[(PLATFORM, "a/b/c/d")], &["--platform", "linux/amd64", "bb"]),
    ("{}", &[(PLATFORM, "linux/")], &["--cpu-count", "1", "bb"]),
    ("{}", &[(PLATFORM, "x y")], &["UPPER"]),
    ("{}", &[(PLATFORM, "linux/arm64")], &["--pull", "always", "bb"]),
    ("{}", &[(HIDE, "1")], &["bb"]),
    ("{}", &[(HIDE, "maybe")], &["bb"]),
    ("{}", &[(TRUST, "0")], &["bb"]),
    ("{}", &[(TRUST, "false")], &["bb"]),
    ("{}", &[(TRUST, "")], &["bb"]),
    ("{}", &[(TRUST, "1")], &["--disable-content-trust", "bb"]),
    ("{}", &[(TRUST, "1")], &["--disable-content-trust=true", "bb:1"]),
    ("{}", &[(TRUST, "1")], &["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]),
    ("{}", &[("DOCKER_API_VERSION", "1.41")], &["bb"]),
    ("{}", &[("DOCKER_API_VERSION", "1.44")], &["--annotation", "a=b", "bb"]),
    ("{}", &[("DOCKER_API_VERSION", "")], &["bb"]),
    ("{}", &[("NO_COLOR", "1"), ("LANG", "de_DE.UTF-8"), ("TERM", "dumb")], &["bb"]),
    ("{}", &[("BUILDKIT_PROGRESS", "x"), ("DOCKER_BUILDKIT", "0")], &["bb"]),
];

#[test]
fn surroundings_count_alike() {
    let mut wrong = Vec::new();
    for (config, variables, line) in CASES {
        let bench = || {
            let bench = Bench::new((1, 41)).with_config(config);
            variables.iter().fold(bench, |bench, (name, value)| bench.with_variable(name, value))
        };
        let line = line.iter().map(ToString::to_string).collect();
        let different = report(bench, &compare(bench, &[line]));
        if !different.is_empty() {
            wrong.push(format!("{config} {variables:?}: {different}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}

/// The flags that an engine for Windows containers has, and what docker sends it otherwise.
#[test]
fn an_engine_for_windows_containers_is_asked_alike() {
    let lines: [&[&str]; 10] = [
        &["bb"],
        &["--cpu-count", "2", "bb"],
        &["--cpu-percent=50", "--cpus", "1", "bb"],
        &["--io-maxbandwidth", "10mb", "--io-maxiops", "0x10", "bb"],
        &["--isolation", "hyperv", "bb"],
        &["-v", "c:\\a:d:\\b", "bb"],
        &["--platform", "windows/amd64", "bb"],
        &["--network", "nat", "bb"],
        &["--annotation", "a=b", "--cpu-count", "1", "bb"],
        &["-e", "A=1", "-p", "80:80", "-w", "c:\\", "bb", "cmd"],
    ];
    let lines: Vec<Vec<String>> =
        lines.iter().map(|line| line.iter().map(ToString::to_string).collect()).collect();
    for api in [(1, 41), (1, 50)] {
        let bench = || Bench::of_os(api, "windows");
        let different = report(bench, &compare(bench, &lines));
        assert!(different.is_empty(), "{different}");
    }
}

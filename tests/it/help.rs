//! What credrun tells without running anything: a dry run, completions in the shells themselves, the manual page.

use std::process::{Command, Stdio};

use super::harness::host::{Host, Program, SECRET_ACCESS_KEY, SESSION_TOKEN, image};
use super::harness::proxy::Proxy;
use super::harness::run::{Outcome, run, run_with_input};

fn credrun(host: &Host, arguments: &[&str]) -> Outcome {
    run(&mut host.command(Program::Credrun, arguments))
}

#[test]
fn a_dry_run_tells_and_does_nothing() {
    let proxy = Proxy::start();
    let host = Host::new().with("DOCKER_HOST", proxy.docker_host());
    let options = ["--dry-run", "--cidfile", "id", "-e", "API_TOKEN=hush", "-p", "80:80", "--pull", "always"];
    let outcome = credrun(&host, &[&options[..], &[image(), "true"]].concat());
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let told: serde_json::Value = serde_json::from_slice(&outcome.stdout).expect("JSON");
    assert_eq!(told["request"]["path"], "/v1.41/containers/create");
    assert_eq!(told["request"]["body"]["HostConfig"]["PortBindings"]["80/tcp"][0]["HostPort"], "80");
    assert_eq!(told["image"]["decision"], "pull: --pull always");
    assert_eq!(told["credentials"]["region"], "eu-west-1");
    for secret in [SECRET_ACCESS_KEY, SESSION_TOKEN, "hush"] {
        assert!(!outcome.text().contains(secret) && !outcome.stderr.contains(secret), "{outcome:?}");
    }
    assert!(!host.root().join("id").exists(), "a file was written");
    for exchange in proxy.exchanges() {
        assert!(matches!(exchange.method.as_str(), "GET" | "HEAD"), "{exchange:?}");
    }
}

#[test]
fn a_dry_run_without_an_engine_tells_all_the_same() {
    let host = Host::new().with("DOCKER_HOST", "unix:///nonexistent");
    let outcome = credrun(&host, &["--dry-run", "bb"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let told: serde_json::Value = serde_json::from_slice(&outcome.stdout).expect("JSON");
    assert!(
        told["engine"]["unreachable"].as_str().is_some_and(|text| text.contains("/nonexistent")),
        "{outcome:?}"
    );
    let outcome = credrun(&Host::bare(), &["--dry-run", "bb"]);
    assert_eq!(outcome.code, 125, "no credentials: {outcome:?}");
}

#[test]
fn a_dry_run_with_the_api_socket_has_its_folder_and_shows_no_login() {
    let host = Host::new();
    // Of `me:hushed`.
    host.write(".docker/config.json", r#"{"auths":{"r.example":{"auth":"bWU6aHVzaGVk"}}}"#);
    let outcome = credrun(&host, &["--dry-run", "--use-api-socket", image(), "true"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let told: serde_json::Value = serde_json::from_slice(&outcome.stdout).expect("JSON");
    let env = told["request"]["body"]["Env"].as_array().expect("Env");
    assert!(env.iter().any(|entry| entry == "DOCKER_CONFIG=/run/secrets/docker"), "{outcome:?}");
    for login in ["bWU6aHVzaGVk", "hushed"] {
        assert!(!outcome.text().contains(login) && !outcome.stderr.contains(login), "{outcome:?}");
    }
}

/// With the same words and the same code, whatever is known without asking STS or making anything.
#[test]
fn a_dry_run_refuses_what_the_run_refuses() {
    const ROLE: &str = "arn:aws:iam::123456789012:role/reader";
    const DEVICE: &str = "arn:aws:iam::123456789012:mfa/alice";
    const OWN: [&str; 6] =
        ["-e", "AWS_ACCESS_KEY_ID=a", "-e", "AWS_SECRET_ACCESS_KEY=b", "-e", "AWS_SESSION_TOKEN=c"];
    let long_term = || Host::new().with("AWS_SESSION_TOKEN", "");
    let abroad = Host::new().with("AWS_REGION", "cn-north-1");
    for (what, host, options) in [
        ("keys of the container's own", Host::new(), [&OWN[..], &["--role-arn", ROLE]].concat()),
        ("half a set of keys", Host::new(), OWN[..2].to_vec()),
        ("an engine in clear", Host::new(), vec!["--host", "tcp://192.0.2.1:2375"]),
        (
            "a federation of temporary credentials",
            Host::new(),
            vec!["--federation-name", "a1", "--allow", "*"],
        ),
        ("a federation that may do nothing", long_term(), vec!["--federation-name", "a1"]),
        ("a device for temporary credentials", Host::new(), vec!["--serial-number", DEVICE]),
        ("a role of another partition", abroad, vec!["--role-arn", ROLE]),
        ("nothing to narrow", Host::new(), vec!["--until", "30m"]),
        ("a moment that has passed", Host::new(), vec!["--role-arn", ROLE, "--until", "2020-01-01T00:00Z"]),
        ("a length for what is there", Host::new(), vec!["--duration-seconds", "900"]),
    ] {
        // Whatever is asked all the same is refused, and in other words.
        let host = host.with("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
        let [run, dry] = [&[][..], &["--dry-run"]]
            .map(|mode| credrun(&host, &[mode, &options[..], &["--network=none", image(), "true"]].concat()));
        assert_eq!((run.code, dry.code), (125, 125), "{what}: {run:?} {dry:?}");
        let words = |outcome: &Outcome| without_seconds(&outcome.stderr);
        assert_eq!(words(&dry), words(&run), "{what}");
        assert!(dry.stdout.is_empty() && dry.stderr.contains("hint:"), "{what}: {dry:?}");
    }
}

/// Two runs have two clocks.
fn without_seconds(text: &str) -> String {
    text.lines().filter(|line| !line.contains("it is ")).collect::<Vec<_>>().join("\n")
}

/// bash itself, with the script that credrun prints.
fn completed_by_bash(line: &str) -> Vec<String> {
    let script = format!(
        "source <({program} completions bash)\n\
         COMP_LINE={line:?}; COMP_POINT=${{#COMP_LINE}}\n\
         COMP_LINE=${{COMP_LINE/#credrun/{program}}}; COMP_POINT=${{#COMP_LINE}}\n\
         read -ra COMP_WORDS <<<\"$COMP_LINE\"; [[ $COMP_LINE != *' ' ]] || COMP_WORDS+=('')\n\
         COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _credrun; printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        program = env!("CARGO_BIN_EXE_credrun")
    );
    let host = Host::new();
    host.write(".aws/config", "[profile dev-one]\n[profile dev-two]\n");
    let outcome = run(host.tool("bash").args(["--norc", "-c", &script]).stdin(Stdio::null()));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    outcome.text().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes() {
    assert_eq!(completed_by_bash("credrun --role-s"), ["--role-session-name"]);
    assert_eq!(completed_by_bash("credrun --profile dev"), ["dev-one", "dev-two"]);
    assert_eq!(completed_by_bash("credrun --network ho"), ["host"]);
    assert_eq!(completed_by_bash("credrun run --pull "), ["always", "missing", "never"]);
    let images = completed_by_bash(&format!("credrun -it {}", &image()[..6]));
    assert!(images.iter().any(|tag| tag.contains("credrun-test")), "{images:?}");
}

/// fish itself, which can be asked what it would offer.
#[test]
fn fish_completes() {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_credrun"));
    let folder = program.parent().expect("a folder").display();
    let path = std::env::var("PATH").expect("PATH");
    let host = Host::new().with("PATH", format!("{folder}:{path}"));
    let ask = |line: &str| {
        let script = format!("credrun completions fish | source; complete -C '{line}'");
        let outcome = run(host.tool("fish").args(["--no-config", "-c", &script]).stdin(Stdio::null()));
        assert_eq!(outcome.code, 0, "{outcome:?}");
        outcome.text()
    };
    assert!(ask("credrun --role-s").starts_with("--role-session-name\tName the role"));
    assert_eq!(ask("credrun --pull "), "always\nmissing\nnever");
    assert_eq!(ask("credrun --network ho"), "host");
}

#[test]
fn no_engine_means_no_images_and_no_noise() {
    let outcome =
        credrun(&Host::new().with("DOCKER_HOST", "unix:///nonexistent"), &["__complete", "--rm", ""]);
    assert_eq!((outcome.code, outcome.text().as_str(), outcome.stderr.as_str()), (0, "", ""));
}

#[test]
fn each_shell_has_a_script() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let outcome = credrun(&Host::new(), &["completions", shell]);
        assert!(outcome.code == 0 && outcome.text().contains("__complete"), "{shell}: {outcome:?}");
    }
}

#[test]
fn the_page_is_one_that_man_can_show() {
    let page = credrun(&Host::new(), &["man"]);
    assert_eq!(page.code, 0, "{page:?}");
    let groff = Command::new("groff").arg("--version").stdout(Stdio::null()).status();
    assert!(groff.is_ok(), "no `groff`: run `bash tests/run.sh`");
    let mut command = Command::new("groff");
    let shown = run_with_input(command.args(["-man", "-Tascii", "-P-cbou", "-ww"]), &page.stdout);
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""), "{shown:?}");
    assert!(shown.text().contains("--role-arn"), "{shown:?}");
}

//! Forty mistakes that newcomers make, and what credrun says to each: the whole message with its hints and the exit code,
//! kept in `mistakes/expected.txt`. `CREDRUN_TEST_WRITE=1` writes that file anew; then it is for a person to read whether
//! each message says how to go on.

use std::fmt::Write as _;
use std::process::Stdio;

use super::harness::container::unique;
use super::harness::host::{Host, Program, image};
use super::harness::run::run;

/// A mistake: what it is, what of the surroundings belongs to it, and the command line. `IMAGE` stands for the tests'
/// image, `REGISTRY` for the tests' registry.
type Mistake = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

const EXPIRED: &[(&str, &str)] = &[("AWS_CREDENTIAL_EXPIRATION", "2020-01-01T00:00:00Z")];
const NONE: &[(&str, &str)] = &[
    ("AWS_ACCESS_KEY_ID", ""),
    ("AWS_SECRET_ACCESS_KEY", ""),
    ("AWS_SESSION_TOKEN", ""),
    ("AWS_REGION", ""),
];

#[rustfmt::skip]
const MISTAKES: [Mistake; 43] = [
    ("a flag mistyped", &[], &["--netwrok", "host", "IMAGE"]),
    ("a flag with an underscore", &[], &["--role_arn", "x", "IMAGE"]),
    ("a flag of another command", &[], &["--build-arg", "A=1", "IMAGE"]),
    ("an unknown letter", &[], &["-x", "IMAGE"]),
    ("a value forgotten", &[], &["--name"]),
    ("the image forgotten", &[], &["-it", "--rm"]),
    ("the image forgotten after a flag that takes a value", &[], &["--name", "IMAGE"]),
    ("flags quoted as one word", &[], &["-it IMAGE"]),
    ("an empty variable of the shell as image", &[], &["--network", "none", ""]),
    ("an image in upper case", &[], &["--network=none", "MyTool"]),
    ("an image with a blank", &[], &["my tool"]),
    ("an address as image", &[], &["https://example.com/tool"]),
    ("flags after the image", &[], &["--network=none", "IMAGE", "--entrypoint", "sh"]),
    ("a port that is too large", &[], &["-p", "80800:80", "IMAGE"]),
    ("a port with a name", &[], &["-p", "http:80", "IMAGE"]),
    ("too many ports", &[], &["-p", "80:80:80:80", "IMAGE"]),
    ("ranges of ports that differ", &[], &["-p", "8000-8003:80-81", "IMAGE"]),
    ("a protocol that is none", &[], &["-p", "80:80/http", "IMAGE"]),
    ("a volume with an empty part", &[], &["-v", ":/data", "IMAGE"]),
    ("a volume with too many colons", &[], &["-v", "/a:/b:ro:z", "IMAGE"]),
    ("a relative target of a volume", &[], &["--network=none", "-v", "/tmp:data", "IMAGE", "true"]),
    ("a relative source without a dot", &[], &["--network=none", "-v", "my/data:/data", "IMAGE", "true"]),
    ("a mount without a target", &[], &["--mount", "type=bind,src=/tmp", "IMAGE"]),
    ("a mount with blanks", &[], &["--mount", "type=bind, src=/tmp, dst=/data", "IMAGE"]),
    ("a source that is not there", &[], &["--network=none", "--mount", "type=bind,src=/nonexistent,dst=/data", "IMAGE", "true"]),
    ("a variable without a name", &[], &["-e", "=value", "IMAGE"]),
    ("an env-file that is not there", &[], &["--env-file", "settings.env", "IMAGE"]),
    ("an env-file with blanks around the sign", &[], &["--env-file", "home/blanks.env", "IMAGE"]),
    ("an env-file of a shell", &[], &["--env-file", "home/export.env", "IMAGE"]),
    ("a size with a wrong unit", &[], &["-m", "512x", "IMAGE"]),
    ("a terminal where there is none", &[], &["-it", "IMAGE"]),
    ("detached and attached", &[], &["-d", "-a", "stdout", "IMAGE"]),
    ("removed and restarted", &[], &["--rm", "--restart", "always", "IMAGE"]),
    ("a command that is not in the image", &[], &["--network=none", "IMAGE", "pyhton"]),
    ("a directory as command", &[], &["--network=none", "IMAGE", "/etc"]),
    ("a network that is not there", &[], &["--network", "no-such-network", "IMAGE", "true"]),
    ("a registry that is not there", &[], &["127.0.0.1:1/tool"]),
    ("an image that needs a login", &[], &["REGISTRY/private/tool"]),
    ("no engine", &[("DOCKER_HOST", "unix:///nonexistent/docker.sock")], &["IMAGE"]),
    ("an engine's address that is none", &[("DOCKER_HOST", "http://localhost:2375")], &["IMAGE"]),
    ("no credentials", NONE, &["IMAGE"]),
    ("expired credentials", EXPIRED, &["IMAGE"]),
    ("a role's name for its ARN", &[], &["--role-arn", "reader", "IMAGE"]),
];

fn told((what, variables, line): &Mistake) -> String {
    let host = variables.iter().fold(Host::new(), |host, (name, value)| host.with(name, *value));
    host.write("blanks.env", "NAME = value\n");
    host.write("export.env", "export NAME=value\n");
    let registry = super::harness::host::required_variable("CREDRUN_TEST_REGISTRY");
    let word = |word: &&str| word.replace("IMAGE", image()).replace("REGISTRY", &registry);
    let mut arguments: Vec<String> = line.iter().map(word).collect();
    // A name of its own, so that nothing can be left behind under another.
    let name = unique("mistake");
    let takes_name = !line.contains(&"--name") && line[0].starts_with('-') && !line[0].contains(' ');
    if takes_name {
        arguments.splice(0..0, ["--name".to_owned(), name.clone()]);
    }
    let outcome = run(host.command(Program::Credrun, &arguments).stdin(Stdio::null()));
    let root = host.root().display().to_string();
    let said = outcome.stderr.replace(&root, "HERE").replace(&registry, "REGISTRY").replace(&name, "NAME");
    let said = said.replace(image(), "IMAGE");
    format!("# {what}\n$ credrun {}\n{}\n[{}]\n", line.join(" "), without_ids(said.trim_end()), outcome.code)
}

/// Ids and times differ from run to run.
fn without_ids(text: &str) -> String {
    let is_id = |word: &str| word.len() >= 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split(' ')
        .map(|word| if is_id(word.trim_matches(|c: char| !c.is_alphanumeric())) { "ID" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn each_mistake_is_answered_as_expected() {
    let told = MISTAKES.iter().fold(String::new(), |mut all, mistake| {
        let _ = writeln!(all, "{}", told(mistake));
        all
    });
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mistakes/expected.txt");
    if std::env::var_os("CREDRUN_TEST_WRITE").is_some() {
        std::fs::write(&path, &told).expect("the file can be written");
    }
    let expected = std::fs::read_to_string(&path).expect("tests/it/mistakes/expected.txt");
    for (ours, theirs) in told.split("\n\n").zip(expected.split("\n\n")) {
        assert_eq!(ours, theirs, "what is said, and what is expected");
    }
    assert_eq!(told, expected);
}

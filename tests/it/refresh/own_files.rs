//! Credentials in files of the container, which SDKs prefer to an endpoint: credrun warns of them.

use super::stage::{Stage, assert_no_secret};
use crate::harness::container::{Container, docker_ok};
use crate::harness::host::{Host, Program, image, required_variable};
use crate::harness::run::{Outcome, run};

/// Has them in `/root/.aws/credentials`.
const BAKED: &str = "credrun-test:baked-aws";
const KEYS: &str =
    "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = MarkedFile0004\n";

fn warning(path: &str, setting: &str) -> String {
    let variable = if path.ends_with("config") { "AWS_CONFIG_FILE" } else { "AWS_SHARED_CREDENTIALS_FILE" };
    format!(
        "credrun: warning: `{path}` in the container has `{setting}` of a profile `default`, which SDKs prefer to the \
         endpoint of `--refresh`: leave the file out, or give `-e {variable}=/dev/null`\n"
    )
}

fn assert_warns(outcome: &Outcome, expected: &str, what: &str) {
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, expected), "{what}: {outcome:?}");
    assert!(!outcome.stderr.contains("MarkedFile"), "{what}: {outcome:?}");
    assert_no_secret(&outcome.stderr, what);
}

/// A folder of the host with these files, as an option that mounts it there.
fn mounted(host: &Host, name: &str, files: &[(&str, &str)], at: &str) -> String {
    for (file, text) in files {
        host.write(&format!("{name}/{file}"), text);
    }
    format!("--volume={}:{at}:ro", host.home().join(name).display())
}

#[test]
fn those_baked_into_the_image_are_warned_of() {
    let (stage, at) = (Stage::new(), "/root/.aws/credentials");
    for (options, expected) in [
        (&[][..], warning(at, "aws_access_key_id")),
        // Where the endpoint's port is known only later.
        (&["--network=host", "--quiet"], String::new()),
        (&["--env=AWS_SHARED_CREDENTIALS_FILE=/dev/null"], String::new()),
        (&["--env=HOME=/tmp"], String::new()),
        (&["--user=tester"], String::new()),
    ] {
        let container = Container::named("baked");
        let outcome = stage.run(&[&container.options()[..2], options, &[BAKED, "true"]].concat());
        assert_warns(&outcome, &expected, &format!("{options:?}"));
    }
    let outcome = stage.run(&["--network=host", BAKED, "true"]);
    assert!(outcome.stderr.contains(&warning(at, "aws_access_key_id")), "{outcome:?}");
    // The control: variables come before the files.
    let outcome = run(&mut stage.host.command(Program::Credrun, &["--network=none", BAKED, "true"]));
    assert_warns(&outcome, "", "static variables");
}

#[test]
fn those_that_are_mounted_are_warned_of() {
    let stage = Stage::new();
    let process = "[default]\nregion = eu-west-1\ncredential_process = /bin/keys\n";
    let both = [("credentials", KEYS), ("config", process)];
    let in_both = |home: &str| {
        warning(&format!("{home}/.aws/credentials"), "aws_access_key_id")
            + &warning(&format!("{home}/.aws/config"), "credential_process")
    };
    let harmless = [("config", "[default]\nregion = eu-west-1\n[profile dev]\nrole_arn = x\n")];
    for (name, files, at, options, expected) in [
        ("root", &both[..], "/root/.aws", &[][..], in_both("/root")),
        // The image's list of users says where.
        ("user", &both, "/home/tester/.aws", &["--user=tester"], in_both("/home/tester")),
        ("number", &both, "/home/tester/.aws", &["--user=1234:0"], in_both("/home/tester")),
        (
            "elsewhere",
            &both[..1],
            "/keys",
            &["--env=AWS_SHARED_CREDENTIALS_FILE=/keys/credentials"],
            warning("/keys/credentials", "aws_access_key_id"),
        ),
        ("harmless", &harmless, "/root/.aws", &[], String::new()),
        ("unreadable", &[("config", "x\n[default")], "/root/.aws", &[], String::new()),
    ] {
        let volume = mounted(&stage.host, name, files, at);
        let outcome = stage.run(&[&["--network=none", &volume], options, &[image(), "true"]].concat());
        assert_warns(&outcome, &expected, name);
    }
    // One file alone, and a volume.
    let file =
        format!("--volume={}:/root/.aws/credentials", stage.host.home().join("root/credentials").display());
    let outcome = stage.run(&["--network=none", &file, image(), "true"]);
    assert_warns(&outcome, &warning("/root/.aws/credentials", "aws_access_key_id"), "a file");
}

#[test]
fn those_in_a_volume_are_warned_of() {
    let (stage, container) = (Stage::new(), Container::named("volume"));
    let volume = format!("--volume={}:/root/.aws", container.name);
    docker_ok(&["run", "--rm", "--network=none", &volume, BAKED, "true"]);
    let outcome = stage.run(&["--network=none", &volume, image(), "true"]);
    docker_ok(&["volume", "rm", &container.name]);
    assert_warns(&outcome, &warning("/root/.aws/credentials", "aws_access_key_id"), "a volume");
}

#[test]
fn on_podman_too() {
    let stage = Stage::at(&required_variable("CREDRUN_TEST_PODMAN"));
    let volume = mounted(&stage.host, "root", &[("credentials", KEYS)], "/root/.aws");
    let outcome = stage.run(&["--network=none", &volume, image(), "true"]);
    assert_warns(&outcome, &warning("/root/.aws/credentials", "aws_access_key_id"), "mounted");
    let outcome = stage.run(&["--network=none", image(), "true"]);
    assert_warns(&outcome, "", "none");
}

/// Whose keys botocore takes, and where from. The machine's own SDK, as in `refresh_sdks`.
#[test]
fn sdks_do_prefer_them() {
    let stage = Stage::new();
    // The same path in the container, where credrun looks, and in the machine's root, where the SDK does.
    let home = stage.host.home().join("inside");
    let at = home.display().to_string();
    mounted(&stage.host, "inside/.aws", &[("credentials", KEYS)], "");
    let (volume, variable) = (format!("--volume={at}:{at}:ro"), format!("--env=HOME={at}"));
    let path = format!("PYTHONPATH={}/python", required_variable("CREDRUN_TEST_SDKS"));
    let python = required_variable("CREDRUN_TEST_AWS_CLI").replace("/bin/aws", "/bin/python");
    let script =
        "import boto3; keys = boto3.Session().get_credentials(); print(keys.method, keys.access_key)";
    let asked = |more: &[&str]| {
        let options = ["--network=none", "--volume=/:/host:ro", &volume, &variable];
        let command = [image(), "chroot", "/host", "env", &path, &python, "-c", script];
        run(&mut stage.host.command(Program::Credrun, &[more, &options, &command].concat()))
    };
    let outcome = asked(&["--refresh"]);
    assert_eq!(outcome.text(), "shared-credentials-file AKIAIOSFODNN7EXAMPLE", "{outcome:?}");
    assert_warns(&outcome, &warning(&format!("{at}/.aws/credentials"), "aws_access_key_id"), "a file");
    let outcome = asked(&["--refresh", "--env=AWS_SHARED_CREDENTIALS_FILE=/dev/null"]);
    assert_eq!(outcome.text(), "container-role ASIAIOSFODNN7EXAMPLE", "{outcome:?}");
    assert_warns(&outcome, "", "what the warning says");
    let outcome = asked(&[]);
    assert_eq!(outcome.text(), "env ASIAIOSFODNN7EXAMPLE", "{outcome:?}");
    assert_warns(&outcome, "", "static variables");
}

//! `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`: only 169.254.170.2 answers it, so a network of Docker's has that address, and
//! the programs run in it. They are this machine's own: the container's root is changed to it.

use super::harness::container::{docker, docker_ok, unique};
use super::harness::host::{image, required_variable};

/// The network and what is on it, gone with the test.
struct Ecs(String);

impl Drop for Ecs {
    fn drop(&mut self) {
        docker(&["rm", "-f", &self.0]);
        docker(&["network", "rm", &self.0]);
    }
}

#[test]
fn the_relative_uri_is_asked_and_wins_over_the_full_one() {
    let ecs = Ecs(unique("ecs"));
    let network = ecs.0.as_str();
    docker_ok(&["network", "create", "--subnet", "169.254.170.0/24", network]);
    let aws = required_variable("CREDRUN_TEST_AWS_CLI");
    let python = std::path::Path::new(&aws).with_file_name("python").display().to_string();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/principals/ecs.py");
    let inside = ["--network", network, "-v", "/:/host:ro", image(), "chroot", "/host"];
    let server = ["run", "-d", "--name", network, "--ip", "169.254.170.2"];
    docker_ok(&[&server[..], &inside, &[&python, script]].concat());
    let environment = [
        "env",
        "-i",
        "HOME=/nonexistent",
        "AWS_DEFAULT_REGION=us-east-1",
        "AWS_ENDPOINT_URL_STS=http://169.254.170.2",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/it",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/",
    ];
    let told = |command: &[&str]| {
        let out = docker_ok(&[&["run", "--rm"][..], &inside, &environment, command].concat());
        let told: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        told["Arn"].as_str().expect("an ARN").to_owned()
    };
    let theirs = told(&[&aws, "--output", "json", "sts", "get-caller-identity"]);
    let ours = told(&[env!("CARGO_BIN_EXE_credrun"), "whoami", "--format", "json"]);
    assert_eq!(theirs, "arn:aws:sts::123456789012:assumed-role/task/ASIAIOSFODNN7EXAMPLE");
    assert_eq!(ours, theirs);
}

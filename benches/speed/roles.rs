//! A role, beside what people have used: the article's script with the AWS CLI and jq, and `iam-docker-run` from PyPI.

use std::path::Path;
use std::process::Command;

use super::Bench;
use super::report::Goal::AtLeast;
use super::sample::{WALL, in_turn, middle, ratio, sample, without_aws};

/// As the article has it, without the lines that print the keys.
const SCRIPT: &str = r#"
CREDENTIALS=$(aws sts assume-role --role-arn "$1" --role-session-name `date +%Y%m%d%H%M%S`-session)
ACCESS_KEY_ID=$(echo -n "$CREDENTIALS" | jq -r .Credentials.AccessKeyId)
SECRET_ACCESS_KEY=$(echo -n "$CREDENTIALS" | jq -r .Credentials.SecretAccessKey)
SESSION_TOKEN=$(echo -n "$CREDENTIALS" | jq -r .Credentials.SessionToken)
docker run --rm -e AWS_ACCESS_KEY_ID="$ACCESS_KEY_ID" -e AWS_SECRET_ACCESS_KEY="$SECRET_ACCESS_KEY" \
    -e AWS_SESSION_TOKEN="$SESSION_TOKEN" -e AWS_DEFAULT_REGION="$AWS_DEFAULT_REGION" "$2" true
"#;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;

pub fn measure(bench: &mut Bench) {
    let needed = ["CREDRUN_TEST_EMULATOR", "CREDRUN_TEST_AWS_CLI", "CREDRUN_BENCH_IAM_DOCKER_RUN"];
    let [Ok(emulator), Ok(aws), Ok(other)] = needed.map(std::env::var) else {
        return bench
            .report
            .note("a role", &format!("not measured: needs {needed:?}, as `bash benches/run.sh` sets"));
    };
    let name = format!("speed-{}", std::process::id());
    let arn = role(&emulator, &aws, &name);
    let image = bench.image.clone();
    let with_role = || as_user(&mut bench.credrun(&["--role-arn", &arn, &image, "true"]), &emulator, &aws);
    let script = || as_user(Command::new("bash").args(["-c", SCRIPT, "bash", &arn, &image]), &emulator, &aws);
    let python = || {
        as_user(
            Command::new(&other).args(["--image", &image, "--role", &name, "--full-entrypoint", "true"]),
            &emulator,
            &aws,
        )
    };
    let runs = bench.runs.clamp(1, 20);
    let [ours, scripts, pythons] = in_turn(runs, [&mut { with_role }, &mut { script }, &mut { python }]);
    for (against, theirs) in [("the article's script", &scripts), ("`iam-docker-run`", &pythons)] {
        let from = format!("{:.2} to {:.2} s, {runs} pairs", middle(&ours, WALL), middle(theirs, WALL));
        bench.report.add(
            "`credrun --role-arn … IMAGE true`",
            &format!("{against}: times faster"),
            ratio(theirs, &ours, WALL),
            AtLeast(3.0),
            &from,
        );
    }
}

/// Everybody has the same user's keys, and the same AWS CLI.
fn as_user(command: &mut Command, emulator: &str, aws: &str) -> super::sample::Sample {
    without_aws(command);
    command.env_remove("AWS_CONTAINER_CREDENTIALS_FULL_URI").env_remove("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    user(command, emulator);
    let folder = Path::new(aws).parent().expect("a folder").display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{folder}:{path}"));
    sample(command)
}

fn user(command: &mut Command, emulator: &str) {
    command
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_DEFAULT_REGION", "eu-west-1")
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ENDPOINT_URL", emulator);
}

/// Makes a role that anybody may assume.
fn role(emulator: &str, aws: &str, name: &str) -> String {
    let mut command = Command::new(aws);
    user(&mut command, emulator);
    command.args(["iam", "create-role", "--role-name", name, "--assume-role-policy-document", TRUST]);
    let output = command.args(["--query", "Role.Arn", "--output", "text"]).output().expect("the AWS CLI");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

//! Against an emulator that checks signatures and policies: the container acts as who it should, and as no more.

use std::process::Command;

use super::harness::container::unique;
use super::harness::endpoint::{Endpoint, Keys, cloud_shell};
use super::harness::host::{Host, Program, require_image, required_variable};
use super::harness::run::{Outcome, run};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;

/// The emulator, as its root sees it.
struct Emulator {
    endpoint: String,
    tool: String,
}

impl Emulator {
    fn of_the_tests() -> Self {
        let tool = std::env::var("CREDRUN_TEST_AWS_CLI").unwrap_or_else(|_| "aws".into());
        Self { endpoint: required_variable("CREDRUN_TEST_EMULATOR"), tool }
    }

    /// What `aws` prints as text; root's keys are the emulator's own.
    fn aws(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(&self.tool);
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")]);
        command.args(["--region", "eu-west-1", "--output", "text", "--endpoint-url", &self.endpoint]);
        let outcome = run(command.args(arguments));
        assert_eq!(outcome.code, 0, "aws {arguments:?}: {outcome:?}");
        outcome.text()
    }

    /// A role that anybody may assume and that may do these actions; its ARN.
    fn role(&self, name: &str, actions: &str) -> String {
        let create = ["iam", "create-role", "--role-name", name, "--assume-role-policy-document", TRUST];
        let arn = self.aws(&[&create[..], &["--query", "Role.Arn"]].concat());
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":{actions},"Resource":"*"}}]}}"#
        );
        let put = ["iam", "put-role-policy", "--role-name", name, "--policy-name", "it"];
        self.aws(&[&put[..], &["--policy-document", &policy]].concat());
        arn
    }

    /// Keys of that role.
    fn keys(&self, arn: &str) -> Keys {
        let query = "Credentials.[AccessKeyId,SecretAccessKey,SessionToken]";
        let assume = ["sts", "assume-role", "--role-arn", arn, "--role-session-name", "shell"];
        let text = self.aws(&[&assume[..], &["--query", query]].concat());
        let mut words = text.split_whitespace().map(str::to_owned);
        let mut next = || words.next().expect("three keys");
        Keys { access_key_id: next(), secret_access_key: next(), session_token: next() }
    }

    /// A host whose endpoint gives that role's keys, and that knows the emulator.
    fn host(&self, arn: &str) -> (Host, Endpoint) {
        let endpoint = Endpoint::giving(&self.keys(arn));
        (cloud_shell(&endpoint.uri()).with("AWS_ENDPOINT_URL", &self.endpoint), endpoint)
    }
}

/// `credrun --network host -e AWS_ENDPOINT_URL OPTIONS amazon/aws-cli ARGUMENTS`.
fn aws_in_container(host: &Host, options: &[&str], arguments: &[&str]) -> Outcome {
    let image = std::env::var("CREDRUN_TEST_AWSCLI_IMAGE").unwrap_or_else(|_| "amazon/aws-cli".into());
    require_image(&image);
    let first = ["--network", "host", "-e", "AWS_ENDPOINT_URL"];
    let all = [&first[..], options, &[&image], arguments].concat();
    run(&mut host.command(Program::Credrun, &all))
}

/// Who the container is, for AWS.
fn caller(host: &Host, options: &[&str]) -> String {
    let query = ["sts", "get-caller-identity", "--query", "Arn", "--output", "text"];
    let outcome = aws_in_container(host, options, &query);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    outcome.text()
}

/// Names of a role and of a bucket that are nobody else's, also when an emulator outlives many runs.
fn names() -> (String, String) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("later than 1970");
    let name = format!("{}-{}", unique("aws"), now.as_nanos());
    (name[..name.len().min(63)].to_owned(), format!("bucket-{}", now.as_nanos()))
}

#[test]
fn the_endpoint_s_credentials_list_a_bucket() {
    let emulator = Emulator::of_the_tests();
    let (role, bucket) = names();
    let arn = emulator.role(&role, r#"["s3:*"]"#);
    emulator.aws(&["s3", "mb", &format!("s3://{bucket}")]);
    let (host, endpoint) = emulator.host(&arn);
    let listed = aws_in_container(&host, &[], &["s3", "ls"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    assert!(listed.text().contains(&bucket), "{listed:?}");
    assert_eq!(caller(&host, &[]), format!("arn:aws:sts::123456789012:assumed-role/{role}/shell"));
    assert_eq!(endpoint.hits(), 2);
    emulator.aws(&["s3", "rb", &format!("s3://{bucket}")]);
}

#[test]
fn an_assumed_role_may_do_what_it_may_and_no_more() {
    let emulator = Emulator::of_the_tests();
    let (role, bucket) = names();
    let shell = emulator.role(&format!("{role}-s"), r#"["sts:AssumeRole","s3:*"]"#);
    let list = emulator.role(&role, r#"["s3:ListAllMyBuckets"]"#);
    emulator.aws(&["s3", "mb", &format!("s3://{bucket}")]);
    let (host, _endpoint) = emulator.host(&shell);
    let options = ["--role-arn", &list, "--role-session-name", "only-list"];
    let listed = aws_in_container(&host, &options, &["s3", "ls"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    assert!(listed.text().contains(&bucket), "{listed:?}");
    let made = aws_in_container(&host, &options, &["s3", "mb", &format!("s3://{bucket}-2")]);
    assert_eq!(made.code, 1, "{made:?}");
    assert!(made.stderr.contains("AccessDenied"), "{made:?}");
    let arn = format!("arn:aws:sts::123456789012:assumed-role/{role}/only-list");
    assert_eq!(caller(&host, &options), arn);
    // By default the session says what it is and when it began.
    assert!(caller(&host, &options[..2]).contains(&format!("/{role}/credrun-")));
    emulator.aws(&["s3", "rb", &format!("s3://{bucket}")]);
}

#[test]
fn a_role_that_may_not_be_assumed_is_explained() {
    let emulator = Emulator::of_the_tests();
    let (role, _) = names();
    let shell = emulator.role(&role, r#"["sts:AssumeRole"]"#);
    let (host, _endpoint) = emulator.host(&shell);
    let missing = "arn:aws:iam::123456789012:role/no-such-role";
    let outcome = aws_in_container(&host, &["--role-arn", missing], &["s3", "ls"]);
    assert_eq!(outcome.code, 125, "{outcome:?}");
    assert!(outcome.stderr.contains(missing), "{outcome:?}");
}

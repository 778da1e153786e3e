//! The emulator of AWS, as its root sees it.

use std::path::Path;
use std::process::Command;

use super::container::unique;
use super::endpoint::{Endpoint, Keys, cloud_shell};
use super::host::{Host, Program, require_image, required_variable};
use super::run::{Outcome, run, run_with_input};

/// Anybody may assume the role.
pub const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;

/// It.
pub struct Emulator {
    /// Its address.
    pub endpoint: String,
    tool: String,
}

impl Emulator {
    /// The one that `tests/run.sh` starts.
    pub fn of_the_tests() -> Self {
        let tool = std::env::var("CREDRUN_TEST_AWS_CLI").unwrap_or_else(|_| "aws".into());
        Self { endpoint: required_variable("CREDRUN_TEST_EMULATOR"), tool }
    }

    /// What `aws` prints as text; root's keys are the emulator's own.
    pub fn aws(&self, arguments: &[&str]) -> String {
        let outcome = self.try_aws(arguments);
        assert_eq!(outcome.code, 0, "aws {arguments:?}: {outcome:?}");
        outcome.text()
    }

    /// The same, which may fail.
    pub fn try_aws(&self, arguments: &[&str]) -> Outcome {
        let mut command = Command::new(&self.tool);
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")]);
        command.args(["--region", "eu-west-1", "--output", "text", "--endpoint-url", &self.endpoint]);
        run(command.args(arguments))
    }

    /// Runs a script with the Python that the AWS CLI has, and so botocore: many calls in the time of one `aws`.
    pub fn python(script: &str, arguments: &[&str], input: &str) -> String {
        let python = Path::new(&required_variable("CREDRUN_TEST_AWS_CLI")).with_file_name("python");
        let outcome =
            run_with_input(Command::new(python).args(["-c", script]).args(arguments), input.as_bytes());
        assert_eq!(outcome.code, 0, "{outcome:?}");
        outcome.text()
    }

    /// A role that anybody may assume and that may do these actions; its ARN.
    pub fn role(&self, name: &str, actions: &str) -> String {
        self.role_trusting(name, TRUST, actions)
    }

    /// A role with this trust policy, that may do these actions; its ARN.
    pub fn role_trusting(&self, name: &str, trust: &str, actions: &str) -> String {
        let create = ["iam", "create-role", "--role-name", name, "--assume-role-policy-document", trust];
        let arn = self.aws(&[&create[..], &["--query", "Role.Arn"]].concat());
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":{actions},"Resource":"*"}}]}}"#
        );
        let put = ["iam", "put-role-policy", "--role-name", name, "--policy-name", "it"];
        self.aws(&[&put[..], &["--policy-document", &policy]].concat());
        arn
    }

    /// Keys of that role.
    pub fn keys(&self, arn: &str) -> Keys {
        let query = "Credentials.[AccessKeyId,SecretAccessKey,SessionToken]";
        let assume = ["sts", "assume-role", "--role-arn", arn, "--role-session-name", "shell"];
        let text = self.aws(&[&assume[..], &["--query", query]].concat());
        let mut words = text.split_whitespace().map(str::to_owned);
        let mut next = || words.next().expect("three keys");
        Keys { access_key_id: next(), secret_access_key: next(), session_token: next() }
    }

    /// A user who may do these actions; key id and secret key.
    pub fn user(&self, name: &str, actions: &str) -> (String, String) {
        self.aws(&["iam", "create-user", "--user-name", name]);
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":{actions},"Resource":"*"}}]}}"#
        );
        let put = ["iam", "put-user-policy", "--user-name", name, "--policy-name", "it"];
        self.aws(&[&put[..], &["--policy-document", &policy]].concat());
        let query = ["--query", "AccessKey.[AccessKeyId,SecretAccessKey]"];
        let text = self.aws(&[&["iam", "create-access-key", "--user-name", name][..], &query].concat());
        let (id, key) = text.split_once(char::is_whitespace).expect("two keys");
        (id.to_owned(), key.trim().to_owned())
    }

    /// A host with that user's long-term keys in its environment, and that knows the emulator.
    pub fn host_of_user(&self, (id, key): &(String, String)) -> Host {
        Host::bare()
            .with("AWS_ACCESS_KEY_ID", id)
            .with("AWS_SECRET_ACCESS_KEY", key)
            .with("AWS_REGION", "eu-west-1")
            .with("AWS_ENDPOINT_URL", &self.endpoint)
    }

    /// A host whose endpoint gives that role's keys, and that knows the emulator.
    pub fn host(&self, arn: &str) -> (Host, Endpoint) {
        let endpoint = Endpoint::giving(&self.keys(arn));
        (cloud_shell(&endpoint.uri()).with("AWS_ENDPOINT_URL", &self.endpoint), endpoint)
    }
}

/// `credrun --network host -e AWS_ENDPOINT_URL OPTIONS amazon/aws-cli ARGUMENTS`.
pub fn aws_in_container(host: &Host, options: &[&str], arguments: &[&str]) -> Outcome {
    let image = std::env::var("CREDRUN_TEST_AWSCLI_IMAGE").unwrap_or_else(|_| "amazon/aws-cli".into());
    require_image(&image);
    let first = ["--network", "host", "-e", "AWS_ENDPOINT_URL"];
    let all = [&first[..], options, &[&image], arguments].concat();
    run(&mut host.command(Program::Credrun, &all))
}

/// Who the container is, for AWS.
pub fn caller(host: &Host, options: &[&str]) -> String {
    let query = ["sts", "get-caller-identity", "--query", "Arn", "--output", "text"];
    let outcome = aws_in_container(host, options, &query);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    outcome.text()
}

/// Names of a role and of a bucket that are nobody else's, also when an emulator outlives many runs.
pub fn names() -> (String, String) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("later than 1970");
    let name = format!("{}-{}", unique("aws"), now.as_nanos());
    (name[..name.len().min(63)].to_owned(), format!("bucket-{}", now.as_nanos()))
}

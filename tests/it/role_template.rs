//! The CloudFormation template of `credrun role-template`: linted, deployed, its role assumed by the command that it
//! prints, deleted.
//!
//! What judges: the emulator holds parameters against their patterns and limits, evaluates rules, conditions and
//! outputs, wants the capability, makes the role and asks its trust policy. It drops a role's `PermissionsBoundary`:
//! which one the template gives is evaluated in `stacks.py`, and that it bounds is not seen here. None of its sessions
//! has MFA: that a user without is refused is seen, that one with it is not refused is not. It does not hold a session
//! against `MaxSessionDuration`, nor looks whether the principals and the managed policies of a role exist.

mod combinations;

use std::path::Path;
use std::process::Command;

use super::harness::emulator::{Emulator, aws_in_container, names};
use super::harness::host::{Host, Program, required_variable};
use super::harness::run::{Outcome, PATIENCE, run, within};

/// What credrun prints.
fn template(options: &[&str]) -> String {
    let outcome =
        run(&mut Host::bare().command(Program::Credrun, &[&["role-template"][..], options].concat()));
    assert_eq!(outcome.code, 0, "{options:?}: {outcome:?}");
    String::from_utf8(outcome.stdout).expect("UTF-8")
}

#[test]
fn cfn_lint_finds_nothing() {
    let lint = Path::new(&required_variable("CREDRUN_TEST_AWS_CLI")).with_file_name("cfn-lint");
    let folder = tempfile::tempdir().expect("a directory");
    let policy = r#"{"Version":"2012-10-17","Statement":{"Sid":"x","Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/*","Condition":{"StringLike":{"s3:prefix":"é\u007f\u0085 #: {x}"}}}}"#;
    let all = "--trust role/ci --trust 123456789012 --policy-arns arn:aws:iam::aws:policy/ViewOnlyAccess --max-session 43200 --permissions-boundary arn:aws:iam::123456789012:policy/boundary --policy";
    for options in [
        Vec::new(),
        "--trust user/alice --allow s3:ListAllMyBuckets".split(' ').collect(),
        "--trust account --read-only-access --role-name reader --external-id 47:11 --mfa"
            .split(' ')
            .collect(),
        all.split(' ').chain([policy]).collect(),
    ] {
        let path = folder.path().join("template.yaml");
        std::fs::write(&path, template(&options)).expect("a file");
        let outcome = run(Command::new(&lint).args(["--include-checks", "I", "--"]).arg(&path));
        assert_eq!((outcome.code, outcome.text().as_str()), (0, ""), "{options:?}: {outcome:?}");
    }
}

/// A stack on the emulator, gone when dropped.
struct Stack<'a> {
    emulator: &'a Emulator,
    name: String,
}

impl<'a> Stack<'a> {
    /// Creates it with the capability that the template itself names.
    fn create(emulator: &'a Emulator, template: &str, parameters: &[(&str, &str)]) -> Self {
        let (_, tail) = template.split_once("--capabilities ").expect("it says how it is deployed");
        let capability = tail.split(|c: char| c != '_' && !c.is_ascii_uppercase()).next().unwrap_or_default();
        Self::try_create(emulator, template, parameters, capability).expect("a stack")
    }

    /// Creates it and waits for its end; `Err` with the reason when it is refused.
    fn try_create(
        emulator: &'a Emulator,
        template: &str,
        parameters: &[(&str, &str)],
        capability: &str,
    ) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("template.yaml");
        std::fs::write(&path, template).expect("a file");
        let (name, body) = (names().0, format!("file://{}", path.display()));
        let quoted = |(key, value): &(&str, &str)| format!("ParameterKey={key},ParameterValue=\"{value}\"");
        let parameters: Vec<String> = parameters.iter().map(quoted).collect();
        let mut arguments = vec!["cloudformation", "create-stack", "--stack-name", &name, "--template-body"];
        arguments.extend([&body, "--capabilities", capability]);
        if !parameters.is_empty() {
            arguments.push("--parameters");
            arguments.extend(parameters.iter().map(String::as_str));
        }
        let outcome = emulator.try_aws(&arguments);
        if outcome.code != 0 {
            return Err(outcome.stderr);
        }
        let stack = Self { emulator, name };
        let mut status = String::new();
        let done = within(PATIENCE, || {
            status = stack.told("StackStatus");
            !status.ends_with("IN_PROGRESS")
        });
        assert!(done && status == "CREATE_COMPLETE", "{status}: {}", stack.told("StackStatusReason"));
        Ok(stack)
    }

    fn told(&self, what: &str) -> String {
        let query = format!("Stacks[0].{what}");
        let describe = ["cloudformation", "describe-stacks", "--stack-name", &self.name, "--query", &query];
        self.emulator.aws(&describe)
    }

    /// The role's name and the command that uses it.
    fn role_and_command(&self) -> (String, String) {
        let output = |key| self.told(&format!("Outputs[?OutputKey==`{key}`].OutputValue"));
        let role = output("RoleArn").rsplit('/').next().expect("a name").to_owned();
        (role, output("Command"))
    }
}

impl Drop for Stack<'_> {
    fn drop(&mut self) {
        // A panic in a panic would hide the first.
        self.emulator.try_aws(&["cloudformation", "delete-stack", "--stack-name", &self.name]);
    }
}

/// The options of the command that a stack prints.
fn options(command: &str) -> Vec<&str> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let ["credrun", options @ .., "IMAGE"] = &words[..] else { panic!("{command}") };
    options.to_vec()
}

/// `credrun whoami` with them, on that host.
fn whoami(host: &Host, options: &[&str]) -> Outcome {
    run(&mut host.command(Program::Credrun, &[&["whoami"][..], options].concat()))
}

/// The role of a stack is assumed by its command, by this host alone, and only with the external id; the role's name.
fn assumed_by_one_alone(stack: Stack, may: &Host, may_not: &Host) -> String {
    let (role, command) = stack.role_and_command();
    let options = options(&command);
    let told = whoami(may, &options);
    assert!(told.text().contains(&format!(":assumed-role/{role}/credrun-")), "{command}: {told:?}");
    let other = whoami(may_not, &options);
    assert_eq!(other.code, 125, "{command}: {other:?}");
    assert!(other.stderr.contains("AccessDenied"), "{command}: {other:?}");
    let ["--role-arn", arn, "--external-id", "47:11"] = options[..] else { panic!("{command}") };
    let without = whoami(may, &["--role-arn", arn]);
    assert!(without.stderr.contains("another external id"), "{without:?}");
    let emulator = stack.emulator;
    drop(stack);
    let gone = emulator.try_aws(&["iam", "get-role", "--role-name", &role]);
    assert!(gone.stderr.contains("NoSuchEntity"), "{gone:?}");
    role
}

#[test]
fn who_is_trusted_assumes_the_role_by_the_command_that_the_stack_prints_and_nobody_else() {
    let emulator = Emulator::of_the_tests();
    let (name, _) = names();
    let user = |end: &str, may| emulator.host_of_user(&emulator.user(&format!("{name}-{end}"), may));
    let may = r#"["sts:AssumeRole"]"#;
    let (alice, eve, mallory) = (user("alice", may), user("eve", may), user("mallory", r#"["s3:*"]"#));
    let (ci, _endpoint) = emulator.host(&emulator.role(&format!("{name}-ci"), may));
    let arn = |kind, end| format!("arn:aws:iam::123456789012:{kind}/{name}-{end}");
    let general = template(&[]);
    for (who, parameter, value, may, may_not) in [
        (format!("user/{name}-alice"), "TrustedUserArns", arn("user", "alice"), &alice, &eve),
        (format!("role/{name}-ci"), "TrustedRoleArns", arn("role", "ci"), &ci, &eve),
        // All whose own policies allow it.
        ("account".into(), "TrustAccount", "true".into(), &eve, &mallory),
    ] {
        let ready = template(&["--trust", &who, "--allow", "s3:ListAllMyBuckets", "--external-id", "47:11"]);
        assumed_by_one_alone(Stack::create(&emulator, &ready, &[]), may, may_not);
        let role = format!("{name}-named");
        let parameters =
            [(parameter, &*value), ("Actions1", "s3:*"), ("ExternalId", "47:11"), ("RoleName", &role)];
        let stack = Stack::create(&emulator, &general, &parameters);
        assert_eq!(assumed_by_one_alone(stack, may, may_not), role);
    }
}

#[test]
fn the_command_that_the_stack_prints_runs_a_container_that_may_do_what_was_allowed_and_no_more() {
    let emulator = Emulator::of_the_tests();
    let (name, bucket) = names();
    let user = format!("{name}-alice");
    let alice = emulator.host_of_user(&emulator.user(&user, r#"["sts:AssumeRole"]"#));
    emulator.aws(&["s3", "mb", &format!("s3://{bucket}")]);
    let who = format!("user/{user}");
    let ready = template(&["--trust", &who, "--allow", "s3:ListAllMyBuckets", "--role-name", &name]);
    let refused = Stack::try_create(&emulator, &ready, &[], "CAPABILITY_IAM").map(drop);
    assert!(refused.expect_err("a name").contains("CAPABILITY_NAMED_IAM"));
    let stack = Stack::create(&emulator, &ready, &[]);
    let (role, command) = stack.role_and_command();
    assert_eq!(role, name);
    let listed = aws_in_container(&alice, &options(&command), &["s3", "ls"]);
    assert!(listed.code == 0 && listed.text().contains(&bucket), "{listed:?}");
    let removed = aws_in_container(&alice, &options(&command), &["s3", "rb", &format!("s3://{bucket}")]);
    assert!(removed.code == 1 && removed.stderr.contains("AccessDenied"), "{removed:?}");
    emulator.aws(&["s3", "rb", &format!("s3://{bucket}")]);
}

#[test]
fn a_user_without_mfa_is_refused_where_the_role_asks_for_it() {
    let emulator = Emulator::of_the_tests();
    let user = format!("{}-alice", names().0);
    let alice = emulator.host_of_user(&emulator.user(&user, r#"["sts:AssumeRole"]"#));
    let who = format!("user/{user}");
    let ready = ["--trust", &who, "--allow", "s3:ListAllMyBuckets"];
    let (arn, general) = (format!("arn:aws:iam::123456789012:{who}"), template(&[]));
    let given = [("TrustedUserArns", &*arn), ("Actions1", "s3:*"), ("RequireMfa", "true")];
    for (text, parameters, mfa) in [
        (template(&ready), &[][..], false),
        (template(&[&ready[..], &["--mfa"]].concat()), &[], true),
        (general.clone(), &given[..2], false),
        (general, &given, true),
    ] {
        let stack = Stack::create(&emulator, &text, parameters);
        let (_, command) = stack.role_and_command();
        let options = options(&command);
        let asks = options[2..] == ["--serial-number", "YOUR_MFA_DEVICE"];
        assert_eq!(asks, mfa, "{command}");
        let without = whoami(&alice, &options[..2]);
        assert_eq!(without.code, if mfa { 125 } else { 0 }, "{command}: {without:?}");
        assert_eq!(without.stderr.contains("AccessDenied"), mfa, "{command}: {without:?}");
    }
}

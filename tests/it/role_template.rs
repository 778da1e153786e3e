//! The CloudFormation template of `credrun role-template`: linted, deployed, its role assumed by the command that it
//! prints, deleted. The emulator judges the template's rules, conditions and patterns as CloudFormation does.

use std::path::Path;
use std::process::Command;

use super::harness::emulator::{Emulator, names};
use super::harness::host::{Host, Program, required_variable};
use super::harness::run::{PATIENCE, run, within};

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
    for options in [
        &[][..],
        &["--trust", "user/alice", "--allow", "s3:ListAllMyBuckets"],
        &[
            "--trust",
            "account",
            "--read-only-access",
            "--role-name",
            "reader",
            "--external-id",
            "47:11",
            "--mfa",
        ],
        &[
            "--trust",
            "role/ci",
            "--trust",
            "123456789012",
            "--policy-arns",
            "arn:aws:iam::aws:policy/ViewOnlyAccess",
            "--max-session",
            "43200",
            "--permissions-boundary",
            "arn:aws:iam::123456789012:policy/boundary",
            "--policy",
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/*"}}"#,
        ],
    ] {
        let path = folder.path().join("template.yaml");
        std::fs::write(&path, template(options)).expect("a file");
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
    /// Creates it and waits for its end; `Err` with the reason when it is refused.
    fn create(
        emulator: &'a Emulator,
        name: &str,
        template: &str,
        parameters: &[(&str, String)],
    ) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("template.yaml");
        std::fs::write(&path, template).expect("a file");
        let body = format!("file://{}", path.display());
        let quoted = |(key, value): &(&str, String)| format!("ParameterKey={key},ParameterValue=\"{value}\"");
        let parameters: Vec<String> = parameters.iter().map(quoted).collect();
        let mut arguments =
            vec!["cloudformation", "create-stack", "--stack-name", name, "--template-body", &body];
        arguments.extend(["--capabilities", "CAPABILITY_NAMED_IAM"]);
        if !parameters.is_empty() {
            arguments.push("--parameters");
            arguments.extend(parameters.iter().map(String::as_str));
        }
        let outcome = emulator.try_aws(&arguments);
        if outcome.code != 0 {
            return Err(outcome.stderr);
        }
        let stack = Self { emulator, name: name.to_owned() };
        let mut status = String::new();
        let done = within(PATIENCE, || {
            status = stack.told("StackStatus");
            !status.ends_with("IN_PROGRESS")
        });
        assert!(done, "{name}: {status}");
        if status == "CREATE_COMPLETE" {
            Ok(stack)
        } else {
            Err(format!("{status}: {}", stack.told("StackStatusReason")))
        }
    }

    fn told(&self, what: &str) -> String {
        let query = format!("Stacks[0].{what}");
        self.emulator.aws(&[
            "cloudformation",
            "describe-stacks",
            "--stack-name",
            &self.name,
            "--query",
            &query,
        ])
    }

    fn output(&self, key: &str) -> String {
        self.told(&format!("Outputs[?OutputKey==`{key}`].OutputValue"))
    }
}

impl Drop for Stack<'_> {
    fn drop(&mut self) {
        self.emulator.aws(&["cloudformation", "delete-stack", "--stack-name", &self.name]);
    }
}

/// The command that a stack prints, as `whoami` of that host.
fn whoami(host: &Host, command: &str, more: &[&str]) -> super::harness::run::Outcome {
    let words: Vec<&str> = command.split_whitespace().collect();
    let ["credrun", options @ .., "IMAGE"] = &words[..] else { panic!("{command}") };
    // The device's number is the user's to fill in.
    let options = options
        .iter()
        .map(|word| if *word == "YOUR_MFA_DEVICE" { "arn:aws:iam::123456789012:mfa/alice" } else { word });
    let arguments: Vec<&str> = std::iter::once("whoami").chain(options).chain(more.iter().copied()).collect();
    run(&mut host.command(Program::Credrun, &arguments))
}

#[test]
fn every_combination_of_its_conditions_deploys_or_is_refused_with_a_reason() {
    let (emulator, general) = (Emulator::of_the_tests(), template(&[]));
    let (name, _) = names();
    let name = format!("t{}", name.replace("credrun-it-", ""));
    let user = format!("arn:aws:iam::123456789012:user/{name}");
    let ours = [
        ("TrustedUserArns", user.as_str()),
        (
            "TrustedRoleArns",
            "arn:aws:iam::123456789012:role/ci,arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/x",
        ),
        ("TrustAccount", "true"),
        ("ExternalId", "sesame:1"),
        ("RequireMfa", "true"),
        ("ManagedPolicyArns", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
        ("Actions1", "s3:ListAllMyBuckets,s3:Get*"),
    ];
    let client = Emulator::python(
        r#"
import itertools, json, sys, time, botocore.session, botocore.exceptions
endpoint, name, ours, template = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.stdin.read()
session = botocore.session.Session()
make = lambda service: session.create_client(service, region_name="us-east-1", endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test")
cf, iam = make("cloudformation"), make("iam")
for chosen in itertools.product([False, True], repeat=len(ours)):
    given = [pair for pair, use in zip(ours, chosen) if use]
    stack = f"{name}-{''.join('01'[use] for use in chosen)}"
    told = {"given": [key for key, _ in given]}
    try:
        cf.create_stack(StackName=stack, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"],
                        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given])
        for _ in range(200):
            found = cf.describe_stacks(StackName=stack)["Stacks"][0]
            if not found["StackStatus"].endswith("IN_PROGRESS"):
                break
            time.sleep(0.05)
        told["status"] = found["StackStatus"]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
        told["command"] = outputs.get("Command", "")
        role = outputs["RoleArn"].rsplit("/", 1)[-1]
        told["trust"] = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
        told["inline"] = iam.list_role_policies(RoleName=role)["PolicyNames"]
        told["managed"] = [one["PolicyArn"] for one in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]]
        cf.delete_stack(StackName=stack)
        for _ in range(200):
            try:
                iam.get_role(RoleName=role)
                time.sleep(0.05)
            except botocore.exceptions.ClientError:
                told["deleted"] = True
                break
    except botocore.exceptions.ClientError as error:
        told["refused"] = str(error)
    print(json.dumps(told))
"#,
        &[&emulator.endpoint, &name, &serde_json::to_string(&ours).expect("JSON")],
        &general,
    );
    let mut counts = (0, 0);
    for line in client.lines() {
        let told: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let given: Vec<&str> =
            told["given"].as_array().expect("a list").iter().filter_map(|key| key.as_str()).collect();
        let has = |key| given.contains(&key);
        let reason = match () {
            () if !has("TrustedUserArns") && !has("TrustedRoleArns") && !has("TrustAccount") => {
                "nobody could assume the role"
            }
            () if !has("ManagedPolicyArns") && !has("Actions1") => "the role could do nothing",
            () if has("RequireMfa") && has("TrustedRoleArns") => "a role has no MFA device",
            () => "",
        };
        if !reason.is_empty() {
            assert!(told["refused"].as_str().is_some_and(|text| text.contains(reason)), "{reason}: {told}");
            counts.1 += 1;
            continue;
        }
        assert_eq!((&told["status"], &told["deleted"]), (&"CREATE_COMPLETE".into(), &true.into()), "{told}");
        check(&told, &given);
        counts.0 += 1;
    }
    assert_eq!(counts, (60, 68), "every combination of seven");
}

/// The role has what was asked for and nothing else.
fn check(told: &serde_json::Value, given: &[&str]) {
    let has = |key| given.contains(&key);
    let trusting =
        ["TrustedUserArns", "TrustedRoleArns", "TrustAccount"].iter().filter(|key| has(key)).count();
    let statements = told["trust"].as_array().expect("statements");
    assert_eq!(statements.len(), trusting, "{told}");
    for statement in statements {
        let condition = &statement["Condition"];
        let id = condition["StringEquals"]["sts:ExternalId"] == "sesame:1";
        let mfa = condition["Bool"]["aws:MultiFactorAuthPresent"] == "true";
        assert_eq!((id, mfa), (has("ExternalId"), has("RequireMfa")), "{told}");
        assert_eq!(condition.is_null(), !has("ExternalId") && !has("RequireMfa"), "{told}");
    }
    let list = |key: &str| told[key].as_array().expect("a list").len();
    assert_eq!(
        (list("inline"), list("managed")),
        (usize::from(has("Actions1")), usize::from(has("ManagedPolicyArns")))
    );
    let command = told["command"].as_str().expect("a command");
    assert!(
        command.starts_with("credrun --role-arn arn:aws:iam::123456789012:role/")
            && command.ends_with(" IMAGE"),
        "{told}"
    );
    assert_eq!(command.contains(" --external-id sesame:1 "), has("ExternalId"), "{told}");
    assert_eq!(command.contains(" --serial-number "), has("RequireMfa"), "{told}");
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_made() {
    let (emulator, general) = (Emulator::of_the_tests(), template(&[]));
    let (name, _) = names();
    let good = [("TrustAccount", "true"), ("Actions1", "s3:*")];
    for (index, (key, value, part)) in [
        ("Resources2", "arn:aws:s3:::b", "Resources2 is given without Actions2"),
        ("Resources3", "arn:aws:s3:::b", "Resources3 is given without Actions3"),
        ("TrustedUserArns", "*", "ARNs of IAM users"),
        ("TrustedUserArns", "arn:aws:iam::123456789012:root", "ARNs of IAM users"),
        ("TrustedRoleArns", "arn:aws:sts::123456789012:assumed-role/x/me", "ARNs of IAM roles"),
        ("Actions2", "GetObject", "actions such as s3:GetObject"),
        ("Resources1", "bucket", "ARNs with commas"),
        ("MaxSessionSeconds", "900", "3600"),
        ("PermissionsBoundaryArn", "boundary", "ARN of a managed policy"),
        ("ExternalId", "a b", "external id|letters, digits"),
        ("RoleName", "a/b", "64 letters"),
    ]
    .into_iter()
    .enumerate()
    {
        let parameters: Vec<_> = good
            .iter()
            .filter(|(known, _)| *known != key)
            .chain([&(key, value)])
            .map(|(key, value)| (*key, (*value).to_owned()))
            .collect();
        let stack = Stack::create(&emulator, &format!("{name}-{index}"), &general, &parameters);
        let reason = stack.map(drop).expect_err(key);
        assert!(part.split('|').any(|part| reason.contains(part)), "{key}={value}: {reason}");
    }
}

#[test]
fn the_role_is_assumed_by_the_command_that_the_stack_prints() {
    let emulator = Emulator::of_the_tests();
    let (name, bucket) = names();
    let (alice, eve) = (format!("{name}-alice"), format!("{name}-eve"));
    let may = r#"["sts:AssumeRole"]"#;
    let hosts = [&alice, &eve].map(|user| emulator.host_of_user(&emulator.user(user, may)));
    let trust = format!("user/{alice}");
    let ready = ["--trust", &trust, "--allow", "s3:ListAllMyBuckets", "--external-id", "47:11"];
    let parameters = [
        ("TrustedUserArns", format!("arn:aws:iam::123456789012:user/{alice}")),
        ("Actions1", "s3:ListAllMyBuckets".to_owned()),
        ("Actions2", "s3:GetObject,s3:PutObject".to_owned()),
        ("Resources2", format!("arn:aws:s3:::{bucket}/*,arn:aws:s3:::{bucket}-2/*")),
        ("ExternalId", "47:11".to_owned()),
        ("RoleName", format!("{name}-named")),
        ("MaxSessionSeconds", "7200".to_owned()),
        ("PermissionsBoundaryArn", "arn:aws:iam::aws:policy/PowerUserAccess".to_owned()),
    ];
    for (index, (text, parameters)) in
        [(template(&ready), &[][..]), (template(&[]), &parameters[..])].into_iter().enumerate()
    {
        let stack = Stack::create(&emulator, &format!("{name}-{index}"), &text, parameters).expect("a stack");
        let (command, role) = (stack.output("Command"), stack.output("RoleArn"));
        let role = role.rsplit('/').next().expect("a name").to_owned();
        let told = whoami(&hosts[0], &command, &[]);
        assert!(told.text().contains(&format!(":assumed-role/{role}/credrun-")), "{command}: {told:?}");
        // It is for nobody else, and not without the external id.
        let other = whoami(&hosts[1], &command, &[]);
        assert_eq!(other.code, 125, "{other:?}");
        let without = whoami(&hosts[0], &command.replace(" --external-id 47:11", ""), &[]);
        assert!(without.stderr.contains("another external id"), "{without:?}");
        drop(stack);
        let gone = emulator.try_aws(&["iam", "get-role", "--role-name", &role]);
        assert!(gone.stderr.contains("NoSuchEntity"), "{gone:?}");
    }
}

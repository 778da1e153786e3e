//! Less than the user may do, against an emulator that judges session policies, trust policies and the time.

use super::harness::container::unique;
use super::harness::emulator::{Emulator, aws_in_container, caller, names};
use super::harness::host::Host;
use super::harness::run::Outcome;

/// A role that may do anything, a host that may assume it, and the name of a bucket.
fn anything(emulator: &Emulator) -> (String, Host, String) {
    let (role, bucket) = names();
    let arn = emulator.role(&role, r#"["*"]"#);
    let host = emulator.host_of_user(&emulator.user(&role, r#"["sts:*"]"#));
    (arn, host, bucket)
}

fn list(host: &Host, options: &[&str]) -> Outcome {
    aws_in_container(host, options, &["s3", "ls"])
}

fn create(host: &Host, options: &[&str], bucket: &str) -> Outcome {
    aws_in_container(host, options, &["s3", "mb", &format!("s3://{bucket}")])
}

fn assert_denied(outcome: &Outcome) {
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.stderr.contains("AccessDenied"), "{outcome:?}");
}

#[test]
fn what_is_allowed_is_allowed_and_nothing_else() {
    let emulator = Emulator::of_the_tests();
    let (arn, host, bucket) = anything(&emulator);
    // The role itself may do both: it is the session policy that narrows.
    assert_eq!(create(&host, &["--role-arn", &arn], &bucket).code, 0);
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}}"#;
    host.write("policy.json", policy);
    let file = host.home().join("policy.json");
    for narrowing in [
        ["--allow", "s3:ListAllMyBuckets"],
        ["--policy", policy],
        ["--policy", file.to_str().expect("UTF-8")],
    ] {
        let options = [&["--role-arn", &arn][..], &narrowing].concat();
        let listed = list(&host, &options);
        assert_eq!(listed.code, 0, "{narrowing:?}: {listed:?}");
        assert!(listed.text().contains(&bucket), "{listed:?}");
        assert_denied(&create(&host, &options, &format!("{bucket}-2")));
    }
    emulator.aws(&["s3", "rb", &format!("s3://{bucket}")]);
}

#[test]
fn until_is_the_end_below_sts_s_shortest_session() {
    let emulator = Emulator::of_the_tests();
    let (arn, host, _) = anything(&emulator);
    let image = std::env::var("CREDRUN_TEST_AWSCLI_IMAGE").unwrap_or_else(|_| "amazon/aws-cli".into());
    // The tool itself gives up at the moment that it is told; without that it is STS's policy that refuses.
    let script = "aws s3 ls && echo worked; sleep 21; aws s3 ls || echo ended; \
                  unset AWS_CREDENTIAL_EXPIRATION; aws s3 ls || echo refused";
    let options = ["--network", "host", "-e", "AWS_ENDPOINT_URL", "--role-arn", &arn, "--until", "20s"];
    let all = [&options[..], &["--entrypoint", "sh", &image, "-c", script]].concat();
    let outcome = super::harness::run::run(&mut host.command(super::harness::host::Program::Credrun, &all));
    assert!(outcome.text().contains("worked") && outcome.text().ends_with("ended\nrefused"), "{outcome:?}");
    assert!(outcome.stderr.contains("AccessDenied"), "{outcome:?}");
}

#[test]
fn a_moment_is_kept_beside_other_allows() {
    let emulator = Emulator::of_the_tests();
    let (arn, host, bucket) = anything(&emulator);
    let options = ["--role-arn", &arn, "--read-only-access", "--until", "30m"];
    let listed = list(&host, &options);
    assert_eq!(listed.code, 0, "{listed:?}");
    assert_denied(&create(&host, &options, &bucket));
    // What the container is told of the end is the moment, not the session's own.
    let script = ["--until", "2m", "--entrypoint", "printenv"];
    let ends = aws_in_container(
        &host,
        &[&["--role-arn", &arn][..], &script].concat(),
        &["AWS_CREDENTIAL_EXPIRATION"],
    );
    let end = ends.text();
    let (least, most) = (super::harness::endpoint::timestamp(90), super::harness::endpoint::timestamp(121));
    assert!(least < end && end < most, "{ends:?}");
}

#[test]
fn a_user_is_narrowed_without_a_role() {
    let emulator = Emulator::of_the_tests();
    let (name, bucket) = names();
    let host = emulator.host_of_user(&emulator.user(&name, r#"["s3:*","sts:*"]"#));
    let options = ["--federation-name", "smoke", "--allow", "s3:ListAllMyBuckets"];
    assert_eq!(caller(&host, &options), "arn:aws:sts::123456789012:federated-user/smoke");
    assert_eq!(list(&host, &options).code, 0);
    assert_denied(&create(&host, &options, &bucket));
    // Without a narrowing or a role, the keys themselves stay behind: a session token goes in.
    assert_eq!(caller(&host, &[]), format!("arn:aws:iam::123456789012:user/{name}"));
    let id = ["--entrypoint", "printenv"];
    let temporary = aws_in_container(&host, &id, &["AWS_ACCESS_KEY_ID"]);
    assert!(temporary.text().starts_with("ASIA"), "{temporary:?}");
    let kept =
        aws_in_container(&host, &[&["--allow-long-term-keys"][..], &id].concat(), &["AWS_ACCESS_KEY_ID"]);
    assert!(kept.text().starts_with("AKIA"), "{kept:?}");
    let told = aws_in_container(&host, &[], &["iam", "list-users"]);
    assert!(told.stderr.contains("can call neither IAM nor STS"), "{told:?}");
}

#[test]
fn a_profile_s_own_role_is_narrowed_too() {
    let emulator = Emulator::of_the_tests();
    let (arn, host, bucket) = anything(&emulator);
    let config =
        format!("[profile job]\nrole_arn = {arn}\ncredential_source = Environment\nregion = eu-west-1\n");
    host.write(".aws/config", &config);
    let options = ["--profile", "job", "--allow", "s3:ListAllMyBuckets"];
    let listed = list(&host, &options);
    assert_eq!(listed.code, 0, "{listed:?}");
    assert_denied(&create(&host, &options, &bucket));
}

#[test]
fn roles_are_assumed_one_from_the_other() {
    let emulator = Emulator::of_the_tests();
    let (first, host, _) = anything(&emulator);
    let name = unique("second");
    let role = first.rsplit('/').next().expect("a name");
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{first}"}},"Action":["sts:AssumeRole","sts:TagSession"]}}]}}"#
    );
    let second = emulator.role_trusting(&format!("{name}-{role}"), &trust, r#"["s3:*"]"#);
    let both = ["--role-arn", &first, "--role-arn", &second, "--role-session-name", "chained"];
    assert_eq!(caller(&host, &both), format!("arn:aws:sts::123456789012:assumed-role/{name}-{role}/chained"));
    // The second trusts the first alone.
    let alone = aws_in_container(&host, &both[2..], &["s3", "ls"]);
    assert_eq!(alone.code, 125, "{alone:?}");
    assert!(alone.stderr.contains("trust policy does not name the caller"), "{alone:?}");
    let long =
        aws_in_container(&host, &[&both[..4], &["--duration-seconds", "7200"]].concat(), &["s3", "ls"]);
    assert!(long.stderr.contains("lasts 3600 at most"), "{long:?}");
}

#[test]
fn a_refusal_says_what_it_can_mean() {
    let emulator = Emulator::of_the_tests();
    let (role, _) = names();
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"sesame"}}}]}"#;
    let locked = emulator.role_trusting(&format!("{role}-locked"), trust, r#"["s3:*"]"#);
    let nobody = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/somebody-else"},"Action":"sts:AssumeRole"}]}"#;
    let closed = emulator.role_trusting(&format!("{role}-closed"), nobody, r#"["s3:*"]"#);
    let open = emulator.role(&format!("{role}-open"), r#"["s3:*"]"#);
    let may = emulator.host_of_user(&emulator.user(&role, r#"["sts:AssumeRole"]"#));
    let may_not = emulator.host_of_user(&emulator.user(&format!("{role}-2"), r#"["s3:*"]"#));
    assert_eq!(list(&may, &["--role-arn", &locked, "--external-id", "sesame"]).code, 0);
    for (host, options, part) in [
        (&may, vec!["--role-arn", &locked], "another external id (`--external-id`)"),
        (
            &may,
            vec!["--role-arn", &locked, "--external-id", "wrong"],
            "another external id (`--external-id`)",
        ),
        (&may, vec!["--role-arn", &closed], "trust policy does not name the caller (`credrun whoami` shows"),
        (&may_not, vec!["--role-arn", &open], "caller's own policies"),
    ] {
        let outcome = list(host, &options);
        assert_eq!(outcome.code, 125, "{outcome:?}");
        for said in [part, "AccessDenied", options[1]] {
            assert!(outcome.stderr.contains(said), "{said}: {outcome:?}");
        }
    }
}

#[test]
fn there_has_to_be_something_to_narrow() {
    let emulator = Emulator::of_the_tests();
    let (role, _) = names();
    let arn = emulator.role(&role, r#"["s3:*"]"#);
    let (cloud_shell, _endpoint) = emulator.host(&arn);
    let outcome = list(&cloud_shell, &["--allow", "s3:ListAllMyBuckets"]);
    assert_eq!(outcome.code, 125, "{outcome:?}");
    for part in ["`--allow` narrows the session of a role", "--role-arn", "credrun role-template"] {
        assert!(outcome.stderr.contains(part), "{part}: {outcome:?}");
    }
}

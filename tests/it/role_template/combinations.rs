//! Which parameters of the general template make which role, and which are refused.

use serde_json::{Value, json};

use super::template;
use crate::harness::emulator::{Emulator, names};

/// Creates a stack of the general template for each list of parameters, and deletes it; what came of each.
fn stacks(beginning: &str, cases: &[Vec<(&str, String)>]) -> Vec<Value> {
    let given = json!({"template": template(&[]), "cases": cases}).to_string();
    let endpoint = Emulator::of_the_tests().endpoint;
    let told = Emulator::python(include_str!("stacks.py"), &[&endpoint, beginning], &given);
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(told.len(), cases.len());
    told
}

const USERS: [&str; 2] = ["arn:aws:iam::123456789012:user/alice", "arn:aws:iam::210987654321:user/path/bob"];
const ROLES: [&str; 2] = [
    "arn:aws:iam::123456789012:role/ci",
    "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_x_1",
];
const MANAGED: [&str; 2] =
    ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"];
const ACTIONS: [[&str; 2]; 3] = [
    ["s3:ListAllMyBuckets", "s3:Get*"],
    ["sqs:SendMessage", "sqs:ReceiveMessage"],
    ["sns:Publish", "sns:Subscribe"],
];
const RESOURCES: [&[&str]; 3] = [
    &["*"],
    &["arn:aws:sqs:*:123456789012:two", "arn:aws:sqs:*:123456789012:zwei"],
    &["arn:aws:sns:*:123456789012:three"],
];
const BOUNDARY: &str = "arn:aws:iam::aws:policy/PowerUserAccess";

/// For each condition of the template the parameters that make it hold; the first names it.
fn conditions(role_name: &str) -> [Vec<(&'static str, String)>; 11] {
    [
        vec![("TrustedUserArns", USERS.join(","))],
        vec![("TrustedRoleArns", ROLES.join(","))],
        vec![("TrustAccount", "true".into())],
        vec![("ExternalId", "sesame:1".into())],
        vec![("RequireMfa", "true".into())],
        vec![("RoleName", role_name.to_owned()), ("MaxSessionSeconds", "43200".into())],
        vec![("PermissionsBoundaryArn", BOUNDARY.into())],
        vec![("ManagedPolicyArns", MANAGED.join(","))],
        // Resources that are not given are all.
        vec![("Actions1", ACTIONS[0].join(","))],
        vec![("Actions2", ACTIONS[1].join(",")), ("Resources2", RESOURCES[1].join(","))],
        vec![("Actions3", ACTIONS[2].join(",")), ("Resources3", RESOURCES[2].join(","))],
    ]
}

#[test]
fn every_combination_of_its_conditions_deploys_or_is_refused_with_a_reason() {
    let (name, _) = names();
    // Two halves at once: the emulator and its clients have a core each.
    let refused: usize = std::thread::scope(|scope| {
        let halves = ["a", "b"].map(|half| {
            scope.spawn({
                let name = format!("{name}{half}");
                move || half_of_them(&name, usize::from(half == "b"))
            })
        });
        halves.map(|half| half.join().expect("a half")).iter().sum()
    });
    if is_long() {
        // Nobody is trusted in 2 of 16, a role and MFA in 4 more; nothing is allowed in 1 of 16; 4 names and boundaries.
        assert_eq!(refused, 2048 - (16 - 2 - 4) * 2 * 15 * 4);
    }
}

/// All 2048 take minutes: `tests/run.sh --long` has them.
fn is_long() -> bool {
    std::env::var_os("CREDRUN_TEST_LONG").is_some_and(|value| !value.is_empty())
}

/// Of 2048, the quick tier takes every 13th: any two conditions are met there with and without one another.
const STEP: usize = 13;

#[test]
fn the_quick_tier_has_any_two_conditions_with_and_without_one_another() {
    for (one, other) in (0..11).flat_map(|one| (0..one).map(move |other| (one, other))) {
        let met: std::collections::BTreeSet<_> =
            (0..2048).step_by(STEP).map(|bits| (bits >> one & 1, bits >> other & 1)).collect();
        assert_eq!(met.len(), 4, "{one} and {other}");
    }
}

/// Every combination with the last condition, or every one without; how many are refused.
fn half_of_them(name: &str, last: usize) -> usize {
    let conditions = conditions(name);
    let cases: Vec<Vec<(&str, String)>> = (0..1_usize << (conditions.len() - 1))
        .map(|bits| bits | last << (conditions.len() - 1))
        .filter(|bits| is_long() || bits % STEP == 0)
        .map(|bits| (0..conditions.len()).filter(move |bit| bits >> bit & 1 == 1))
        .map(|chosen| chosen.flat_map(|bit| conditions[bit].clone()).collect())
        .collect();
    let mut refused = 0;
    assert!(cases.len() > 70, "{}", cases.len());
    // One run of the client after the other: none may take long.
    for (number, cases) in cases.chunks(256).enumerate() {
        for (case, told) in cases.iter().zip(stacks(&format!("{name}-{number}"), cases)) {
            let has = |key: &str| case.iter().any(|(given, _)| *given == key);
            match refusal(&has) {
                Some(reason) => {
                    assert!(
                        told["refused"].as_str().is_some_and(|text| text.contains(reason)),
                        "{case:?}: {told}"
                    );
                    refused += 1;
                }
                None => assert_eq!(told, expected(&has, name, &told), "{case:?}"),
            }
        }
    }
    refused
}

/// Why a combination makes no sense.
fn refusal(has: &dyn Fn(&str) -> bool) -> Option<&'static str> {
    let any = |keys: &[&str]| keys.iter().any(|key| has(key));
    if !any(&["TrustedUserArns", "TrustedRoleArns", "TrustAccount"]) {
        Some("nobody could assume the role")
    } else if !any(&["ManagedPolicyArns", "Actions1", "Actions2", "Actions3"]) {
        Some("the role could do nothing")
    } else if has("RequireMfa") && has("TrustedRoleArns") {
        Some("a role has no MFA device")
    } else {
        None
    }
}

/// The role that was asked for, and nothing beside. A name that is not given is what it was told to be.
fn expected(has: &dyn Fn(&str) -> bool, role_name: &str, told: &Value) -> Value {
    let name = if has("RoleName") { role_name } else { told["name"].as_str().expect("a name") };
    let arn = format!("arn:aws:iam::123456789012:role/{name}");
    let mut command = format!("credrun --role-arn {arn}");
    command.push_str(if has("ExternalId") { " --external-id sesame:1" } else { "" });
    command.push_str(if has("RequireMfa") { " --serial-number YOUR_MFA_DEVICE" } else { "" });
    let allowed = |number: usize| {
        let statement =
            json!({"Effect": "Allow", "Action": ACTIONS[number - 1], "Resource": RESOURCES[number - 1]});
        (format!("actions-{number}"), json!({"Version": "2012-10-17", "Statement": [statement]}))
    };
    let inline: serde_json::Map<_, _> =
        (1..=3).filter(|number| has(&format!("Actions{number}"))).map(allowed).collect();
    json!({
        "status": "CREATE_COMPLETE",
        "outputs": {"RoleArn": arn, "Command": format!("{command} IMAGE")},
        "name": name,
        "max_session_seconds": if has("RoleName") { 43200 } else { 3600 },
        "trust": trust(has),
        "inline": inline,
        "managed": if has("ManagedPolicyArns") { &MANAGED[..] } else { &[] },
        "boundary": has("PermissionsBoundaryArn").then_some(BOUNDARY),
    })
}

/// The statements of its trust policy.
fn trust(has: &dyn Fn(&str) -> bool) -> Vec<Value> {
    let mut condition = serde_json::Map::new();
    if has("ExternalId") {
        condition.insert("StringEquals".into(), json!({"sts:ExternalId": "sesame:1"}));
    }
    if has("RequireMfa") {
        condition.insert("Bool".into(), json!({"aws:MultiFactorAuthPresent": "true"}));
    }
    let statement = |principals: Value| {
        let mut statement =
            json!({"Effect": "Allow", "Principal": {"AWS": principals}, "Action": "sts:AssumeRole"});
        if !condition.is_empty() {
            statement["Condition"] = Value::Object(condition.clone());
        }
        statement
    };
    [
        ("TrustedUserArns", json!(USERS)),
        ("TrustedRoleArns", json!(ROLES)),
        ("TrustAccount", json!("arn:aws:iam::123456789012:root")),
    ]
    .into_iter()
    .filter(|(key, _)| has(key))
    .map(|(_, principals)| statement(principals))
    .collect()
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_made() {
    let refused = [
        (
            &[("Actions1", ""), ("Actions2", "s3:*"), ("Resources1", "arn:aws:s3:::b")][..],
            "Resources1 is given without",
        ),
        (&[("Resources2", "arn:aws:s3:::b")], "Resources2 is given without Actions2"),
        (&[("Resources3", "arn:aws:s3:::b")], "Resources3 is given without Actions3"),
        (&[("TrustedUserArns", "*")], "ARNs of IAM users"),
        (&[("TrustedUserArns", "arn:aws:iam::123456789012:root")], "ARNs of IAM users"),
        (&[("TrustedUserArns", "arn:aws:iam::123456789012:user/*")], "ARNs of IAM users"),
        (
            &[("TrustedUserArns", "arn:aws:iam::123456789012:user/a, arn:aws:iam::123456789012:user/b")],
            "no blanks",
        ),
        (&[("TrustedUserArns", ROLES[0])], "ARNs of IAM users"),
        (&[("TrustedRoleArns", USERS[0])], "ARNs of IAM roles"),
        (&[("TrustedRoleArns", "arn:aws:sts::123456789012:assumed-role/x/me")], "ARNs of IAM roles"),
        (&[("TrustAccount", "123456789012")], "TrustAccount"),
        (&[("RequireMfa", "yes")], "RequireMfa"),
        (&[("ManagedPolicyArns", "ReadOnlyAccess")], "ARNs of managed policies"),
        (&[("Actions1", "GetObject")], "actions such as s3:GetObject"),
        (&[("Actions2", "s3:Get*,")], "actions such as s3:GetObject"),
        (&[("Actions3", "s3:Get Object")], "actions such as s3:GetObject"),
        (&[("Resources1", "bucket")], "ARNs with commas"),
        (&[("Resources1", "")], "ARNs with commas"),
        (&[("MaxSessionSeconds", "3599")], "3600 (one hour)"),
        (&[("MaxSessionSeconds", "43201")], "3600 (one hour)"),
        (&[("PermissionsBoundaryArn", "boundary")], "ARN of a managed policy"),
        (&[("ExternalId", "a b")], "2 to 1224 letters"),
        (&[("ExternalId", "a")], "2 to 1224 letters"),
        (&[("RoleName", "a/b")], "64 letters"),
    ];
    let case = |changes: &&[(&'static str, &str)]| {
        let good = [("TrustAccount", "true"), ("Actions1", "s3:*")];
        let kept = good.into_iter().filter(|(key, _)| changes.iter().all(|(changed, _)| changed != key));
        kept.chain(changes.iter().copied()).map(|(key, value)| (key, value.to_owned())).collect()
    };
    // The first shows that it is not the rest that is refused.
    let cases: Vec<_> =
        [&[][..]].iter().chain(refused.iter().map(|(changes, _)| changes)).map(case).collect();
    let told = stacks(&names().0, &cases);
    assert_eq!(told[0]["status"], "CREATE_COMPLETE", "{}", told[0]);
    for ((changes, reason), told) in refused.iter().zip(&told[1..]) {
        assert!(told["refused"].as_str().is_some_and(|text| text.contains(reason)), "{changes:?}: {told}");
    }
}

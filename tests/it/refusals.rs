//! Wrong options of credrun's own, and what STS refuses: the whole message with its hints and the exit code of each, kept
//! in `refusals/expected.txt`. `CREDRUN_TEST_WRITE=1` writes that file anew; then it is for a person to read whether each
//! message names the thing, the cause and the next step.

use std::fmt::Write as _;
use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::process::Stdio;

use super::harness::host::{Host, Program, SECRET_ACCESS_KEY, SESSION_TOKEN};
use super::harness::message::{Head, pass_body};
use super::harness::run::run;

const ROLE: &str = "arn:aws:iam::123456789012:role/reader";
const DENY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;

/// What is wrong, what of the surroundings belongs to it, and the command line; `ROLE` and `DENY` stand for the above.
type Wrong = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

#[rustfmt::skip]
const WRONG: [Wrong; 59] = [
    ("an action without its service", &[], &["whoami", "--role-arn", "ROLE", "--allow", "ListBucket"]),
    ("a blank between actions", &[], &["whoami", "--role-arn", "ROLE", "--allow", "s3:GetObject, s3:PutObject"]),
    ("a bucket's name for its ARN", &[], &["whoami", "--role-arn", "ROLE", "--allow", "s3:GetObject=bucket"]),
    ("a narrowing without a role", &[], &["whoami", "--allow", "s3:GetObject"]),
    ("a time without a unit", &[], &["whoami", "--role-arn", "ROLE", "--until", "30"]),
    ("a time without a zone", &[], &["whoami", "--role-arn", "ROLE", "--until", "2026-01-01T12:00"]),
    ("a time that has passed", &[], &["whoami", "--role-arn", "ROLE", "--until", "2020-01-01T12:00Z"]),
    ("a time after the end of every session", &[], &["whoami", "--role-arn", "ROLE", "--until", "37h"]),
    ("a time after the end of every role's session", &[], &["whoami", "--role-arn", "ROLE", "--until", "9999-12-31T23:59:59Z"]),
    ("a time after the end of a chain", &[], &["whoami", "--role-arn", "ROLE", "--role-arn", "ROLE", "--until", "9999-12-31T23:59:59-01:00"]),
    ("a policy that is not there", &[], &["whoami", "--role-arn", "ROLE", "--policy", "policy.json"]),
    ("a policy that is not JSON", &[], &["whoami", "--role-arn", "ROLE", "--policy", "{Version: 2012}"]),
    ("a policy with a principal", &[], &["whoami", "--role-arn", "ROLE", "--policy", r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}"#]),
    ("a policy that only denies", &[], &["whoami", "--role-arn", "ROLE", "--policy", "DENY"]),
    ("a policy's name for its ARN", &[], &["whoami", "--role-arn", "ROLE", "--policy-arns", "ReadOnlyAccess"]),
    ("an option of a role without one", &[], &["whoami", "--external-id", "4711"]),
    ("a tag in another form", &[], &["whoami", "--role-arn", "ROLE", "--tags", "Project=Unicorn"]),
    ("a transitive tag that is not given", &[], &["whoami", "--role-arn", "ROLE", "--transitive-tag-keys", "Project"]),
    ("a tag given twice", &[], &["whoami", "--role-arn", "ROLE", "--tags", "Key=a,Value=1", "--tags", "Key=A,Value=2"]),
    ("an MFA code of seven digits", &[], &["whoami", "--serial-number", "arn:aws:iam::123456789012:mfa/alice", "--token-code", "1234567"]),
    ("a session's ARN for its role's", &[], &["whoami", "--role-arn", "arn:aws:sts::123456789012:assumed-role/reader/me"]),
    ("a role of another partition", &[], &["whoami", "--role-arn", "arn:aws-cn:iam::123456789012:role/reader"]),
    ("a session that is too short", &[], &["whoami", "--role-arn", "ROLE", "--duration-seconds", "60"]),
    ("an hour and more in a chain of roles", &[], &["whoami", "--role-arn", "ROLE", "--role-arn", "ROLE", "--duration-seconds", "7200"]),
    ("a role and a federation", &[], &["whoami", "--role-arn", "ROLE", "--federation-name", "alice"]),
    ("a federation of temporary credentials", &[], &["whoami", "--federation-name", "alice", "--allow", "*"]),
    ("an MFA device for a federation", &[], &["whoami", "--federation-name", "alice", "--serial-number", "arn:aws:iam::123456789012:mfa/alice", "--allow", "*"]),
    ("an MFA device for temporary credentials", &[], &["whoami", "--serial-number", "arn:aws:iam::123456789012:mfa/alice"]),
    ("a length of a session that is there already", &[], &["whoami", "--duration-seconds", "900"]),
    ("a variable with a wrong value", &[("CREDRUN_UNTIL", "soon")], &["whoami", "--role-arn", "ROLE"]),
    ("a variable that is no role", &[("CREDRUN_ROLE_ARN", "reader")], &["whoami"]),
    ("a format that is none", &[], &["export", "--format", "bash"]),
    ("a prefix that begins no variable", &[], &["export", "--prefix", "TEMPORARY-"]),
    ("an option of another subcommand", &[], &["whoami", "--prefix", "A_"]),
    ("words behind a subcommand that takes none", &[], &["export", "s3", "ls"]),
    ("no command", &[], &["exec", "--profile", "default"]),
    ("a command that is not there", &[], &["exec", "--", "terrafrom", "plan"]),
    ("a role that trusts nobody", &[], &["role-template", "--allow", "s3:*"]),
    ("a role that may do nothing", &[], &["role-template", "--trust", "user/alice"]),
    ("a role that trusts everybody", &[], &["role-template", "--trust", "*", "--allow", "s3:*"]),
    ("a role that could never sign in with MFA", &[], &["role-template", "--trust", "role/ci", "--mfa", "--allow", "s3:*"]),
    ("a variable of blanks for what narrows", &[("CREDRUN_ALLOW", " ")], &["whoami", "--role-arn", "ROLE"]),
    ("a variable of blanks for a role", &[("CREDRUN_ROLE_ARN", " ")], &["whoami"]),
    ("an empty variable for what narrows", &[("CREDRUN_UNTIL", "")], &["whoami", "--role-arn", "ROLE"]),
    ("a mistyped variable for a role", &[("CREDRUN_ROLE_ARM", "arn:aws:iam::123456789012:role/reader")], &["whoami"]),
    ("a variable with a quote that is not closed", &[("CREDRUN_TAGS", "Key=Team,Value='Blue Sky")], &["whoami", "--role-arn", "ROLE"]),
    ("a variable that a subcommand does not heed", &[("CREDRUN_DRY_RUN", "1")], &["exec", "--", "true"]),
    ("an MFA code that no device is asked for", &[], &["whoami", "--token-code", "123456"]),
    ("an MFA code in a variable that no device is asked for", &[("CREDRUN_TOKEN_CODE", "123456")], &["whoami"]),
    ("a length of keys that live for ever", &[("AWS_SESSION_TOKEN", "")], &["export", "--allow-long-term-keys", "--duration-seconds", "900"]),
    ("a length in a variable of keys that live for ever", &[("AWS_SESSION_TOKEN", ""), ("CREDRUN_DURATION_SECONDS", "900")], &["export", "--allow-long-term-keys"]),
    ("a federation in a variable and a role", &[("CREDRUN_FEDERATION_NAME", "alice")], &["whoami", "--role-arn", "ROLE"]),
    ("a policy in which a name stands twice", &[], &["whoami", "--role-arn", "ROLE", "--policy", r#"{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}"#]),
    ("two policies", &[], &["whoami", "--role-arn", "ROLE", "--policy", "DENY", "--policy", "{}"]),
    ("two moments", &[], &["whoami", "--role-arn", "ROLE", "--until", "30m", "--until", "2h"]),
    ("a policy given twice to a template", &[], &["role-template", "--trust", "user/alice", "--policy", "DENY", "--policy", "{}"]),
    ("a length of a session beside keys of the container's own", &[], &["-e", "AWS_ACCESS_KEY_ID=ASIAIOSFODNN7EXAMPLE", "-e", "AWS_SECRET_ACCESS_KEY=x", "-e", "AWS_SESSION_TOKEN=x", "--duration-seconds", "900", "bb"]),
    ("the same in a dry run, of a role in a variable", &[("CREDRUN_ROLE_ARN", "arn:aws:iam::123456789012:role/reader")], &["--dry-run", "-e", "AWS_ACCESS_KEY_ID=ASIAIOSFODNN7EXAMPLE", "-e", "AWS_SECRET_ACCESS_KEY=x", "-e", "AWS_SESSION_TOKEN=x", "bb"]),
    ("a profile whose roles go in a circle", &[("AWS_ACCESS_KEY_ID", "")], &["whoami", "--profile", "circle"]),
];

/// What STS refuses, with its code, status and message, and the options.
type Refusal = (&'static str, u16, &'static str, &'static [&'static str]);

#[rustfmt::skip]
const REFUSALS: [Refusal; 12] = [
    ("AccessDenied", 403, "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: sts:AssumeRole on resource: ROLE", &["--role-arn", "ROLE"]),
    ("AccessDenied", 403, "MultiFactorAuthentication failed with invalid MFA one time pass code. ", &["--role-arn", "ROLE", "--serial-number", "arn:aws:iam::123456789012:mfa/alice", "--token-code", "123456"]),
    ("ValidationError", 400, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", &["--role-arn", "ROLE", "--duration-seconds", "43200"]),
    ("ValidationError", 400, "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining", &["--role-arn", "ROLE", "--until", "2h"]),
    ("RegionDisabledException", 403, "STS is not activated in this region for account:123456789012. Your account administrator can activate STS in this region using the IAM Console.", &["--role-arn", "ROLE"]),
    ("MalformedPolicyDocument", 400, "Invalid information in one or more fields of the policy.", &["--role-arn", "ROLE", "--allow", "s3:Nope"]),
    ("PackedPolicyTooLarge", 400, "Packed policy consumes 114% of allotted space, please use smaller policy.", &["--role-arn", "ROLE", "--allow", "s3:*"]),
    ("ExpiredToken", 403, "The security token included in the request is expired", &["--role-arn", "ROLE"]),
    ("ExpiredToken", 403, "The security token included in the request is expired", &[]),
    ("InvalidClientTokenId", 403, "The security token included in the request is invalid.", &[]),
    ("SignatureDoesNotMatch", 403, "The request signature we calculated does not match the signature you provided.", &[]),
    ("Throttling", 400, "Rate exceeded", &["--role-arn", "ROLE"]),
];

fn word(word: &str) -> String {
    match word {
        "DENY" => DENY.to_owned(),
        other => other.replace("ROLE", ROLE),
    }
}

/// A host with temporary credentials, on which nothing but what is wrong is wrong.
fn host() -> Host {
    let host = Host::new();
    host.write(
        ".aws/config",
        "[profile circle]\nrole_arn = arn:aws:iam::123456789012:role/a\nsource_profile = other\n\
         [profile other]\nrole_arn = arn:aws:iam::123456789012:role/b\nsource_profile = circle\n",
    );
    host
}

/// The command and what is said, without what differs from run to run.
fn told(what: &str, host: &Host, arguments: &[&str], replaced: &[(&str, &str)]) -> String {
    let words: Vec<_> = arguments.iter().map(|text| word(text)).collect();
    let outcome = run(host.command(Program::Credrun, &words).stdin(Stdio::null()));
    assert!(outcome.stdout.is_empty(), "{what}: {outcome:?}");
    for secret in [SECRET_ACCESS_KEY, SESSION_TOKEN] {
        assert!(!outcome.stderr.contains(secret), "{what}: {outcome:?}");
    }
    let root = host.root().display().to_string();
    let said = replaced
        .iter()
        .fold(outcome.stderr.replace(&root, "HERE"), |text, (from, to)| text.replace(from, to));
    format!(
        "# {what}\n$ credrun {}\n{}\n[{}]\n",
        words.join(" "),
        without_times(said.trim_end()),
        outcome.code
    )
}

/// A moment is `TIME`, and so are the clocks of a date header.
fn without_times(text: &str) -> String {
    let line = |line: &str| match line.split_once("this machine's clock says ") {
        Some((before, _)) => format!("{before}this machine's clock says …"),
        None => match line.split_once("it is ") {
            Some((before, rest)) if rest.contains(" now; ") => {
                format!("{before}it is TIME now;{}", rest.split_once(" now;").map_or("", |(_, rest)| rest))
            }
            _ => line.to_owned(),
        },
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Answers everything with this refusal; its address.
fn refusing(code: &str, status: u16, message: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    );
    let answer = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: text/xml\r\nDate: Thu, 10 Oct 2024 08:44:18 GMT\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut reader = BufReader::new(client.try_clone().expect("a descriptor"));
            if let Ok(Some(head)) = Head::read(&mut reader) {
                let _ = pass_body(&mut reader, &mut std::io::sink(), head.request_framing());
            }
            let _ = client.write_all(answer.as_bytes());
        }
    });
    address
}

#[test]
fn each_is_answered_as_expected() {
    let mut told_all = String::new();
    for (what, variables, arguments) in WRONG {
        let host = variables.iter().fold(host(), |host, (name, value)| host.with(name, *value));
        // Nobody is to be asked: the mistake is seen before.
        let host = host.with("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
        let _ = writeln!(told_all, "{}", told(what, &host, arguments, &[]));
    }
    for (code, status, message, options) in REFUSALS {
        let address = refusing(code, status, &word(message));
        // A code is given with long-term keys: those of a role have no device.
        let long_term = options.contains(&"--serial-number");
        let host = if long_term {
            host().with("AWS_SESSION_TOKEN", "").with("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        } else {
            host()
        };
        let host = host.with("AWS_ENDPOINT_URL", &address);
        let arguments = [&["whoami", "--no-cache"][..], options].concat();
        let what = format!("STS: {code}: {}", word(message));
        let _ = writeln!(told_all, "{}", told(&what, &host, &arguments, &[(&address, "STS")]));
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/refusals/expected.txt");
    if std::env::var_os("CREDRUN_TEST_WRITE").is_some() {
        std::fs::write(&path, &told_all).expect("the file can be written");
    }
    let expected = std::fs::read_to_string(&path).expect("tests/it/refusals/expected.txt");
    for (ours, theirs) in told_all.split("\n\n").zip(expected.split("\n\n")) {
        assert_eq!(ours, theirs, "what is said, and what is expected");
        assert!(ours.is_empty() || ours.contains("hint:"), "no next step: {ours}");
    }
    assert_eq!(told_all, expected);
}

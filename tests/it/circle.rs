//! A `credential_process` that leads back to its own profile, and ones that do not.

use super::harness::host::{Host, Program};
use super::harness::run::{Outcome, run};

const CREDRUN: &str = env!("CARGO_BIN_EXE_credrun");
const ANSWER: &str =
    r#"{"Version":1,"AccessKeyId":"ASIAIOSFODNN7EXAMPLE","SecretAccessKey":"x","SessionToken":"x"}"#;

fn host(config: &str) -> Host {
    let host = Host::bare().with("AWS_REGION", "eu-west-1");
    host.write(".aws/config", config);
    host.write("answer", ANSWER);
    host
}

fn export(host: &Host, options: &[&str]) -> Outcome {
    run(&mut host.command(Program::Credrun, &[&["export", "--format", "process"][..], options].concat()))
}

#[test]
fn a_circle_is_an_error_that_names_the_way_out() {
    let asks = format!("{CREDRUN} export --format process");
    for (config, options, profile) in [
        (format!("[default]\ncredential_process = {asks}\n"), &[][..], "default"),
        // A shell between them that hides the exit code.
        (format!("[default]\ncredential_process = sh -c \"{asks} | cat\"\n"), &[], "default"),
        (
            format!(
                "[profile a]\ncredential_process = {asks} --profile b\n[profile b]\ncredential_process = {asks} --profile a\n"
            ),
            &["--profile", "a"],
            "a",
        ),
        // What a role begins with.
        (
            format!(
                "[profile a]\nrole_arn = arn:aws:iam::123456789012:role/reader\nsource_profile = b\n[profile b]\ncredential_process = {asks} --profile a\n"
            ),
            &["--profile", "a"],
            "b",
        ),
    ] {
        let outcome = export(&host(&config), options);
        assert_eq!((outcome.code, outcome.text().as_str()), (125, ""), "{config} {outcome:?}");
        let said = &outcome.stderr;
        assert!(said.contains(&format!("of profile `{profile}` goes in a circle")), "{config} {said}");
        assert!(said.contains("`credrun export --format process --profile OTHER`"), "{config} {said}");
    }
}

#[test]
fn the_aws_cli_is_told_as_well() {
    let host = host(&format!("[default]\ncredential_process = {CREDRUN} export --format process\n"));
    let aws = std::env::var("CREDRUN_TEST_AWS_CLI").unwrap_or_else(|_| "aws".into());
    let outcome = run(host.tool(&aws).args(["sts", "get-caller-identity"]));
    assert_ne!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stderr.contains("--profile OTHER"), "{outcome:?}");
}

#[test]
fn another_profile_or_another_file_is_no_circle() {
    let asks = format!("{CREDRUN} export --format process");
    let host = host(&format!(
        "[profile a]\ncredential_process = {asks} --profile b\n[profile b]\ncredential_process = {asks} --profile c\n\
         [profile c]\ncredential_process = cat home/answer\n\
         [profile same]\ncredential_process = env AWS_CONFIG_FILE=home/other {asks} --profile same\n"
    ));
    host.write("other", "[profile same]\ncredential_process = cat home/answer\n");
    for profile in ["a", "b", "same"] {
        let outcome = export(&host, &["--profile", profile]);
        assert!(
            outcome.code == 0 && outcome.text().contains("ASIAIOSFODNN7EXAMPLE"),
            "{profile} {outcome:?}"
        );
    }
}

#[test]
fn a_command_of_a_process_knows_nothing_of_it() {
    let script = "env > home/seen; cat home/answer";
    let host = host(&format!(
        "[profile a]\ncredential_process = {CREDRUN} exec --profile b -- sh -c \"{script}\"\n\
         [profile b]\ncredential_process = sh -c \"env > home/process; cat home/answer\"\n"
    ));
    let outcome = export(&host, &["--profile", "a"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let read = |file| std::fs::read_to_string(host.home().join(file)).expect("a file");
    assert!(read("process").contains("_CREDRUN_PROCESSES="), "{}", read("process"));
    assert!(
        read("seen").contains("AWS_ACCESS_KEY_ID=") && !read("seen").contains("_CREDRUN"),
        "{}",
        read("seen")
    );
}

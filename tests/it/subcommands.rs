//! What credrun does without a container: export, exec, whoami; and the variables that stand in for its options.

use std::process::Stdio;

use rustix::process::Signal;

use super::harness::emulator::{Emulator, names};
use super::harness::host::{ACCESS_KEY_ID, Host, Program, SECRET_ACCESS_KEY, SESSION_TOKEN, image};
use super::harness::pty::Terminal;
use super::harness::run::{Outcome, run, run_with_input, start};

fn credrun(host: &Host, arguments: &[&str]) -> Outcome {
    run(&mut host.command(Program::Credrun, arguments))
}

#[test]
fn a_shell_takes_what_export_prints() {
    let host = Host::new();
    let script = format!(
        "eval \"$({} export --prefix TEMPORARY_)\"; env | grep TEMPORARY_ | sort",
        env!("CARGO_BIN_EXE_credrun")
    );
    let outcome = run(host.tool("bash").args(["-c", &script]));
    assert_eq!(
        outcome.text(),
        format!(
            "TEMPORARY_AWS_ACCESS_KEY_ID={ACCESS_KEY_ID}\nTEMPORARY_AWS_DEFAULT_REGION=eu-west-1\n\
             TEMPORARY_AWS_REGION=eu-west-1\nTEMPORARY_AWS_SECRET_ACCESS_KEY={SECRET_ACCESS_KEY}\n\
             TEMPORARY_AWS_SESSION_TOKEN={SESSION_TOKEN}"
        ),
        "{outcome:?}"
    );
    assert_eq!(outcome.stderr, "", "nothing is said where nobody looks");
}

#[test]
fn a_terminal_is_warned_before_secrets_are_shown_on_it() {
    let (host, terminal) = (Host::new(), Terminal::open());
    let outcome = terminal.run(&mut host.command(Program::Credrun, &["export"]));
    let text = String::from_utf8_lossy(&outcome.output).into_owned();
    let (warning, secret) = (text.find("warning: secrets are shown"), text.find(SECRET_ACCESS_KEY));
    assert!(warning.is_some() && warning < secret, "{text}");
}

#[test]
fn credrun_is_a_credential_process() {
    let emulator = Emulator::of_the_tests();
    let (name, _) = names();
    let arn = emulator.role(&name, r#"["s3:*"]"#);
    let keys = emulator.keys(&arn);
    let host =
        Host::bare().with("AWS_DEFAULT_REGION", "eu-west-1").with("AWS_ENDPOINT_URL", &emulator.endpoint);
    let credentials = format!(
        "[source]\naws_access_key_id = {}\naws_secret_access_key = {}\naws_session_token = {}\n",
        keys.access_key_id, keys.secret_access_key, keys.session_token
    );
    host.write(".aws/credentials", &credentials);
    let program = env!("CARGO_BIN_EXE_credrun");
    let config =
        format!("[default]\ncredential_process = {program} export --format process --profile source\n");
    host.write(".aws/config", &config);
    let aws = std::env::var("CREDRUN_TEST_AWS_CLI").unwrap_or_else(|_| "aws".into());
    let outcome =
        run(host.tool(&aws).args(["sts", "get-caller-identity", "--query", "Arn", "--output", "text"]));
    assert_eq!(outcome.text(), format!("arn:aws:sts::123456789012:assumed-role/{name}/shell"), "{outcome:?}");
}

#[test]
fn a_command_has_the_credentials_and_nothing_that_wins_over_them() {
    let host = Host::new()
        .with("AWS_PROFILE", "default")
        .with("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/")
        .with("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/other")
        .with("KEPT", "yes");
    host.write(".aws/config", "[default]\nregion = eu-west-1\n");
    let outcome =
        credrun(&host, &["exec", "--", "sh", "-c", "env | grep -E '^(AWS_|KEPT)' | cut -d= -f1 | sort"]);
    let names: Vec<_> = outcome.text().lines().map(str::to_owned).collect();
    assert_eq!(
        names,
        [
            "AWS_ACCESS_KEY_ID",
            "AWS_DEFAULT_REGION",
            "AWS_EC2_METADATA_DISABLED",
            "AWS_REGION",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "KEPT"
        ],
        "{outcome:?}"
    );
}

#[test]
fn a_command_s_exit_code_stdin_and_signals_are_its_own() {
    let host = Host::new();
    for (script, code) in [("exit 0", 0), ("exit 3", 3), ("exit 125", 125), ("kill -9 $$", 137)] {
        assert_eq!(credrun(&host, &["exec", "sh", "-c", script]).code, code, "{script}");
    }
    let mut cat = host.command(Program::Credrun, &["exec", "cat"]);
    assert_eq!(run_with_input(&mut cat, b"through").stdout, b"through");
    let script = "trap 'echo caught; exit 7' TERM; echo ready; while :; do sleep 0.1; done";
    let mut command = host.command(Program::Credrun, &["exec", "sh", "-c", script]);
    let running = start(command.stdin(Stdio::null()));
    running.wait_for("ready");
    running.signal(Signal::TERM);
    let outcome = running.outcome();
    assert_eq!((outcome.code, outcome.text().as_str()), (7, "ready\ncaught"), "{outcome:?}");
    for (command, code) in [("no-such-command", 127), ("/etc/passwd", 126)] {
        let outcome = credrun(&host, &["exec", command]);
        assert_eq!(outcome.code, code, "{outcome:?}");
        assert!(outcome.stderr.contains(command) && outcome.stderr.contains("hint:"), "{outcome:?}");
    }
}

/// As `nohup` and a shell's background jobs start programs.
#[test]
fn what_is_ignored_stays_so_for_a_command() {
    let host = Host::new();
    for (signal, number) in [("HUP", 1), ("INT", 2), ("QUIT", 3)] {
        for (how, code, told) in [("ignore", 0, "goes on"), ("default", 128 + number, "")] {
            let script = format!("kill -{signal} $$; echo goes on");
            let mut command = host.tool("env");
            command.arg(format!("--{how}-signal={signal}")).arg(env!("CARGO_BIN_EXE_credrun"));
            let outcome = run(command.args(["exec", "sh", "-c", &script]));
            assert_eq!((outcome.code, outcome.text().as_str()), (code, told), "{how} {signal}: {outcome:?}");
        }
    }
}

#[test]
fn whoami_tells_the_chain() {
    let emulator = Emulator::of_the_tests();
    let (name, _) = names();
    let arn = emulator.role(&name, r#"["sts:*"]"#);
    let host = emulator.host_of_user(&emulator.user(&name, r#"["sts:*"]"#));
    let outcome =
        credrun(&host, &["whoami", "--role-arn", &arn, "--role-session-name", "me", "--format", "json"]);
    let told: serde_json::Value = serde_json::from_slice(&outcome.stdout).expect("JSON");
    assert_eq!(told["Arn"], format!("arn:aws:sts::123456789012:assumed-role/{name}/me"), "{outcome:?}");
    assert_eq!(told["Account"], "123456789012");
    assert_eq!(told["Region"], "eu-west-1");
    assert_eq!(told["Source"], "environment variables");
    assert_eq!(
        told["Chain"],
        serde_json::json!(["environment variables", format!("role {arn} (session me)")])
    );
    assert!(told["Expiration"].as_str().is_some_and(|end| end.ends_with('Z')), "{outcome:?}");
    let text = credrun(&host, &["whoami"]).text();
    for part in [
        format!("principal:  arn:aws:iam::123456789012:user/{name}"),
        "never: these are long-term keys".into(),
    ] {
        assert!(text.contains(&part), "{text}");
    }
}

#[test]
fn a_variable_is_never_left_out_without_a_word() {
    use std::os::unix::ffi::OsStringExt;

    let value = std::ffi::OsString::from_vec(b"hush\xff".to_vec());
    let outcome = credrun(&Host::new().with("CREDRUN_ROLE_ARN", value), &["exec", "--", "true"]);
    assert_eq!(outcome.code, 125, "{outcome:?}");
    assert!(outcome.stderr.contains("`CREDRUN_ROLE_ARN`, which gives `--role-arn`, is not valid UTF-8"));
    assert!(outcome.stderr.contains("unset CREDRUN_ROLE_ARN") && !outcome.stderr.contains("hush"));

    let told = |name: &str, value: &str, arguments: &[&str]| {
        let host = Host::new().with("DOCKER_HOST", "unix:///nonexistent").with(name, value);
        let outcome = credrun(&host, arguments);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        outcome.stderr
    };
    for (name, value, warning) in [
        ("CREDRUN_COLOUR", "never", "no option has the variable `CREDRUN_COLOUR`\n"),
        ("CREDRUN_REGIONS", "eu-west-1", "did you mean `CREDRUN_REGION`?\n"),
        ("CREDRUN_EXTERNAL_ID", "4711", "`--external-id` belongs to `--role-arn`, which was not given\n"),
        ("CREDRUN_REGION", "", ""),
    ] {
        for arguments in [&["exec", "true"][..], &["--dry-run", "bb"]] {
            let said = told(name, value, arguments);
            assert_eq!(said.matches("warning").count(), usize::from(!warning.is_empty()), "{name}: {said}");
            assert!(said.ends_with(warning), "{name}: {said}");
        }
        assert_eq!(told(name, value, &["-q", "--dry-run", "bb"]), "", "{name}");
    }
    for arguments in [&["exec", "true"][..], &["--dry-run", "bb"]] {
        let said = told("CREDRUN_DURATION_SECONDS", "900", arguments);
        assert!(
            said.contains("warning: the variable `CREDRUN_DURATION_SECONDS` does nothing here"),
            "{said}"
        );
    }
}

#[test]
fn variables_stand_in_for_options_and_options_win() {
    let emulator = Emulator::of_the_tests();
    let (name, _) = names();
    let [one, two] = ["one", "two"].map(|number| emulator.role(&format!("{name}-{number}"), r#"["s3:*"]"#));
    let host = emulator.host_of_user(&emulator.user(&name, r#"["sts:*"]"#)).with("CREDRUN_ROLE_ARN", &one);
    let is = |options: &[&str], role: &str| {
        let outcome = credrun(&host, &[&["whoami"][..], options].concat());
        assert!(outcome.text().contains(&format!("assumed-role/{name}-{role}/")), "{options:?} {outcome:?}");
    };
    is(&[], "one");
    is(&["--role-arn", &two], "two");
    let help = credrun(&host, &["--help"]).text();
    for variable in
        ["CREDRUN_ROLE_ARN", "CREDRUN_ALLOW", "CREDRUN_UNTIL", "CREDRUN_VERBOSE", "CREDRUN_SERIAL_NUMBER"]
    {
        assert!(help.contains(&format!("[env: {variable}]")), "{variable}");
    }
    // A container's as well.
    let options = ["--dry-run", "--network", "none", image(), "true"];
    let told = credrun(&host, &options).text();
    assert!(told.contains(&format!("\"role_that_would_be_assumed\": \"{one}\"")), "{told}");
}

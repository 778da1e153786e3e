//! The programs that call AWS again and again, one for each SDK.

use std::time::{Duration, Instant};

use crate::harness::host::required_variable;

/// A program that prints a line for each of its calls: `ok`, or `failed:` and why.
pub struct Loop {
    /// The SDK.
    pub name: &'static str,
    /// Its command line, for so many seconds.
    pub command: fn(u32) -> Vec<String>,
    /// What it says when the endpoint answers 503. Not all show the answer's message.
    pub without: &'static str,
}

/// How the endpoint's message begins.
pub const MESSAGE: &str = "credrun cannot get credentials: ";

macro_rules! here {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/refresh_sdks/", $name)
    };
}

/// The four of the issue.
pub const ALL: &[Loop] = &[
    Loop {
        name: "boto3",
        without: MESSAGE,
        command: |seconds| {
            let (sdks, aws) =
                (required_variable("CREDRUN_TEST_SDKS"), required_variable("CREDRUN_TEST_AWS_CLI"));
            let python = aws.replace("/bin/aws", "/bin/python");
            words(&[
                "env",
                &format!("PYTHONPATH={sdks}/python"),
                &python,
                here!("boto3_loop.py"),
                &seconds.to_string(),
            ])
        },
    },
    Loop {
        name: "aws-cli",
        without: MESSAGE,
        command: |seconds| {
            words(&[
                "sh",
                here!("cli_loop.sh"),
                &required_variable("CREDRUN_TEST_AWS_CLI"),
                &seconds.to_string(),
            ])
        },
    },
    Loop {
        name: "javascript",
        without: "Could not load credentials from any providers",
        command: |seconds| {
            let sdks = required_variable("CREDRUN_TEST_SDKS");
            words(&[&format!("{sdks}/js/node"), here!("js_loop.cjs"), &sdks, &seconds.to_string()])
        },
    },
    Loop {
        name: "rust",
        without: "Non-success status from HTTP credential provider: StatusCode(503)",
        command: |seconds| {
            let this = std::env::current_exe().expect("this program").display().to_string();
            let test = "refresh_sdks::programs::rust_loop";
            let seconds = format!("CREDRUN_TEST_LOOP={seconds}");
            words(&["env", &seconds, &this, "--quiet", "--ignored", "--exact", "--nocapture", test])
        },
    },
];

/// A command line.
pub fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The loop of the Rust SDK: this very program, in a container.
#[test]
#[ignore = "the program that other tests run in a container"]
fn rust_loop() {
    let seconds = required_variable("CREDRUN_TEST_LOOP").parse().expect("seconds");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(call_for(Duration::from_secs(seconds)));
}

async fn call_for(length: Duration) {
    let end = Instant::now() + length;
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .load()
        .await;
    let client = aws_sdk_sts::Client::new(&config);
    while Instant::now() < end {
        match client.get_caller_identity().send().await {
            Ok(_) => println!("ok"),
            Err(error) => {
                let causes = anyhow::Error::new(error);
                let texts: Vec<_> =
                    causes.chain().map(|cause| cause.to_string().replace('\n', " ")).collect();
                println!("failed: {}", texts.join(": "));
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

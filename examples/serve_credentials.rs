//! Credentials for a container that runs already, renewed for as long as a command in it takes:
//!
//!     cargo run --example serve_credentials -- CONTAINER aws s3 sync /data s3://bucket
//!
//! The container needs no variable and is not started anew: an agent joins its network and serves the credentials of this
//! shell on its loopback, and `docker exec` gives the command alone what it needs to ask there.

use std::process::{ExitCode, Stdio};

use credrun::engine::{Engine, EngineOptions};
use credrun::environment::Environment;
use credrun::error::{Error, ErrorKind, Result};
use credrun::provider::unattended::Unattended;
use credrun::refresh::serving::Serving;
use credrun::request::AwsOptions;
use credrun::{exit_code, notice, provider, region};
use time::OffsetDateTime;
use tokio::process::Command;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(container), command) = (arguments.next(), arguments.collect::<Vec<_>>()) else {
        eprintln!("usage: serve_credentials CONTAINER COMMAND [ARG...]");
        return ExitCode::from(1);
    };
    match run(&container, &command).await {
        Ok(code) => code.into(),
        Err(error) => {
            notice::error(&error);
            exit_code::of_error(&error).into()
        }
    }
}

async fn run(container: &str, command: &[String]) -> Result<u8> {
    let environment = Environment::of_process();
    let options = AwsOptions::default();
    let began = OffsetDateTime::now_utc();
    let first = provider::provide(&options, &environment).await?;
    // Any provider of one's own would do (`custom_provider.rs`); this one does as the first call, and asks nobody.
    let source = Unattended::new(&options, &environment, began);
    let engine = Engine::of_options(&EngineOptions::default(), &environment).await?;
    let mut serving = Serving::beside(&engine, container, &first, Box::new(source)).await?;
    let region = region::resolve(&options, &environment).await;
    let ended = executed(&mut serving, container, command, region.as_deref()).await;
    serving.end().await?;
    ended
}

/// `docker exec`, with the variables by name: their values are in no process's arguments.
async fn executed(
    serving: &mut Serving,
    container: &str,
    command: &[String],
    region: Option<&str>,
) -> Result<u8> {
    let mut docker = Command::new("docker");
    docker.arg("exec").stdin(Stdio::null()).kill_on_drop(true);
    for (name, value) in serving.variables() {
        docker.args(["--env", name]).env(name, value.expose());
    }
    if let Some(region) = region {
        docker.args(["--env", "AWS_REGION"]).env("AWS_REGION", region);
    }
    docker.arg(container).args(command);
    tokio::select! {
        status = docker.status() => {
            let status = status.map_err(|error| Error::caused(ErrorKind::Engine, error).context("`docker exec`"))?;
            Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
        }
        error = serving.failed() => Err(error),
        _ = tokio::signal::ctrl_c() => Err(Error::new(ErrorKind::Interrupted(2), "interrupted")),
    }
}

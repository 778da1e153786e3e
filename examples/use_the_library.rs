//! The library without the command line: credentials from a provider of one's own choice, injected into a
//! container that is built up by hand.
//!
//!     cargo run --example use_the_library -- amazon/aws-cli sts get-caller-identity

use std::process::ExitCode;

use credrun::engine::{AttachOptions, Engine, EngineOptions, WaitCondition};
use credrun::environment::Environment;
use credrun::error::Result;
use credrun::exit_code;
use credrun::injection::Injection;
use credrun::request::AwsOptions;
use credrun::spec::ContainerSpec;
use credrun::{provider, region};
use tokio::io::AsyncReadExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(image) = arguments.next() else {
        eprintln!("usage: use_the_library IMAGE [COMMAND...]");
        return ExitCode::from(1);
    };
    match run(image, arguments.collect()).await {
        Ok(code) => code.into(),
        Err(error) => {
            eprintln!("{error}");
            exit_code::of_error(&error).into()
        }
    }
}

/// Runs the image to its end and prints how much it wrote.
async fn run(image: String, command: Vec<String>) -> Result<u8> {
    let environment = Environment::of_process();
    let options = AwsOptions::default();
    let credentials = provider::provide(&options, &environment).await?;
    let region = region::resolve(&options, &environment).await;

    let mut spec = ContainerSpec::new(image.as_str());
    spec.set("Image", image);
    spec.set("Cmd", command);
    spec.set("AttachStdout", true);
    spec.set("HostConfig.AutoRemove", true);
    let injection = Injection::static_variables(&spec, Some(&credentials), region.as_deref());

    let engine = Engine::of_options(&EngineOptions::default(), &environment).await?;
    let container =
        engine.create(&spec, &injection).await.map_err(credrun::engine::CreateError::into_error)?;
    let mut attached =
        engine.attach(&container.id, &AttachOptions { stdout: true, ..AttachOptions::default() }).await?;
    let waiting = engine.wait(&container.id, WaitCondition::Removed).await?;
    if let Err(error) = engine.start(&container.id).await {
        engine.remove(&container.id).await?;
        return Err(error);
    }
    let mut output = Vec::new();
    let read = attached.reader.read_to_end(&mut output).await;
    println!("{} wrote {:?} bytes (framed)", container.id, read.map_err(|error| error.kind()));
    Ok(exit_code::of_container(waiting.exit().await?.status))
}

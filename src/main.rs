//! argv in, exit code out.

use std::io::Write;
use std::process::ExitCode;

use credrun::cli::{self, Invocation};
use credrun::environment::Environment;
use credrun::error::{Error, ErrorKind, Result};
use credrun::{exit_code, logging, request, run, version};

fn main() -> ExitCode {
    let environment = Environment::of_process();
    logging::install(environment.non_empty("CREDRUN_LOG"));
    match carry_out(&environment) {
        Ok(code) => code.into(),
        Err(error) => {
            report(&error);
            exit_code::of_error(&error).into()
        }
    }
}

fn carry_out(environment: &Environment) -> Result<u8> {
    match cli::parse(std::env::args_os().skip(1).collect())? {
        Invocation::Help(text) => print(&text),
        Invocation::Version => {
            print(&version::client())?;
            print(&block_on(version::engine(environment))?)
        }
        Invocation::Run(cli) => {
            let gates = request::gates(&cli);
            match request::of_process(cli, environment) {
                Ok(request) => block_on(run::run(request, environment)).map(exit_code::of_run),
                Err(error) => block_on(run::refuse(gates, error, environment)),
            }
        }
    }
}

/// Not waiting for the threads at the end: one may be reading stdin for ever.
fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::caused(ErrorKind::Engine, error))?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    done
}

fn print(text: &str) -> Result<u8> {
    let written = writeln!(std::io::stdout().lock(), "{}", text.trim_end());
    written.map(|()| 0).map_err(|error| Error::caused(ErrorKind::Abandoned, error).context("stdout"))
}

fn report(error: &Error) {
    let hints = error.hints().iter().map(|hint| format!("  hint: {hint}\n")).collect::<String>();
    // Nobody is left to tell when stderr is closed too.
    let _ = write!(std::io::stderr().lock(), "credrun: {error}\n{hints}");
}

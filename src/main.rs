//! argv in, exit code out.

use std::io::Write;
use std::process::ExitCode;

use credrun::environment::Environment;
use credrun::error::Error;
use credrun::{exit_code, program};

fn main() -> ExitCode {
    let environment = Environment::of_process();
    let mut argv = std::env::args_os();
    match program::start(argv.next().as_deref(), argv.collect(), &environment) {
        Ok(code) => code.into(),
        Err(error) => {
            report(&error);
            exit_code::of_error(&error).into()
        }
    }
}

fn report(error: &Error) {
    let hints = error.hints().iter().map(|hint| format!("  hint: {hint}\n")).collect::<String>();
    // Nobody is left to tell when stderr is closed too.
    let _ = write!(std::io::stderr().lock(), "credrun: {error}\n{hints}");
}

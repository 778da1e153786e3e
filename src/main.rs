//! argv in, exit code out.

use std::process::ExitCode;

use credrun::environment::Environment;
use credrun::{exit_code, hardening, notice, program};

fn main() -> ExitCode {
    hardening::begin();
    let environment = Environment::of_process();
    let mut argv = std::env::args_os();
    match program::start(argv.next().as_deref(), argv.collect(), &environment) {
        Ok(code) => code.into(),
        Err(error) => {
            notice::error(&error);
            exit_code::of_error(&error).into()
        }
    }
}

//! `credrun exec`: a program of this machine with the credentials in its environment.

use std::ffi::OsString;
use std::process::Command;

use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::provider::process;
use crate::{hardening, injection};

/// The command, with the variables that every SDK reads, and without those that would win over them.
#[must_use]
pub fn command(words: &[String], credentials: &Credentials, region: Option<&str>) -> Command {
    let mut command = Command::new(words.first().map_or("", String::as_str));
    command.args(words.get(1..).unwrap_or_default());
    for name in injection::NOT_BESIDE_KEYS {
        command.env_remove(name);
    }
    // With keys of its own, the command is no part of the circle that it guards against.
    command.env_remove(process::circle::VARIABLE);
    for (name, value) in credentials.variables(region) {
        match value {
            Some(value) => command.env(name, &*value),
            // A region that was there before is not stale: it may be the user's own.
            None if name.ends_with("REGION") => &mut command,
            None => command.env_remove(name),
        };
    }
    command
}

/// Becomes the command: it has this process's number, terminal and signals, and its exit code is seen by whoever waits.
///
/// # Errors
/// [`ErrorKind::CommandNotFound`] (127) and [`ErrorKind::CommandNotExecutable`] (126), as a shell has them.
#[cfg(unix)]
pub fn become_it(mut command: Command) -> Result<u8> {
    use std::os::unix::process::CommandExt;

    hardening::give_back();
    let error = command.exec();
    Err(not_started(command.get_program().to_owned(), &error))
}

/// Runs the command and waits for it; Ctrl-C reaches both, and is the command's.
///
/// # Errors
/// [`ErrorKind::CommandNotFound`] (127) and [`ErrorKind::CommandNotExecutable`] (126), as a shell has them.
#[cfg(not(unix))]
pub fn become_it(mut command: Command) -> Result<u8> {
    let program = command.get_program().to_owned();
    let mut child = command.spawn().map_err(|error| not_started(program.clone(), &error))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let status = runtime.and_then(|runtime| {
        // Listening is what keeps Ctrl-C from ending this process before the command's exit code is known.
        runtime.spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
        runtime.block_on(async { tokio::task::yield_now().await });
        child.wait()
    });
    let status = status.map_err(|error| not_started(program, &error))?;
    Ok(u8::try_from(status.code().unwrap_or(1) & 0xff).unwrap_or(1))
}

fn not_started(program: OsString, error: &std::io::Error) -> Error {
    let program = program.to_string_lossy().into_owned();
    match error.kind() {
        std::io::ErrorKind::NotFound => Error::new(
            ErrorKind::CommandNotFound,
            format!("`{program}` is not a command that can be found"),
        )
        .hint("is it installed, and its directory in `PATH`? an option of credrun stands before the command"),
        _ => Error::new(ErrorKind::CommandNotExecutable, format!("`{program}` cannot be executed: {error}"))
            .hint("make it executable (`chmod +x`), or name the program that runs it"),
    }
}

//! The program: what each form of the command line does.

use std::ffi::{OsStr, OsString};
use std::io::Write;

use crate::cli::{self, Cli, Invocation, flags};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::{
    background, completions, dry_run, exec, exit_code, logging, man, notice, plugin, request, run,
    subcommands, version,
};

/// Carries out what a program of this name is asked: docker starts its plugins with a line of its own.
///
/// # Errors
/// As [`carry_out`].
pub fn start(program: Option<&OsStr>, mut argv: Vec<OsString>, environment: &Environment) -> Result<u8> {
    if argv.first().is_some_and(|word| word == background::WORD) {
        argv.remove(0);
        return match cli::parse(argv)? {
            Invocation::Run(cli) => run_container(cli, None, environment),
            _ => Err(Error::usage("only a container's run goes on in the background")),
        };
    }
    match plugin::asked(program, argv) {
        plugin::Asked::Metadata => print(&plugin::metadata()),
        plugin::Asked::CommandLine(argv) => carry_out(argv, environment),
    }
}

/// Carries out a command line, without the program's name; the exit code.
///
/// # Errors
/// Whatever keeps it from being carried out; the kind decides the exit code.
pub fn carry_out(argv: Vec<OsString>, environment: &Environment) -> Result<u8> {
    match cli::parse(argv.clone()) {
        Ok(invocation) => invoke(invocation, argv, environment),
        Err(error) => {
            let before = cli::before_mistake(flags::TABLE, argv);
            block_on(run::refuse(request::gates(&before), error, &before.engine_options(), environment))
        }
    }
}

fn invoke(invocation: Invocation, argv: Vec<OsString>, environment: &Environment) -> Result<u8> {
    match invocation {
        Invocation::Help(text) => print(&text),
        Invocation::Man => print(&man::page()?),
        Invocation::Complete(words) => print(&block_on(async {
            Ok(completions::candidates(&words, cli::SUBCOMMANDS, environment).await)
        })?),
        Invocation::Version(options) => {
            logging::install(environment.non_empty("CREDRUN_LOG"));
            print(&version::client())?;
            print(&block_on(version::engine(&options, environment))?)
        }
        Invocation::Other(other, cli) => {
            logging::install(cli.log_level().or(environment.non_empty("CREDRUN_LOG")));
            subcommand(other.name, &cli.with_defaults(environment)?, environment)
        }
        Invocation::Run(cli) => run_container(cli, Some(argv), environment),
    }
}

/// Runs a container. With its command line, a run that goes on without the user is carried out by another process; without
/// it, this is that process, or the one that the user waits for.
fn run_container(cli: Cli, argv: Option<Vec<OsString>>, environment: &Environment) -> Result<u8> {
    let cli = cli.with_defaults(environment)?;
    logging::install(cli.log_level().or(environment.non_empty("CREDRUN_LOG")));
    let (gates, options) = (request::gates(&cli), cli.engine_options());
    let mut request = match request::of_process(cli, environment) {
        Ok(request) => request,
        Err(error) => return block_on(run::refuse(gates, error, &options, environment)),
    };
    if request.client.dry_run {
        return print(&block_on(subcommands::unless_ended(dry_run::describe(request, environment)))?);
    }
    if request.aws.refresh && request.client.detach {
        if let Some(argv) = argv {
            return background::start(argv);
        }
        request.client.in_background = true;
    }
    block_on(run::run(request, environment)).map(exit_code::of_run)
}

fn subcommand(name: &str, cli: &Cli, environment: &Environment) -> Result<u8> {
    match name {
        "export" => write(block_on(subcommands::export(cli, environment))?.expose()),
        "exec" => exec::become_it(block_on(subcommands::exec(cli, environment))?),
        "whoami" => print(&block_on(subcommands::whoami(cli, environment))?),
        "ps" => write(&block_on(subcommands::ps(cli, environment))?),
        "stop" => stop(cli, environment),
        "logout" => print(&subcommands::logout()?),
        _ => print(&subcommands::role_template(cli)?),
    }
}

/// What has ended is told on stdout, as docker tells it, and what has not on stderr.
fn stop(cli: &Cli, environment: &Environment) -> Result<u8> {
    let stopped = block_on(subcommands::stop(cli, environment))?;
    write(&stopped.names.iter().map(|name| format!("{name}\n")).collect::<String>())?;
    let mut errors = stopped.errors;
    let Some(last) = errors.pop() else { return Ok(0) };
    errors.iter().for_each(notice::error);
    Err(last)
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
    write(&format!("{}\n", text.trim_end()))
}

fn write(text: &str) -> Result<u8> {
    let written = std::io::stdout().lock().write_all(text.as_bytes());
    written.map(|()| 0).map_err(|error| Error::caused(ErrorKind::Abandoned, error).context("stdout"))
}

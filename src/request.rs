//! What a command line means on this host: the flags resolved against environment, working directory,
//! terminal and files. Nothing here asks AWS or the engine.

pub mod api;
mod aws;
pub(crate) mod cidfile;
mod content_trust;
pub(crate) mod effects;
pub mod env_file;
mod health;
mod networks;
mod resolving;
mod variables;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

pub use self::api::{ApiVersion, EngineNeed, check_needs, fit_to_engine, gates};
pub(crate) use self::aws::idle_variable;
pub use self::aws::{AwsOptions, Device, Narrowing};
pub use self::resolving::resolve;
use crate::cli::Cli;
use crate::docker_config::DockerConfig;
use crate::engine::{Address, DetachKeys};
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::session::tty;
use crate::spec::ContainerSpec;

/// What of the host a command line is resolved against.
#[derive(Debug, Clone, Copy)]
pub struct Host<'a> {
    /// Its environment variables.
    pub environment: &'a Environment,
    /// Where relative paths start.
    pub working_directory: &'a Path,
    /// Whether our stdin is a terminal.
    pub stdin_is_terminal: bool,
    /// The rows and columns of the terminal that our stdout is; `None` when it is none.
    pub console_size: Option<(u16, u16)>,
    /// The Docker CLI's configuration.
    pub docker_config: &'a DockerConfig,
    /// The engine's address, by which the configuration may name proxies.
    pub daemon_host: &'a str,
}

/// A command line resolved against the host that this process runs on.
///
/// # Errors
/// As [`resolve`]; and [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when the working directory is gone.
pub fn of_process(cli: Cli, environment: &Environment) -> Result<RunRequest> {
    let working_directory = std::env::current_dir()
        .map_err(|error| Error::usage(format!("the working directory cannot be told: {error}")))?;
    let options = cli.engine_options();
    let docker_config = DockerConfig::load(options.config.as_deref(), environment);
    let engine = Address::resolve(&options, &docker_config, environment)?;
    let host = Host {
        environment,
        working_directory: &working_directory,
        stdin_is_terminal: std::io::stdin().is_terminal(),
        console_size: tty::size(),
        docker_config: &docker_config,
        daemon_host: &engine.to_string(),
    };
    let mut request = resolve(cli, &host)?;
    request.client.warnings.extend(docker_config.warning.clone());
    Ok(RunRequest { engine, docker_config, ..request })
}

/// One run, ready to be carried out.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// What to create.
    pub spec: ContainerSpec,
    /// How to live with it.
    pub client: ClientOptions,
    /// Whose credentials it gets.
    pub aws: AwsOptions,
    /// What the engine must have for it.
    pub needs: Vec<EngineNeed>,
    /// Which engine carries it out.
    pub engine: Address,
    /// The Docker CLI's configuration: logins, headers.
    pub docker_config: DockerConfig,
}

/// The flags that the client acts on and the engine's create request does not hold.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is one of docker run's own switches")]
pub struct ClientOptions {
    /// `-d`: print the id and leave.
    pub detach: bool,
    /// Connect our stdin (`-i`, or `-a stdin`).
    pub attach_stdin: bool,
    /// Copy the container's stdout.
    pub attach_stdout: bool,
    /// Copy the container's stderr.
    pub attach_stderr: bool,
    /// `-i`.
    pub interactive: bool,
    /// `-t`: one raw stream.
    pub tty: bool,
    /// `--sig-proxy` as docker resolves it (off is possible only by the flag; a TTY forwards too).
    pub sig_proxy: bool,
    /// `--detach-keys` as the bytes to match; empty never matches. `None`: the default (ctrl-p ctrl-q).
    pub detach_keys: Option<Vec<u8>>,
    /// `--detach-keys` as the attach request has it.
    pub detach_keys_text: DetachKeys,
    /// `--pull`.
    pub pull: PullPolicy,
    /// `--platform` as it was written, which is how docker asks for the pull; the create request has its parts.
    pub pull_platform: Option<String>,
    /// `-q`: no pull output, no line about the credentials.
    pub quiet: bool,
    /// The container is removed when it ends (HostConfig.AutoRemove).
    pub auto_remove: bool,
    /// `--cidfile`.
    pub cidfile: Option<PathBuf>,
    /// `--verbose`: say on stderr which credentials are used, terminal or not.
    pub verbose: bool,
    /// `--use-api-socket`.
    pub use_api_socket: bool,
    /// `--dry-run`.
    pub dry_run: bool,
    /// This process is the one that stays in the background (`-d --refresh`).
    pub in_background: bool,
    /// `--allow-insecure-engine`.
    pub allow_insecure_engine: bool,
    /// Warnings that resolving came upon, to be shown on stderr before the run.
    pub warnings: Vec<String>,
}

/// `--pull`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PullPolicy {
    /// Before the run, in any case.
    Always,
    /// When the engine has no such image.
    #[default]
    Missing,
    /// Not at all.
    Never,
}

//! credrun runs a container image as `docker run --rm` does and gives it temporary AWS credentials.
//!
//! The pieces can be used without the command line: a [`provider::CredentialProvider`] yields
//! [`credentials::Credentials`], an injection turns them into variables of a [`spec::ContainerSpec`], and the
//! engine runs it.

// Both panic when the stream is closed, and a panic could leave a container behind.
#![deny(clippy::print_stderr, clippy::print_stdout)]

pub mod agent;
pub mod background;
pub mod cli;
pub mod completions;
pub mod credentials;
pub mod docker_config;
pub mod dry_run;
pub mod engine;
pub mod environment;
pub mod error;
pub mod exec;
pub mod exit_code;
pub mod export;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod hardening;
pub mod injection;
pub mod logging;
pub mod man;
mod moment;
pub mod notice;
pub mod plugin;
pub mod program;
pub mod progress;
pub mod provider;
pub mod refresh;
pub mod region;
pub mod registry;
pub mod request;
pub mod role_template;
pub mod run;
pub mod session;
pub mod spec;
pub mod subcommands;
pub mod version;

//! The integration tests: one binary, a module per topic.
//!
//! Each asks a real engine, or a fake one where only the request matters. Where Docker's own behaviour is the
//! measure, the same test runs the `docker` CLI, so that a wrong expectation fails as a wrong program does.
#![cfg(target_os = "linux")]

mod agent;
mod aws;
mod behaviour;
mod bodies;
mod circle;
mod credentials;
mod differences;
mod ecs;
mod endpoints;
mod engines;
mod exit_codes;
mod export_shells;
mod faults;
mod halves;
mod harness;
mod help;
mod leaks;
mod left;
mod messages;
mod mfa;
mod mistakes;
mod narrowing;
mod orphans;
mod plugin;
mod principals;
mod pull;
mod refresh;
mod refresh_sdks;
mod refusals;
mod registries;
mod role_template;
mod runs;
mod signals;
mod soak;
mod streams;
mod subcommands;
mod tty;
mod unanswered;

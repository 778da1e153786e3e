//! `--refresh`: credentials that are renewed while the container runs.
//!
//! A small container of credrun's own, the agent, owns the network namespace and serves the credentials on its loopback.
//! The container that was asked for, the target, joins that namespace, so that no other container, and nobody on the
//! host or through a published port, reaches them.

pub(crate) mod agent_container;
pub mod body;
pub mod clock;
pub mod engine_facts;
pub mod event;
pub mod halves;
pub(crate) mod keeper;
pub mod labels;
pub(crate) mod link;
pub mod offer;
pub mod owner;
pub mod ps;
pub mod refresher;
pub mod runs;
pub mod schedule;
pub mod serving;
pub mod state;
pub mod stop;
pub mod sweep;
pub(crate) mod wire;

//! `--refresh`: credentials that outlive their expiry, inside the container.

pub mod body;
pub mod clock;
pub mod event;
pub mod offer;
pub mod refresher;
pub mod schedule;
pub mod state;

//! What the tests are made with: programs run under a watch, a recording proxy, terminals, endpoints.

pub mod container;
pub mod emulator;
pub mod endpoint;
pub mod host;
pub mod inventory;
pub mod message;
pub mod own_engine;
pub mod pattern;
pub mod processes;
pub mod proxy;
pub mod pty;
pub mod relay;
pub mod run;
pub mod short_lived;
pub mod shortened;
pub mod tier;

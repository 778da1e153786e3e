//! The agent's program, as a process of this machine and as a container of both engines.

mod containers;
mod endpoint;
mod process;
mod stdin;
mod wiping;

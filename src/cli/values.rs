//! The syntaxes of flag values, one file each. A parser gives the value or, as text, the cause why it is none;
//! whoever called it names the flag.

pub mod attach;
pub mod boolean;
pub mod cpus;
pub mod csv;
pub mod detach_keys;
pub mod environment_variable;
pub mod extra_host;
pub mod image;
pub mod integer;
pub mod label;
pub mod mount;
pub mod network;
pub mod platform;
pub mod port;
pub mod pull;
pub mod restart;
pub mod size;
pub mod ulimit;
pub mod volume;

/// A parsed value, or why the text is none.
pub type Parsed<T> = Result<T, String>;

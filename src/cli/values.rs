//! The syntaxes of flag values, one file each. A parser gives the value or, as text, the cause why it is none;
//! whoever called it names the flag.

pub mod allow;
pub mod attach;
pub mod boolean;
pub mod capability;
pub mod cpus;
pub mod csv;
pub mod detach_keys;
pub mod device;
pub mod dns_search;
pub mod duration;
pub mod environment_variable;
pub mod extra_host;
pub mod float;
pub mod gpus;
pub mod image;
pub mod integer;
pub mod ip_address;
pub mod json;
pub mod key_value;
pub mod label;
pub mod link;
pub mod memory_swap;
pub mod mount;
pub mod namespace;
pub mod network;
pub mod platform;
pub mod port;
pub mod pull;
pub mod restart;
pub mod security_option;
pub mod size;
pub mod sysctl;
pub mod tag;
pub mod throttle;
pub mod ulimit;
pub mod until;
pub mod volume;
pub mod words;

/// A parsed value, or why the text is none.
pub type Parsed<T> = Result<T, String>;

//! Credentials that outlive their expiry, inside the container (`--refresh`).

pub mod labels;
pub mod owner;
pub mod ps;
pub mod runs;
pub mod stop;
pub mod sweep;

//! `credrun --refresh` as a whole.

mod basics;
mod kills;
mod remote;
pub mod stage;

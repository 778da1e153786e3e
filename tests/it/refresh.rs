//! `credrun --refresh` as a whole.

mod basics;
mod kills;
mod remote;
mod serving;
pub mod stage;

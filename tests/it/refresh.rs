//! `credrun --refresh` as a whole.

mod basics;
mod remote;
pub mod stage;

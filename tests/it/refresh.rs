//! `credrun --refresh` as a whole.

mod basics;
mod kills;
mod networks;
mod own_files;
mod reach;
mod remote;
mod serving;
pub mod stage;

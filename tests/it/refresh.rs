//! `credrun --refresh` as a whole.

mod basics;
mod kills;
mod stage;

//! `credrun --refresh` as a whole.

mod basics;
mod stage;

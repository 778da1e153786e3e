//! `credrun --refresh` as a whole.

mod basics;
mod serving;
mod stage;

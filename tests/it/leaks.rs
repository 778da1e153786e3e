//! A secret is where it is meant to be and nowhere else: every source, every mode and every failure, at trace level, with
//! marked secrets that are searched for in all that can be seen from outside.

mod debug;
mod engine;
mod failures;
mod marks;
mod memory;
mod modes;
mod panics;
mod processes;
mod scenario;
mod sources;
mod stand_in;

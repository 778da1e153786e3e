//! Runs by the labels of their containers: what is swept and what is left alone, `credrun ps`, `credrun stop`. The
//! containers stand in for those that `--refresh` makes.
//!
//! Other tests run credrun on the same engine at the same time, and so sweep: here too whatever may go can be gone at
//! any moment, and a sweep of ours may find that another is at it.

mod ps;
mod stage;
mod stop;
mod sweep;

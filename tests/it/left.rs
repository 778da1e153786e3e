//! What is left behind, whatever happens to a run: killed at any moment, its engine restarted under it, disks that are
//! full, output that nobody reads, a program that is stopped for a time.

mod full_disk;
mod full_pipe;
mod killed;
mod restarted;
mod run_of;
mod stopped;

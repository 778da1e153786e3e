//! The integration tests: one binary, a module per topic.

mod bodies;
mod messages;

//! What of this module reads an engine's bytes by itself, for fuzzing alone.

pub(crate) use super::events::status;
pub(crate) use super::labelled::containers;
pub(crate) use super::pull::Messages as PullMessages;

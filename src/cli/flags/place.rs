//! Where a flag goes when a run is two containers (`--refresh`): the agent, which owns the network, and the target,
//! which joins it. [`crate::refresh::halves`] does so, and a test there holds this column against it.

use std::fmt;

use super::Flag;

/// Which container's request a flag is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Neither's: credrun itself acts on it.
    Client,
    /// The target's: what runs, what it sees and how much of the host it may use.
    Target,
    /// The agent's: it belongs to the network namespace.
    Agent,
    /// Both: the two could not share a namespace if they differed in it.
    Both,
    /// The agent's on Docker, where the target inherits it and may not have it; both's on Podman, where the target has
    /// its own.
    Inherited,
    /// A kernel parameter: the agent's where it is one of the network (`net.…`), the target's where not.
    Parameter,
    /// No container's: it is refused with `--refresh`, for this reason.
    Refused(&'static str),
}

impl Place {
    /// Why it is refused with `--refresh`, where it is.
    #[must_use]
    pub fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Refused(reason) => Some(reason),
            _ => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "credrun itself",
            Self::Target => "target",
            Self::Agent => "agent",
            Self::Both => "agent and target",
            Self::Inherited => "agent; on Podman agent and target",
            Self::Parameter => "net.*: agent, others: target",
            Self::Refused(reason) => return write!(f, "refused: {reason}"),
        })
    }
}

/// How a row says it. One that says nothing is the target's, or credrun's own flag.
impl Flag {
    pub(super) const fn place(self, place: Place) -> Self {
        Self { place, ..self }
    }

    pub(super) const fn client(self) -> Self {
        self.place(Place::Client)
    }

    pub(super) const fn agent(self) -> Self {
        self.place(Place::Agent)
    }

    pub(super) const fn both(self) -> Self {
        self.place(Place::Both)
    }

    pub(super) const fn inherited(self) -> Self {
        self.place(Place::Inherited)
    }

    pub(super) const fn refused(self, reason: &'static str) -> Self {
        self.place(Place::Refused(reason))
    }
}

//! What may happen to one call to the engine, and what the engine is afterwards.

/// What happens instead of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Who connects is refused, from this call on.
    Refused,
    /// The connection ends before a byte of the request was read: a reset.
    Closed,
    /// The request was read, and the engine has not got it.
    Before,
    /// The engine has done it, and nobody is told.
    After,
    /// The engine has not got it, and a 500 is said.
    Status500,
    /// The engine has not got it, and what comes is no HTTP.
    Garbage,
    /// The engine has done it, and half of its answer comes.
    Half,
    /// The engine has done it, and nothing comes, ever. Then Ctrl-C is pressed, three times if need be.
    Stall,
}

impl Kind {
    pub const ALL: [Self; 8] = [
        Self::Refused,
        Self::Closed,
        Self::Before,
        Self::After,
        Self::Status500,
        Self::Garbage,
        Self::Half,
        Self::Stall,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Closed => "closed",
            Self::Before => "before",
            Self::After => "after",
            Self::Status500 => "500",
            Self::Garbage => "garbage",
            Self::Half => "half",
            Self::Stall => "stall",
        }
    }
}

/// A fault: at which call, which, and whether the engine is well again afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// As [`super::call`] names it.
    pub call: String,
    pub kind: Kind,
    /// All other connections end, too, and nobody can make another one.
    pub is_dead: bool,
}

impl Fault {
    /// `half`, or `half+dead`.
    pub fn name(&self) -> String {
        let dead = if self.is_dead { "+dead" } else { "" };
        format!("{}{dead}", self.kind.name())
    }

    /// All that may happen at a call. One that is refused is so from then on: nobody could tell which call a connection is
    /// for that was never made.
    pub fn all(call: &str) -> impl Iterator<Item = Self> {
        let modes = |kind| if kind == Kind::Refused { &[true][..] } else { &[false, true] };
        Kind::ALL
            .into_iter()
            .flat_map(move |kind| modes(kind).iter().map(move |&is_dead| (kind, is_dead)))
            .map(move |(kind, is_dead)| Fault { call: call.to_owned(), kind, is_dead })
    }
}

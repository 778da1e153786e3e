//! How long a source can go on giving credentials by itself.

use time::OffsetDateTime;

/// What keeps a source from giving credentials anew for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitCause {
    /// An MFA code bought them, and a code is asked for at the start only.
    Mfa,
    /// They are, or were got with, temporary keys in this process's variables, which nobody can change from outside.
    Variables,
    /// `--until`.
    Until,
}

/// The moment after which nothing new can be had without a person, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenewalLimit {
    /// In UTC; `None` when there is an end that nobody knows (keys in variables that come without one).
    pub at: Option<OffsetDateTime>,
    /// What ends then.
    pub cause: LimitCause,
}

impl RenewalLimit {
    /// The limit of what was got by two steps, each with its own: the earlier one. One that is known comes before
    /// one that is not.
    #[must_use]
    pub fn earlier(own: Option<Self>, base: Option<Self>) -> Option<Self> {
        match (own, base) {
            (Some(own), Some(base)) => Some(match (own.at, base.at) {
                (None, Some(_)) => base,
                (Some(at), Some(other)) if other < at => base,
                _ => own,
            }),
            (own, base) => own.or(base),
        }
    }

    /// Whether credentials that end at `end` have all that can be had: asking again would give no later end.
    #[must_use]
    pub fn ends_with(&self, end: OffsetDateTime) -> bool {
        self.at.is_some_and(|at| (end - at).abs() < time::Duration::seconds(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn the_earlier_limit_holds() {
        let early = Some(datetime!(2026-01-01 12:00 UTC));
        let late = Some(datetime!(2026-01-01 13:00 UTC));
        let limit = |at, cause| Some(RenewalLimit { at, cause });
        for (own, base, expected) in [
            (None, None, None),
            (limit(late, LimitCause::Until), None, limit(late, LimitCause::Until)),
            (None, limit(late, LimitCause::Mfa), limit(late, LimitCause::Mfa)),
            (limit(late, LimitCause::Until), limit(early, LimitCause::Mfa), limit(early, LimitCause::Mfa)),
            (limit(early, LimitCause::Until), limit(late, LimitCause::Mfa), limit(early, LimitCause::Until)),
            (
                limit(late, LimitCause::Until),
                limit(None, LimitCause::Variables),
                limit(late, LimitCause::Until),
            ),
            (limit(None, LimitCause::Variables), limit(late, LimitCause::Mfa), limit(late, LimitCause::Mfa)),
        ] {
            assert_eq!(RenewalLimit::earlier(own, base), expected, "{own:?} {base:?}");
        }
    }

    #[test]
    fn what_ends_with_the_limit_cannot_be_made_longer() {
        let at = datetime!(2026-01-01 12:00 UTC);
        let limit = RenewalLimit { at: Some(at), cause: LimitCause::Mfa };
        assert!(limit.ends_with(at) && !limit.ends_with(at + time::Duration::minutes(1)));
        assert!(!limit.ends_with(at - time::Duration::minutes(1)));
        assert!(!RenewalLimit { at: None, cause: LimitCause::Variables }.ends_with(at));
    }
}

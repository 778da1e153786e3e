//! Moments at the ends of the calendar, whose arithmetic in `time` panics: they are read from options, variables, files
//! and answers, where anything may stand.

use std::time::SystemTime;

use time::{Duration, OffsetDateTime, PrimitiveDateTime, UtcOffset};

/// The same moment in UTC. One that UTC's years 0 to 9999 do not have, since it is given with an offset, is the first or
/// the last that they have.
pub(crate) fn in_utc(moment: OffsetDateTime) -> OffsetDateTime {
    let end = || if moment.year() > 0 { last() } else { first() };
    let moment = moment.checked_to_offset(UtcOffset::UTC).unwrap_or_else(end);
    moment.clamp(first(), last())
}

/// The moment of an SDK, likewise.
pub(crate) fn of_system(moment: SystemTime) -> OffsetDateTime {
    let epoch = OffsetDateTime::UNIX_EPOCH;
    let moment = match moment.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => epoch.saturating_add(Duration::try_from(after).unwrap_or(Duration::MAX)),
        Err(before) => epoch.saturating_sub(Duration::try_from(before.duration()).unwrap_or(Duration::MAX)),
    };
    in_utc(moment)
}

/// RFC 3339 has no years before 0.
fn first() -> OffsetDateTime {
    time::macros::datetime!(0000-01-01 0:00 UTC)
}

fn last() -> OffsetDateTime {
    PrimitiveDateTime::MAX.assume_utc()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::format_description::well_known::Rfc3339;

    #[test]
    fn moments_at_the_end_of_the_calendar_are_moments() {
        for (text, expected) in [
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
            ("9999-12-31T23:59:59+01:00", "9999-12-31T22:59:59Z"),
            ("9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59.999999999Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
            ("0000-01-01T00:00:00+01:00", "0000-01-01T00:00:00Z"),
            ("2026-01-01T13:00:00+01:00", "2026-01-01T12:00:00Z"),
        ] {
            let moment = in_utc(OffsetDateTime::parse(text, &Rfc3339).expect(text));
            assert_eq!(moment.format(&Rfc3339).expect(text), expected);
        }
    }

    #[test]
    fn what_a_system_holds_beyond_the_calendar_is_its_end() {
        let after = |seconds| SystemTime::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(seconds));
        let before = |seconds| SystemTime::UNIX_EPOCH.checked_sub(std::time::Duration::from_secs(seconds));
        for (moment, expected) in [
            (after(0), OffsetDateTime::UNIX_EPOCH),
            (before(1), OffsetDateTime::UNIX_EPOCH - Duration::SECOND),
            (after(253_402_300_799), last().replace_nanosecond(0).expect("whole")),
            (after(253_402_300_800), last()),
            (after(1 << 62), last()),
            (before(62_167_219_201), first()),
            (before(1 << 62), first()),
        ] {
            // Not every system has all of them.
            let Some(moment) = moment else { continue };
            assert_eq!(of_system(moment), expected);
        }
    }
}

//! `--until 30m`, `--until 2026-01-01T12:00Z`: a length of time, or a moment in UTC.

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::Parsed;
use crate::moment;

/// When something ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// This long after the start.
    In(Duration),
    /// At this moment.
    At(OffsetDateTime),
}

impl Until {
    /// The moment, in whole seconds, for a start at `now`.
    #[must_use]
    pub fn moment(self, now: OffsetDateTime) -> OffsetDateTime {
        let moment = match self {
            Self::In(length) => now.saturating_add(length),
            Self::At(moment) => moment,
        };
        let moment = moment::in_utc(moment);
        moment.replace_nanosecond(0).unwrap_or(moment)
    }
}

/// The longest that any session of STS lasts: GetSessionToken's and GetFederationToken's 129600 seconds.
const MOST: Duration = Duration::hours(36);

/// Reads one. Lengths have the units `s`, `m`, `h`, the larger ones first (`1h30m`); moments are RFC 3339, where the
/// seconds may be left out.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str) -> Parsed<Until> {
    if text.contains(['T', 't', '-']) && text.starts_with(|c: char| c.is_ascii_digit()) {
        return instant(text).map(Until::At);
    }
    let length = length(text).ok_or_else(|| {
        "it is neither a length (`20s`, `30m`, `1h30m`) nor a moment (`2026-01-01T12:00Z`)".to_owned()
    })?;
    if length.is_zero() {
        return Err("nothing could be done in no time".into());
    }
    if length > MOST {
        return Err("no session of STS lasts longer than 36 hours".into());
    }
    Ok(Until::In(length))
}

fn length(text: &str) -> Option<Duration> {
    let (mut total, mut rest, mut last) = (0_i64, text, i64::MAX);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let unit = match rest.as_bytes()[digits] {
            b'h' => 3600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        if unit >= last {
            return None;
        }
        total = total.checked_add(rest[..digits].parse::<i64>().ok()?.checked_mul(unit)?)?;
        last = unit;
        rest = &rest[digits + 1..];
    }
    (last != i64::MAX).then(|| Duration::seconds(total))
}

fn instant(text: &str) -> Parsed<OffsetDateTime> {
    let parsed = OffsetDateTime::parse(text, &Rfc3339);
    parsed.or_else(|_| OffsetDateTime::parse(&with_seconds(text), &Rfc3339)).map_err(|_| {
        "it is not a moment as RFC 3339 has it, with its time zone: `2026-01-01T12:00Z`, `2026-01-01T13:00:00+01:00`"
            .to_owned()
    })
}

/// `…T12:00Z` as `…T12:00:00Z`.
fn with_seconds(text: &str) -> String {
    match text.char_indices().nth(16) {
        Some((at, _)) => format!("{}:00{}", &text[..at], &text[at..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn lengths_and_moments() {
        for (text, expected) in [
            ("20s", Until::In(Duration::seconds(20))),
            ("30m", Until::In(Duration::minutes(30))),
            ("1h30m", Until::In(Duration::minutes(90))),
            ("36h", Until::In(MOST)),
            ("2026-01-01T12:00Z", Until::At(datetime!(2026-01-01 12:00 UTC))),
            ("2026-01-01T12:00:30Z", Until::At(datetime!(2026-01-01 12:00:30 UTC))),
            ("2026-01-01T13:00+01:00", Until::At(datetime!(2026-01-01 12:00 UTC))),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "30",
            "m",
            "30 m",
            "-5m",
            "5m1h",
            "5m5m",
            "1.5h",
            "99999999999999999999s",
            "36h1s",
            "0s",
            "tomorrow",
            "2026-01-01",
            "2026-01-01T12:00",
            "12:00",
            "2026-13-01T12:00Z",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_length_begins_now() {
        let now = datetime!(2026-01-01 12:00:00.7 UTC);
        assert_eq!(Until::In(Duration::seconds(20)).moment(now), datetime!(2026-01-01 12:00:20 UTC));
        let last = datetime!(9999-12-31 23:59:59 UTC);
        assert_eq!(Until::In(Duration::hours(1)).moment(last), last);
    }

    #[test]
    fn moments_at_the_end_of_the_calendar_are_moments() {
        for (text, expected) in [
            ("9999-12-31T23:59:59Z", datetime!(9999-12-31 23:59:59 UTC)),
            ("9999-12-31T23:59:59-01:00", datetime!(9999-12-31 23:59:59 UTC)),
            ("0000-01-01T00:00+01:00", datetime!(0000-01-01 0:00 UTC)),
        ] {
            let now = datetime!(2026-01-01 12:00 UTC);
            assert_eq!(parse(text).expect(text).moment(now), expected, "{text}");
        }
    }
}

//! When credentials end, as their sources write it.
//!
//! botocore takes whatever `dateutil` can read; here are the forms of it that name a moment: ISO 8601, its basic form, with
//! a blank for the `T`, and the date of HTTP and mail. A time without a zone is refused by both.

use time::format_description::well_known::Rfc2822;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

use crate::moment;

/// The moment that `text` names, in UTC; `None` when it names none, or no zone with it.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    let text = text.trim();
    let moment = iso(text).or_else(|| {
        OffsetDateTime::parse(&text.replace("GMT", "+0000").replace("UTC", "+0000"), &Rfc2822).ok()
    })?;
    Some(moment::in_utc(moment))
}

fn iso(text: &str) -> Option<OffsetDateTime> {
    let (date, rest) = date(text)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?.trim_start_matches(' ');
    let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ',')).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(end);
    Some(PrimitiveDateTime::new(date, time(clock)?).assume_offset(offset(zone.trim_start_matches(' '))?))
}

/// `2030-01-31`, `2030/1/31`, `20300131`.
fn date(text: &str) -> Option<(Date, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '-' | '/')).unwrap_or(text.len());
    let (written, rest) = text.split_at(end);
    let separator = if written.contains('/') { '/' } else { '-' };
    let parts: Vec<&str> = written.split(separator).collect();
    let (year, month, day) = match parts[..] {
        [year, month, day] if year.len() == 4 && month.len() <= 2 && day.len() <= 2 => (year, month, day),
        [all] if all.len() == 8 => (&all[..4], &all[4..6], &all[6..]),
        _ => return None,
    };
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Some((Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?, rest))
}

/// `08:44:18.25`, `8:44`, `08`, `084418`, `0844`.
fn time(text: &str) -> Option<Time> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let parts: Vec<&str> = match (whole.contains(':'), whole.len()) {
        (true, _) => whole.split(':').collect(),
        (false, 2) => vec![whole],
        (false, 4) => vec![&whole[..2], &whole[2..]],
        (false, 6) => vec![&whole[..2], &whole[2..4], &whole[4..]],
        _ => return None,
    };
    if parts.len() > 3 || parts.iter().any(|part| part.len() > 2) || !fraction.is_empty() && parts.len() < 3 {
        return None;
    }
    let numbers = parts.iter().map(|part| part.parse::<u8>().ok()).collect::<Option<Vec<_>>>()?;
    let at = |index: usize| numbers.get(index).copied().unwrap_or_default();
    let micro: String = fraction.chars().chain("000000".chars()).take(6).collect();
    Time::from_hms_micro(at(0), at(1), at(2), micro.parse().ok()?).ok()
}

/// `Z`, `UTC`, `GMT`, `+01:00`, `-0330`, `+01`.
fn offset(text: &str) -> Option<UtcOffset> {
    if matches!(text, "Z" | "z" | "UTC" | "GMT") {
        return Some(UtcOffset::UTC);
    }
    let (west, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (false, digits),
        ("-", digits) => (true, digits),
        _ => return None,
    };
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some(parts), _) => parts,
        (None, 2) => (digits, "0"),
        (None, 4) => digits.split_at_checked(2)?,
        _ => return None,
    };
    let number = |digits: &str| {
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i8>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if west {
        UtcOffset::from_hms(-hours, -minutes, 0).ok()
    } else {
        UtcOffset::from_hms(hours, minutes, 0).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::format_description::well_known::Rfc3339;

    #[test]
    fn forms_that_name_a_moment() {
        for (text, expected) in [
            ("2030-01-31T08:44:18Z", "2030-01-31T08:44:18Z"),
            ("2030-01-31T08:44:18+0000", "2030-01-31T08:44:18Z"),
            ("2030-01-31T08:44:18+00:00", "2030-01-31T08:44:18Z"),
            ("2030-01-31T08:44:18-03:30", "2030-01-31T12:14:18Z"),
            ("2030-01-31T08:44:18+01", "2030-01-31T07:44:18Z"),
            ("2030-01-31t08:44:18.25z", "2030-01-31T08:44:18.25Z"),
            ("2030-01-31 08:44:18,123456789 UTC", "2030-01-31T08:44:18.123456Z"),
            ("20300131T084418Z", "2030-01-31T08:44:18Z"),
            ("2030-1-31T8:4Z", "2030-01-31T08:04:00Z"),
            ("2030/01/31 08Z", "2030-01-31T08:00:00Z"),
            ("Thu, 31 Jan 2030 08:44:18 GMT", "2030-01-31T08:44:18Z"),
            (" 2030-01-31T08:44:18 GMT ", "2030-01-31T08:44:18Z"),
            // Earlier and later than anything that can be said.
            ("0000-01-01T00:00:00+01:00", "0000-01-01T00:00:00Z"),
            ("-100/01/01T00:00:00Z", "0000-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59.999999999Z"),
        ] {
            let got = parse(text).and_then(|moment| moment.format(&Rfc3339).ok());
            assert_eq!(got.as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            " ",
            "soon",
            "2030-01-31",
            "2030-01-31T08:44:18",
            "3786912000",
            "2030-13-01T00:00:00Z",
            "2030-02-30T00:00:00Z",
            "2030-01-31T24:00:00Z",
            "2030-01-31T08:44:60Z",
            "2030-01-31T08:44:18+1",
            "2030-01-31T08:44:18+-1:00",
            "2030-01-31T08:44:18é",
            "é",
            "２０３０-01-31T08:44:18Z",
            "2030-01-31T08:44:18utc",
            "2030-01-31TZ",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

//! `--restart`: `policy[:count]`. Which policies there are is the engine's to say.

use super::Parsed;

/// A restart policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RestartPolicy {
    /// `no`, `always`, `on-failure`, …; empty for the engine's default.
    pub name: String,
    /// How often at most.
    pub maximum_retry_count: i64,
}

impl RestartPolicy {
    /// Whether the container is never restarted.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.name.is_empty() || self.name == "no"
    }
}

/// The policy that `text` spells.
///
/// # Errors
/// When the name is missing before a colon, or the count is no integer.
pub fn parse(text: &str) -> Parsed<RestartPolicy> {
    let (name, count) = text.split_once(':').unwrap_or((text, ""));
    if name.is_empty() && !text.is_empty() {
        return Err("invalid restart policy format: no policy provided before colon".into());
    }
    let count = match count {
        "" => Ok(0),
        digits => digits
            .parse()
            .map_err(|_| "invalid restart policy format: maximum retry count must be an integer"),
    };
    Ok(RestartPolicy { name: name.into(), maximum_retry_count: count? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (text, name, count) in [
            ("", "", 0),
            ("no", "no", 0),
            ("always", "always", 0),
            ("on-failure:3", "on-failure", 3),
            ("on-failure:", "on-failure", 0),
            ("on-failure:-1", "on-failure", -1),
            ("foo:3", "foo", 3),
        ] {
            assert_eq!(
                parse(text),
                Ok(RestartPolicy { name: name.into(), maximum_retry_count: count }),
                "{text}"
            );
        }
        for text in [":", ":3", "a:b", "a:1:2", "a:0x1"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

//! Which sections of `~/.aws/config` are profiles, SSO sessions and services.
//!
//! Anchor: botocore `configloader.py`, `build_profile_map`.

use std::collections::BTreeMap;

use super::ini::Section;
use super::words;

/// Sections by the name of what they describe.
pub(crate) type Named = BTreeMap<String, Section>;

/// The sections of a config file, sorted by kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProfileMap {
    pub(crate) profiles: Named,
    pub(crate) sso_sessions: Named,
    pub(crate) services: Named,
}

impl ProfileMap {
    /// Sections whose name cannot be split, or is not of two words, are left out, and of two that come to the same name
    /// the last one counts alone: so has botocore it.
    pub(crate) fn of(sections: Vec<(String, Section)>) -> Self {
        let mut map = Self::default();
        for (header, section) in sections {
            // The beginning of the word decides: `[profiles x]` is a profile, too.
            let kind = if header.starts_with("profile") {
                &mut map.profiles
            } else if header.starts_with("sso-session") {
                &mut map.sso_sessions
            } else if header.starts_with("services") {
                &mut map.services
            } else if header == "default" {
                map.profiles.insert(header, section);
                continue;
            } else {
                continue;
            };
            if let Ok([_, name]) = words::split(&header).as_deref() {
                kind.insert(name.clone(), section);
            }
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::ini;

    #[test]
    fn names_are_botocore_s() {
        let text = "[default]\nn = 1\n[profile a]\nn=1\n[profile \"dev team\"]\nn=2\n[profile 'a']\nn=3\n[profiles b]\n[profile]\n\
            [profile x y]\n[profile \"open]\n[profilec]\n[ profile d]\n[Profile e]\n[f]\n[sso-session s]\n[services t]\n[profile default]\nn=2\n";
        let map = ProfileMap::of(ini::parse(text).expect("good"));
        let names = |named: &Named| named.keys().cloned().collect::<Vec<_>>().join(",");
        assert_eq!(names(&map.profiles), "a,b,default,dev team");
        assert_eq!((names(&map.sso_sessions), names(&map.services)), ("s".into(), "t".into()));
        let value = |name: &str| map.profiles[name]["n"].text().map(str::to_owned);
        assert_eq!((value("a").as_deref(), value("default").as_deref()), (Some("3"), Some("2")));
    }
}

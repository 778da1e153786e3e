//! The host's environment as an argument, so that what depends on it can be tested.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

/// Environment variables, taken once.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// The names of those whose values are not UTF-8.
    not_utf8: BTreeSet<String>,
    /// Where the user's home is when no variable says so (cron, systemd): what the system knows.
    fallback_home: Option<PathBuf>,
}

impl Environment {
    /// This process's variables. Of those that are not UTF-8 no more than the name is kept.
    #[must_use]
    pub fn of_process() -> Self {
        Self { fallback_home: std::env::home_dir(), ..Self::of(std::env::vars_os()) }
    }

    /// These variables, likewise.
    pub(crate) fn of(pairs: impl Iterator<Item = (OsString, OsString)>) -> Self {
        let mut all = Self::default();
        for (name, value) in pairs.filter_map(|(name, value)| Some((name.into_string().ok()?, value))) {
            match value.into_string() {
                Ok(value) => drop(all.variables.insert(name, value)),
                Err(_) => drop(all.not_utf8.insert(name)),
            }
        }
        all
    }

    /// Whether `name` is set to what is not UTF-8: to [`get`](Self::get) it is not set.
    #[must_use]
    pub fn is_not_utf8(&self, name: &str) -> bool {
        self.not_utf8.contains(name)
    }

    /// The value of `name`; an empty one counts as given.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The same, with `name` set to `value`.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut changed = self.clone();
        changed.not_utf8.remove(name);
        changed.variables.insert(name.to_owned(), value.to_owned());
        changed
    }

    /// All variables, names and values.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The names of all variables, whether their values are UTF-8 or not.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().chain(&self.not_utf8).map(String::as_str)
    }

    /// The user's home: `HOME`, `USERPROFILE`, or what the system knows.
    #[must_use]
    pub fn home(&self) -> Option<PathBuf> {
        let variable = self.non_empty("HOME").or_else(|| self.non_empty("USERPROFILE"));
        variable.map(PathBuf::from).or_else(|| self.fallback_home.clone())
    }

    /// The value of `name` unless it is empty, which AWS's and Docker's programs take as not set.
    #[must_use]
    pub fn non_empty(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let variables = pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        Self { variables, ..Self::default() }
    }
}

impl fmt::Debug for Environment {
    /// Names only: values hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

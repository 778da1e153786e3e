//! The list of what the keychain keeps: keychains cannot be listed alike.
//!
//! Reading the list and writing it again is two steps, and several credruns may run at once: one at a time takes them.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::lock::{self, Lock};

/// The entry that holds it: names, with blanks between.
pub(super) const NAME: &str = "sessions";

/// Entries by their names.
pub(super) trait Store {
    /// The text of an entry; `None` when there is none of this name.
    fn get(&self, name: &str) -> keyring::Result<Option<Zeroizing<Vec<u8>>>>;
    /// Makes an entry, or changes it.
    fn set(&self, name: &str, text: &[u8]) -> keyring::Result<()>;
    /// Removes an entry; whether there was one.
    fn remove(&self, name: &str) -> keyring::Result<bool>;
}

/// The list, and the entries that it names.
pub(super) struct Index<'a, S> {
    store: &'a S,
    lock: PathBuf,
}

impl<'a, S: Store> Index<'a, S> {
    /// The one of this user.
    pub(super) fn of(store: &'a S) -> Self {
        Self { store, lock: lock::path() }
    }

    /// Makes an entry and lists it; drops those that are no longer alive.
    ///
    /// # Errors
    /// When the store does not give up the list or takes no entry.
    pub(super) fn add(&self, name: &str, text: &[u8], lives: fn(&[u8]) -> bool) -> keyring::Result<()> {
        let _held = Lock::hold(&self.lock);
        let mut names = self.names()?;
        names.retain(|known| known != name);
        let mut kept = Vec::with_capacity(names.len() + 1);
        for known in names {
            if self.store.get(&known)?.is_some_and(|text| lives(&text)) {
                kept.push(known);
            } else {
                self.store.remove(&known)?;
            }
        }
        kept.push(name.to_owned());
        // The list first: an entry that it does not name would never be found again.
        self.store.set(NAME, kept.join(" ").as_bytes())?;
        self.store.set(name, text)
    }

    /// Removes an entry.
    ///
    /// # Errors
    /// When the store does not give it up.
    pub(super) fn remove(&self, name: &str) -> keyring::Result<()> {
        let _held = Lock::hold(&self.lock);
        self.store.remove(name)?;
        let mut names = self.names()?;
        names.retain(|known| known != name);
        self.list(&names)
    }

    /// Removes all entries; how many there were.
    ///
    /// # Errors
    /// When the store does not give one up.
    pub(super) fn remove_all(&self) -> keyring::Result<usize> {
        let _held = Lock::hold(&self.lock);
        let mut count = 0;
        for name in self.names()? {
            count += usize::from(self.store.remove(&name)?);
        }
        self.store.remove(NAME)?;
        Ok(count)
    }

    fn list(&self, names: &[String]) -> keyring::Result<()> {
        // The kernel's keyring takes no empty text.
        if names.is_empty() {
            return self.store.remove(NAME).map(drop);
        }
        self.store.set(NAME, names.join(" ").as_bytes())
    }

    fn names(&self) -> keyring::Result<Vec<String>> {
        let text = self.store.get(NAME)?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&text).split_whitespace().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::{Barrier, Mutex};

    use super::*;

    /// One that lets everybody else in between any two steps.
    #[derive(Default)]
    struct Memory(Mutex<BTreeMap<String, Vec<u8>>>);

    impl Store for Memory {
        fn get(&self, name: &str) -> keyring::Result<Option<Zeroizing<Vec<u8>>>> {
            let got = self.0.lock().expect("no panic").get(name).cloned().map(Zeroizing::new);
            std::thread::yield_now();
            Ok(got)
        }

        fn set(&self, name: &str, text: &[u8]) -> keyring::Result<()> {
            std::thread::yield_now();
            self.0.lock().expect("no panic").insert(name.to_owned(), text.to_vec());
            Ok(())
        }

        fn remove(&self, name: &str) -> keyring::Result<bool> {
            Ok(self.0.lock().expect("no panic").remove(name).is_some())
        }
    }

    fn index<'a>(store: &'a Memory, folder: &tempfile::TempDir) -> Index<'a, Memory> {
        Index { store, lock: folder.path().join("lock") }
    }

    fn lives(text: &[u8]) -> bool {
        text != b"ended"
    }

    #[test]
    fn an_entry_is_listed_changed_and_removed() {
        let (store, folder) = (Memory::default(), tempfile::tempdir().expect("a directory"));
        let index = index(&store, &folder);
        for (name, text) in [("a", "1"), ("b", "ended"), ("a", "2"), ("c", "3")] {
            index.add(name, text.as_bytes(), lives).expect("taken");
        }
        // What has ended went when the next came.
        assert_eq!(index.names().expect("a list"), ["a", "c"]);
        assert_eq!(store.get("a").expect("there").as_deref().map(Vec::as_slice), Some(&b"2"[..]));
        assert!(store.get("b").expect("asked").is_none());
        index.remove("a").expect("removed");
        assert_eq!(index.names().expect("a list"), ["c"]);
        assert_eq!(index.remove_all().expect("removed"), 1);
        assert!(store.0.lock().expect("no panic").is_empty());
        assert_eq!(index.remove_all().expect("nothing there"), 0);
    }

    #[test]
    fn many_at_once_lose_none() {
        const MANY: usize = 16;
        let (store, folder) = (Memory::default(), tempfile::tempdir().expect("a directory"));
        let start = Barrier::new(MANY);
        std::thread::scope(|scope| {
            for number in 0..MANY {
                let (index, start) = (index(&store, &folder), &start);
                scope.spawn(move || {
                    start.wait();
                    index.add(&format!("session-{number}"), b"text", lives).expect("taken");
                });
            }
        });
        assert_eq!(index(&store, &folder).remove_all().expect("removed"), MANY);
    }
}

//! One credrun of a user at a time: a lock on an empty file, which is removed again.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Who holds the lock needs it for milliseconds. Whatever holds it longer is no reason to wait for ever.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 60 } else { 10 });
const AGAIN: Duration = Duration::from_millis(5);

/// Held until it is dropped.
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Waits until nobody else holds the lock on this file, for 10 seconds at most; `None` when it cannot be had. Then
    /// the work goes on without: at the worst, a session that another credrun keeps at the same moment is not listed.
    pub(super) fn hold(path: &Path) -> Option<Self> {
        let end = Instant::now() + PATIENCE;
        let cause = loop {
            match attempt(path) {
                Ok(Some(file)) => return Some(Self { file, path: path.to_owned() }),
                Ok(None) if Instant::now() < end => std::thread::sleep(AGAIN),
                Ok(None) => break "somebody else holds it".to_owned(),
                Err(error) => break error.to_string(),
            }
        };
        tracing::info!("`{}` cannot be locked: {cause}", path.display());
        None
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Before it is let go: whoever waits for it sees that it is no longer the file of this name.
        platform::remove(&self.path);
        let _ = self.file.unlock();
    }
}

/// The file, locked; `None` when it has to be tried again.
fn attempt(path: &Path) -> io::Result<Option<File>> {
    let file = platform::open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
        Err(std::fs::TryLockError::Error(error)) => return Err(error),
    }
    Ok(platform::is(&file, path).then_some(file))
}

pub(super) use platform::path;

#[cfg(unix)]
mod platform {
    use std::fs::{File, symlink_metadata};
    use std::io;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    use std::path::{Path, PathBuf};

    use rustix::fs::OFlags;

    /// By the user's number, not by a variable: every process of the user has to come to the same file.
    pub(in super::super) fn path() -> PathBuf {
        let user = rustix::process::geteuid().as_raw();
        let own = PathBuf::from(format!("/run/user/{user}"));
        if own.is_dir() { own.join("credrun.lock") } else { format!("/tmp/credrun-{user}.lock").into() }
    }

    /// In a directory that all may write to, somebody else's link would lead elsewhere.
    pub(super) fn open(path: &Path) -> io::Result<File> {
        let flags = (OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK).bits();
        let flags = flags.cast_signed();
        File::options().write(true).create(true).truncate(false).mode(0o600).custom_flags(flags).open(path)
    }

    /// Whether the file is still the one of this name: who held it before has removed it.
    pub(super) fn is(file: &File, path: &Path) -> bool {
        let (Ok(open), Ok(named)) = (file.metadata(), symlink_metadata(path)) else { return false };
        (open.dev(), open.ino()) == (named.dev(), named.ino())
    }

    pub(super) fn remove(path: &Path) {
        let _ = std::fs::remove_file(path);
    }
}

#[cfg(not(unix))]
mod platform {
    use std::fs::File;
    use std::io;
    use std::path::{Path, PathBuf};

    /// The user has a temporary directory of their own here.
    pub(in super::super) fn path() -> PathBuf {
        std::env::temp_dir().join("credrun.lock")
    }

    pub(super) fn open(path: &Path) -> io::Result<File> {
        File::options().write(true).create(true).truncate(false).open(path)
    }

    pub(super) fn is(_: &File, _: &Path) -> bool {
        true
    }

    /// Stays, empty: a file that others have open cannot be removed here.
    pub(super) fn remove(_: &Path) {}
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn one_at_a_time_and_nothing_stays() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("lock");
        let inside = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let held = Lock::hold(&path).expect("the lock");
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two at a time");
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(held);
                    }
                });
            }
        });
        #[cfg(unix)]
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_cannot_be_had_holds_nobody_up() {
        let folder = tempfile::tempdir().expect("a directory");
        assert!(attempt(&folder.path().join("none/lock")).is_err());
        #[cfg(unix)]
        {
            let (target, link) = (folder.path().join("target"), folder.path().join("link"));
            std::os::unix::fs::symlink(&target, &link).expect("a link");
            assert!(attempt(&link).is_err() && !target.exists(), "a link is not followed");
        }
    }
}

//! A small file that several processes read, change and replace, one after the other.
//!
//! The lock lies on a file of its own, because the state itself is replaced by renaming: a reader
//! without the lock sees the old state or the new one, never half of one.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use crate::{Error, Store};

/// A state file that nobody has locked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateFile {
    path: PathBuf,
}

/// A state file that this process alone may change, until it is dropped.
#[derive(Debug)]
pub struct LockedState {
    path: PathBuf,
    // Closing the file releases the lock.
    _lock: File,
}

impl StateFile {
    /// The state of the tool `name` in a store, `state/<name>.json`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the store cannot be written.
    pub fn of(store: &Store, name: &str) -> Result<Self, Error> {
        Ok(Self { path: store.make("state")?.join(format!("{name}.json")) })
    }

    /// A state file that the user named.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Waits for the lock.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the lock file cannot be made.
    pub fn lock(&self) -> Result<LockedState, Error> {
        let path = self.path.with_extension("lock");
        let lock = private().open(&path).map_err(Error::io("open", &path))?;
        rustix::fs::flock(&lock, FlockOperation::LockExclusive)
            .map_err(|error| Error::io("lock", path)(error.into()))?;
        Ok(LockedState { path: self.path.clone(), _lock: lock })
    }
}

impl LockedState {
    /// The state's bytes; `None` before the first [`LockedState::replace`].
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it is there and cannot be read.
    pub fn read(&self) -> Result<Option<Vec<u8>>, Error> {
        match std::fs::read(&self.path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", &self.path)(error)),
        }
    }

    /// Replaces the state: all of it or, when anything fails, nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it could not be written; the old state is then still there.
    pub fn replace(&self, bytes: &[u8]) -> Result<(), Error> {
        let new = self.path.with_extension("new");
        write_whole(&new, bytes).map_err(Error::io("write", &new))?;
        std::fs::rename(&new, &self.path).map_err(Error::io("replace", &self.path))
    }

    /// Moves a state that cannot be understood out of the way and says where it is now.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be moved.
    pub fn set_aside(&self) -> Result<PathBuf, Error> {
        let aside = self.path.with_extension("damaged");
        std::fs::rename(&self.path, &aside).map_err(Error::io("set aside", &self.path))?;
        Ok(aside)
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private().truncate(true).open(path)?;
    file.write_all(bytes)?;
    // Without this, a power cut after the rename could leave an empty file where the old state was.
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_back_after_it_was_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = StateFile::of(&Store::at(folder.path()), "alerts").expect("a store");
        {
            let locked = state.lock().expect("the lock");
            assert_eq!(locked.read().expect("nothing yet"), None);
            locked.replace(b"one").expect("written");
            locked.replace(b"two").expect("written");
        }
        assert_eq!(
            state.lock().expect("the lock again").read().expect("bytes").as_deref(),
            Some(&b"two"[..])
        );
    }

    #[test]
    fn a_second_owner_waits_for_the_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = StateFile::at(folder.path().join("s.json"));
        let first = state.lock().expect("the lock");
        let waiting = std::thread::spawn({
            let state = state.clone();
            move || state.lock().and_then(|locked| locked.read())
        });
        first.replace(b"from the first").expect("written");
        drop(first);
        assert_eq!(
            waiting.join().expect("no panic").expect("bytes").as_deref(),
            Some(&b"from the first"[..])
        );
    }
}

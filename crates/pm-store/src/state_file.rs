//! A small file that several processes read, change and replace, one after the other.
//!
//! The lock lies on a file of its own, because the state itself is replaced by renaming: a reader
//! without the lock sees the old state or the new one, never half of one. For the same reason a state is
//! never a symbolic link, also where the user named it: replacing would replace the link.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::FlockOperation;

use crate::lock::lock;
use crate::{Error, Store, links};

/// How long to wait for other owners, each of which needs milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

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

/// A state as it was read or written: while this is held, no later one can be taken for it.
#[derive(Debug)]
pub struct Seen {
    // An open file keeps its number, which the file system gives to another one once it is closed and gone.
    _file: File,
    status: Metadata,
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

    /// Whether the tool `name` has a state in a store, which is not touched by asking.
    #[must_use]
    pub fn is_in(store: &Store, name: &str) -> bool {
        Self::at(store.root().join("state").join(format!("{name}.json"))).is_there()
    }

    /// Whether there is a state.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.path.symlink_metadata().is_ok()
    }

    /// Waits until the disk has the state that was replaced last.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the disk fails.
    pub fn sync(&self) -> Result<(), Error> {
        match links::open_to_read(&self.path)? {
            Some(file) => file.sync_data().map_err(Error::io("write", &self.path)),
            None => Ok(()),
        }
    }

    /// Waits for the lock, five seconds at most.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the lock file cannot be made or somebody keeps the lock, [`Error::Link`] if the file is
    /// a link.
    pub fn lock(&self) -> Result<LockedState, Error> {
        self.lock_within(PATIENCE)
    }

    fn lock_within(&self, patience: Duration) -> Result<LockedState, Error> {
        let path = beside(&self.path, "lock");
        let mut options = OpenOptions::new();
        let file = links::open("open", &path, options.write(true).create(true).truncate(false).mode(0o600))?;
        lock(&file, &path, FlockOperation::NonBlockingLockExclusive, patience)?;
        Ok(LockedState { path: self.path.clone(), _lock: file })
    }
}

impl LockedState {
    /// The state's bytes; `None` before the first [`LockedState::replace`].
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it is there and cannot be read, [`Error::Link`] if it is a link.
    pub fn read(&self) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.see()?.map(|(bytes, _)| bytes))
    }

    /// The same, with what tells this state from a later one.
    ///
    /// # Errors
    ///
    /// As [`LockedState::read`].
    pub fn see(&self) -> Result<Option<(Vec<u8>, Seen)>, Error> {
        let Some(mut file) = links::open_to_read(&self.path)? else { return Ok(None) };
        // Looked at before it is read, so that whoever writes into it meanwhile is noticed.
        let status = file.metadata().map_err(Error::io("look at", &self.path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(Error::io("read", &self.path))?;
        Ok(Some((bytes, Seen { _file: file, status })))
    }

    /// Whether the state is still the one that was seen.
    #[must_use]
    pub fn is_as(&self, seen: &Seen) -> bool {
        // Opened, because a file system of another machine says of a name only what it was a while ago.
        let now = links::open_to_read(&self.path).ok().flatten().map(|file| file.metadata());
        now.is_some_and(|now| now.is_ok_and(|now| seen.is(&now)))
    }

    /// Replaces the state: all of it or, when anything fails, nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it could not be written; the old state is then still there.
    pub fn replace(&self, bytes: &[u8]) -> Result<(), Error> {
        self.put(bytes, true).map(drop)
    }

    /// The same without waiting for the disk, for whoever replaces it all the time: after a power cut the state may
    /// be empty.
    ///
    /// # Errors
    ///
    /// As [`LockedState::replace`].
    pub fn replace_soon(&self, bytes: &[u8]) -> Result<Seen, Error> {
        let file = self.put(bytes, false)?;
        Seen::of(file).map_err(Error::io("look at", &self.path))
    }

    fn put(&self, bytes: &[u8], is_synced: bool) -> Result<File, Error> {
        let new = beside(&self.path, "new");
        let file = write_whole(&new, bytes, is_synced).map_err(Error::io("write", &new))?;
        std::fs::rename(&new, &self.path).map_err(Error::io("replace", &self.path))?;
        Ok(file)
    }

    /// Moves a state that cannot be understood out of the way and says where it is now.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be moved.
    pub fn set_aside(&self) -> Result<PathBuf, Error> {
        // An earlier one is kept: it may be the better of the two.
        let names = (2..100).map(|number| format!("damaged{number}"));
        let mut places =
            std::iter::once("damaged".to_owned()).chain(names).map(|name| beside(&self.path, &name));
        let free = places.find(|place| place.symlink_metadata().is_err());
        let aside = free.unwrap_or_else(|| beside(&self.path, "damaged"));
        std::fs::rename(&self.path, &aside).map_err(Error::io("set aside", &self.path))?;
        Ok(aside)
    }
}

impl Seen {
    fn of(file: File) -> io::Result<Self> {
        let status = file.metadata()?;
        Ok(Self { _file: file, status })
    }

    /// The same file, and not written to since, as an editor may do.
    fn is(&self, now: &Metadata) -> bool {
        let what = |status: &Metadata| {
            (status.dev(), status.ino(), status.len(), status.mtime(), status.mtime_nsec())
        };
        what(&self.status) == what(now)
    }
}

/// A file of ours beside the state, `alerts.json.lock`. The whole name is kept, because another file of the
/// user's may differ in its ending only.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

pub(crate) fn write_whole(path: &Path, bytes: &[u8], is_synced: bool) -> io::Result<File> {
    // What a crash left behind, or a stranger put there, is neither kept nor followed.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    // Without this, a power cut after the rename could leave an empty file where the old state was.
    if is_synced {
        file.sync_data()?;
    }
    Ok(file)
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
    fn a_state_that_was_seen_is_known_again_until_anybody_writes_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s.json");
        let locked = StateFile::at(&path).lock().expect("the lock");
        let one = locked.replace_soon(b"state").expect("written");
        assert!(locked.is_as(&one));
        let (bytes, read) = locked.see().expect("read").expect("a state");
        assert!(bytes == b"state" && locked.is_as(&read));
        // The same bytes, in files that could have been given the number of the first.
        for _ in 0..9 {
            let other = locked.replace_soon(b"state").expect("written");
            assert!(locked.is_as(&other) && !locked.is_as(&one) && !locked.is_as(&read));
        }
        let last = locked.replace_soon(b"state").expect("written");
        std::fs::write(&path, "an editor's").expect("written");
        assert!(!locked.is_as(&last));
        let gone = locked.replace_soon(b"state").expect("written");
        std::fs::remove_file(&path).expect("removed");
        assert!(!locked.is_as(&gone));
    }

    #[test]
    fn nothing_of_the_user_s_beside_a_state_is_touched() {
        let folder = tempfile::tempdir().expect("a folder");
        let names = ["ci.new", "ci.lock", "ci.damaged", "ci.json.damaged"];
        for name in names {
            std::fs::write(folder.path().join(name), name).expect("written");
        }
        let locked = StateFile::at(folder.path().join("ci.json")).lock().expect("the lock");
        locked.replace(b"state").expect("written");
        assert_eq!(locked.set_aside().expect("moved"), folder.path().join("ci.json.damaged2"));
        for name in names {
            assert_eq!(std::fs::read_to_string(folder.path().join(name)).expect("still there"), name);
        }
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

    #[test]
    fn a_lock_that_is_kept_is_an_error_and_not_a_wait_without_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = StateFile::at(folder.path().join("s.json"));
        let _kept = state.lock().expect("the lock");
        let error = state.lock_within(Duration::from_millis(10)).expect_err("no lock");
        let path = folder.path().join("s.json.lock");
        assert_eq!(error.to_string(), format!("cannot lock '{}'", path.display()));
        assert_eq!(error.hint(), Some(format!("see which one with `fuser -v {}`", path.display())));
    }

    #[test]
    fn links_are_neither_written_nor_read_through() {
        for name in ["s.json.lock", "s.json.new", "s.json"] {
            let folder = tempfile::tempdir().expect("a folder");
            let victim = folder.path().join("victim");
            std::fs::write(&victim, "precious").expect("written");
            std::os::unix::fs::symlink("victim", folder.path().join(name)).expect("a link");
            let state = StateFile::at(folder.path().join("s.json"));
            let read = state.lock().and_then(|locked| {
                let before = locked.read();
                locked.replace(b"new")?;
                assert_eq!(locked.read()?.as_deref(), Some(&b"new"[..]), "{name}");
                before
            });
            match name {
                "s.json.new" => assert_eq!(read.expect("nothing yet"), None),
                _ => assert!(matches!(read, Err(Error::Link { .. })), "{name}"),
            }
            assert_eq!(std::fs::read_to_string(&victim).expect("text"), "precious", "{name}");
        }
    }
}

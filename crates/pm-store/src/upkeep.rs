//! The right to move and remove files of a store: one process at a time has it.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::FlockOperation;

use crate::lock::lock;
use crate::{Error, Store, links};

/// The right itself, until it is dropped.
#[derive(Debug)]
pub struct Upkeep<'a> {
    pub(crate) store: &'a Store,
    // Closing the file releases the lock.
    _lock: File,
}

/// What was done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Nobody appends to it any more; this is its new name.
    Closed,
    /// It is complete, under a name that no reader looks at.
    Written,
    /// It got its name.
    Placed,
    /// It is gone.
    Removed,
}

/// Hears of everything that is done, right after it.
pub type Witness<'a> = dyn FnMut(Deed, &Path) + 'a;

impl Store {
    /// Takes the right, waiting as long as `patience`; `None` if somebody else has it all the time.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if there is no such store, [`Error::Io`] if the lock file cannot be made,
    /// [`Error::Link`] if it is a link.
    pub fn upkeep(&self, patience: Duration) -> Result<Option<Upkeep<'_>>, Error> {
        if !self.exists() && !self.is_personal() {
            return Err(Error::Missing { path: self.root().to_owned() });
        }
        let path = self.make("run")?.join("compact.lock");
        let mut options = OpenOptions::new();
        let file = links::open("open", &path, options.write(true).create(true).truncate(false).mode(0o600))?;
        match lock(&file, &path, FlockOperation::NonBlockingLockExclusive, patience) {
            Ok(()) => Ok(Some(Upkeep { store: self, _lock: file })),
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A file that was or would be removed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The file.
    pub path: PathBuf,
    /// How long it is.
    pub bytes: u64,
    /// Why it goes.
    pub reason: Reason,
}

/// Why a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is older than files of its kind are kept.
    Age,
    /// All records together take more room than they may.
    Size,
}

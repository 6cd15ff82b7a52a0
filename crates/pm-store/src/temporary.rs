//! A file that is not finished: no reader takes its name for a file of the store, and it is gone when it is
//! dropped. What a crash leaves of it is swept by the next compaction.

use std::fs::File;
use std::io::{self, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::{Error, Store, links};

const ENDING: &str = ".new";

/// An unfinished file.
#[derive(Debug)]
pub(crate) struct Temporary {
    file: File,
    path: PathBuf,
    finished: bool,
}

impl Temporary {
    /// An empty file that may become `name` in `folder`.
    pub(crate) fn make(folder: &Path, name: &str) -> Result<Self, Error> {
        let path = folder.join(format!("{name}{ENDING}"));
        remove(&path)?;
        let mut options = File::options();
        let file = links::open("make", &path, options.read(true).write(true).create_new(true).mode(0o600))?;
        Ok(Self { file, path, finished: false })
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file from its start.
    pub(crate) fn read(&self) -> io::Result<File> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok(file)
    }

    /// Gives the file, whose bytes have reached the disk, its name, in the place of what had it before.
    pub(crate) fn become_whole(mut self) -> Result<PathBuf, Error> {
        let whole = self.path.with_extension("");
        std::fs::rename(&self.path, &whole).map_err(Error::io("replace", &whole))?;
        self.finished = true;
        sync_folder_of(&whole)?;
        Ok(whole)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.finished {
            // The next compaction sweeps what cannot be removed now.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Makes names that were given or taken in a file's folder outlast a power cut.
pub(crate) fn sync_folder_of(path: &Path) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io("sync", folder))
}

/// Removes a file; one that is gone is as good.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}

impl Store {
    /// The unfinished files in a folder of the store, which belong to nobody while compaction is locked.
    pub(crate) fn leftovers(&self, folder: &str) -> Result<Vec<PathBuf>, Error> {
        let ends = |path: &PathBuf| path.to_str().is_some_and(|path| path.ends_with(ENDING));
        Ok(self.entries(folder)?.into_iter().map(|entry| entry.path()).filter(ends).collect())
    }
}

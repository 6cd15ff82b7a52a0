//! Where programs are: beside this one, then on PATH, never in the current directory.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use crate::surroundings::Surroundings;

/// Which file it is, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The file at `path`, links followed.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let status = std::fs::metadata(path).ok()?;
        Some(Self { device: status.dev(), inode: status.ino() })
    }
}

/// Whether the system would run it for us.
pub(crate) fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, Access::EXEC_OK).is_ok()
}

impl Surroundings {
    /// The sibling program `name`.
    pub(crate) fn tool(&self, name: &str) -> Option<PathBuf> {
        let beside = self.executable.as_deref().and_then(Path::parent).map(|folder| folder.join(name));
        beside.filter(|path| is_executable(path)).or_else(|| self.on_path(name).next())
    }

    /// Every program `name` on PATH, in order.
    pub(crate) fn on_path(&self, name: impl AsRef<Path>) -> impl Iterator<Item = PathBuf> {
        self.environment.path().map(move |folder| folder.join(&name)).filter(|path| is_executable(path))
    }

    /// Whether it is this very program under some name.
    pub(crate) fn is_this_program(&self, path: &Path) -> bool {
        self.identity.is_some() && FileId::of(path) == self.identity
    }
}

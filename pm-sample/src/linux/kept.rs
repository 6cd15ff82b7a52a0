//! A file of `/proc` that is read again and again.

use std::fmt;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, pread};

/// A file that is opened when it is first read. One that is not there now may be there later.
pub(crate) struct Kept {
    path: PathBuf,
    file: Option<OwnedFd>,
}

/// Opens a file of `/proc`.
pub(crate) fn open_file(path: &Path) -> Result<OwnedFd, Errno> {
    open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
}

/// Reads a file in one call, as the kernel writes those that describe one thing.
pub(crate) fn read_whole<T>(
    file: &OwnedFd,
    value: impl FnOnce(&[u8]) -> Option<T>,
) -> Result<Option<T>, Errno> {
    let mut small = [0; 4096];
    let count = pread(file, &mut small, 0)?;
    if count < small.len() {
        return Ok(value(&small[..count]));
    }
    read_pieces(file, small.to_vec()).map(|all| value(&all))
}

/// Reads what stands behind `all` in the file.
fn read_pieces(file: &OwnedFd, mut all: Vec<u8>) -> Result<Vec<u8>, Errno> {
    let mut piece = [0; 4096];
    loop {
        match pread(file, &mut piece, all.len() as u64)? {
            0 => return Ok(all),
            count => all.extend_from_slice(&piece[..count]),
        }
    }
}

impl Kept {
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), file: None }
    }

    /// Takes a value out of the file; none if it cannot be read, or does not say.
    pub(crate) fn read<T>(&mut self, value: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        let file = self.open()?;
        let read = read_whole(file, value);
        self.keep_if_good(read)
    }

    /// The same of a file with an entry a line, of which the kernel may hand out a few at a time.
    pub(crate) fn read_all<T>(&mut self, value: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        let file = self.open()?;
        let read = read_pieces(file, Vec::new()).map(|all| value(&all));
        self.keep_if_good(read)
    }

    /// Gives the descriptor back; the next reading opens the file anew.
    pub(crate) fn close(&mut self) {
        self.file = None;
    }

    fn open(&mut self) -> Option<&OwnedFd> {
        if self.file.is_none() {
            self.file = open_file(&self.path).ok();
        }
        self.file.as_ref()
    }

    fn keep_if_good<T>(&mut self, read: Result<Option<T>, Errno>) -> Option<T> {
        if read.is_err() {
            self.file = None;
        }
        read.ok().flatten()
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

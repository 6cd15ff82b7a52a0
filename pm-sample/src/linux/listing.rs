//! The names in a folder of `/proc`, without an allocation for each.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, RawDir, open};
use rustix::io::Errno;

use super::words::number;

/// Opens a folder to list it.
pub(crate) fn open_folder(folder: &Path) -> Result<OwnedFd, Errno> {
    open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// Hands every name to `look`, with the folder that it stands in.
pub(crate) fn each(folder: &OwnedFd, mut look: impl FnMut(BorrowedFd<'_>, &CStr)) -> Result<(), Errno> {
    let mut space = [MaybeUninit::uninit(); 8192];
    let mut entries = RawDir::new(folder, &mut space);
    while let Some(entry) = entries.next() {
        look(folder.as_fd(), entry?.file_name());
    }
    Ok(())
}

/// The names that are numbers; none of a folder that cannot be listed.
pub(crate) fn numbers(folder: &Path) -> Vec<i32> {
    let mut found = Vec::new();
    // What was listed before it went wrong counts.
    let _ = open_folder(folder)
        .and_then(|folder| each(&folder, |_, name| found.extend(number::<i32>(name.to_bytes()))));
    found
}

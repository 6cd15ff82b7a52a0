//! Files of a store are reached without following symbolic links.
//!
//! git keeps links, so a store that came with a stranger's clone could lead to any file of the user. The
//! cost is that links which the user made on purpose are refused as well.
//!
//! The system checks the last name of a path in the moment of opening. The folders above it stand in the
//! store's root or are the root, and are looked at once before.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use crate::Error;

/// Opens a file that is no link; `action` says as a verb what for.
pub(crate) fn open(action: &'static str, path: &Path, options: &mut OpenOptions) -> Result<File, Error> {
    options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(path).map_err(|error| {
        // Systems disagree on the error for a link, so it is not told by that.
        refuse(path).err().unwrap_or_else(|| Error::io(action, path)(error))
    })
}

/// Opens a file that is no link for reading; `None` if it is not there.
pub(crate) fn open_to_read(path: &Path) -> Result<Option<File>, Error> {
    open_if_there("read", path, OpenOptions::new().read(true))
}

/// Opens a file that is no link; `None` if it is not there.
pub(crate) fn open_if_there(
    action: &'static str,
    path: &Path,
    options: &mut OpenOptions,
) -> Result<Option<File>, Error> {
    match open(action, path, options) {
        Ok(file) => Ok(Some(file)),
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Refuses what is a link.
pub(crate) fn refuse(path: &Path) -> Result<(), Error> {
    match path.symlink_metadata() {
        Ok(status) if status.is_symlink() => Err(Error::Link { path: path.to_owned() }),
        // Whatever else may be wrong shows when it is used.
        _ => Ok(()),
    }
}

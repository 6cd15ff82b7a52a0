//! Removes the folders of runs that were killed and could not remove them.
//!
//! A run holds a lock on its folder, which ends with it, however it ends.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use crate::execution_id::ExecutionId;

const ENDING: &str = ".api";
const LOCK: &str = "lock";

/// One without a lock that is younger may belong to a run that is just starting.
const OLD: Duration = Duration::from_mins(10);

/// One run removes no more than this, to keep its own time.
const SWEPT: usize = 64;

/// What the folder of a run is called.
pub(super) fn name(id: &ExecutionId) -> OsString {
    format!("{}{ENDING}", id.as_str()).into()
}

/// The file in a folder that is locked as long as its run lasts.
pub(super) fn lock_of(folder: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(folder.join(LOCK))
}

/// Removes what is left in `place`. `now` is the time of day.
pub(super) fn sweep(place: &Path, now: Duration) {
    let Ok(entries) = fs::read_dir(place) else { return };
    let folders = entries.flatten().filter(|entry| {
        let name = entry.file_name();
        name.as_bytes().strip_suffix(ENDING.as_bytes()).is_some_and(ExecutionId::names)
            && entry.file_type().is_ok_and(|kind| kind.is_dir())
    });
    for folder in folders.map(|entry| entry.path()).filter(|folder| is_left(folder, now)).take(SWEPT) {
        let _ = fs::remove_dir_all(folder);
    }
}

fn is_left(folder: &Path, now: Duration) -> bool {
    match File::open(folder.join(LOCK)) {
        Ok(lock) => flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok(),
        Err(_) => fs::symlink_metadata(folder).is_ok_and(|status| {
            let changed = Duration::from_secs(u64::try_from(status.mtime()).unwrap_or(0));
            now.saturating_sub(changed) > OLD
        }),
    }
}

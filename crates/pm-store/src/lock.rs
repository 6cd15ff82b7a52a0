//! Waiting for a lock, but not for ever: whoever holds it may be stuck, or be no friend.

use std::fs::File;
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::Error;

/// The pauses between two attempts grow up to this.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Takes a lock on the open file at `path`, by an operation that does not block, within `patience`.
///
/// # Errors
///
/// [`Error::Io`] if somebody else holds it all the time.
pub(crate) fn lock(
    file: &File,
    path: &Path,
    operation: FlockOperation,
    patience: Duration,
) -> Result<(), Error> {
    let (mut left, mut pause) = (patience, Duration::from_millis(1));
    loop {
        match flock(file, operation) {
            Ok(()) => return Ok(()),
            Err(Errno::INTR) => continue,
            Err(Errno::WOULDBLOCK) if left.is_zero() => {
                let held = io::Error::new(io::ErrorKind::WouldBlock, "another process holds it");
                return Err(Error::io("lock", path)(held));
            }
            Err(Errno::WOULDBLOCK) => {}
            Err(error) => return Err(Error::io("lock", path)(error.into())),
        }
        pause = pause.min(left);
        sleep(pause);
        left -= pause;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

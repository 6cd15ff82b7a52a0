//! The user's own folder for what lasts as long as a run: its FIFO, and the sockets of its relay.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use pm_cli::Environment;
use rustix::fs::{CWD, Mode, OFlags, fstat, mkdirat, openat};
use rustix::io::Errno;

/// Where it may be: in the user's run-time folder, or else in a folder of his own where temporary files are; one
/// in memory is the quicker.
pub(crate) fn places(environment: &Environment) -> impl Iterator<Item = PathBuf> {
    let private = format!("github-pm-{}", rustix::process::geteuid().as_raw());
    let runtime = environment.absolute("XDG_RUNTIME_DIR").map(|folder| folder.join("github-pm"));
    let temporary = [Some(Path::new("/dev/shm")), environment.absolute("TMPDIR"), Some(Path::new("/tmp"))];
    let temporary = temporary.map(|folder| folder.map(|folder| folder.join(&private)));
    runtime.into_iter().chain(temporary.into_iter().flatten())
}

/// Opens a folder that belongs to nobody else, made if need be. `/tmp` is everybody's: whoever can write into
/// the folder could put something else in the place of what lies there.
pub(crate) fn open_private(path: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = || openat(CWD, path, flags, Mode::empty());
    let folder = match open() {
        Err(Errno::NOENT) => {
            match mkdirat(CWD, path, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
            open()?
        }
        other => other?,
    };
    let status = fstat(&folder)?;
    let shared = Mode::from_raw_mode(status.st_mode).intersects(Mode::WGRP | Mode::WOTH);
    if shared || status.st_uid != rustix::process::geteuid().as_raw() {
        Err(Errno::ACCESS)
    } else {
        Ok(folder)
    }
}

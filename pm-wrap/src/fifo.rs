//! The FIFO that marks come in by: made before the command, and removed after it.
//!
//! It is held open for reading and writing, so that a writer never waits for a reader and never loses one,
//! and its end is never reported between two writers. Whoever is killed leaves his behind; the next run
//! removes what is old and has no reader.

use std::ffi::{CStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::stat::Mode as SysMode;
use nix::unistd::mkfifo;
use pm_cli::Environment;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, RawMode, fstat, openat, statat, unlinkat};
use rustix::io::Errno;

use crate::execution_id::ExecutionId;
use crate::runtime;

/// The variable that tells a command where its marks go.
pub(crate) const VARIABLE: &str = "PM_MARKS";

/// Where marks go when there is no FIFO: a command that makes them finds a file in any case.
const NOWHERE: &str = "/dev/null";

/// A FIFO that is younger may be one whose owner is just starting.
const OLD: Duration = Duration::from_mins(10);

/// One run removes no more than this, to keep its own time.
const SWEPT: usize = 64;

/// The FIFO of one run.
#[derive(Debug)]
pub(crate) struct Fifo {
    folder: OwnedFd,
    name: String,
    path: PathBuf,
    descriptor: OwnedFd,
}

impl Fifo {
    /// Makes the FIFO in the first folder that will have it. Where none can be had there is none.
    pub(crate) fn make(environment: &Environment, id: &ExecutionId) -> Option<Self> {
        runtime::places(environment).find_map(|folder| Self::make_in(&folder, id.as_str()).ok())
    }

    fn make_in(path: &Path, name: &str) -> rustix::io::Result<Self> {
        let folder = runtime::open_private(path)?;
        let made = mkfifo(&path.join(name), SysMode::S_IRUSR | SysMode::S_IWUSR);
        made.map_err(|error| Errno::from_raw_os_error(error as i32))?;
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // An umask may have taken even our own rights to it.
        let descriptor = openat(&folder, name, flags, Mode::empty()).inspect_err(|_| {
            let _ = unlinkat(&folder, name, AtFlags::empty());
        })?;
        Ok(Self { folder, name: name.to_owned(), path: path.join(name), descriptor })
    }

    /// The value of [`VARIABLE`] for the command.
    pub(crate) fn variable(fifo: Option<&Self>) -> OsString {
        fifo.map_or_else(|| NOWHERE.into(), |fifo| fifo.path.clone().into())
    }

    /// Reads one piece of what was written, if there is any.
    pub(crate) fn read<'a>(&self, piece: &'a mut [u8]) -> Option<&'a [u8]> {
        match rustix::io::read(&self.descriptor, &mut *piece) {
            Ok(count @ 1..) => Some(&piece[..count]),
            _ => None,
        }
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// Removes what earlier runs had to leave behind. `now` is the time of day.
    pub(crate) fn sweep(&self, now: Duration) {
        let Ok(entries) = Dir::read_from(&self.folder) else { return };
        let names = entries.flatten().filter(|entry| ExecutionId::names(entry.file_name().to_bytes()));
        for entry in names.filter(|entry| self.is_left(entry.file_name(), now)).take(SWEPT) {
            let _ = unlinkat(&self.folder, entry.file_name(), AtFlags::empty());
        }
    }

    /// Whether what has this name is old and read by nobody.
    fn is_left(&self, name: &CStr, now: Duration) -> bool {
        let Ok(status) = statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW) else { return false };
        let changed = Duration::from_secs(u64::try_from(status.st_mtime).unwrap_or(0));
        if now.saturating_sub(changed) <= OLD {
            return false;
        }
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match FileType::from_raw_mode(status.st_mode) {
            FileType::Fifo => {
                openat(&self.folder, name, flags, Mode::empty()).is_err_and(|error| error == Errno::NXIO)
            }
            // Some command has made it that outlived its run and went on to make marks.
            FileType::RegularFile => true,
            _ => false,
        }
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        // Whoever still holds it open goes on writing to nobody; a name that is left is swept later.
        let _ = unlinkat(&self.folder, &self.name, AtFlags::empty());
    }
}

fn is_fifo(mode: RawMode) -> bool {
    FileType::from_raw_mode(mode) == FileType::Fifo
}

/// Writes a line to the FIFO that the environment names. Outside of a run, and when nobody reads, this does
/// nothing: a script that marks its phases must work without us.
pub(crate) fn write(environment: &Environment, line: &[u8]) {
    let Some(path) = environment.get(VARIABLE) else { return };
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let Ok(fifo) = openat(CWD, path, flags, Mode::empty()) else { return };
    if fstat(&fifo).is_ok_and(|status| is_fifo(status.st_mode)) {
        let _ = rustix::io::write(&fifo, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "exec_0123456789ab";

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_fifo_takes_what_is_written_and_is_gone_afterwards() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("github-pm");
        let fifo = Fifo::make_in(&folder, ID).expect("a FIFO");
        assert_eq!(fifo.read(&mut [0; 8]), None);
        let environment = Environment::new([(VARIABLE, Fifo::variable(Some(&fifo)))], "/");
        write(&environment, b"fetch\n");
        assert_eq!(fifo.read(&mut [0; 8]), Some(&b"fetch\n"[..]));
        drop(fifo);
        assert_eq!(names(&folder), [""; 0]);
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_not_trusted() {
        let place = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(place.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777))
            .expect("permissions");
        assert_eq!(Fifo::make_in(place.path(), ID).expect_err("refused"), Errno::ACCESS);
        let link = place.path().join("link");
        std::os::unix::fs::symlink("/", &link).expect("a link");
        assert!(Fifo::make_in(&link, ID).is_err());
    }

    #[test]
    fn what_was_left_behind_is_swept_and_what_lives_is_not() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("github-pm");
        let [mine, living, dead, late] =
            ["a", "b", "c", "d"].map(|digit| format!("exec_{}", digit.repeat(12)));
        let [mine, _living, dead] =
            [mine, living, dead].map(|name| Fifo::make_in(&folder, &name).expect("a FIFO"));
        for file in [late.as_str(), "state.json"] {
            std::fs::write(folder.join(file), "x\n").expect("a file");
        }
        let _socket = std::os::unix::net::UnixListener::bind(folder.join("relay.sock")).expect("a socket");
        std::mem::forget(keep_name_only(dead));
        let now = Duration::from_secs(u64::MAX / 2);
        mine.sweep(Duration::ZERO);
        assert_eq!(names(&folder).len(), 6);
        mine.sweep(now);
        let left = ["exec_aaaaaaaaaaaa", "exec_bbbbbbbbbbbb", "relay.sock", "state.json"];
        assert_eq!(names(&folder), left);
    }

    /// As a process leaves it that is killed: the descriptor is closed, and the name stays.
    fn keep_name_only(fifo: Fifo) -> impl Sized {
        let closed = openat(CWD, "/dev/null", OFlags::RDONLY, Mode::empty()).expect("a descriptor");
        let mut fifo = fifo;
        fifo.descriptor = closed;
        fifo
    }

    #[test]
    fn a_mark_outside_of_a_run_is_nothing() {
        write(&Environment::new([("", ""); 0], "/"), b"x\n");
        write(&Environment::new([(VARIABLE, "/no/such/file")], "/"), b"x\n");
        let file = tempfile::NamedTempFile::new().expect("a file");
        write(&Environment::new([(VARIABLE, file.path())], "/"), b"x\n");
        assert_eq!(std::fs::read(file.path()).expect("the file"), b"");
    }
}

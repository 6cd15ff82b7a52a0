//! One line at the end of a file that others write to as well.
//!
//! It is one `write` at the end of the file, which local file systems do in one step. A shared lock keeps
//! compaction, which replaces whole files, away from the few microseconds in which a writer holds one
//! open; writers do not wait for each other.
//!
//! A path that the user typed is followed wherever it leads, to a pipe or a device too. A path below a
//! store is not: see [`crate::links`].

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, OFlags};
use rustix::io::Errno;

use crate::lock::lock;
use crate::{Error, Store, links};

/// How long to wait for a lock, or for the reader of a full pipe.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often, and how far apart, to look whether a line stays torn.
const LOOKS: usize = 5;
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

/// How often a writer meets a file that was replaced between its opening and its locking.
const ATTEMPTS: usize = 100;

/// Appends `line` to the file at `path`, which is made with `mode`, less the umask, if need be.
///
/// If a torn line stands at the end, a new line is begun first. A pipe or a device is written to as it is.
///
/// # Errors
///
/// [`Error::Io`] if the line could not be written whole, and also if somebody keeps the file locked or
/// nobody reads the pipe.
pub fn append_line(path: &Path, line: &[u8], mode: u32) -> Result<(), Error> {
    match path.metadata() {
        Ok(status) if !status.is_file() => hand_over(path, line, status.file_type().is_fifo()),
        _ => append(path, line, || appending(mode).create(true).open(path).map_err(Error::io("open", path))),
    }
}

/// Appends `line` to the file `name` in the folder of a store, which is made where it is not there. Whether
/// it was this writer who made the file.
pub(crate) fn append_in_store(
    store: &Store,
    folder: &'static str,
    name: &str,
    line: &[u8],
) -> Result<bool, Error> {
    let mut made = false;
    links::refuse(&store.root().join(folder))?;
    let path = store.root().join(folder).join(name);
    append(&path, line, || open_or_make(store, folder, &path, &mut made))?;
    Ok(made)
}

/// Opens the file as it is, which is nearly always there, and makes it and its folder only where it is not.
fn open_or_make(store: &Store, folder: &'static str, path: &Path, made: &mut bool) -> Result<File, Error> {
    if let Some(file) = links::open_if_there("open", path, &mut appending(0o600))? {
        return Ok(file);
    }
    store.make(folder)?;
    match links::open("open", path, appending(0o600).create_new(true)) {
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {
            links::open("open", path, appending(0o600).create(true))
        }
        file => file.inspect(|_| *made = true),
    }
}

fn appending(mode: u32) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).mode(mode);
    options
}

fn append(path: &Path, line: &[u8], mut open: impl FnMut() -> Result<File, Error>) -> Result<(), Error> {
    for _ in 0..ATTEMPTS {
        let file = open()?;
        lock(&file, path, FlockOperation::NonBlockingLockShared, PATIENCE)?;
        if !is_still_at(&file, path) {
            continue;
        }
        let torn = ends_torn(&file).map_err(Error::io("read", path))?;
        let whole = if torn { [b"\n", line].concat() } else { line.to_vec() };
        return write_at_once(file, &whole).map_err(Error::io("append to", path));
    }
    Err(Error::io("append to", path)(io::Error::other("the file is replaced again and again")))
}

/// Writes to what is no regular file: nothing there is torn or replaced, but it may have no reader.
fn hand_over(path: &Path, line: &[u8], is_pipe: bool) -> Result<(), Error> {
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().write(true).custom_flags(nonblocking).open(path).map_err(|error| {
        let nobody_reads = is_pipe && Errno::from_io_error(&error) == Some(Errno::NXIO);
        Error::io("open", path)(if nobody_reads { io::Error::other("nobody reads it") } else { error })
    })?;
    let mut end = [PollFd::new(&file, PollFlags::OUT)];
    // When the wait itself fails, so will the write, and know better why.
    if let Ok(0) = poll(&mut end, Timespec::try_from(PATIENCE).ok().as_ref()) {
        return Err(Error::io("append to", path)(io::Error::other("it is full and its reader waits")));
    }
    write_at_once(file, line).map_err(Error::io("append to", path))
}

fn write_at_once(mut file: File, bytes: &[u8]) -> io::Result<()> {
    if file.write(bytes)? < bytes.len() {
        return Err(io::Error::new(io::ErrorKind::StorageFull, "the record was cut off"));
    }
    Ok(())
}

/// Whether the file was not replaced between its opening and its locking.
fn is_still_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), path.metadata()) {
        (Ok(mine), Ok(there)) => mine.ino() == there.ino() && mine.dev() == there.dev(),
        _ => false,
    }
}

/// Whether the last line was cut off. A writer that is at work looks like one that was cut off, for a moment:
/// the file grows page by page. So only a line that stays cut off for a few looks is torn.
fn ends_torn(file: &File) -> io::Result<bool> {
    for _ in 0..LOOKS {
        let Some(last) = file.metadata()?.len().checked_sub(1) else { return Ok(false) };
        let mut byte = [0];
        if file.read_at(&mut byte, last)? == 0 || byte[0] == b'\n' {
            return Ok(false);
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, FileType, Mode, flock, mknodat};

    use super::*;

    #[track_caller]
    fn check_refused(path: &Path, message: &str, cause: &str) {
        let error = append_line(path, b"x\n", 0o600).expect_err("no line");
        let source = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!((error.to_string(), source.as_deref()), (message.to_owned(), Some(cause)));
    }

    fn pipe(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("pipe");
        mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
        path
    }

    #[test]
    fn a_torn_last_line_costs_only_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.ndjson");
        fs::write(&path, "whole\nto").expect("written");
        append_line(&path, b"next\n", 0o600).expect("appended");
        assert_eq!(fs::read_to_string(&path).expect("text"), "whole\nto\nnext\n");
    }

    #[test]
    fn a_full_disk_is_an_error_that_names_the_file() {
        check_refused(
            Path::new("/dev/full"),
            "cannot append to '/dev/full'",
            "No space left on device (os error 28)",
        );
    }

    #[test]
    fn a_device_takes_the_line() {
        append_line(Path::new("/dev/null"), b"x\n", 0o600).expect("taken");
    }

    #[test]
    fn a_path_that_the_user_typed_may_be_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let (there, link) = (folder.path().join("there"), folder.path().join("link"));
        symlink(&there, &link).expect("a link");
        append_line(&link, b"x\n", 0o600).expect("appended");
        assert_eq!(fs::read_to_string(&there).expect("text"), "x\n");
    }

    #[test]
    fn a_lock_that_is_kept_is_an_error_and_not_a_wait_without_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.ndjson");
        let holder = File::create(&path).expect("a file");
        flock(&holder, FlockOperation::LockExclusive).expect("the lock");
        check_refused(&path, &format!("cannot lock '{}'", path.display()), "another process holds it");
    }

    #[test]
    fn a_lock_that_is_given_back_soon_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.ndjson");
        let holder = File::create(&path).expect("a file");
        flock(&holder, FlockOperation::LockExclusive).expect("the lock");
        let giving_back = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            drop(holder);
        });
        append_line(&path, b"x\n", 0o600).expect("appended");
        giving_back.join().expect("no panic");
    }

    #[test]
    fn a_pipe_without_a_reader_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = pipe(folder.path());
        check_refused(&path, &format!("cannot open '{}'", path.display()), "nobody reads it");
    }

    #[test]
    fn a_pipe_whose_reader_sleeps_is_an_error_and_one_that_is_read_takes_the_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = pipe(folder.path());
        let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
        let mut reader =
            OpenOptions::new().read(true).custom_flags(nonblocking).open(&path).expect("a reader");
        append_line(&path, b"first\n", 0o600).expect("taken");
        let mut bytes = [0; 16];
        let length = reader.read(&mut bytes).expect("a line");
        assert_eq!(&bytes[..length], b"first\n");

        let mut other =
            OpenOptions::new().write(true).custom_flags(nonblocking).open(&path).expect("a writer");
        while other.write(&[b'x'; 4096]).is_ok() {}
        check_refused(
            &path,
            &format!("cannot append to '{}'", path.display()),
            "it is full and its reader waits",
        );
    }
}

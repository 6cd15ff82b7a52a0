//! One file of records a UTC day, appended to by any number of processes at once.
//!
//! A record goes to the day on which it is appended, by one `write` at the end of the file, which local
//! file systems do in one step. A shared lock keeps compaction, which replaces whole files, away from
//! the few microseconds in which a writer holds one open; writers do not wait for each other.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use pm_record::Timestamp;
use rustix::fs::FlockOperation;

use crate::{Error, Store};

const RECORDS: &str = "records";

/// How often a writer meets a file that was replaced between its opening and its locking.
const ATTEMPTS: usize = 100;

impl Store {
    /// Appends one record, given as a line with its newline, to the file of the day of `now`.
    ///
    /// If a crash or a full disk left a torn line at the end, a new line is begun first, so that only the
    /// torn record is lost.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the record could not be written whole.
    pub fn append(&self, line: &[u8], now: Timestamp) -> Result<(), Error> {
        let folder = self.make(RECORDS)?;
        append_line(&folder.join(format!("{}.ndjson", now.day())), line, 0o600)
    }

    /// Appends one record, given as a line with its newline, to a tool's own log, `state/<name>.ndjson`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the record could not be written whole.
    pub fn append_to_log(&self, name: &str, line: &[u8]) -> Result<(), Error> {
        append_line(&self.make("state")?.join(format!("{name}.ndjson")), line, 0o600)
    }

    /// The files that can hold records made since `since`, the oldest day first.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the folder cannot be listed; a store that does not exist yet has no files.
    pub fn record_files(&self, since: Option<Timestamp>) -> Result<Vec<PathBuf>, Error> {
        let folder = self.root().join(RECORDS);
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("list", folder)(error)),
        };
        // A record is appended when it ends, so it never stands in a file older than its own day.
        let first = since.map(Timestamp::day);
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(Error::io("list", &folder))?.path();
            if day_of(&path).is_some_and(|day| first.as_deref().is_none_or(|first| day >= first)) {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}

/// The day of a record file, `2024-12-06`, plain or compressed; `None` for any other file.
fn day_of(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    let (day, ending) = name.split_once('.')?;
    let is_day = day.len() == 10 && day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    (is_day && matches!(ending, "ndjson" | "ndjson.zst" | "ndjson.gz")).then_some(day)
}

/// Appends `line` to the file at `path`, which is made with `mode`, less the umask, if need be.
///
/// If a torn line stands at the end, a new line is begun first.
///
/// # Errors
///
/// [`Error::Io`] if the line could not be written whole.
pub fn append_line(path: &Path, line: &[u8], mode: u32) -> Result<(), Error> {
    for _ in 0..ATTEMPTS {
        let mut file = open(path, mode).map_err(Error::io("open", path))?;
        rustix::fs::flock(&file, FlockOperation::LockShared)
            .map_err(|error| Error::io("lock", path)(error.into()))?;
        if !is_still_at(&file, path) {
            continue;
        }
        let torn = ends_torn(&file).map_err(Error::io("read", path))?;
        let whole = if torn { [b"\n", line].concat() } else { line.to_vec() };
        let written = file.write(&whole).map_err(Error::io("append to", path))?;
        if written < whole.len() {
            let short = io::Error::new(io::ErrorKind::StorageFull, "the record was cut off");
            return Err(Error::io("append to", path)(short));
        }
        return Ok(());
    }
    Err(Error::io("append to", path)(io::Error::other("the file is replaced again and again")))
}

fn open(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new().read(true).append(true).create(true).mode(mode).open(path)
}

/// Whether the file was not replaced between its opening and its locking.
fn is_still_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(mine), Ok(there)) => mine.ino() == there.ino() && mine.dev() == there.dev(),
        _ => false,
    }
}

fn ends_torn(file: &File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    // A device such as /dev/full has no length and nothing to be torn.
    let Some(last) = length.checked_sub(1) else { return Ok(false) };
    let mut byte = [0];
    Ok(file.read_at(&mut byte, last)? == 1 && byte[0] != b'\n')
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a valid time")
    }

    #[test]
    fn records_go_to_the_day_of_their_append_and_are_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::at(folder.path().join("s"));
        store.append(b"1\n", time("2024-12-06T23:59:59.999Z")).expect("written");
        store.append(b"2\n", time("2024-12-07T00:00:00Z")).expect("written");
        store.append(b"3\n", time("2024-12-07T00:00:00Z")).expect("written");
        let files = store.record_files(None).expect("files");
        let texts: Vec<_> = files.iter().map(|file| fs::read_to_string(file).expect("text")).collect();
        assert_eq!(texts, ["1\n", "2\n3\n"]);
        assert_eq!(fs::metadata(&files[0]).expect("a file").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(store.root()).expect("a folder").permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn only_record_files_since_the_day_are_listed() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::at(folder.path());
        let records = store.make(RECORDS).expect("a folder");
        for name in [
            "2024-12-05.ndjson.zst",
            "2024-12-06.ndjson",
            "2024-12-07.ndjson.gz",
            "notes.txt",
            "2024-12-06.ndjson~",
        ] {
            fs::write(records.join(name), "").expect("written");
        }
        let since = store.record_files(Some(time("2024-12-06T18:00:00Z"))).expect("files");
        let names: Vec<_> = since.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert_eq!(names, ["2024-12-06.ndjson", "2024-12-07.ndjson.gz"]);
        assert!(Store::at("/nonexistent").record_files(None).expect("no files").is_empty());
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
        let error = append_line(Path::new("/dev/full"), b"x\n", 0o600).expect_err("a full disk");
        assert_eq!(error.to_string(), "cannot append to '/dev/full'");
    }
}

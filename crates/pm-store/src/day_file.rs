//! One file of records a UTC day, appended to by any number of processes at once.
//!
//! A record goes to the day on which it is appended.

use std::io;
use std::path::{Path, PathBuf};

use pm_record::Timestamp;

use crate::append::append_in_store;
use crate::{Error, Store, links};

const RECORDS: &str = "records";

impl Store {
    /// Appends one record, given as a line with its newline, to the file of the day of `now`.
    ///
    /// If a crash or a full disk left a torn line at the end, a new line is begun first, so that only the
    /// torn record is lost.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the record could not be written whole, [`Error::Link`] if that would follow a link.
    pub fn append(&self, line: &[u8], now: Timestamp) -> Result<(), Error> {
        let folder = self.make(RECORDS)?;
        append_in_store(&folder.join(format!("{}.ndjson", now.day())), line)
    }

    /// Appends one record, given as a line with its newline, to a tool's own log, `state/<name>.ndjson`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the record could not be written whole, [`Error::Link`] if that would follow a link.
    pub fn append_to_log(&self, name: &str, line: &[u8]) -> Result<(), Error> {
        append_in_store(&self.make("state")?.join(format!("{name}.ndjson")), line)
    }

    /// The files that can hold records made since `since`, the oldest day first.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if the user named a store that is not there, while the user's own need not be there
    /// yet; [`Error::Link`] if a link would be followed; [`Error::Io`] if the folder cannot be listed.
    pub fn record_files(&self, since: Option<Timestamp>) -> Result<Vec<PathBuf>, Error> {
        let folder = self.root().join(RECORDS);
        links::refuse(&folder)?;
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let missing = !self.is_personal() && !self.exists();
                return if missing {
                    Err(Error::Missing { path: self.root().to_owned() })
                } else {
                    Ok(Vec::new())
                };
            }
            Err(error) => return Err(Error::io("list", folder)(error)),
        };
        // A record is appended when it ends, so it never stands in a file older than its own day.
        let first = since.map(Timestamp::day);
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(Error::io("list", &folder))?.path();
            if day_of(&path).is_some_and(|day| first.as_deref().is_none_or(|first| day >= first)) {
                links::refuse(&path)?;
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

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
    }

    #[test]
    fn a_store_that_was_named_must_be_there_and_the_user_s_own_need_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let named = Store::at(folder.path().join("tpyo"));
        let error = named.record_files(None).expect_err("no store");
        assert_eq!(error.to_string(), format!("there is no store at '{}'", named.root().display()));
        assert_eq!(error.hint(), Some(format!("see what there is with `ls {}`", folder.path().display())));
        assert!(!error.is_configuration());
        assert!(Store::at(folder.path()).record_files(None).expect("no records yet").is_empty());

        let state = |name: &str| (name == "XDG_STATE_HOME").then(|| folder.path().to_owned());
        let own = Store::personal(state).expect("a place");
        let named = Store::meant(Some(own.root()), Path::new("/"), state).expect("the same place");
        for store in [own, named] {
            assert!(store.record_files(None).expect("no records yet").is_empty());
        }
    }

    /// A store like one from a stranger's clone, in which `link` leads to `there`; both are names beside it.
    #[track_caller]
    fn check_link(link: &str, there: &str, act: impl Fn(&Store) -> Result<(), Error>) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::at(folder.path().join("store"));
        let (link, there) = (store.root().join(link), folder.path().join(there));
        fs::create_dir_all(link.parent().expect("a folder")).expect("folders");
        symlink(&there, &link).expect("a link");
        let error = act(&store).expect_err("a link");
        assert!(matches!(&error, Error::Link { path } if *path == link), "{error}");
        assert!(error.is_configuration());
        let left: Vec<_> = fs::read_dir(folder.path()).expect("a folder").collect();
        assert_eq!(left.len(), 1, "nothing was made beside the store");
    }

    #[test]
    fn links_are_neither_written_nor_read_through() {
        let now = time("2024-12-06T10:00:00Z");
        check_link("records/2024-12-06.ndjson", "victim", |store| store.append(b"1\n", now));
        check_link("records", "victim", |store| store.append(b"1\n", now));
        check_link("state/alerts.ndjson", "victim", |store| store.append_to_log("alerts", b"1\n"));
        check_link("state", "victim", |store| store.append_to_log("alerts", b"1\n"));
        check_link("records", "victim", |store| store.record_files(None).map(drop));
        check_link("records/2024-12-06.ndjson", "victim", |store| store.record_files(None).map(drop));
        check_link("config.yml", "victim", |store| crate::Settings::of(store).map(drop));
    }
}

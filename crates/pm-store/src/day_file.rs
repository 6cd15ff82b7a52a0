//! One file of records a UTC day, appended to by any number of processes at once.
//!
//! A record goes to the day on which it is appended.

use pm_record::Timestamp;

use crate::append::append_in_store;
use crate::segment::RECORDS;
use crate::{Error, Store};

/// What came of appending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Whether this writer was the first of its day: the one who looks after the days before.
    pub began_the_day: bool,
}

impl Store {
    /// Appends one record, given as a line with its newline, to the file of the day of `now`.
    ///
    /// If a crash or a full disk left a torn line at the end, a new line is begun first, so that only the
    /// torn record is lost.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the record could not be written whole, [`Error::Link`] if that would follow a link.
    pub fn append(&self, line: &[u8], now: Timestamp) -> Result<Appended, Error> {
        let began_the_day = append_in_store(self, RECORDS, &format!("{}.ndjson", now.day()), line)?;
        Ok(Appended { began_the_day })
    }

    /// Appends one record, given as a line with its newline, to a tool's own log, `state/<name>.ndjson`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the record could not be written whole, [`Error::Link`] if that would follow a link.
    pub fn append_to_log(&self, name: &str, line: &[u8]) -> Result<(), Error> {
        append_in_store(self, "state", &format!("{name}.ndjson"), line).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

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

    #[test]
    fn one_writer_alone_begins_a_day() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::at(folder.path().join("s"));
        let now = time("2024-12-06T10:00:00Z");
        let began = || store.append(b"1\n", now).expect("written").began_the_day;
        let together = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..16).map(|_| scope.spawn(began)).collect();
            writers.into_iter().filter_map(|writer| writer.join().ok()).filter(|began| *began).count()
        });
        assert_eq!((together, began()), (1, false));
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
        check_link("records/2024-12-06.ndjson", "victim", |store| store.append(b"1\n", now).map(drop));
        check_link("records", "victim", |store| store.append(b"1\n", now).map(drop));
        check_link("state/alerts.ndjson", "victim", |store| store.append_to_log("alerts", b"1\n"));
        check_link("state", "victim", |store| store.append_to_log("alerts", b"1\n"));
        check_link("records", "victim", |store| store.record_files(None).map(drop));
        check_link("records/2024-12-06.ndjson", "victim", |store| store.record_files(None).map(drop));
        check_link("config.yml", "victim", |store| crate::Settings::of(store).map(drop));
    }
}

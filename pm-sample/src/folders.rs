//! How large the folders of the store are, and how much room is left beside them.
//!
//! A folder is listed again only when something was made, renamed or removed in it. Between two listings only
//! files that are appended to can have grown, and these are few: the plain ones. Figures are up to five seconds
//! old, because asking for them anew costs as much as everything else of a tick.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use pm_store::Store;

/// How old a figure may be.
const PERIOD: Duration = Duration::from_secs(5);

/// Sizes in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Space {
    /// Of the records.
    pub(crate) records: Option<u64>,
    /// Of what can be made from them again.
    pub(crate) cache: Option<u64>,
    /// Free on the file system, for somebody without privileges.
    pub(crate) available: Option<u64>,
}

/// What is looked at.
#[derive(Debug)]
pub(crate) struct Folders {
    root: PathBuf,
    records: Folder,
    caches: Vec<Folder>,
    /// What was seen, and when.
    last: Option<(Duration, Space)>,
}

impl Folders {
    /// Those of a store, which need not be there yet.
    pub(crate) fn of(store: &Store) -> Self {
        let caches = store.cache_folders().map(Folder::at).collect();
        let records = Folder::at(store.records_folder());
        Self { root: store.root().to_owned(), records, caches, last: None }
    }

    /// Looks, at a time of a clock that goes forward.
    pub(crate) fn look(&mut self, now: Duration) -> Space {
        let fresh = self.last.filter(|(at, _)| now.saturating_sub(*at) < PERIOD);
        let (at, space) = fresh.unwrap_or_else(|| (now, self.look_anew()));
        self.last = Some((at, space));
        space
    }

    fn look_anew(&mut self) -> Space {
        let sizes: Vec<u64> = self.caches.iter_mut().filter_map(Folder::size).collect();
        Space {
            records: self.records.size(),
            cache: (!sizes.is_empty()).then(|| sizes.iter().sum()),
            available: available(&self.root),
        }
    }
}

/// The room beside a folder, or beside the one in which it would be made.
fn available(folder: &Path) -> Option<u64> {
    let status = folder.ancestors().find_map(|folder| rustix::fs::statvfs(folder).ok())?;
    Some(status.f_bavail.saturating_mul(status.f_frsize))
}

/// A folder of files.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// When it was changed, as of the listing below.
    changed: Option<SystemTime>,
    /// Whether it was listed a second time since: a change in the moment after a listing can bear the same time.
    settled: bool,
    /// The size of the files that nobody appends to.
    closed_bytes: u64,
    growing: Vec<PathBuf>,
}

impl Folder {
    fn at(path: PathBuf) -> Self {
        Self { path, changed: None, settled: false, closed_bytes: 0, growing: Vec::new() }
    }

    /// The size of its files together; none if it is not there.
    fn size(&mut self) -> Option<u64> {
        let changed = fs::metadata(&self.path).ok()?.modified().ok()?;
        let is_same = self.changed == Some(changed);
        if !is_same || !self.settled {
            self.list().ok()?;
            (self.changed, self.settled) = (Some(changed), is_same);
        }
        let length = |path: &PathBuf| fs::metadata(path).as_ref().map_or(0, Metadata::len);
        Some(self.closed_bytes + self.growing.iter().map(length).sum::<u64>())
    }

    fn list(&mut self) -> std::io::Result<()> {
        (self.closed_bytes, self.growing) = (0, Vec::new());
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let path = entry.path();
            if path.extension().is_some_and(|ending| ending == "ndjson") {
                self.growing.push(path);
            } else {
                self.closed_bytes +=
                    entry.metadata().ok().filter(Metadata::is_file).map_or(0, |file| file.len());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(folders: &mut Folders, records: Option<u64>, cache: Option<u64>) {
        let last = folders.last.map(|(at, _)| at).unwrap_or_default();
        check_at(last + PERIOD, folders, records, cache);
    }

    #[track_caller]
    fn check_at(now: Duration, folders: &mut Folders, records: Option<u64>, cache: Option<u64>) {
        let space = folders.look(now);
        assert_eq!((space.records, space.cache), (records, cache));
        assert!(space.available.is_some_and(|bytes| bytes > 0));
    }

    #[test]
    fn files_that_come_go_and_grow_are_counted() {
        let place = tempfile::tempdir().expect("a folder");
        let root = place.path().join("store");
        let mut folders = Folders::of(&Store::at(&root));
        check(&mut folders, None, None);
        for folder in ["records", "rollups/day", "rollups/hour"] {
            fs::create_dir_all(root.join(folder)).expect("folders");
        }
        fs::write(root.join("records/2024-12-06.ndjson"), "12345").expect("written");
        fs::write(root.join("records/2024-12-05.ndjson.zst"), "123").expect("written");
        fs::write(root.join("rollups/day/a.zst"), "1234").expect("written");
        fs::write(root.join("rollups/hour/b.zst"), "1").expect("written");
        check(&mut folders, Some(8), Some(5));
        check(&mut folders, Some(8), Some(5));
        fs::write(root.join("records/2024-12-06.ndjson"), "123456789").expect("written");
        let (last, _) = folders.last.expect("sizes");
        check_at(last + PERIOD / 2, &mut folders, Some(8), Some(5));
        check(&mut folders, Some(12), Some(5));
        fs::write(root.join("records/2024-12-07.ndjson"), "1").expect("written");
        fs::remove_file(root.join("records/2024-12-05.ndjson.zst")).expect("removed");
        // All of this may have happened in one tick of the file system's clock.
        let later = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
        fs::File::open(root.join("records")).and_then(|folder| folder.set_modified(later)).expect("a time");
        check(&mut folders, Some(10), Some(5));
    }
}

//! A tree: the closed days that hosts have shipped, as `host=a/date=2026-11-20/*.ndjson.zst`.
//!
//! The names are those of Hive's partitions, by which Spark and other engines leave out what a question is not
//! about. To a reader a tree is a store that has only closed days and no rollups: each of its files is a segment of
//! its own, numbered on from whatever else is there of its day, so that every tool that reads a store reads a tree too. The
//! cost is that all of the records are read.
//!
//! Names that begin with a dot or an underscore are passed over, as those engines do: what is not finished has one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::day::Day;
use crate::segment::{RecordFile, Segment, Stage};
use crate::{Error, Store, links};

/// What the folder of a host begins with, and that of a day in it.
pub(crate) const HOST: &str = "host=";
pub(crate) const DATE: &str = "date=";

/// How the files of records end.
const ENDINGS: [&str; 3] = [".ndjson.zst", ".ndjson.gz", ".ndjson"];

impl Store {
    /// Adds the files of a tree to the others, none of which has a segment that is taken.
    pub(crate) fn add_tree(&self, files: &mut Vec<RecordFile>) -> Result<(), Error> {
        let shipped = self.shipped()?;
        if shipped.is_empty() {
            return Ok(());
        }
        let mut last = BTreeMap::<Day, u32>::new();
        let taken = files.iter().map(|file| file.segment).chain(self.rolled_up_segments()?);
        for segment in taken {
            let number = last.entry(segment.day).or_default();
            *number = segment.number.max(*number);
        }
        for (day, path) in shipped {
            let number = last.entry(day).or_default();
            *number += 1;
            let segment = Segment { day, number: *number };
            files.push(RecordFile { segment, stage: Stage::Foreign, path, identity: (0, None) });
        }
        files.sort();
        Ok(())
    }

    /// The files of records below `host=…/date=…`, by day, host and name.
    fn shipped(&self) -> Result<Vec<(Day, PathBuf)>, Error> {
        let mut files = Vec::new();
        for host in self.folders("", HOST)? {
            for (day, folder) in self.shipped_days(&host)? {
                files.extend(self.shipped_files(&folder)?.into_iter().map(|path| (day, path)));
            }
        }
        files.sort();
        Ok(files)
    }

    /// The folders of the days in that of a host, named from the tree on.
    pub(crate) fn shipped_days(&self, host: &str) -> Result<Vec<(Day, String)>, Error> {
        let day = |folder: &str| folder.rsplit_once(DATE).and_then(|(_, day)| Day::parse(day));
        let folders = self.folders(host, DATE)?.into_iter();
        Ok(folders.filter_map(|folder| Some((day(&folder)?, folder))).collect())
    }

    /// The files of records in the folder of a day.
    pub(crate) fn shipped_files(&self, folder: &str) -> Result<Vec<PathBuf>, Error> {
        let mut files = Vec::new();
        for entry in self.entries(folder)? {
            if entry.file_name().to_str().is_some_and(is_name_of_records) {
                links::refuse(&entry.path())?;
                files.push(entry.path());
            }
        }
        Ok(files)
    }

    /// The folders in a folder of the store whose names begin like this, named from the store on.
    fn folders(&self, of: &str, start: &str) -> Result<Vec<String>, Error> {
        let names = self.entries(of)?.into_iter().filter_map(|entry| entry.file_name().into_string().ok());
        let names = names.filter(|name| name.starts_with(start));
        let names = names.map(|name| if of.is_empty() { name } else { format!("{of}/{name}") });
        Ok(names.filter(|name| self.root().join(name).is_dir()).collect())
    }
}

fn is_name_of_records(name: &str) -> bool {
    !name.starts_with(['.', '_']) && ENDINGS.iter().any(|ending| name.ends_with(ending))
}

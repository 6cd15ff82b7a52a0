//! The files that hold records, and the stages of their lives.
//!
//! A *segment* is one run of records of one day. It begins as `2024-12-06.ndjson`, to which anybody appends;
//! closing renames it to `2024-12-06.ndjson.closing`, to which nobody does; and once its compressed copy
//! stands at `2024-12-06.ndjson.zst` it is gone. It advances in this order only, so that whoever finds a
//! file gone looks for the next stage, and a later stage that is there wins over an earlier one.
//!
//! A writer whose clock is slow may begin a day again that was closed; what it begins becomes the segment
//! `2024-12-06.2`, and so on. A file `2024-12-06.ndjson.gz` was compressed by hand; it is read, and left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::SystemTime;

use pm_record::Timestamp;

use crate::day::Day;
use crate::{Error, Store, links};

pub(crate) const RECORDS: &str = "records";

/// How often a folder is listed while compaction renames files in it.
const LISTINGS: usize = 100;

/// Which segment: its day, and how often the day was begun anew. Displays `2024-12-06`, `2024-12-06.2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Segment {
    pub(crate) day: Day,
    /// From 1.
    pub(crate) number: u32,
}

/// How far a segment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Anybody may append.
    Open,
    /// Nobody appends any more.
    Closing,
    /// Compressed.
    Closed,
    /// Compressed by hand, or shipped by a host.
    Foreign,
}

/// A file of records.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RecordFile {
    pub(crate) segment: Segment,
    pub(crate) stage: Stage,
    pub(crate) path: PathBuf,
    pub(crate) identity: Identity,
}

impl Segment {
    /// Reads `2024-12-06` and `2024-12-06.2`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.split_once('.') {
            None => Some(Self { day: Day::parse(text)?, number: 1 }),
            Some((day, number)) => {
                let segment = Self { day: Day::parse(day)?, number: number.parse().ok()? };
                (segment.number > 1 && segment.to_string() == text).then_some(segment)
            }
        }
    }

    /// The name of its file in a stage.
    pub(crate) fn file_name(self, stage: Stage) -> String {
        match stage {
            Stage::Open => format!("{}.ndjson", self.day),
            Stage::Closing => format!("{self}.ndjson.closing"),
            Stage::Closed => format!("{self}.ndjson.zst"),
            Stage::Foreign => format!("{self}.ndjson.gz"),
        }
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            1 => write!(f, "{}", self.day),
            number => write!(f, "{}.{number}", self.day),
        }
    }
}

/// The segment and stage that a name stands for; `None` for any other file. An open one has no number yet.
fn read_name(name: &str) -> Option<(Segment, Stage)> {
    let (segment, ending) = name.split_once(".ndjson")?;
    let segment = Segment::parse(segment)?;
    let stage = match ending {
        "" if segment.number == 1 => Stage::Open,
        ".closing" => Stage::Closing,
        ".zst" => Stage::Closed,
        ".gz" => Stage::Foreign,
        _ => return None,
    };
    Some((segment, stage))
}

/// What tells a file from the next one of its name: its inode, and when that was made, where the file system knows,
/// because the inode of a file that was removed is soon that of another.
pub(crate) type Identity = (u64, Option<SystemTime>);

pub(crate) fn identity(status: &Metadata) -> Identity {
    (status.ino(), status.created().ok())
}

impl Store {
    /// Every file of records, the oldest segment first, also those of a tree; one file a segment, that of its latest
    /// stage.
    pub(crate) fn record_file_list(&self) -> Result<Vec<RecordFile>, Error> {
        let (files, taken) = self.stable_listing()?;
        let mut files = one_a_segment(files, &taken);
        self.add_tree(&mut files)?;
        Ok(files)
    }

    /// The files as they stood at one moment: a file that is renamed while its folder is listed may be missed
    /// under both names, so only two listings that agree are believed.
    fn stable_listing(&self) -> Result<(Vec<RecordFile>, BTreeSet<Segment>), Error> {
        let mut before = self.listing()?;
        for _ in 0..LISTINGS {
            let now = self.listing()?;
            if now == before {
                let taken = self.rolled_up_segments()?;
                return Ok((now, taken));
            }
            before = now;
        }
        let busy = io::Error::other("its files are renamed again and again");
        Err(Error::io("list", self.root().join(RECORDS))(busy))
    }

    fn listing(&self) -> Result<Vec<RecordFile>, Error> {
        let mut files = Vec::new();
        for entry in self.entries(RECORDS)? {
            let Some((segment, stage)) = entry.file_name().to_str().and_then(read_name) else { continue };
            let path = entry.path();
            links::refuse(&path)?;
            // Its identity tells one open file from the next; closed ones have their numbers. It is the one of the
            // file, which a stacked file system need not have put into the listing.
            let moves_on = matches!(stage, Stage::Open | Stage::Closing);
            let identity =
                if moves_on { path.metadata().as_ref().map_or((0, None), identity) } else { (0, None) };
            files.push(RecordFile { segment, stage, path, identity });
        }
        files.sort();
        Ok(files)
    }

    /// What a folder of the store holds; nothing if it is not there.
    pub(crate) fn entries(&self, folder: &str) -> Result<Vec<std::fs::DirEntry>, Error> {
        let folder = self.root().join(folder);
        for above in folder.ancestors().take_while(|above| *above != self.root()) {
            links::refuse(above)?;
        }
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.nothing(),
            Err(error) => return Err(Error::io("list", folder)(error)),
        };
        entries.collect::<Result<_, _>>().map_err(Error::io("list", folder))
    }

    /// No files, unless the user named a store that is not there.
    fn nothing(&self) -> Result<Vec<std::fs::DirEntry>, Error> {
        let missing = !self.is_personal() && !self.exists();
        if missing { Err(Error::Missing { path: self.root().to_owned() }) } else { Ok(Vec::new()) }
    }

    /// Whether there are records of days before that of `now`, as far as can be seen.
    #[must_use]
    pub fn has_earlier_days(&self, now: Timestamp) -> bool {
        let names = self.entries(RECORDS).unwrap_or_default().into_iter().map(|entry| entry.file_name());
        let segment = |name: &std::ffi::OsStr| name.to_str().and_then(read_name);
        names.filter_map(|name| segment(&name)).any(|(segment, _)| segment.day < Day::of(now))
    }

    /// Files that a later stage has taken the place of; a crash leaves them.
    pub(crate) fn superseded(&self) -> Result<Vec<PathBuf>, Error> {
        let (files, _) = self.stable_listing()?;
        let closed =
            |segment| files.iter().any(|file| (file.segment, file.stage) == (segment, Stage::Closed));
        let is_done = |file: &&RecordFile| file.stage == Stage::Closing && closed(file.segment);
        Ok(files.iter().filter(is_done).map(|file| file.path.clone()).collect())
    }

    /// The files that can hold records made since `since`, the oldest day first.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if the user named a store that is not there, while the user's own need not be there
    /// yet; [`Error::Link`] if a link would be followed; [`Error::Io`] if the folder cannot be listed.
    pub fn record_files(&self, since: Option<Timestamp>) -> Result<Vec<PathBuf>, Error> {
        // A record is appended when it ends, so it never stands in a file older than its own day.
        let first = since.map(Day::of);
        let files = self.record_file_list()?.into_iter();
        let late_enough = |file: &RecordFile| first.is_none_or(|first| file.segment.day >= first);
        Ok(files.filter(late_enough).map(|file| file.path).collect())
    }
}

/// Leaves out earlier stages of what a later one is there of, and gives an open file the number that it will
/// be closed under: the first of its day that is not taken.
fn one_a_segment(files: Vec<RecordFile>, rolled_up: &BTreeSet<Segment>) -> Vec<RecordFile> {
    let mut latest = BTreeMap::<(Segment, bool), RecordFile>::new();
    let mut open = Vec::new();
    for file in files {
        match file.stage {
            Stage::Open => open.push(file),
            // What was compressed by hand has no stages, and stands beside whatever else there is.
            stage => {
                let key = (file.segment, stage == Stage::Foreign);
                let later = latest.get(&key).is_none_or(|known| known.stage < stage);
                if later {
                    latest.insert(key, file);
                }
            }
        }
    }
    for file in open {
        let segment = free_number(file.segment.day, |segment| {
            rolled_up.contains(&segment)
                || [false, true].iter().any(|&foreign| latest.contains_key(&(segment, foreign)))
        });
        latest.insert((segment, false), RecordFile { segment, ..file });
    }
    let mut files: Vec<_> = latest.into_values().collect();
    files.sort();
    files
}

/// The first segment of a day whose number is not taken.
fn free_number(day: Day, is_taken: impl Fn(Segment) -> bool) -> Segment {
    let mut segment = Segment { day, number: 1 };
    while is_taken(segment) {
        segment.number += 1;
    }
    segment
}

impl Store {
    /// The segments that a rollup is there of; their records may be gone.
    pub(crate) fn rolled_up_segments(&self) -> Result<BTreeSet<Segment>, Error> {
        let mut segments = BTreeSet::new();
        for folder in ["rollups/hour", "rollups/day", "rollups/alerts"] {
            let entries = self.entries(folder)?;
            let segment = |name: &str| Segment::parse(name.strip_suffix(".ndjson.zst")?);
            segments.extend(entries.iter().filter_map(|entry| segment(entry.file_name().to_str()?)));
        }
        Ok(segments)
    }
}

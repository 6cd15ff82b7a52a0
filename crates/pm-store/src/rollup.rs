//! A rollup: the mergeable summaries or alerts of one segment, or the summaries of a month, and what they were made from.
//!
//! The file is some compressed frames. The first holds one line, which says which segments the rollup was
//! made from and which stretch of time it holds, so that a reader knows without reading on whether it is of use.
//! To a filter that line is a record of a kind that it does not know. What `pm-aggregate --partial` or
//! `pm-alert --digest` writes comes behind it: of summaries first a frame with the counts and the durations, which
//! most questions are about and which are a fraction of the text, and then all other metrics.
//!
//! A rollup is only ever a copy of what its segments say: one whose segments are not those it was made
//! from, or that another version made in another shape, counts as not there.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use pm_record::{Record, Timestamp};
use serde::{Deserialize, Serialize};

use crate::day::Month;
use crate::extract::{DURATION, MetricOf};
use crate::offer::hour_of;
use crate::segment::{RecordFile, Segment, Stage};
use crate::sources::Grain;
use crate::temporary::Temporary;
use crate::{Error, Store, frame, links};

/// The version of what a rollup holds. Another one is made anew.
const SHAPE: u32 = 2;

/// The longest first line that is believed; a month's has 31 segments of about 100 bytes.
const LONGEST_HEADER: u64 = 1 << 20;

/// What `pm-aggregate` and `pm-alert` do for a store, which starts no programs itself.
pub trait RollUp {
    /// Writes the mergeable summaries of `from` by command and machine, in windows of `grain`, as NDJSON; and
    /// says how many lines were no records. For [`Grain::Hour`] `from` holds records, else summaries.
    ///
    /// # Errors
    ///
    /// Whatever kept them from being made or written whole.
    fn roll_up(&mut self, grain: Grain, from: &[PathBuf], into: File) -> io::Result<u64>;

    /// Adds the summaries of a rollup of this grain up, by command alone, and writes them in the same form.
    ///
    /// # Errors
    ///
    /// Whatever kept them from being made or written whole.
    fn forget_machines(&mut self, grain: Grain, rollup: &Path, into: File) -> io::Result<()>;

    /// Writes what a closed segment alerts by the rules of its store: one `performance_alert` for each hour and
    /// each thing that is measured, as NDJSON; and says how many lines were no records.
    ///
    /// # Errors
    ///
    /// Whatever kept them from being made or written whole.
    fn digest(&mut self, records: &Path, into: File) -> io::Result<u64>;
}

/// The first line of a rollup.
#[derive(Debug, Serialize, Deserialize)]
struct FirstLine {
    rollup_source: Origin,
}

/// What a rollup was made from, and what it covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    #[serde(rename = "schema")]
    shape: u32,
    /// Rising by name.
    pub(crate) segments: Vec<Identity>,
    /// When its first window begins; none if no run is in it.
    pub(crate) first: Option<Timestamp>,
    /// When its last window ends.
    pub(crate) last: Option<Timestamp>,
    /// How many lines of the segments were no records.
    pub(crate) skipped_lines: u64,
    /// Of a digest: the fingerprint of the rules that it was judged by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rules: Option<String>,
    /// Of a digest: whether some of its alerts have no time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) untimed: bool,
}

/// Which bytes a compressed segment consists of, as far as a glance can tell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) name: String,
    bytes: u64,
    checksum: String,
}

/// Which rollup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rollup {
    Hour(Segment),
    Day(Segment),
    Month(Month),
    Alerts(Segment),
    /// The hours by command alone: what most questions are about, and a fraction of the lines where there are many
    /// machines.
    BriefHour(Segment),
    /// The days by command alone.
    BriefDay(Segment),
}

impl Rollup {
    /// Its folder below the store.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Hour(_) => "rollups/hour",
            Self::Day(_) => "rollups/day",
            Self::Month(_) => "rollups/month",
            Self::Alerts(_) => "rollups/alerts",
            Self::BriefHour(_) => "rollups/brief-hour",
            Self::BriefDay(_) => "rollups/brief-day",
        }
    }

    pub(crate) fn grain(self) -> Grain {
        match self {
            Self::Hour(_) | Self::BriefHour(_) | Self::Alerts(_) => Grain::Hour,
            Self::Day(_) | Self::BriefDay(_) => Grain::Day,
            Self::Month(_) => Grain::All,
        }
    }

    pub(crate) fn file_name(self) -> String {
        match self {
            Self::Hour(segment)
            | Self::Day(segment)
            | Self::Alerts(segment)
            | Self::BriefHour(segment)
            | Self::BriefDay(segment) => format!("{segment}.ndjson.zst"),
            Self::Month(month) => format!("{month}.ndjson.zst"),
        }
    }
}

impl Origin {
    /// What a rollup of these is made from; it covers no time yet.
    pub(crate) fn of(mut segments: Vec<Identity>) -> Self {
        segments.sort();
        Self {
            shape: SHAPE,
            segments,
            first: None,
            last: None,
            skipped_lines: 0,
            rules: None,
            untimed: false,
        }
    }

    /// The same for a digest.
    pub(crate) fn judged_by(self, rules: &str) -> Self {
        Self { rules: Some(rules.to_owned()), ..self }
    }

    /// The same for a rollup in other windows.
    pub(crate) fn without_stretch(self) -> Self {
        Self { first: None, last: None, ..self }
    }

    /// Takes in what another one was made from.
    pub(crate) fn add(&mut self, other: Self) {
        self.segments.extend(other.segments);
        self.segments.sort();
        self.stretch(other.first, other.last);
        self.skipped_lines += other.skipped_lines;
    }

    /// Takes in another stretch of time.
    pub(crate) fn stretch(&mut self, first: Option<Timestamp>, last: Option<Timestamp>) {
        self.first = self.first.into_iter().chain(first).min();
        self.last = self.last.max(last);
    }
}

impl Store {
    pub(crate) fn rollup_path(&self, rollup: Rollup) -> PathBuf {
        self.root().join(rollup.folder()).join(rollup.file_name())
    }

    /// What the rollup says of itself; `None` if there is none, or none of this version.
    pub(crate) fn origin(&self, rollup: Rollup) -> Result<Option<Origin>, Error> {
        let Some(file) = self.open_rollup(rollup)? else { return Ok(None) };
        Ok(read_origin(file).ok().filter(|origin| origin.shape == SHAPE))
    }

    pub(crate) fn open_rollup(&self, rollup: Rollup) -> Result<Option<File>, Error> {
        links::refuse(&self.root().join("rollups"))?;
        links::refuse(&self.root().join(rollup.folder()))?;
        links::open_to_read(&self.rollup_path(rollup))
    }

    /// The same if it is that of these records. Where the records are gone it need only be theirs by name.
    pub(crate) fn valid_origin(
        &self,
        rollup: Rollup,
        segment: Segment,
        records: Option<&RecordFile>,
    ) -> Result<Option<Origin>, Error> {
        let identity = match records {
            Some(records) if records.stage == Stage::Closed => Some(identity_of(records)?),
            Some(_) => return Ok(None),
            None => None,
        };
        let name = segment.file_name(Stage::Closed);
        let belongs = |origin: &Origin| match (&origin.segments[..], &identity) {
            ([of], Some(identity)) => of == identity,
            ([of], None) => of.name == name,
            _ => false,
        };
        Ok(self.origin(rollup)?.filter(belongs))
    }

    /// Makes a rollup, whose bytes have then reached the disk; giving it its name is up to the caller. `origin`
    /// says what it is made from; what else there is to say is found out on the way.
    pub(crate) fn make_rollup(
        &self,
        rollup: Rollup,
        origin: Origin,
        from: &[PathBuf],
        with: &mut dyn RollUp,
    ) -> Result<(Temporary, Origin), Error> {
        let (lines, origin) = self.roll_up(rollup, origin, from, with)?;
        let folder = self.make(rollup.folder())?;
        let whole = Temporary::make(&folder, &rollup.file_name())?;
        let write = || {
            let mut file = whole.file();
            let mut first_line = serde_json::to_vec(&FirstLine { rollup_source: origin.clone() })?;
            first_line.push(b'\n');
            frame::write(io::Cursor::new(first_line), &mut file)?;
            if let Rollup::Alerts(_) = rollup {
                frame::write(lines.file(), &mut file)?;
            } else {
                write_parts(&lines, &mut file)?;
            }
            file.sync_all()
        };
        write().map_err(Error::io("write", whole.path()))?;
        Ok((whole, origin))
    }

    /// The lines of a rollup, and its origin completed.
    pub(crate) fn roll_up(
        &self,
        rollup: Rollup,
        mut origin: Origin,
        from: &[PathBuf],
        with: &mut dyn RollUp,
    ) -> Result<(Temporary, Origin), Error> {
        let lines = Temporary::make(&self.make(rollup.folder())?, &format!("{}.lines", rollup.file_name()))?;
        let mut run = || {
            let into = lines.file().try_clone()?;
            let skipped = match (rollup, from) {
                (Rollup::Alerts(_), [records]) => with.digest(records, into)?,
                (Rollup::BriefHour(_) | Rollup::BriefDay(_), [whole]) => {
                    with.forget_machines(rollup.grain(), whole, into)?;
                    origin.skipped_lines
                }
                _ => with.roll_up(rollup.grain(), from, into)?,
            };
            if rollup.grain() == Grain::Hour {
                origin.skipped_lines = skipped;
            }
            stretch_of(&mut origin, lines.read()?)
        };
        run().map_err(Error::io("roll up", from.first().map_or(lines.path(), PathBuf::as_path)))?;
        Ok((lines, origin))
    }
}

/// Which segment a file is.
pub(crate) fn identity_of(records: &RecordFile) -> Result<Identity, Error> {
    let path = &records.path;
    let file = links::open("read", path, File::options().read(true))?;
    let (bytes, checksum) = frame::identity(&file).map_err(Error::io("read", path))?;
    Ok(Identity { name: records.segment.file_name(Stage::Closed), bytes, checksum })
}

/// Writes summaries as two frames: those with the counts and the durations, and the others.
fn write_parts(lines: &Temporary, into: &mut impl Write) -> io::Result<()> {
    let metric = MetricOf::default();
    for wanted in [true, false] {
        let mut part = frame::begin(&mut *into)?;
        let mut lines = BufReader::new(lines.read()?);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            if metric.of(&line).is_none_or(|name| name == DURATION.as_bytes()) == wanted {
                part.write_all(&line)?;
            }
            line.clear();
        }
        part.finish()?;
    }
    Ok(())
}

fn read_origin(file: File) -> io::Result<Origin> {
    let mut line = Vec::new();
    frame::read_first(file)?.take(LONGEST_HEADER).read_to_end(&mut line)?;
    Ok(serde_json::from_slice::<FirstLine>(&line)?.rollup_source)
}

/// The stretch of time that the windows of lines cover, or the hours of alerts.
fn stretch_of(origin: &mut Origin, lines: impl Read) -> io::Result<()> {
    let mut lines = BufReader::new(lines);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        let window = match (Record::parse(line.trim_ascii_end()), &origin.rules) {
            (Ok(Record::Partial(partial)), None) => partial.window,
            (Ok(Record::Alert(alert)), Some(_)) => {
                origin.untimed |= alert.timestamp.is_none();
                alert.timestamp.map(hour_of)
            }
            _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "what was made is no rollup")),
        };
        if let Some(window) = window {
            origin.stretch(Some(window.start), Some(window.end));
        }
        line.clear();
    }
    Ok(())
}

/// A rollup's lines without its first frame's.
pub(crate) fn lines(file: File) -> io::Result<impl BufRead> {
    let mut lines = BufReader::new(frame::read(file)?);
    lines.skip_until(b'\n')?;
    Ok(lines)
}

/// Every folder of rollups.
pub(crate) const FOLDERS: [&str; 6] = [
    "rollups/hour",
    "rollups/day",
    "rollups/month",
    "rollups/alerts",
    "rollups/brief-hour",
    "rollups/brief-day",
];

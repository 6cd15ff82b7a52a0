//! Is everything in the store what it says it is?
//!
//! Rollups are made anew from the records and compared line by line; compressed files are read to their
//! checksums; every line is parsed. Nothing is repaired: what differs is for a person to look at.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use pm_record::{Lines, PerformancePartial, Record};

use crate::offer::hour_of;
use crate::rollup::{FOLDERS, Origin, RollUp, Rollup, identity_of, lines};
use crate::segment::{RECORDS, RecordFile, Segment};
use crate::sources::Grain;
use crate::upkeep::Upkeep;
use crate::{Error, links};

/// Something that is not as it should be.
#[derive(Debug)]
pub struct Flaw {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: FlawKind,
}

/// What can be wrong.
#[derive(Debug)]
pub enum FlawKind {
    /// It cannot be read to its end.
    Unreadable(io::Error),
    /// So many of its lines are no records; the number and fault of the first one.
    Torn {
        /// How many.
        lines: u64,
        /// The first one's number.
        first: u64,
        /// What is wrong with that.
        reason: String,
    },
    /// These summaries are not what the records say.
    Differs(Vec<String>),
    /// It was made from other records than those that are there, by other rules, or in another shape.
    Stale,
    /// An interrupted compaction left it; the next one removes it.
    Leftover,
}

impl FlawKind {
    /// Whether something is lost or wrong, and not merely left to the next compaction or as it arrived.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::Differs(_))
    }
}

/// What was looked at.
#[derive(Debug, Default)]
pub struct Verified {
    /// How many files of records.
    pub files: usize,
    /// How many lines they hold.
    pub lines: u64,
    /// How many rollups.
    pub rollups: usize,
    /// What is wrong.
    pub flaws: Vec<Flaw>,
}

impl Verified {
    fn is_damaged(&self, path: &Path) -> bool {
        self.flaws.iter().any(|flaw| flaw.path == path && flaw.kind.is_damage())
    }
}

impl Upkeep<'_> {
    /// Looks at every file of the store.
    ///
    /// # Errors
    ///
    /// What kept the store as a whole from being looked at, or a rollup from being made.
    pub fn verify(&self, with: &mut dyn RollUp) -> Result<Verified, Error> {
        let mut verified = Verified::default();
        for folder in FOLDERS.into_iter().chain([RECORDS]) {
            let leftovers = self.store.leftovers(folder)?;
            verified.flaws.extend(leftovers.into_iter().map(|path| Flaw { path, kind: FlawKind::Leftover }));
        }
        let leftovers = self.store.superseded()?.into_iter();
        verified.flaws.extend(leftovers.map(|path| Flaw { path, kind: FlawKind::Leftover }));
        for file in self.store.record_file_list()? {
            verify_records(&file, &mut verified)?;
        }
        for (segment, files) in self.store.segments(true)? {
            self.verify_segment(segment, files.first(), with, &mut verified)?;
            self.verify_digest(segment, files.first(), with, &mut verified)?;
        }
        self.verify_months(with, &mut verified)?;
        Ok(verified)
    }

    /// Makes the rollups of a segment anew. Where the records are gone there is nothing to compare with.
    fn verify_segment(
        &self,
        segment: Segment,
        records: Option<&RecordFile>,
        with: &mut dyn RollUp,
        verified: &mut Verified,
    ) -> Result<(), Error> {
        let Some(records) = records else { return Ok(()) };
        let (hours, days) = (Rollup::Hour(segment), Rollup::Day(segment));
        let all = [hours, days, Rollup::BriefHour(segment), Rollup::BriefDay(segment)].into_iter();
        let there: Vec<_> = all.filter(|&rollup| self.store.rollup_path(rollup).exists()).collect();
        let mut fits = Vec::new();
        for rollup in there {
            verified.rollups += 1;
            if self.store.valid_origin(rollup, segment, Some(records))?.is_some() {
                fits.push(rollup);
            } else {
                verified.flaws.push(Flaw { path: self.store.rollup_path(rollup), kind: FlawKind::Stale });
            }
        }
        if fits.is_empty() || verified.is_damaged(&records.path) {
            return Ok(());
        }
        let origin = Origin::of(vec![identity_of(records)?]);
        let from = std::slice::from_ref(&records.path);
        let (hourly, origin) = self.store.roll_up(hours, origin, from, with)?;
        let (daily, _) = self.store.roll_up(days, origin.clone(), &[hourly.path().to_owned()], with)?;
        for rollup in fits {
            let whole = if rollup.grain() == Grain::Hour { &hourly } else { &daily };
            if rollup == hours || rollup == days {
                self.compare(rollup, whole.file(), verified)?;
            } else {
                let from = [whole.path().to_owned()];
                let (made, _) = self.store.roll_up(rollup, origin.clone(), &from, with)?;
                self.compare(rollup, made.file(), verified)?;
            }
        }
        Ok(())
    }

    /// Judges a segment anew.
    fn verify_digest(
        &self,
        segment: Segment,
        records: Option<&RecordFile>,
        with: &mut dyn RollUp,
        verified: &mut Verified,
    ) -> Result<(), Error> {
        let rollup = Rollup::Alerts(segment);
        let Some(records) = records.filter(|_| self.store.rollup_path(rollup).exists()) else {
            return Ok(());
        };
        verified.rollups += 1;
        let rules = self.store.rules()?.unwrap_or_default();
        if self.store.valid_digest(segment, Some(records), Some(&rules))?.is_none() {
            verified.flaws.push(Flaw { path: self.store.rollup_path(rollup), kind: FlawKind::Stale });
        } else if !verified.is_damaged(&records.path) {
            let origin = Origin::of(vec![identity_of(records)?]).judged_by(&rules);
            let from = std::slice::from_ref(&records.path);
            let (made, _) = self.store.roll_up(rollup, origin, from, with)?;
            self.compare(rollup, made.file(), verified)?;
        }
        Ok(())
    }

    /// Makes the rollups of months anew from those of their days.
    fn verify_months(&self, with: &mut dyn RollUp, verified: &mut Verified) -> Result<(), Error> {
        let segments = self.store.segments(true)?;
        for month in self.store.rolled_up_months()? {
            verified.rollups += 1;
            let rollup = Rollup::Month(month);
            let of_month: Vec<_> =
                segments.iter().filter(|(segment, _)| segment.day.month() == month).collect();
            let origin = self.store.origin(rollup)?;
            let fits = |origin: &Origin| self.store.is_made_from(origin, of_month.iter().copied());
            let Some(origin) = origin.filter(|origin| fits(origin).unwrap_or(false)) else {
                verified.flaws.push(Flaw { path: self.store.rollup_path(rollup), kind: FlawKind::Stale });
                continue;
            };
            let days: Vec<_> = of_month
                .iter()
                .map(|(segment, _)| self.store.rollup_path(Rollup::Day(**segment)))
                .filter(|path| path.exists())
                .collect();
            // The rollups of its days may be gone for their age.
            if days.len() == origin.segments.len() {
                let (made, _) = self.store.roll_up(rollup, origin, &days, with)?;
                self.compare(rollup, made.file(), verified)?;
            }
        }
        Ok(())
    }

    fn compare(&self, rollup: Rollup, made: &File, verified: &mut Verified) -> Result<(), Error> {
        let path = self.store.rollup_path(rollup);
        let Some(there) = self.store.open_rollup(rollup)? else { return Ok(()) };
        let kind = match differences(there, made) {
            Ok(differences) if differences.is_empty() => return Ok(()),
            Ok(differences) => FlawKind::Differs(differences),
            Err(error) => FlawKind::Unreadable(error),
        };
        verified.flaws.push(Flaw { path, kind });
        Ok(())
    }
}

/// Reads a file of records to its end.
fn verify_records(file: &RecordFile, verified: &mut Verified) -> Result<(), Error> {
    verified.files += 1;
    let input = links::open("read", &file.path, File::options().read(true))?;
    let mut lines = Lines::new([Named { file: input, path: &file.path }]);
    let mut torn = None;
    let (mut count, mut bad) = (0, 0);
    let kind = loop {
        match lines.next_line(|_| Ok(())) {
            Ok(Some(line)) => {
                count += 1;
                if let Err(reason) = line.record() {
                    bad += 1;
                    torn.get_or_insert((count, reason.to_string()));
                }
            }
            Ok(None) => {
                break torn.map(|(first, reason)| FlawKind::Torn { lines: bad, first, reason });
            }
            Err(error) => break Some(FlawKind::Unreadable(error)),
        }
    };
    verified.lines += count;
    verified.flaws.extend(kind.map(|kind| Flaw { path: file.path.clone(), kind }));
    Ok(())
}

/// The names of the summaries that stand in one of the two and not in the other, or not as they do there.
fn differences(there: File, made: &File) -> io::Result<Vec<String>> {
    let there = line_set(lines(there)?)?;
    let mut from_start = made.try_clone()?;
    io::Seek::rewind(&mut from_start)?;
    let made = line_set(BufReader::new(from_start))?;
    let names: BTreeSet<_> = there.symmetric_difference(&made).map(|line| name(line)).collect();
    Ok(names.into_iter().collect())
}

fn line_set(lines: impl BufRead) -> io::Result<BTreeSet<Vec<u8>>> {
    lines.split(b'\n').collect()
}

/// What a summary is of: its group, its window and its metric; or what an alert is of.
fn name(line: &[u8]) -> String {
    let partial = match Record::parse(line) {
        Ok(Record::Partial(partial)) => partial,
        Ok(Record::Alert(alert)) => {
            let command = alert.command.map(|command| format!(" of {command}")).unwrap_or_default();
            let hour = alert.timestamp.map(|time| format!(" from {}", hour_of(time).start));
            return format!("{}{command}{}", alert.kind, hour.unwrap_or_default());
        }
        _ => return "a line that is no summary".to_owned(),
    };
    let PerformancePartial { by, window, metric, .. } = *partial;
    let group = by.values().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let window = window.map(|window| format!(" from {}", window.start)).unwrap_or_default();
    let metric = metric.map(|metric| format!(", {metric}")).unwrap_or_default();
    format!("{group}{window}{metric}")
}

/// A file with a name for whoever reads lines.
struct Named<'a> {
    file: File,
    path: &'a Path,
}

impl Read for Named<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl std::fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.path.display())
    }
}

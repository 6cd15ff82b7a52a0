//! Closing days: records are compressed and rolled up, one file after the other.
//!
//! Every step is one rename or one removal of a file that is complete on the disk, so that after any of them
//! each record stands in exactly one file that readers take. What a crash leaves undone is done by the next
//! compaction, because a step is taken wherever its file is found and not where the last run stopped.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pm_record::Timestamp;
use rustix::fs::FlockOperation;

use crate::day::{DAY, Month};
use crate::lock::lock;
use crate::rollup::{FOLDERS, Origin, RollUp, Rollup, identity_of};
use crate::segment::{RECORDS, RecordFile, Segment, Stage};
use crate::temporary::{Temporary, remove, sync_folder_of};
use crate::upkeep::{Deed, Upkeep, Witness};
use crate::{Error, Retention, frame, links};

/// How long after its end a day is still open, for writers whose clocks are slow.
const GRACE: i64 = 3_600_000;

/// For how many days the rollups of hours are kept: a month that begins inside a day needs them.
pub(crate) const HOURS_KEPT: i64 = 35;

/// How long to wait for writers, each of which needs microseconds.
const PATIENCE: Duration = Duration::from_secs(5);

impl Upkeep<'_> {
    /// Closes, compresses and rolls up every day that has ended, then removes what is too old. Returns what
    /// could not be done for single files; everything else is done then.
    ///
    /// # Errors
    ///
    /// What kept the store as a whole from being looked at.
    pub fn compact(
        &self,
        now: Timestamp,
        keep: &Retention,
        with: &mut dyn RollUp,
        witness: &mut Witness<'_>,
    ) -> Result<Vec<Error>, Error> {
        let mut run = Run { upkeep: self, now, with, witness, troubles: Vec::new() };
        run.sweep()?;
        run.close_and_compress()?;
        run.roll_up_segments()?;
        run.roll_up_months()?;
        run.digest_segments()?;
        let troubles = run.troubles;
        self.prune(now, keep, witness)?;
        Ok(troubles)
    }

    pub(crate) fn has_ended(end: Timestamp, now: Timestamp) -> bool {
        end.as_millis().saturating_add(GRACE) <= now.as_millis()
    }
}

struct Run<'a, 'w> {
    upkeep: &'a Upkeep<'a>,
    now: Timestamp,
    with: &'a mut dyn RollUp,
    witness: &'a mut Witness<'w>,
    troubles: Vec<Error>,
}

impl Run<'_, '_> {
    /// Removes what an interrupted compaction left behind.
    fn sweep(&mut self) -> Result<(), Error> {
        let store = self.upkeep.store;
        for folder in FOLDERS.into_iter().chain([RECORDS]) {
            for path in store.leftovers(folder)? {
                self.remove(&path)?;
            }
        }
        for path in store.superseded()? {
            self.remove(&path)?;
        }
        store.sweep_run()
    }

    fn remove(&mut self, path: &Path) -> Result<(), Error> {
        remove(path)?;
        (self.witness)(Deed::Removed, path);
        Ok(())
    }

    fn close_and_compress(&mut self) -> Result<(), Error> {
        for file in self.upkeep.store.record_file_list()? {
            let done = match file.stage {
                Stage::Open if !Upkeep::has_ended(file.segment.day.end(), self.now) => Ok(()),
                Stage::Open => self.close(&file).and_then(|closing| self.compress(file.segment, &closing)),
                Stage::Closing => self.compress(file.segment, &file.path),
                Stage::Closed | Stage::Foreign => Ok(()),
            };
            self.troubles.extend(done.err());
        }
        Ok(())
    }

    /// Takes a file away from its writers. Whoever has opened it and not yet locked it sees that it is no longer
    /// there under its name, and begins a new one.
    fn close(&mut self, open: &RecordFile) -> Result<PathBuf, Error> {
        let path = &open.path;
        links::refuse(path)?;
        let closing = path.with_file_name(open.segment.file_name(Stage::Closing));
        std::fs::rename(path, &closing).map_err(Error::io("close", path))?;
        sync_folder_of(&closing)?;
        (self.witness)(Deed::Closed, &closing);
        Ok(closing)
    }

    /// Puts a compressed copy, which has been read back and compared, into the place of a file.
    fn compress(&mut self, segment: Segment, closing: &Path) -> Result<(), Error> {
        let original = links::open("read", closing, File::options().read(true))?;
        // Waits for those who had locked it before it was closed. It was renamed first and is locked now, because
        // there is no end of writers to a file that is open.
        lock(&original, closing, FlockOperation::NonBlockingLockExclusive, PATIENCE)?;
        let folder = self.upkeep.store.make(RECORDS)?;
        let copy = Temporary::make(&folder, &segment.file_name(Stage::Closed))?;
        write_copy(&original, &copy).map_err(Error::io("compress", closing))?;
        (self.witness)(Deed::Written, copy.path());
        let closed = copy.become_whole()?;
        (self.witness)(Deed::Placed, &closed);
        self.remove(closing)?;
        sync_folder_of(closing)
    }

    fn roll_up_segments(&mut self) -> Result<(), Error> {
        for file in self.upkeep.store.record_file_list()? {
            if file.stage == Stage::Closed {
                let done = self.roll_up_segment(&file).and_then(|()| self.roll_up_briefly(&file));
                self.troubles.extend(done.err());
            }
        }
        Ok(())
    }

    /// Makes the rollups of a segment that are not there, that of its days from that of its hours.
    fn roll_up_segment(&mut self, file: &RecordFile) -> Result<(), Error> {
        let (store, segment) = (self.upkeep.store, file.segment);
        let day = store.valid_origin(Rollup::Day(segment), segment, Some(file))?;
        let known = store.valid_origin(Rollup::Hour(segment), segment, Some(file))?;
        let hours_kept = !hours_are_old(segment, self.now);
        if day.is_some() && (known.is_some() || !hours_kept) {
            return Ok(());
        }
        let (hours, origin) = if let Some(origin) = known {
            (None, origin)
        } else {
            let origin = Origin::of(vec![identity_of(file)?]);
            let from = std::slice::from_ref(&file.path);
            let (made, origin) = store.make_rollup(Rollup::Hour(segment), origin, from, self.with)?;
            (self.witness)(Deed::Written, made.path());
            (Some(made), origin)
        };
        if day.is_none() {
            let path = hours
                .as_ref()
                .map_or_else(|| store.rollup_path(Rollup::Hour(segment)), |made| made.path().to_owned());
            let origin = origin.without_stretch();
            let (made, _) = store.make_rollup(Rollup::Day(segment), origin, &[path], self.with)?;
            self.place(made)?;
        }
        hours.filter(|_| hours_kept).map_or(Ok(()), |hours| self.place_written(hours))
    }

    /// Makes the rollups by command alone from those by machine too, unless they are there.
    fn roll_up_briefly(&mut self, file: &RecordFile) -> Result<(), Error> {
        let (store, segment) = (self.upkeep.store, file.segment);
        let briefly = [
            (Rollup::Hour(segment), Rollup::BriefHour(segment)),
            (Rollup::Day(segment), Rollup::BriefDay(segment)),
        ];
        for (whole, brief) in briefly {
            let Some(origin) = store.valid_origin(whole, segment, Some(file))? else { continue };
            if store.valid_origin(brief, segment, Some(file))?.is_none() {
                let from = [store.rollup_path(whole)];
                let (made, _) = store.make_rollup(brief, origin.without_stretch(), &from, self.with)?;
                self.place(made)?;
            }
        }
        Ok(())
    }

    fn place(&mut self, made: Temporary) -> Result<(), Error> {
        (self.witness)(Deed::Written, made.path());
        self.place_written(made)
    }

    fn place_written(&mut self, made: Temporary) -> Result<(), Error> {
        let path = made.become_whole()?;
        (self.witness)(Deed::Placed, &path);
        Ok(())
    }

    fn roll_up_months(&mut self) -> Result<(), Error> {
        let segments = self.upkeep.store.segments(true)?;
        let mut months: Vec<_> = segments.keys().map(|segment| segment.day.month()).collect();
        months.dedup();
        let now = self.now;
        for month in months.into_iter().filter(|month| Upkeep::has_ended(month.end(), now)) {
            let of_month: Vec<_> =
                segments.iter().filter(|(segment, _)| segment.day.month() == month).collect();
            let done = self.roll_up_month(month, &of_month);
            self.troubles.extend(done.err());
        }
        Ok(())
    }

    /// Makes the rollup of a month, if every day of it has one.
    fn roll_up_month(
        &mut self,
        month: Month,
        segments: &[(&Segment, &Vec<RecordFile>)],
    ) -> Result<(), Error> {
        let store = self.upkeep.store;
        let known = store.origin(Rollup::Month(month))?;
        if let Some(known) = &known
            && store.is_made_from(known, segments.iter().copied())?
        {
            return Ok(());
        }
        let mut from = Vec::new();
        let mut month_of = Origin::of(Vec::new());
        for (segment, files) in segments {
            let closed = files.iter().all(|file| file.stage == Stage::Closed);
            let rollup = Rollup::Day(**segment);
            let Some(day) = store.valid_origin(rollup, **segment, files.first())?.filter(|_| closed) else {
                return Ok(());
            };
            month_of.add(day);
            from.push(store.rollup_path(rollup));
        }
        // What it was made from may be gone for its age, and then it is all that is left.
        let would_forget = |known: &Origin| {
            let is_there = |name: &str| month_of.segments.iter().any(|segment| segment.name == name);
            known.segments.iter().any(|segment| !is_there(&segment.name))
        };
        if known.as_ref().is_some_and(would_forget) {
            return Ok(());
        }
        let (made, _) = store.make_rollup(Rollup::Month(month), month_of, &from, self.with)?;
        self.place(made)
    }

    /// Judges every closed segment whose alerts are not known by the rules as they are now.
    fn digest_segments(&mut self) -> Result<(), Error> {
        let store = self.upkeep.store;
        let rules = match store.checked_rules() {
            Ok(Some(rules)) => rules,
            Ok(None) => return Ok(()),
            Err(error) => {
                self.troubles.push(error);
                return Ok(());
            }
        };
        // All of them are to be made where the rules have changed, and reports ask for the latest.
        for file in store.record_file_list()?.iter().rev().filter(|file| file.stage == Stage::Closed) {
            let done = self.digest_segment(file, &rules);
            self.troubles.extend(done.err());
        }
        Ok(())
    }

    fn digest_segment(&mut self, file: &RecordFile, rules: &str) -> Result<(), Error> {
        let store = self.upkeep.store;
        if store.valid_digest(file.segment, Some(file), Some(rules))?.is_some() {
            return Ok(());
        }
        let origin = Origin::of(vec![identity_of(file)?]).judged_by(rules);
        let from = std::slice::from_ref(&file.path);
        let (made, _) = store.make_rollup(Rollup::Alerts(file.segment), origin, from, self.with)?;
        // They were read by somebody else in between.
        if store.rules()?.as_deref() == Some(rules) { self.place(made) } else { Ok(()) }
    }
}

/// Whether the rollup of a segment's hours is older than those are kept.
pub(crate) fn hours_are_old(segment: Segment, now: Timestamp) -> bool {
    segment.day.end().as_millis().saturating_add(HOURS_KEPT * DAY) <= now.as_millis()
}

fn write_copy(original: &File, copy: &Temporary) -> io::Result<()> {
    frame::write(original, &mut copy.file())?;
    copy.file().sync_all()?;
    let mut original = original;
    io::Seek::rewind(&mut original)?;
    if frame::same(&mut frame::read(copy.read()?)?, &mut original)? {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "the compressed copy is not the same"))
}

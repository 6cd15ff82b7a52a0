//! What is kept for how long.
//!
//! Records go first, the oldest first: those that are too old, then as many as it takes until the rest fits.
//! Only a closed day goes, and only one whose rollup of days is there and fits, so that reports lose nothing
//! but detail. Rollups of hours go by their age alone; those of days and months, and digests, once the records are gone and they
//! are old themselves.

use pm_record::Timestamp;

use crate::compact::hours_are_old;
use crate::day::DAY;
use crate::rollup::Rollup;
use crate::segment::{RecordFile, Stage};
use crate::temporary::{remove, sync_folder_of};
use crate::upkeep::{Deed, Reason, Removal, Upkeep, Witness};
use crate::{Error, Retention, Store};

impl Upkeep<'_> {
    /// Removes what is kept no longer.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if a file cannot be removed.
    pub fn prune(
        &self,
        now: Timestamp,
        keep: &Retention,
        witness: &mut Witness<'_>,
    ) -> Result<Vec<Removal>, Error> {
        let removals = self.store.to_prune(now, keep)?;
        for Removal { path, .. } in &removals {
            remove(path)?;
            witness(Deed::Removed, path);
        }
        removals.last().map_or(Ok(()), |last| sync_folder_of(&last.path))?;
        Ok(removals)
    }
}

impl Store {
    /// What pruning would remove at the time `now`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the store cannot be read.
    pub fn to_prune(&self, now: Timestamp, keep: &Retention) -> Result<Vec<Removal>, Error> {
        let mut removals = self.records_to_prune(now, keep)?;
        removals.extend(self.rollups_to_prune(now, keep)?);
        Ok(removals)
    }

    fn records_to_prune(&self, now: Timestamp, keep: &Retention) -> Result<Vec<Removal>, Error> {
        let files: Vec<_> = self.record_file_list()?.into_iter().map(|file| (length(&file), file)).collect();
        let mut room = files.iter().map(|(bytes, _)| bytes).sum::<u64>();
        let limit = keep.keep_mb.map_or(u64::MAX, |mebibytes| u64::from(mebibytes) << 20);
        let mut removals = Vec::new();
        for (bytes, file) in files {
            let reason = if is_older(file.segment.day.end(), keep.keep_days, now) {
                Reason::Age
            } else if room > limit {
                Reason::Size
            } else {
                // All that follows is younger, and fits.
                break;
            };
            if self.may_go(&file)? {
                room -= bytes;
                removals.push(Removal { path: file.path, bytes, reason });
            }
        }
        Ok(removals)
    }

    /// Whether something answers for a file's runs without it.
    fn may_go(&self, file: &RecordFile) -> Result<bool, Error> {
        let rollup = Rollup::Day(file.segment);
        Ok(file.stage == Stage::Closed && self.valid_origin(rollup, file.segment, Some(file))?.is_some())
    }

    fn rollups_to_prune(&self, now: Timestamp, keep: &Retention) -> Result<Vec<Removal>, Error> {
        let segments = self.segments(true)?;
        let mut old = Vec::new();
        for (&segment, files) in &segments {
            if hours_are_old(segment, now) {
                old.extend([Rollup::Hour(segment), Rollup::BriefHour(segment)]);
            }
            if files.is_empty() && is_older(segment.day.end(), keep.keep_rollups_days, now) {
                old.extend([Rollup::Day(segment), Rollup::BriefDay(segment), Rollup::Alerts(segment)]);
            }
        }
        for month in self.rolled_up_months()? {
            let gone =
                segments.iter().all(|(segment, files)| segment.day.month() != month || files.is_empty());
            if gone && is_older(month.end(), keep.keep_rollups_days, now) {
                old.push(Rollup::Month(month));
            }
        }
        let paths = old.into_iter().map(|rollup| self.rollup_path(rollup));
        let there = paths.filter_map(|path| Some((path.symlink_metadata().ok()?.len(), path)));
        Ok(there.map(|(bytes, path)| Removal { path, bytes, reason: Reason::Age }).collect())
    }
}

fn is_older(end: Timestamp, days: Option<u32>, now: Timestamp) -> bool {
    days.is_some_and(|days| end.as_millis() + i64::from(days) * DAY <= now.as_millis())
}

pub(crate) fn length(file: &RecordFile) -> u64 {
    file.path.symlink_metadata().map_or(0, |status| status.len())
}

//! What to read for a question: the coarsest rollups that answer it exactly, raw records for the rest.
//!
//! A segment that was closed is answered by the rollup of its day for whole days, by that of its hours where
//! the question begins or ends inside a day, and by its records where it begins or ends inside an hour. A
//! month whose days all lie in the question is one file. Where records were removed for their age, only what
//! rollups hold as whole windows is answered.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::PathBuf;

use pm_record::{Timestamp, Window};

use crate::day::{Day, Month};
use crate::offer::{Offer, Part, overlap};
use crate::rollup::{Origin, Rollup, identity_of};
use crate::segment::{RecordFile, Segment, Stage, identity};
use crate::{Error, Store, links, newest};

/// The finest cut of time that an answer needs from rollups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grain {
    /// Windows of an hour.
    Hour,
    /// Windows of a day.
    Day,
    /// One window of all time.
    All,
}

/// What somebody wants to know of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Runs that started earlier are left out.
    pub since: Option<Timestamp>,
    /// Runs that started then or later are left out.
    pub until: Option<Timestamp>,
    /// Which rollups can answer; `None` if only raw records can.
    pub rollups: Option<Grain>,
    /// Whether rollups are only asked where there are no records any more, because they know less.
    pub records_first: bool,
    /// Whether machines have to be told apart.
    pub by_machine: bool,
}

/// What a source holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Records, plain or compressed.
    Records,
    /// What was made of records, compressed: `performance_partial` lines by command and machine, or a digest of
    /// alerts.
    Rollup,
}

/// A stretch of time, open at either end where nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// Its first instant.
    pub since: Option<Timestamp>,
    /// The first instant after it.
    pub until: Option<Timestamp>,
}

/// A file to read, and which part of it to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file; open it with [`Source::open`].
    pub path: PathBuf,
    /// What it holds.
    pub form: Form,
    /// Of records those that started in it count, of a rollup the windows that lie in it as a whole, and what
    /// has no window. Sources never overlap: what one answers for, no other does.
    pub span: Span,
    /// Which file of records it is, to find it again when it has moved on.
    pub(crate) records: Option<RecordFile>,
    /// Of how many bytes at its end the lines count; none of all.
    pub(crate) end: Option<u64>,
}

impl Span {
    /// Whether a run that started then counts.
    #[must_use]
    pub fn covers(&self, start: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= start) && self.until.is_none_or(|until| start < until)
    }

    /// Whether a window of a rollup counts.
    #[must_use]
    pub fn holds(&self, window: &Window) -> bool {
        self.since.is_none_or(|since| since <= window.start)
            && self.until.is_none_or(|until| window.end <= until)
    }
}

impl Source {
    pub(crate) fn records(file: RecordFile, span: Span) -> Self {
        Self { path: file.path.clone(), form: Form::Records, span, records: Some(file), end: None }
    }

    /// Opens the file, in whatever stage it now is: compaction may have moved it on since it was found.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be read, [`Error::Link`] if it is a link.
    pub fn open(&self) -> Result<File, Error> {
        let options = || File::options().read(true).to_owned();
        let Some(records) = &self.records else { return links::open("read", &self.path, &mut options()) };
        let file = links::open_to_read(&self.path)?;
        // Somebody may have begun the day again after this one was closed.
        let is_it = |file: &File| {
            records.stage != Stage::Open
                || file.metadata().is_ok_and(|status| identity(&status) == records.identity)
        };
        if let Some(file) = file.filter(is_it) {
            return newest::end_of(file, self.end).map_err(Error::io("read", &self.path));
        }
        for stage in [Stage::Closing, Stage::Closed] {
            let later = self.path.with_file_name(records.segment.file_name(stage));
            if let Some(file) = links::open_to_read(&later)? {
                return Ok(file);
            }
        }
        Err(Error::io("read", &self.path)(io::ErrorKind::NotFound.into()))
    }
}

impl Store {
    /// The files that answer a question, the oldest first.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if the user named a store that is not there, while the user's own need not be there
    /// yet; [`Error::Link`] if a link would be followed; [`Error::Io`] if a folder cannot be listed.
    pub fn sources(&self, question: &Question) -> Result<Vec<Source>, Error> {
        let span = Span { since: question.since, until: question.until };
        let mut segments = self.segments(question.rollups.is_some())?;
        // A record is appended when it ends, so it never stands in a file older than its own day.
        segments.retain(|segment, _| span.since.is_none_or(|since| segment.day >= Day::of(since)));
        let mut sources = Vec::new();
        if question.rollups == Some(Grain::All) {
            self.take_months(&mut segments, span, question.records_first, &mut sources)?;
        }
        for (segment, mut files) in segments {
            // What was compressed by hand has no rollup.
            let foreign = files.iter().position(|file| file.stage == Stage::Foreign);
            sources.extend(foreign.map(|at| Source::records(files.remove(at), span)));
            if !(files.is_empty() && foreign.is_some()) {
                self.answer(segment, files.first(), question, &mut sources)?;
            }
        }
        Ok(sources)
    }

    /// Whether something was appended on the day of this time, and is there as records or as a rollup of that day.
    ///
    /// # Errors
    ///
    /// As [`Store::sources`].
    pub fn has_day(&self, time: Timestamp) -> Result<bool, Error> {
        Ok(self.segments(true)?.keys().any(|segment| segment.day == Day::of(time)))
    }

    /// Every segment with its files: none where only a rollup is left.
    pub(crate) fn segments(&self, rolled_up: bool) -> Result<BTreeMap<Segment, Vec<RecordFile>>, Error> {
        let mut segments = BTreeMap::<_, Vec<_>>::new();
        if rolled_up {
            segments.extend(self.rolled_up_segments()?.into_iter().map(|segment| (segment, Vec::new())));
        }
        for file in self.record_file_list()? {
            segments.entry(file.segment).or_default().push(file);
        }
        Ok(segments)
    }

    /// Takes out the segments of every month that one file answers for.
    fn take_months(
        &self,
        segments: &mut BTreeMap<Segment, Vec<RecordFile>>,
        span: Span,
        records_first: bool,
        sources: &mut Vec<Source>,
    ) -> Result<(), Error> {
        for month in self.rolled_up_months()? {
            let is_inside = |segment: &Segment| segment.day.month() == month;
            let Some(origin) = self.origin(Rollup::Month(month))? else { continue };
            let of_month = segments.iter().filter(|(segment, _)| is_inside(segment));
            if records_first && of_month.clone().any(|(_, files)| !files.is_empty()) {
                continue;
            }
            if origin.is_within(span) && self.is_made_from(&origin, of_month)? {
                segments.retain(|segment, _| !is_inside(segment));
                let path = self.rollup_path(Rollup::Month(month));
                sources.push(Source { path, form: Form::Rollup, span, records: None, end: None });
            }
        }
        Ok(())
    }

    /// Whether every segment that is still there went into a month.
    pub(crate) fn is_made_from<'a>(
        &self,
        month: &Origin,
        segments: impl Iterator<Item = (&'a Segment, &'a Vec<RecordFile>)>,
    ) -> Result<bool, Error> {
        let known: BTreeSet<_> = month.segments.iter().collect();
        for (&segment, files) in segments {
            let identity = match &files[..] {
                [file] if file.stage == Stage::Closed => Some(identity_of(file)?),
                [] => {
                    let day = self.valid_origin(Rollup::Day(segment), segment, None)?;
                    match day {
                        Some(day) => day.segments.into_iter().next(),
                        // Only its hours are left, and those say nothing that the month does not.
                        None => continue,
                    }
                }
                _ => None,
            };
            if identity.is_none_or(|identity| !known.contains(&identity)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Adds what answers for one segment.
    fn answer(
        &self,
        segment: Segment,
        records: Option<&RecordFile>,
        question: &Question,
        sources: &mut Vec<Source>,
    ) -> Result<(), Error> {
        let span = Span { since: question.since, until: question.until };
        let origin = |rollup| self.valid_origin(rollup, segment, records);
        // The coarse one comes first and is often enough; the fine one is then not even opened.
        // So does the one by command alone, unless machines are to be told apart.
        let first_of = |brief, whole| {
            let brief_origin = if question.by_machine { None } else { origin(brief)? };
            match brief_origin {
                Some(there) => Ok::<_, Error>((brief, Some(there))),
                None => Ok((whole, origin(whole)?)),
            }
        };
        let (daily, day) = first_of(Rollup::BriefDay(segment), Rollup::Day(segment))?;
        if day.as_ref().is_some_and(|day| !day.overlaps(span)) {
            return Ok(());
        }
        if question.records_first
            && let Some(records) = records
        {
            sources.push(Source::records(records.clone(), span));
            return Ok(());
        }
        let coarse = question.rollups.is_some_and(|grain| grain != Grain::Hour);
        let whole = coarse && day.as_ref().is_some_and(|day| day.is_within(span));
        let (hourly, hour) = if whole || question.rollups.is_none() {
            (Rollup::Hour(segment), None)
        } else {
            first_of(Rollup::BriefHour(segment), Rollup::Hour(segment))?
        };
        let offer = Offer {
            records: records.is_some(),
            day: coarse && day.is_some(),
            hour: hour.is_some(),
            stretch: hour.or(day).map(|origin| (origin.first, origin.last)),
        };
        for (part, span) in offer.parts(span) {
            sources.push(match (part, records) {
                (Part::Records, Some(records)) => Source::records(records.clone(), span),
                (Part::Day, _) => self.rollup_source(daily, span),
                (Part::Hour | Part::Records, _) => self.rollup_source(hourly, span),
            });
        }
        Ok(())
    }

    pub(crate) fn rollup_source(&self, rollup: Rollup, span: Span) -> Source {
        Source { path: self.rollup_path(rollup), form: Form::Rollup, span, records: None, end: None }
    }

    /// The months that a rollup is there of, the oldest first.
    pub(crate) fn rolled_up_months(&self) -> Result<BTreeSet<Month>, Error> {
        let names = self.entries("rollups/month")?.into_iter().map(|entry| entry.file_name());
        let month = |name: &str| Month::parse(name.strip_suffix(".ndjson.zst")?);
        Ok(names.filter_map(|name| month(name.to_str()?)).collect())
    }
}

impl Origin {
    /// Whether nothing that it holds lies outside.
    fn is_within(&self, span: Span) -> bool {
        match (self.first, self.last) {
            (Some(start), Some(end)) => span.holds(&Window { start, end }),
            _ => true,
        }
    }

    pub(crate) fn overlaps(&self, span: Span) -> bool {
        overlap(span, self.first, self.last)
    }
}

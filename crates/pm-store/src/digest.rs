//! Digests: what closed days alerted, so that nobody has to judge their records again.
//!
//! The digest of a segment is a rollup whose lines are alerts, one for each hour and each thing that is
//! measured. It holds for the rules that it was judged by, whose fingerprint stands in its first line. The
//! cost is that a change of the rules has every closed day judged anew by the next compaction.
//!
//! A segment is judged by itself, from its first record on, so that it says the same of itself whether or not
//! others were judged before.

use pm_record::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::day::Day;
use crate::hashing::hexadecimal;
use crate::offer::{hour_of, keeps_hours_whole};
use crate::rollup::{Origin, Rollup};
use crate::segment::{RecordFile, Segment, Stage};
use crate::sources::{Form, Source, Span};
use crate::{Alerts, Benchmarks, Error, Store};

/// The version of how records are judged. Digests of another one are made anew.
const JUDGMENT: u8 = 2;

/// The files that hold rules.
const RULES: [&str; 2] = ["alerts.yml", "benchmarks.yml"];

/// A file to read to know what alerted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertSource {
    /// Records, all of which are to be judged; or their digest.
    pub source: Source,
    /// The day of UTC that the records were appended on.
    pub day: Day,
}

impl AlertSource {
    /// Whether an alert about something that began then counts. One that does not say when is not known to lie
    /// outside.
    #[must_use]
    pub fn counts(&self, made: Option<Timestamp>) -> bool {
        let span = self.source.span;
        made.is_none_or(|made| match self.source.form {
            Form::Records => span.covers(made),
            Form::Rollup => span.holds(&hour_of(made)),
        })
    }
}

impl Store {
    /// The files that say what alerted in a time, the oldest first, no matter which of them held it.
    /// With `digests`, those that fit the rules of the store stand for its closed days.
    ///
    /// # Errors
    ///
    /// Those of [`Store::sources`]; [`Error::Io`] if the rules cannot be read.
    pub fn alert_sources(&self, span: Span, digests: bool) -> Result<Vec<AlertSource>, Error> {
        let rules = if digests { self.rules()? } else { None };
        let mut sources = Vec::new();
        for (segment, files) in self.segments(rules.is_some())? {
            // A record is appended when it ends, so it never stands in a file older than its own day.
            if span.since.is_some_and(|since| segment.day < Day::of(since)) {
                continue;
            }
            let files: Vec<_> = if files.is_empty() { vec![None] } else { files.iter().map(Some).collect() };
            for records in files {
                let digest = self.valid_digest(segment, records, rules.as_deref())?;
                let source = match (digest, records) {
                    (Some(digest), _) if !digest.untimed && !digest.overlaps(span) => None,
                    (Some(digest), Some(records)) if !digest.is_exact(span) => {
                        Some(Source::records(records.clone(), span))
                    }
                    (Some(_), _) => Some(self.rollup_source(Rollup::Alerts(segment), span)),
                    (None, records) => records.map(|records| Source::records(records.clone(), span)),
                };
                sources.extend(source.map(|source| AlertSource { source, day: segment.day }));
            }
        }
        Ok(sources)
    }

    /// What the digest of a segment says of itself, if it is that of these records by these rules.
    pub(crate) fn valid_digest(
        &self,
        segment: Segment,
        records: Option<&RecordFile>,
        rules: Option<&str>,
    ) -> Result<Option<Origin>, Error> {
        let Some(rules) = rules.filter(|_| records.is_none_or(|file| file.stage == Stage::Closed)) else {
            return Ok(None);
        };
        let origin = self.valid_origin(Rollup::Alerts(segment), segment, records)?;
        Ok(origin.filter(|origin| origin.rules.as_deref() == Some(rules)))
    }

    /// The fingerprint of the store's rules; `None` if it has none.
    pub(crate) fn rules(&self) -> Result<Option<String>, Error> {
        let texts = RULES.map(|name| self.settings_text(name));
        let mut is_there = false;
        let mut hash = Sha256::new_with_prefix([JUDGMENT]);
        for text in texts {
            let text = text?.map(|(_, text)| text);
            is_there |= text.is_some();
            // A length before each text, so that nothing can move from one file to the other unseen.
            let length = text.as_ref().map_or(u64::MAX, |text| text.len() as u64);
            hash.update(length.to_le_bytes());
            hash.update(text.unwrap_or_default());
        }
        Ok(is_there.then(|| hexadecimal(&hash.finalize()[..16])))
    }

    /// The same, once for all: what cannot be meant need not be tried on every day.
    pub(crate) fn checked_rules(&self) -> Result<Option<String>, Error> {
        Alerts::of(self)?;
        Benchmarks::of(self)?;
        self.rules()
    }
}

impl Origin {
    /// Whether the hours of a digest answer for a time as exactly as its records.
    fn is_exact(&self, span: Span) -> bool {
        self.first.zip(self.last).is_none_or(|(first, last)| keeps_hours_whole(span, first, last))
    }
}

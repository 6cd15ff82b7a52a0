//! Runs out of lines, as fast as lines can be read: only the fields that are wanted, borrowed from the line.
//!
//! Logs that machines write repeat a few layouts, so a line is first held against those that were met before
//! ([`layout`]); every byte of it is looked at. What has another layout is scanned key by key ([`scan`]), and
//! teaches its layout. Whatever either of the two is in doubt about goes to the full parser ([`full`]), which
//! alone decides what a record is: escapes, numbers in unusual forms, duplicate keys, and every line that may
//! be wrong. The answer is so always the full parser's; the cost is a second and a third description of what
//! it accepts, which the tests hold against it.
//!
//! Partial results have a reader of their own ([`Partial`]). Of other kinds it is only asked whether the line is JSON.

mod avx2;
mod bytes;
mod full;
mod keys;
mod lanes;
mod layout;
mod masks;
mod row;
mod scan;
mod schema;
mod slots;
mod time;
mod wanted;

pub use row::{Label, Run};
pub use wanted::Wanted;

use crate::{BadRecord, LONGEST_LINE, Partial};
use layout::Layouts;
use row::Row;
use slots::{Found, Slots};
use wanted::Paths;

/// Reads runs out of lines. It learns from line to line, which changes its speed and never its answers.
#[derive(Debug)]
pub struct RunReader {
    paths: Paths,
    /// Whether partial results are wanted too.
    partials: bool,
    partial: Partial,
    row: Row,
    layouts: Layouts,
    slots: Slots,
    /// What the line was that was taken last.
    found: Found,
    /// A line with some bytes behind it.
    padded: Vec<u8>,
}

/// How a partial result begins that we wrote.
const PARTIAL_LINE: &[u8] = b"{\"performance_partial\":";

/// How many bytes have to stand behind a text whose lines are taken: it is compared by whole words.
pub(crate) const SLACK: usize = lanes::WORD;

/// What a line holds.
#[derive(Debug, Clone, Copy)]
pub enum Reading<'a> {
    /// One run of one command.
    Run(Run<'a>),
    /// A partial result, if they are wanted.
    Partial(&'a Partial),
    /// A record of another kind: its line.
    Other(&'a [u8]),
}

/// What a line is, once its values are in the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Run,
    Partial,
    Other,
}

impl From<Found> for Kind {
    fn from(found: Found) -> Self {
        match found {
            Found::Run => Self::Run,
            Found::Other => Self::Other,
        }
    }
}

impl RunReader {
    /// A reader of the fields in `wanted`.
    #[must_use]
    pub fn new(wanted: &Wanted) -> Self {
        let paths = Paths::new(wanted);
        Self {
            paths,
            partials: wanted.partials,
            partial: Partial::default(),
            row: Row::default(),
            layouts: Layouts::default(),
            slots: Slots::default(),
            found: Found::Other,
            padded: Vec::new(),
        }
    }

    /// The same reader without what only some processors can do: what it does everywhere else.
    #[doc(hidden)]
    #[must_use]
    pub fn portable(mut self) -> Self {
        self.layouts = self.layouts.portable();
        self.slots = self.slots.portable();
        self
    }

    /// Reads one line, given without its newline.
    ///
    /// # Errors
    ///
    /// Why it is no record.
    pub fn read<'a>(&'a mut self, line: &'a [u8]) -> Result<Reading<'a>, BadRecord> {
        if line.len() > LONGEST_LINE {
            return Err(BadRecord::too_long());
        }
        let kind = self.fill(line)?;
        Ok(self.reading(kind, line))
    }

    /// The same for a line that [`RunReader::take`] has just refused, and that is not too long.
    pub(crate) fn read_refused<'a>(&'a mut self, line: &'a [u8]) -> Result<Reading<'a>, BadRecord> {
        let kind = if self.is_partial(line) { self.fill(line) } else { self.scan(line) }?;
        Ok(self.reading(kind, line))
    }

    /// The same by the full parser only: what [`RunReader::read`] is held against.
    ///
    /// # Errors
    ///
    /// Why it is no record.
    #[doc(hidden)]
    pub fn read_fully<'a>(&'a mut self, line: &'a [u8]) -> Result<Reading<'a>, BadRecord> {
        let kind = self.fill_fully(line)?;
        Ok(self.reading(kind, line))
    }

    /// Nothing of a partial result is wanted as a field, and it may be long.
    fn is_partial(&self, line: &[u8]) -> bool {
        self.partials && line.starts_with(PARTIAL_LINE)
    }

    fn fill(&mut self, line: &[u8]) -> Result<Kind, BadRecord> {
        if self.is_partial(line) {
            return if self.partial.read(line) { Ok(Kind::Partial) } else { self.fill_fully(line) };
        }
        let mut padded = std::mem::take(&mut self.padded);
        padded.clear();
        padded.extend_from_slice(line);
        padded.extend_from_slice(&[b'\n'; 1 + SLACK]);
        let length = self.take(&padded, line.len() + 1);
        self.padded = padded;
        if length == Some(line.len()) {
            return Ok(self.found.into());
        }
        self.scan(line)
    }

    /// Reads a line that has no layout that is known.
    fn scan(&mut self, line: &[u8]) -> Result<Kind, BadRecord> {
        let Some(found) = self.slots.scan(&self.paths, self.partials, line) else {
            return self.fill_fully(line);
        };
        if self.slots.teaches {
            self.layouts.learn(line, &self.slots.all, found);
        }
        self.slots.fill(&mut self.row, line);
        Ok(found.into())
    }

    fn fill_fully(&mut self, line: &[u8]) -> Result<Kind, BadRecord> {
        let partial = self.partials.then_some(&mut self.partial);
        full::fill(&self.paths, partial, line, &mut self.row)
    }

    /// Reads the line that `text` begins with, if it ends within the first `valid` bytes and has a layout that
    /// was met before. Behind these bytes there have to be [`SLACK`] more, whatever they are.
    ///
    /// Returns the line's length without its newline; [`RunReader::taken`] has what it holds.
    #[inline]
    pub(crate) fn take(&mut self, text: &[u8], valid: usize) -> Option<usize> {
        let taken = self.layouts.read(text, &mut self.row).filter(|taken| taken.length < valid)?;
        self.found = taken.found;
        Some(taken.length)
    }

    /// What the line holds that was taken last.
    #[inline]
    pub(crate) fn taken<'a>(&'a self, line: &'a [u8]) -> Reading<'a> {
        self.reading(self.found.into(), line)
    }

    fn reading<'a>(&'a self, kind: Kind, line: &'a [u8]) -> Reading<'a> {
        match kind {
            Kind::Run => Reading::Run(Run::new(&self.row, &self.paths, line)),
            Kind::Partial => Reading::Partial(&self.partial),
            Kind::Other => Reading::Other(line),
        }
    }
}

//! Runs out of lines, as fast as lines can be read: only the fields that are wanted, borrowed from the line.
//!
//! Logs that machines write repeat a few layouts, so a line is first held against those that were met before
//! (`layout`); every byte of it is looked at. What has another layout is scanned key by key (`scan`), and
//! teaches its layout. Whatever either of the two is in doubt about goes to the full parser (`full`), which
//! alone decides what a record is: escapes, numbers in unusual forms, duplicate keys, and every line that may
//! be wrong. The answer is so always the full parser's; the cost is a second and a third description of what
//! it accepts, which the tests hold against it.
//!
//! Of kinds other than runs it is only asked whether the line is JSON.

mod full;
mod row;
mod wanted;

pub use row::{Label, Run};
pub use wanted::Wanted;

use crate::{BadRecord, PerformancePartial};
use row::Row;
use wanted::Paths;

/// Reads runs out of lines. It learns from line to line, which changes its speed and never its answers.
#[derive(Debug)]
pub struct RunReader {
    paths: Paths,
    /// Whether partial results are wanted too.
    partials: bool,
    row: Row,
}

/// What a line holds.
#[derive(Debug)]
pub enum Reading<'a> {
    /// One run of one command.
    Run(Run<'a>),
    /// A partial result, if they are wanted.
    Partial(Box<PerformancePartial>),
    /// A record of another kind.
    Other,
}

/// What a line is, once its values are in the row.
#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Run,
    Partial(Box<PerformancePartial>),
    Other,
}

impl RunReader {
    /// A reader of the fields in `wanted`.
    #[must_use]
    pub fn new(wanted: &Wanted) -> Self {
        let paths = Paths::new(wanted);
        let row = Row::new(&paths);
        Self { paths, partials: wanted.partials, row }
    }

    /// Reads one line, given without its newline.
    ///
    /// # Errors
    ///
    /// Why it is no record.
    pub fn read<'a>(&'a mut self, line: &'a [u8]) -> Result<Reading<'a>, BadRecord> {
        let kind = self.fill(line)?;
        Ok(self.reading(kind, line))
    }

    /// The same by the full parser only: what [`RunReader::read`] is held against.
    ///
    /// # Errors
    ///
    /// Why it is no record.
    #[doc(hidden)]
    pub fn read_fully<'a>(&'a mut self, line: &'a [u8]) -> Result<Reading<'a>, BadRecord> {
        let kind = full::fill(&self.paths, self.partials, line, &mut self.row)?;
        Ok(self.reading(kind, line))
    }

    fn fill(&mut self, line: &[u8]) -> Result<Kind, BadRecord> {
        full::fill(&self.paths, self.partials, line, &mut self.row)
    }

    fn reading<'a>(&'a self, kind: Kind, line: &'a [u8]) -> Reading<'a> {
        match kind {
            Kind::Run => Reading::Run(Run::new(&self.row, &self.paths, line)),
            Kind::Partial(partial) => Reading::Partial(partial),
            Kind::Other => Reading::Other,
        }
    }
}

//! A run as rules look at it: what they read of it, borrowed from its line, and nothing else.
//!
//! Whoever makes rules says first which fields they will look at ([`Columns`]), so that the reader of lines finds these
//! and steps over all others; a run that breaks no rule is never taken apart. The cost is that a rule keeps places
//! of columns beside its fields. Fields beyond what the reader can be asked for are read from the line, one by one.

use std::cell::OnceCell;
use std::sync::Arc;

use pm_record::{Field, Label, Run, Scalar, Thousandths, Wanted};

use crate::names::Names;
use crate::reading::{Span, Subject};

/// The labels that are always looked at, and their columns.
const LABELS: [&str; 4] = ["command", "execution_id", "host", "context.purpose"];
const COMMAND: usize = 0;
const EXECUTION_ID: usize = 1;
const HOST: usize = 2;
const PURPOSE: usize = 3;

/// The numbers that are.
const NUMBERS: [&str; 3] =
    ["resource_usage.peak_memory_mb", "github_api.cache_hits", "github_api.cache_misses"];
const PEAK_MEMORY: usize = 0;
const CACHE_HITS: usize = 1;
const CACHE_MISSES: usize = 2;

/// The fields that rules look at.
#[derive(Debug)]
pub(crate) struct Columns {
    numbers: Vec<Field>,
    labels: Vec<Field>,
}

/// Where a field of a run is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Column(usize),
    /// In the line.
    Line(Field),
}

impl Default for Columns {
    fn default() -> Self {
        let field = |path: &str| path.parse().expect("a path");
        Self { numbers: NUMBERS.map(field).to_vec(), labels: LABELS.map(field).to_vec() }
    }
}

impl Columns {
    /// A field that is looked at as a number.
    pub(crate) fn number(&mut self, field: &Field) -> Place {
        place(&mut self.numbers, field)
    }

    /// A field that is looked at as whatever it is.
    pub(crate) fn label(&mut self, field: &Field) -> Place {
        place(&mut self.labels, field)
    }

    /// What to read of runs.
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted { numbers: self.numbers.clone(), labels: self.labels.clone(), partials: false }
    }
}

fn place(fields: &mut Vec<Field>, field: &Field) -> Place {
    match fields.iter().position(|known| known == field) {
        Some(column) => Place::Column(column),
        None if fields.len() < Wanted::MOST => {
            fields.push(field.clone());
            Place::Column(fields.len() - 1)
        }
        None => Place::Line(field.clone()),
    }
}

/// What rules can know of a run.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    run: Run<'a>,
    names: &'a Names,
    pub(crate) command: &'a str,
    /// Looked up for the first rule that has something to read, for all of them.
    subject: OnceCell<Arc<str>>,
}

impl<'a> Facts<'a> {
    /// The run must have been read by a reader of what [`Columns::wanted`] says.
    pub(crate) fn new(run: Run<'a>, names: &'a Names) -> Self {
        // There is no run without a command.
        let command = text(run.label(COMMAND)).unwrap_or_default();
        Self { run, names, command, subject: OnceCell::new() }
    }

    pub(crate) fn execution_id(&self) -> Option<&'a str> {
        text(self.run.label(EXECUTION_ID))
    }

    pub(crate) fn host(&self) -> Option<Arc<str>> {
        text(self.run.label(HOST)).map(|host| self.names.get(host))
    }

    /// Runs of a benchmark or a profile are slow on purpose.
    pub(crate) fn is_deliberate(&self) -> bool {
        matches!(self.run.label(PURPOSE), Label::Text("benchmark" | "profile"))
    }

    pub(crate) fn subject(&self) -> Subject {
        Subject::Command(self.subject.get_or_init(|| self.names.get(self.command)).clone())
    }

    pub(crate) fn span(&self) -> Span {
        Span { start: self.run.timestamp(), end: self.run.end() }
    }

    pub(crate) fn total(&self) -> Thousandths {
        self.run.total()
    }

    pub(crate) fn failed(&self) -> bool {
        self.run.failed()
    }

    pub(crate) fn peak_memory(&self) -> Option<Thousandths> {
        self.run.number(PEAK_MEMORY).map(Thousandths)
    }

    /// The number there, if there is one.
    pub(crate) fn number(&self, place: &Place) -> Option<Thousandths> {
        match place {
            Place::Column(column) => self.run.number(*column).map(Thousandths),
            Place::Line(field) => match field.read(self.run.line()) {
                Scalar::Number(number) => Some(number),
                Scalar::Null | Scalar::Bool(_) | Scalar::Text(_) => None,
            },
        }
    }

    /// Whether what stands there is as asked.
    pub(crate) fn is(&self, place: &Place, asked: impl FnOnce(Label<'_>) -> bool) -> bool {
        match place {
            Place::Column(column) => asked(self.run.label(*column)),
            Place::Line(field) => asked(Label::from(&field.read(self.run.line()))),
        }
    }
}

/// Whether a run says how many answers a cache had.
pub(crate) fn tells_of_cache(run: &Run<'_>) -> bool {
    run.number(CACHE_HITS).is_some() && run.number(CACHE_MISSES).is_some()
}

fn text(label: Label<'_>) -> Option<&str> {
    if let Label::Text(text) = label { Some(text) } else { None }
}

#[cfg(test)]
mod tests;

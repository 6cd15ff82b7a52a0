//! The values of one run, in columns that are used again for the next.

use super::time::Minute;
use super::wanted::{Column, Paths, Target, own};
use crate::{Scalar, Thousandths, Timestamp};

/// A piece of the line, or of the row's own text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    #[expect(clippy::cast_possible_truncation, reason = "a line is at most 1 MiB long")]
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    pub(super) fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    fn of(self, text: &[u8]) -> &str {
        // Whoever made the span has looked at every byte of it.
        str::from_utf8(&text[self.range()]).unwrap_or_default()
    }
}

/// One value of any type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Cell {
    #[default]
    Null,
    Bool(bool),
    Number(i64),
    /// A string as it stands in the line.
    Text(Span),
    /// A string that does not stand in the line as it is meant, in the row's own text.
    Unescaped(Span),
}

/// Which columns of a row hold something, one bit each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Filled {
    numbers: u64,
    labels: u64,
}

/// The values of one run.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) timestamp: i64,
    /// The minute of the time that was read last.
    pub(super) minute: Minute,
    numbers: [i64; Column::ALL],
    labels: [Cell; Column::ALL],
    pub(super) filled: Filled,
    /// In the order of the line.
    pub(super) phases: Vec<Phase>,
    own_text: String,
}

/// One phase of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Phase {
    pub(super) name: Cell,
    /// The number of its name, or [`Phase::UNNUMBERED`].
    pub(super) number: u8,
    pub(super) value: i64,
}

impl Phase {
    /// Stands for the number of a name that has none.
    pub(super) const UNNUMBERED: u8 = u8::MAX;
}

impl Default for Row {
    fn default() -> Self {
        Self {
            timestamp: 0,
            minute: Minute::default(),
            numbers: [0; Column::ALL],
            labels: [Cell::Null; Column::ALL],
            filled: Filled::default(),
            phases: Vec::new(),
            own_text: String::new(),
        }
    }
}

impl Row {
    /// Forgets the line before.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.filled = Filled::default();
        self.phases.clear();
        self.own_text.clear();
    }

    /// Puts a number where it belongs, without noting that it is there.
    #[inline]
    pub(super) fn put_number(&mut self, target: Target, value: i64) {
        self.numbers[target.number.index()] = value;
        if target.label != Column::UNWANTED {
            self.put_label(target, Cell::Number(value));
        }
    }

    /// The same where nobody wants it as a label.
    #[inline]
    pub(super) fn put_only_number(&mut self, target: Target, value: i64) {
        self.numbers[target.number.index()] = value;
    }

    /// The same for a label.
    #[inline]
    pub(super) fn put_label(&mut self, target: Target, cell: Cell) {
        self.labels[target.label.index()] = cell;
    }

    pub(super) fn set_number(&mut self, target: Target, value: i64) {
        self.put_number(target, value);
        self.filled.numbers |= 1 << target.number.index();
        if target.label != Column::UNWANTED {
            self.filled.labels |= 1 << target.label.index();
        }
    }

    pub(super) fn set_label(&mut self, target: Target, cell: Cell) {
        self.put_label(target, cell);
        self.filled.labels |= 1 << target.label.index();
    }

    pub(super) fn set_time(&mut self, target: Target, millis: i64, text: Cell) {
        self.timestamp = millis;
        self.set_label(target, text);
    }

    /// Whatever stood there before is not what the line says in the end.
    pub(super) fn unset(&mut self, target: Target) {
        self.filled.numbers &= !(1 << target.number.index());
        self.filled.labels &= !(1 << target.label.index());
    }

    /// How long the run took, as the types have it.
    pub(super) fn set_total(&mut self, value: i64) {
        self.numbers[own::TOTAL.index()] = value;
        self.filled.numbers |= 1 << own::TOTAL.index();
    }

    /// A phase; what a name that came twice said the first time, it said in vain.
    pub(super) fn set_phase(&mut self, name: Cell, value: i64) {
        let Cell::Unescaped(new) = name else { return };
        let own_text = self.own_text.as_bytes();
        let same =
            |kept: &Phase| matches!(kept.name, Cell::Unescaped(old) if old.of(own_text) == new.of(own_text));
        match self.phases.iter_mut().find(|kept| same(kept)) {
            Some(kept) => kept.value = value,
            None => self.phases.push(Phase { name, number: Phase::UNNUMBERED, value }),
        }
    }

    /// Keeps a text that does not stand in the line.
    pub(super) fn keep(&mut self, text: &str) -> Cell {
        let start = self.own_text.len();
        self.own_text.push_str(text);
        Cell::Unescaped(Span::new(start, self.own_text.len()))
    }

    #[inline]
    fn number(&self, column: Column) -> Option<i64> {
        (self.filled.numbers >> column.index() & 1 == 1).then(|| self.numbers[column.index()])
    }

    #[inline]
    fn label(&self, column: Column) -> Cell {
        if self.filled.labels >> column.index() & 1 == 1 { self.labels[column.index()] } else { Cell::Null }
    }
}

/// One run of one command: what is wanted of it.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    row: &'a Row,
    paths: &'a Paths,
    line: &'a [u8],
}

/// One value of a run, of any type; a list or an object counts as none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label<'a> {
    /// Absent or null.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Thousandths),
    /// A string.
    Text(&'a str),
}

/// The same number on every system that has it.
const SIGPIPE: i64 = 13;

impl<'a> Run<'a> {
    pub(super) fn new(row: &'a Row, paths: &'a Paths, line: &'a [u8]) -> Self {
        Self { row, paths, line }
    }

    /// The line that it was read from, without its newline.
    #[must_use]
    pub fn line(&self) -> &'a [u8] {
        self.line
    }

    /// When it started.
    #[must_use]
    pub fn timestamp(&self) -> Timestamp {
        Timestamp::from_millis(self.row.timestamp)
    }

    /// How long it took: thousandths of milliseconds.
    #[must_use]
    pub fn total(&self) -> Thousandths {
        Thousandths(self.row.number(own::TOTAL).unwrap_or_default())
    }

    /// When it ended.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        Timestamp::from_millis(self.row.timestamp.saturating_add(self.total().0 / 1000))
    }

    /// The number at this place among the wanted ones, in thousandths of its unit; none where there is none.
    #[must_use]
    #[inline]
    pub fn number(&self, wanted: usize) -> Option<i64> {
        self.row.number(self.paths.numbers[wanted])
    }

    /// Every wanted number that is there, with its place among the wanted ones, in no particular order; one that
    /// is wanted twice has the first of its places.
    #[inline]
    pub fn numbers(&self) -> impl Iterator<Item = (usize, i64)> {
        let mut left = self.row.filled.numbers & self.paths.with_places;
        let run = *self;
        std::iter::from_fn(move || {
            let column = left.trailing_zeros() as usize;
            left &= left.checked_sub(1)?;
            let column = column % Column::ALL;
            Some((usize::from(run.paths.places[column]), run.row.numbers[column]))
        })
    }

    /// The label at this place among the wanted ones.
    #[must_use]
    #[inline]
    pub fn label(&self, wanted: usize) -> Label<'a> {
        self.value(self.row.label(self.paths.labels[wanted]))
    }

    /// The same, if it is text: its bytes.
    #[must_use]
    #[inline]
    pub fn text(&self, wanted: usize) -> Option<&'a [u8]> {
        self.bytes(self.row.label(self.paths.labels[wanted]))
    }

    /// The phases, in the order of the line, in thousandths of milliseconds.
    #[must_use]
    pub fn phases(&self) -> impl ExactSizeIterator<Item = (&'a str, i64)> {
        let run = *self;
        self.row.phases.iter().map(move |phase| (run.name_of(phase), phase.value))
    }

    /// The same with numbers for names, which cost less than names to look up. Two phases that one reader gave the
    /// same number have the same name; the numbers rise from 0 and stay below 255. None where it gave none, which it
    /// may do to any.
    #[must_use]
    #[inline]
    pub fn numbered_phases(&self) -> impl ExactSizeIterator<Item = (Option<u8>, i64)> {
        self.row
            .phases
            .iter()
            .map(|phase| ((phase.number != Phase::UNNUMBERED).then_some(phase.number), phase.value))
    }

    /// The name of the phase at this place in the line.
    #[must_use]
    pub fn phase_name(&self, place: usize) -> Option<&'a str> {
        self.row.phases.get(place).map(|phase| self.name_of(phase))
    }

    fn name_of(&self, phase: &Phase) -> &'a str {
        match self.value(phase.name) {
            Label::Text(name) => name,
            _ => "",
        }
    }

    /// The machine that it ran on.
    #[must_use]
    pub fn machine(&self) -> Option<&'a str> {
        match self.value(self.row.label(own::MACHINE)) {
            Label::Text(machine) => Some(machine),
            _ => None,
        }
    }

    /// The bytes of its name, which cost less to have.
    #[must_use]
    #[inline]
    pub fn machine_bytes(&self) -> Option<&'a [u8]> {
        self.bytes(self.row.label(own::MACHINE))
    }

    /// Whether it ran inside of another run that has a record too, so that the other's time holds its own.
    #[must_use]
    pub fn is_nested(&self) -> bool {
        self.row.label(own::PARENT) != Cell::Null
    }

    /// Whether it never ran.
    #[must_use]
    pub fn not_started(&self) -> bool {
        self.status() == Some(b"not_started")
    }

    /// Whether it is known not to have succeeded; as [`crate::PerformanceMetrics::failed`].
    #[must_use]
    pub fn failed(&self) -> bool {
        if self.row.number(own::SIGNAL) == Some(SIGPIPE * 1000) {
            return false;
        }
        match self.status() {
            Some(b"success") => false,
            Some(b"failure" | b"signaled" | b"timeout" | b"not_started") => true,
            _ => {
                self.row.number(own::SIGNAL).is_some()
                    || self.row.number(own::EXIT_CODE).is_some_and(|code| code != 0)
            }
        }
    }

    fn status(&self) -> Option<&'a [u8]> {
        self.bytes(self.row.label(own::STATUS))
    }

    #[inline]
    fn bytes(&self, cell: Cell) -> Option<&'a [u8]> {
        match cell {
            Cell::Text(span) => Some(&self.line[span.range()]),
            Cell::Unescaped(span) => Some(&self.row.own_text.as_bytes()[span.range()]),
            _ => None,
        }
    }

    #[inline]
    fn value(&self, cell: Cell) -> Label<'a> {
        match cell {
            Cell::Null => Label::Null,
            Cell::Bool(truth) => Label::Bool(truth),
            Cell::Number(number) => Label::Number(Thousandths(number)),
            Cell::Text(span) => Label::Text(span.of(self.line)),
            Cell::Unescaped(span) => Label::Text(span.of(self.row.own_text.as_bytes())),
        }
    }
}

impl<'a> From<&'a Scalar> for Label<'a> {
    fn from(scalar: &'a Scalar) -> Self {
        match scalar {
            Scalar::Null => Self::Null,
            Scalar::Bool(truth) => Self::Bool(*truth),
            Scalar::Number(number) => Self::Number(*number),
            Scalar::Text(text) => Self::Text(text),
        }
    }
}

impl From<Label<'_>> for Scalar {
    fn from(label: Label<'_>) -> Self {
        match label {
            Label::Null => Self::Null,
            Label::Bool(truth) => Self::Bool(truth),
            Label::Number(number) => Self::Number(number),
            Label::Text(text) => Self::Text(text.to_owned()),
        }
    }
}

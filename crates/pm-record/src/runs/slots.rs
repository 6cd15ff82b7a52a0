//! The slots of a line: the values that may differ from line to line, and where they go.

use super::avx2::Avx2;
use super::bytes::Number;
use super::keys::Keys;
use super::masks::Masks;
use super::row::{Cell, Phase, Row, Span};
use super::wanted::Target;

/// A value that may differ from line to line, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// A string's stands inside of its quotes.
    pub(super) span: Span,
    pub(super) form: Form,
    pub(super) target: Target,
    /// The key of a phase, and its number.
    pub(super) name: Span,
    pub(super) number: u8,
    /// The number's value in thousandths, or the time's in milliseconds.
    pub(super) value: i64,
}

/// What a value in a slot has to look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    /// A text that does not stand in the line as it is meant.
    Escaped,
    /// The time of the run.
    Time,
    Number(Limit),
    Bool(bool),
}

/// Which numbers there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    None,
    NotNegative,
    /// Whole numbers of at most nine digits.
    Small,
    /// Any, and it is that of a phase.
    Phase,
}

impl Limit {
    #[inline]
    pub(super) fn holds(self, number: &Number) -> bool {
        match self {
            Self::None | Self::Phase => true,
            Self::NotNegative => number.thousandths >= 0,
            Self::Small => number.whole && number.digits <= 9,
        }
    }
}

/// What a scan found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Run,
    Other,
}

/// The slots of one line, in their order, and what it takes to find them.
#[derive(Debug)]
pub(super) struct Slots {
    pub(super) all: Vec<Slot>,
    /// Whether another line of the same layout would have the same slots: one with escapes says nothing of others.
    pub(super) teaches: bool,
    /// The names of phases that were met, numbered.
    names: Keys,
    pub(super) masks: Masks,
    /// How lines are looked at, where the processor can do better than every other.
    pub(super) avx2: Option<Avx2>,
}

impl Default for Slots {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            teaches: true,
            names: Keys::default(),
            masks: Masks::default(),
            avx2: Avx2::detect(),
        }
    }
}

/// So many names of phases are numbered: a bit each says which of them a line had.
const NUMBERED: usize = 128;

impl Slots {
    /// The same without what only some processors can do.
    pub(super) fn portable(self) -> Self {
        Self { avx2: None, ..self }
    }

    /// Puts what was found in the line into the row.
    pub(super) fn fill(&self, row: &mut Row, line: &[u8]) {
        row.clear();
        for slot in &self.all {
            match slot.form {
                Form::Escaped => {
                    let cell = row.keep(&unescaped(line, slot.span).unwrap_or_default());
                    row.set_label(slot.target, cell);
                }
                _ => slot.set(row),
            }
        }
    }

    /// The number of a name, if it has one.
    pub(super) fn number_of(&mut self, name: &[u8]) -> Option<u8> {
        let known = self.names.find(name);
        let new = || (self.names.len() < NUMBERED).then(|| self.names.add(name)).flatten();
        known.or_else(new).and_then(|number| u8::try_from(number).ok())
    }
}

/// What is meant by the string in whose quotes `span` lies, if it is one.
pub(super) fn unescaped(line: &[u8], span: Span) -> Option<String> {
    let range = span.range();
    serde_json::from_slice(line.get(range.start - 1..=range.end)?).ok()
}

impl Slot {
    /// Puts the value into the row.
    pub(super) fn set(&self, row: &mut Row) {
        let text = Cell::Text(self.span);
        match self.form {
            Form::Text | Form::Escaped => row.set_label(self.target, text),
            Form::Time => row.set_time(self.target, self.value, text),
            Form::Number(limit) => {
                row.set_number(self.target, self.value);
                if limit == Limit::Phase {
                    let name = Cell::Text(self.name);
                    row.phases.push(Phase { name, number: self.number, value: self.value });
                }
            }
            Form::Bool(truth) => row.set_label(self.target, Cell::Bool(truth)),
        }
    }
}

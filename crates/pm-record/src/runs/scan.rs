//! A line scanned key by key, in whatever order the keys come.
//!
//! It finds the values that may differ from line to line, and leaves it to others what to make of them. It
//! accepts a part of what the full parser accepts, the part that is mostly written; `None` is no verdict.

use super::bytes::{self, Number};
use super::lanes::Portable;
use super::row::{Cell, Row, Span};
use super::schema::Rule;
use super::time;
use super::wanted::{Node, Paths, Target};
use crate::record::{PARTIAL, PERFORMANCE};

/// A value that may differ from line to line, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// A string's stands inside of its quotes.
    pub(super) span: Span,
    pub(super) form: Form,
    pub(super) target: Target,
    /// The key of a phase.
    pub(super) name: Span,
    /// The number's value in thousandths, or the time's in milliseconds.
    value: i64,
}

/// What a value in a slot has to look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text,
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

/// The slots of one line, in their order.
#[derive(Debug, Default)]
pub(super) struct Slots {
    pub(super) all: Vec<Slot>,
}

/// How deep objects and lists may lie in each other.
const DEEPEST: usize = 32;

/// More phases than this are left to the full parser, which is quicker at finding names that come twice.
const PHASES: usize = 64;

impl Slots {
    /// Scans a line.
    pub(super) fn scan(&mut self, paths: &Paths, partials: bool, line: &[u8]) -> Option<Found> {
        self.all.clear();
        let mut scan = Scan { text: line, at: 0, slots: &mut self.all, depth: 0, nothing: &paths.nothing };
        scan.expect(b'{')?;
        let kind = scan.key()?;
        let found = match &line[kind.range()] {
            kind if kind == PERFORMANCE.as_bytes() => {
                scan.object(&paths.root)?;
                Found::Run
            }
            kind if partials && kind == PARTIAL.as_bytes() => return None,
            _ => {
                scan.any(&paths.nothing)?;
                Found::Other
            }
        };
        scan.expect(b'}')?;
        scan.space();
        (scan.at == line.len()).then_some(found)
    }

    /// Puts what was found into the row.
    pub(super) fn fill(&self, row: &mut Row) {
        row.clear();
        for slot in &self.all {
            slot.set(row);
        }
    }
}

impl Slot {
    /// Puts the value into the row.
    pub(super) fn set(&self, row: &mut Row) {
        let text = Cell::Text(self.span);
        match self.form {
            Form::Text => row.set_label(self.target, text),
            Form::Time => row.set_time(self.target, self.value, text),
            Form::Number(limit) => {
                row.set_number(self.target, self.value);
                if limit == Limit::Phase {
                    row.phases.push((Cell::Text(self.name), self.value));
                }
            }
            Form::Bool(truth) => row.set_label(self.target, Cell::Bool(truth)),
        }
    }
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    slots: &'a mut Vec<Slot>,
    depth: usize,
    nothing: &'a Node,
}

impl Scan<'_> {
    /// A newline is none here: a layout must not reach over the end of a line.
    fn space(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    /// The next byte that is no white space.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        let byte = *self.text.get(self.at)?;
        if byte > b' ' {
            return Some(byte);
        }
        self.space();
        self.text.get(self.at).copied()
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// A key and its colon.
    #[inline]
    fn key(&mut self) -> Option<Span> {
        self.expect(b'"')?;
        let end = bytes::string(Portable, self.text, self.at)?;
        let key = Span::new(self.at, end);
        self.at = end + 1;
        self.expect(b':')?;
        Some(key)
    }

    /// Whether a list or an object goes on after one of its values; none if it neither does nor ends.
    #[inline]
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        let byte = self.peek()?;
        self.at += 1;
        if byte == b',' { Some(true) } else { (byte == end).then_some(false) }
    }

    fn deeper<T>(&mut self, inside: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.depth += 1;
        let inside = if self.depth > DEEPEST { None } else { inside(self) };
        self.depth -= 1;
        inside
    }

    fn object(&mut self, node: &Node) -> Option<()> {
        self.deeper(|scan| {
            let mut seen = 0_u128;
            scan.entries(|scan, key| {
                let Some(place) = node.place(&scan.text[key.range()]) else { return scan.any(scan.nothing) };
                if seen >> place & 1 == 1 {
                    return None;
                }
                seen |= 1 << place;
                scan.field(&node.children[place], node.required >> place & 1 == 1)
            })?;
            (seen & node.required == node.required).then_some(())
        })
    }

    /// The entries of an object, each given to `entry` behind its key.
    #[inline]
    fn entries(&mut self, mut entry: impl FnMut(&mut Self, Span) -> Option<()>) -> Option<()> {
        self.expect(b'{')?;
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            let key = self.key()?;
            entry(self, key)?;
            if !self.goes_on(b'}')? {
                return Some(());
            }
        }
    }

    /// A value that has to follow the rule of its node.
    fn field(&mut self, node: &Node, required: bool) -> Option<()> {
        let byte = self.peek()?;
        if byte == b'n' && node.rule != Rule::Any {
            return if required { None } else { self.word(b"null") };
        }
        match node.rule {
            Rule::Any => self.any(node),
            Rule::Text => self.string(Form::Text, node.target),
            Rule::Time => self.string(Form::Time, node.target),
            Rule::Number => self.slot(Form::Number(Limit::None), node.target, Span::default()),
            Rule::NotNegative => self.slot(Form::Number(Limit::NotNegative), node.target, Span::default()),
            Rule::Small => self.slot(Form::Number(Limit::Small), node.target, Span::default()),
            Rule::Bool => self.bool(byte == b't', node.target),
            // No other number can stand here, so that this one need not be looked at again.
            Rule::One if node.target == Target::NOWHERE => {
                self.word(b"1")?;
                (!matches!(self.text.get(self.at)?, b'0'..=b'9' | b'.' | b'e' | b'E')).then_some(())
            }
            Rule::One => None,
            Rule::Object => self.object(node),
            Rule::Numbers => self.deeper(|scan| scan.phases(node)),
            Rule::Texts => self.deeper(|scan| scan.list(|scan| scan.string(Form::Text, Target::NOWHERE))),
        }
    }

    fn phases(&mut self, node: &Node) -> Option<()> {
        let first = self.slots.len();
        self.entries(|scan, name| {
            let text = scan.text;
            let known = &scan.slots[first..];
            let twice = known.iter().any(|slot| text[slot.name.range()] == text[name.range()]);
            if twice || known.len() == PHASES {
                return None;
            }
            let target = node.child(&text[name.range()]).map_or(Target::NOWHERE, |child| child.target);
            scan.peek()?;
            scan.slot(Form::Number(Limit::Phase), target, name)
        })
    }

    /// Any value; `node` says what is wanted of it.
    fn any(&mut self, node: &Node) -> Option<()> {
        match self.peek()? {
            b'"' => self.string(Form::Text, node.target),
            b'{' => self.object(node),
            b'[' => self.deeper(|scan| scan.list(|scan| scan.any(scan.nothing))),
            byte @ (b't' | b'f') => self.bool(byte == b't', node.target),
            b'n' => self.word(b"null"),
            _ => self.slot(Form::Number(Limit::None), node.target, Span::default()),
        }
    }

    fn list(&mut self, mut value: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.expect(b'[')?;
        if self.peek()? == b']' {
            self.at += 1;
            return Some(());
        }
        loop {
            value(self)?;
            if !self.goes_on(b']')? {
                return Some(());
            }
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        bytes::continues(self.text, self.at, word).then(|| self.at += word.len())
    }

    fn bool(&mut self, truth: bool, target: Target) -> Option<()> {
        if target == Target::NOWHERE {
            self.at = bytes::word_of(self.text, self.at, truth)?;
            return Some(());
        }
        self.slot(Form::Bool(truth), target, Span::default())
    }

    fn string(&mut self, form: Form, target: Target) -> Option<()> {
        self.expect(b'"')?;
        self.slot(form, target, Span::default())?;
        self.expect_here(b'"')
    }

    fn expect_here(&mut self, byte: u8) -> Option<()> {
        (*self.text.get(self.at)? == byte).then(|| self.at += 1)
    }

    #[inline(never)]
    fn slot(&mut self, form: Form, target: Target, name: Span) -> Option<()> {
        let (end, value) = self.value(form)?;
        self.slots.push(Slot { span: Span::new(self.at, end), form, target, name, value });
        self.at = end;
        Some(())
    }

    /// Where a value of this form ends, and what it is, if it is a number or a time.
    #[inline]
    fn value(&self, form: Form) -> Option<(usize, i64)> {
        match form {
            Form::Text => bytes::string(Portable, self.text, self.at).map(|end| (end, 0)),
            Form::Time => time::time(self.text, self.at).map(|(value, end)| (end, value)),
            Form::Number(limit) => bytes::number(self.text, self.at)
                .filter(|number| limit.holds(number))
                .map(|number| (number.end, number.thousandths)),
            Form::Bool(truth) => bytes::word_of(self.text, self.at, truth).map(|end| (end, 0)),
        }
    }
}

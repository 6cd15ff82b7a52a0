//! A line scanned key by key, in whatever order the keys come.
//!
//! It finds the values that may differ from line to line, and leaves it to others what to make of them. It
//! accepts a part of what the full parser accepts, the part that is mostly written; `None` is no verdict.

use super::bytes;
use super::lanes::Portable;
use super::row::{Phase, Span};
use super::schema::Rule;
use super::slots::{Form, Found, Limit, Slot, Slots, unescaped};
use super::time;
use super::wanted::{Column, Node, Paths, Target};
use crate::record::{PARTIAL, PERFORMANCE};

/// How deep objects and lists may lie in each other.
const DEEPEST: usize = 32;

/// More phases without a number than this are left to the full parser, which is quicker at finding names that come
/// twice.
const UNNUMBERED: usize = 64;

impl Slots {
    /// Scans a line.
    pub(super) fn scan(&mut self, paths: &Paths, partials: bool, line: &[u8]) -> Option<Found> {
        self.all.clear();
        self.teaches = true;
        match self.avx2 {
            Some(avx2) => avx2.mark(&mut self.masks, line),
            None => self.masks.mark(Portable, line),
        }
        let mut scan = Scan { text: line, at: 0, slots: self, depth: 0, nothing: &paths.nothing };
        scan.expect(b'{')?;
        let kind = scan.key()?;
        let found = match &line[kind.as_it_stands()?.range()] {
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
        (scan.slots.masks.solid(scan.at)? == line.len()).then_some(found)
    }
}

/// A key of an object.
enum Key {
    Plain(Span),
    /// One that does not stand in the line as it is meant, which is this.
    Escaped(String),
}

impl Key {
    /// The key, if it stands in the line as it is meant.
    fn as_it_stands(&self) -> Option<Span> {
        match self {
            Self::Plain(span) => Some(*span),
            Self::Escaped(_) => None,
        }
    }
}

/// A string, and what is meant by it, if it does not stand in the line like that.
struct Text {
    span: Span,
    unescaped: Option<String>,
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    slots: &'a mut Slots,
    depth: usize,
    nothing: &'a Node,
}

impl Scan<'_> {
    /// The next byte that is no white space. A newline is none here: a layout must not reach over the end of a line.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        self.at = self.slots.masks.solid(self.at)?;
        self.text.get(self.at).copied()
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// A key and its colon.
    #[inline]
    fn key(&mut self) -> Option<Key> {
        let Text { span, unescaped } = self.quoted()?;
        self.expect(b':')?;
        Some(unescaped.map_or(Key::Plain(span), Key::Escaped))
    }

    /// A string and its quotes.
    #[inline]
    fn quoted(&mut self) -> Option<Text> {
        self.expect(b'"')?;
        let start = self.at;
        let end = self.slots.masks.stop(start)?;
        if self.text.get(end) != Some(&b'"') {
            return self.unusual(start, end);
        }
        self.at = end + 1;
        Some(Text { span: Span::new(start, end), unescaped: None })
    }

    /// A string that begins at `start` and is not only of plain characters from `stop` on.
    #[cold]
    fn unusual(&mut self, start: usize, stop: usize) -> Option<Text> {
        let (mut end, mut escaped) = (stop, false);
        loop {
            match self.text.get(end)? {
                b'"' => break,
                b'\\' => (escaped, end) = (true, end + 2),
                0x80.. => end += 1,
                _ => return None,
            }
            end = self.slots.masks.stop(end)?;
        }
        let span = Span::new(start, end);
        self.at = end + 1;
        if escaped {
            self.slots.teaches = false;
            return unescaped(self.text, span).map(|text| Text { span, unescaped: Some(text) });
        }
        str::from_utf8(&self.text[span.range()]).is_ok().then_some(Text { span, unescaped: None })
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
                let key = match key {
                    Key::Plain(key) => key,
                    Key::Escaped(key) if node.place(key.as_bytes()).is_none() => {
                        return scan.any(scan.nothing);
                    }
                    Key::Escaped(_) => return None,
                };
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
    fn entries(&mut self, mut entry: impl FnMut(&mut Self, Key) -> Option<()>) -> Option<()> {
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
            Rule::Text => self.string(node.target),
            Rule::Time => self.time(node.target),
            Rule::Number => self.slot(Form::Number(Limit::None), node.target),
            Rule::NotNegative => self.slot(Form::Number(Limit::NotNegative), node.target),
            Rule::Small => self.slot(Form::Number(Limit::Small), node.target),
            Rule::Bool => self.bool(byte == b't', node.target),
            // No other number can stand here, so that this one need not be looked at again.
            Rule::One if node.target == Target::NOWHERE => {
                self.word(b"1")?;
                (!matches!(self.text.get(self.at)?, b'0'..=b'9' | b'.' | b'e' | b'E')).then_some(())
            }
            Rule::One => None,
            Rule::Object => self.object(node),
            Rule::Numbers => self.deeper(|scan| scan.phases(node)),
            Rule::Texts => self.deeper(|scan| scan.list(|scan| scan.string(Target::NOWHERE))),
        }
    }

    fn phases(&mut self, node: &Node) -> Option<()> {
        let (mut seen, mut unnumbered) = (0_u128, Vec::new());
        self.entries(|scan, name| {
            let name = name.as_it_stands()?;
            let text = &scan.text[name.range()];
            let number = scan.slots.number_of(text);
            let twice = match number {
                Some(number) => seen >> number & 1 == 1,
                None => unnumbered.len() == UNNUMBERED || unnumbered.contains(&text),
            };
            if twice {
                return None;
            }
            match number {
                Some(number) => seen |= 1 << number,
                None => unnumbered.push(text),
            }
            let target = node.child(text).map_or(Target::NOWHERE, |child| child.target);
            let number = number.unwrap_or(Phase::UNNUMBERED);
            scan.peek()?;
            scan.any_slot(Form::Number(Limit::Phase), target, (name, number))
        })
    }

    /// Any value; `node` says what is wanted of it.
    fn any(&mut self, node: &Node) -> Option<()> {
        match self.peek()? {
            b'"' => self.string(node.target),
            b'{' => self.object(node),
            b'[' => self.deeper(|scan| scan.list(|scan| scan.any(scan.nothing))),
            byte @ (b't' | b'f') => self.bool(byte == b't', node.target),
            b'n' => self.word(b"null"),
            _ => self.slot(Form::Number(Limit::None), node.target),
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
        self.slot(Form::Bool(truth), target)
    }

    fn string(&mut self, target: Target) -> Option<()> {
        let Text { span, unescaped } = self.quoted()?;
        let form = match unescaped {
            None => Form::Text,
            Some(_) if target.label == Column::UNWANTED => return Some(()),
            Some(_) => Form::Escaped,
        };
        self.push(Slot { span, form, target, name: Span::default(), number: Phase::UNNUMBERED, value: 0 });
        Some(())
    }

    fn time(&mut self, target: Target) -> Option<()> {
        self.expect(b'"')?;
        self.slot(Form::Time, target)?;
        (*self.text.get(self.at)? == b'"').then(|| self.at += 1)
    }

    fn push(&mut self, slot: Slot) {
        self.slots.all.push(slot);
    }

    /// A value that begins here and is no string.
    fn slot(&mut self, form: Form, target: Target) -> Option<()> {
        self.any_slot(form, target, (Span::default(), Phase::UNNUMBERED))
    }

    #[inline(never)]
    fn any_slot(&mut self, form: Form, target: Target, (name, number): (Span, u8)) -> Option<()> {
        let (end, value) = self.value(form)?;
        self.push(Slot { span: Span::new(self.at, end), form, target, name, number, value });
        self.at = end;
        Some(())
    }

    /// Where a value of this form ends, and what it is, if it is a number or a time.
    #[inline]
    fn value(&self, form: Form) -> Option<(usize, i64)> {
        match form {
            // Strings are found by their quotes.
            Form::Text | Form::Escaped => None,
            Form::Time => time::time(self.text, self.at).map(|(value, end)| (end, value)),
            Form::Number(limit) => bytes::number(self.text, self.at)
                .filter(|number| limit.holds(number))
                .map(|number| (number.end, number.thousandths)),
            Form::Bool(truth) => bytes::word_of(self.text, self.at, truth).map(|end| (end, 0)),
        }
    }
}

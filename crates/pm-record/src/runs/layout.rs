//! The layouts of lines that were met before: a line of a known layout is read at the speed of a comparison.
//!
//! A layout is what a line has between its slots, and the forms of these. Layouts are kept as a tree, since
//! lines that differ at all mostly differ in one place: each node is the bytes up to a slot and the slot
//! itself, and the nodes below it are the ways in which a line was seen to go on. Every byte of a line is
//! compared or read, so a line that a layout takes is one that the scan would have taken too, with the same
//! values.
//!
//! A layout is learned when it is seen for the second time: lines that are all different would fill the tree
//! with what never comes again. A full tree is forgotten as a whole; what comes again is learned again.

use super::avx2::Avx2;
use super::bytes;
use super::lanes::{Lanes, Literal, Portable, WORD, word_at};
use super::row::{Cell, Filled, Phase, Row, Span};
use super::slots::{Form, Found, Limit, Slot};
use super::wanted::{Column, Target};

/// The most nodes that are kept: a hundred layouts or so.
const NODES: usize = 4096;

/// How many ways a line can go on at one place.
const WAYS: usize = 32;

/// How many layouts that were seen once are remembered, by a hash.
const SEEN: usize = 64;

/// The layouts that were learned.
#[derive(Debug)]
pub(super) struct Layouts {
    /// How lines are looked at, where the processor can do better than every other.
    avx2: Option<Avx2>,
    nodes: Vec<Node>,
    endings: Vec<Ending>,
    /// A hash of each layout that was seen once, and which of them is forgotten next.
    seen: Vec<u64>,
    oldest: usize,
}

/// Bytes that are always the same, as many as are compared at once, and what comes after them.
#[derive(Debug, Clone, Copy)]
struct Node {
    literal: Literal,
    /// How many bytes of it there are.
    length: u32,
    then: Then,
    /// Where the slot's value goes, and where the name of a phase stands and which number it has.
    target: Target,
    name: Name,
    number: u8,
    /// The first node below this one, and the next one beside it; 0 for none, as 0 is below nothing.
    below: u32,
    beside: u32,
}

/// What comes after the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// More such bytes.
    More,
    /// A text that somebody wants, and one that nobody does.
    Text,
    OtherText,
    /// A number that somebody wants as a number, and one that nobody wants, without further conditions.
    Number,
    OtherNumber,
    /// Any number whatever.
    Limited(Limit),
    Phase,
    Time,
    Bool(bool),
    /// The end of the line, by its place among the endings.
    End(u32),
}

/// What is known of a line by its layout alone.
#[derive(Debug, Clone, Copy)]
struct Ending {
    found: Found,
    filled: Filled,
}

/// Where the name of a phase stands: so far before its slot, and so long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Name {
    before: u32,
    length: u32,
}

/// A line that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) found: Found,
    /// How long it is, without its newline.
    pub(super) length: usize,
}

impl Default for Layouts {
    fn default() -> Self {
        Self { avx2: Avx2::detect(), nodes: Vec::new(), endings: Vec::new(), seen: Vec::new(), oldest: 0 }
    }
}

impl Layouts {
    /// The same without what only some processors can do.
    pub(super) fn portable(self) -> Self {
        Self { avx2: None, ..self }
    }

    /// Reads the line that `text` begins with into the row, if it has a known layout and ends with a newline.
    ///
    /// Whole words are compared, so behind the line there must be [`WORD`] bytes, whatever they are.
    #[inline]
    pub(super) fn read(&self, text: &[u8], row: &mut Row) -> Option<Taken> {
        match self.avx2 {
            Some(avx2) => avx2.read(self, text, row),
            None => self.read_by(Portable, text, row),
        }
    }

    /// The same in one of the ways.
    #[expect(
        clippy::inline_always,
        reason = "it is compiled once for each way, for the instructions of each"
    )]
    #[inline(always)]
    pub(super) fn read_by(&self, lanes: impl Lanes, text: &[u8], row: &mut Row) -> Option<Taken> {
        row.clear();
        let (mut at, mut next) = (0, self.nodes.first()?.below);
        while next > 0 {
            let node = self.nodes.get(next as usize)?;
            next = node.beside;
            if !lanes.begins(word_at(text, at)?, &node.literal) {
                continue;
            }
            let start = at + node.length as usize;
            // Each way out of here reads only what it needs of the node: there are few registers.
            let end = match node.then {
                Then::More => start,
                Then::Number => {
                    let Some(number) = lanes.number(text, start) else { continue };
                    row.put_only_number(node.target, number.thousandths);
                    number.end
                }
                Then::OtherNumber => {
                    let Some(number) = lanes.number(text, start) else { continue };
                    number.end
                }
                Then::Text => {
                    let Some(end) = bytes::string(lanes, text, start) else { continue };
                    row.put_label(node.target, Cell::Text(Span::new(start, end)));
                    end
                }
                Then::OtherText => {
                    let Some(end) = bytes::string(lanes, text, start) else { continue };
                    end
                }
                Then::Phase => {
                    let Some(number) = lanes.number(text, start) else { continue };
                    row.put_number(node.target, number.thousandths);
                    let name = Cell::Text(node.name.at(start));
                    row.phases.push(Phase { name, number: node.number, value: number.thousandths });
                    number.end
                }
                Then::Limited(limit) => {
                    let Some(number) = lanes.number(text, start).filter(|number| limit.holds(number)) else {
                        continue;
                    };
                    row.put_number(node.target, number.thousandths);
                    number.end
                }
                Then::Time => {
                    let Some((millis, end)) = row.minute.time(text, start) else { continue };
                    row.timestamp = millis;
                    row.put_label(node.target, Cell::Text(Span::new(start, end)));
                    end
                }
                Then::Bool(truth) => {
                    let Some(end) = bytes::word_of(text, start, truth) else { continue };
                    row.put_label(node.target, Cell::Bool(truth));
                    end
                }
                Then::End(place) => {
                    if text.get(start) != Some(&b'\n') {
                        continue;
                    }
                    let ending = self.endings.get(place as usize)?;
                    row.filled = ending.filled;
                    return Some(Taken { found: ending.found, length: start });
                }
            };
            (at, next) = (end, node.below);
        }
        None
    }

    /// Learns the layout of a line that was scanned, if it was seen before.
    pub(super) fn learn(&mut self, line: &[u8], slots: &[Slot], found: Found) {
        let hash = hash(line, slots);
        if !self.seen.contains(&hash) {
            if self.seen.len() < SEEN {
                self.seen.push(hash);
            } else {
                self.seen[self.oldest] = hash;
                self.oldest = (self.oldest + 1) % SEEN;
            }
            return;
        }
        let most = 1 + slots.len() + 1 + line.len() / WORD;
        if most > NODES {
            return;
        }
        if self.nodes.len() + most > NODES {
            self.forget();
        }
        if self.nodes.is_empty() {
            self.nodes.push(Node::new(&[], Then::More));
        }
        if self.add(line, slots, found).is_none() {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.nodes.clear();
        self.endings.clear();
    }

    /// Adds a layout; none if a line can already go on in too many ways somewhere.
    fn add(&mut self, line: &[u8], slots: &[Slot], found: Found) -> Option<()> {
        let (mut node, mut at) = (0, 0);
        for slot in slots {
            let span = slot.span.range();
            let wanted = |literal: &[u8]| Node {
                target: slot.target,
                name: Name::of(slot),
                number: slot.number,
                ..Node::new(literal, Then::of(slot))
            };
            node = self.descend(node, &line[at..span.start], wanted)?;
            at = span.end;
        }
        let place = u32::try_from(self.endings.len()).ok()?;
        let end = self.descend(node, &line[at..], |literal| Node::new(literal, Then::End(place)))?;
        // A line that was not taken because it was not yet whole is known already.
        if self.nodes[end].then == Then::End(place) {
            self.endings.push(Ending { found, filled: Filled::by(slots) });
        }
        Some(())
    }

    /// The node below `node` that stands behind all of these bytes, made if need be; `last` makes it of the last
    /// of them. None if there are too many.
    fn descend(&mut self, node: usize, literal: &[u8], last: impl Fn(&[u8]) -> Node) -> Option<usize> {
        let (pieces, rest) = literal.as_chunks::<WORD>();
        // A literal that fills its last word exactly has an empty one behind it, so that every slot has a node.
        let node =
            pieces.iter().try_fold(node, |node, piece| self.below(node, Node::new(piece, Then::More)))?;
        self.below(node, last(rest))
    }

    /// The node just below `node` that is like `wanted`, which it becomes if need be.
    fn below(&mut self, node: usize, wanted: Node) -> Option<usize> {
        let (mut ways, mut last, mut next) = (0, None, self.nodes[node].below as usize);
        while next > 0 {
            if self.nodes[next].is_like(&wanted) {
                return Some(next);
            }
            (last, next, ways) = (Some(next), self.nodes[next].beside as usize, ways + 1);
        }
        let made = self.nodes.len();
        let link = u32::try_from(made).ok().filter(|_| ways < WAYS)?;
        self.nodes.push(wanted);
        match last {
            Some(last) => self.nodes[last].beside = link,
            None => self.nodes[node].below = link,
        }
        Some(made)
    }
}

impl Node {
    fn new(literal: &[u8], then: Then) -> Self {
        Self {
            literal: Literal::new(literal),
            length: u32::try_from(literal.len()).unwrap_or_default(),
            then,
            target: Target::NOWHERE,
            name: Name::default(),
            number: Phase::UNNUMBERED,
            below: 0,
            beside: 0,
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        let fields = |node: &Self| (node.literal, node.length, node.target, node.name, node.number);
        let then = match (self.then, other.then) {
            (Then::End(_), Then::End(_)) => true,
            (mine, theirs) => mine == theirs,
        };
        then && fields(self) == fields(other)
    }
}

impl Then {
    fn of(slot: &Slot) -> Self {
        let wanted = |column| column != Column::UNWANTED;
        let (number, label) = (wanted(slot.target.number), wanted(slot.target.label));
        match slot.form {
            Form::Text if label => Self::Text,
            Form::Text | Form::Escaped => Self::OtherText,
            Form::Time => Self::Time,
            Form::Number(Limit::None) if !label && number => Self::Number,
            Form::Number(Limit::None) if !label => Self::OtherNumber,
            Form::Number(Limit::Phase) => Self::Phase,
            Form::Number(limit) => Self::Limited(limit),
            Form::Bool(truth) => Self::Bool(truth),
        }
    }
}

impl Filled {
    /// The columns that these slots fill.
    fn by(slots: &[Slot]) -> Self {
        let mut row = Row::default();
        for slot in slots {
            slot.set(&mut row);
        }
        row.filled
    }
}

impl Name {
    fn of(slot: &Slot) -> Self {
        let length = slot.name.end - slot.name.start;
        if length == 0 { Self::default() } else { Self { before: slot.span.start - slot.name.start, length } }
    }

    #[inline]
    fn at(self, slot: usize) -> Span {
        let start = slot - self.before as usize;
        Span::new(start, start + self.length as usize)
    }
}

/// A hash of where the slots stand and of what they are (FNV-1a, a word at a time). Two layouts with one hash
/// cost a layout that is learned too early, and nothing else.
fn hash(line: &[u8], slots: &[Slot]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut mix = |word: u64| hash = (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    let mut at = 0;
    for slot in slots {
        let gap = slot.span.range().start - at;
        mix(gap as u64 | slot.target.bits() << 32);
        at = slot.span.range().end;
    }
    mix((line.len() - at) as u64);
    hash
}

#[cfg(test)]
mod tests;

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

use super::bytes;
use super::row::{Row, Span};
use super::scan::{Form, Found, Slot};
use super::wanted::Target;

/// The most nodes that are kept: a hundred layouts or so.
const NODES: usize = 4096;

/// How many ways a line can go on at one place.
const WAYS: usize = 32;

/// How many layouts that were seen once are remembered, by a hash.
const SEEN: usize = 64;

/// The layouts that were learned.
#[derive(Debug, Default)]
pub(super) struct Layouts {
    nodes: Vec<Node>,
    /// The bytes between the slots.
    literals: Vec<u8>,
    /// A hash of each layout that was seen once, and which of them is forgotten next.
    seen: Vec<u64>,
    oldest: usize,
    /// Never used twice, also after everything was forgotten.
    next_shape: u32,
}

/// The bytes up to a slot, and the slot.
#[derive(Debug, Clone, Copy)]
struct Node {
    literal: Span,
    /// The first bytes once more, to be compared at once, and which bits of them count.
    first: u128,
    mask: u128,
    then: Then,
    /// The first node below this one, and the next one beside it; 0 for none, as 0 is below nothing.
    below: u32,
    beside: u32,
}

/// What comes after the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Slot { form: Form, target: Target, name: Name },
    End { found: Found, shape: u32 },
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

impl Layouts {
    /// Reads the first line of `text` into the row, if it has a known layout. It ends at a newline, or, if
    /// `whole`, with the text.
    pub(super) fn read(&self, text: &[u8], whole: bool, row: &mut Row) -> Option<Taken> {
        row.clear();
        let (mut at, mut next) = (0, self.nodes.first()?.below);
        loop {
            let node = self.nodes.get(next as usize).filter(|_| next > 0)?;
            match (node.take(&self.literals, text, at, row), node.then) {
                (Some(end), Then::Slot { .. }) => (at, next) = (end, node.below),
                (Some(end), Then::End { found, shape }) if is_end(text, end, whole) => {
                    row.shape = Some(shape);
                    return Some(Taken { found, length: end });
                }
                _ => next = node.beside,
            }
        }
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
        if self.nodes.len() + slots.len() + 1 > NODES {
            self.nodes.clear();
            self.literals.clear();
        }
        if self.nodes.is_empty() {
            self.nodes.push(Node::new(&[], Span::default(), Then::END));
        }
        let (mut node, mut at) = (0, 0);
        for slot in slots {
            let then = Then::Slot { form: slot.form, target: slot.target, name: Name::of(slot) };
            let start = slot.span.range().start;
            let Some(below) = self.descend(node, &line[at..start], then) else { return };
            (node, at) = (below, slot.span.range().end);
        }
        self.next_shape += 1;
        let end = Then::End { found, shape: self.next_shape };
        self.descend(node, &line[at..], end);
    }

    /// The node below `node` with these bytes and this slot, made if need be; none if there are too many.
    fn descend(&mut self, node: usize, literal: &[u8], then: Then) -> Option<usize> {
        let mut ways = 0;
        let mut last = None;
        let mut next = self.nodes[node].below as usize;
        while next > 0 {
            let kept = &self.nodes[next];
            if kept.then == then && &self.literals[kept.literal.range()] == literal {
                return Some(next);
            }
            (last, next, ways) = (Some(next), kept.beside as usize, ways + 1);
        }
        if ways == WAYS {
            return None;
        }
        let start = self.literals.len();
        self.literals.extend_from_slice(literal);
        let made = self.nodes.len();
        self.nodes.push(Node::new(literal, Span::new(start, self.literals.len()), then));
        let link = u32::try_from(made).ok()?;
        match last {
            Some(last) => self.nodes[last].beside = link,
            None => self.nodes[node].below = link,
        }
        Some(made)
    }
}

impl Node {
    fn new(literal: &[u8], span: Span, then: Then) -> Self {
        let mut first = [0; bytes::WORD];
        let length = literal.len().min(bytes::WORD);
        first[..length].copy_from_slice(&literal[..length]);
        let mask = if length == bytes::WORD { u128::MAX } else { (1 << (8 * length)) - 1 };
        Self { literal: span, first: u128::from_le_bytes(first), mask, then, below: 0, beside: 0 }
    }

    /// Holds the text at `at` against this node, and puts the slot's value into the row. Returns where the
    /// text goes on, if it fits.
    #[inline]
    fn take(&self, literals: &[u8], text: &[u8], at: usize, row: &mut Row) -> Option<usize> {
        let start = self.pass(literals, text, at)?;
        let Then::Slot { form, target, name } = self.then else { return Some(start) };
        let (end, value) = form.read(text, start)?;
        form.set(target, Span::new(start, end), name.at(start), value, row);
        Some(end)
    }

    /// The place behind the literal, if it stands at `at`.
    #[inline]
    fn pass(&self, literals: &[u8], text: &[u8], at: usize) -> Option<usize> {
        let range = self.literal.range();
        let length = range.len();
        let fits = match bytes::word(text, at) {
            Some(word) => {
                (word ^ self.first) & self.mask == 0
                    && (length <= bytes::WORD
                        || bytes::continues(
                            text,
                            at + bytes::WORD,
                            &literals[range.start + bytes::WORD..range.end],
                        ))
            }
            None => bytes::continues(text, at, &literals[range]),
        };
        fits.then_some(at + length)
    }
}

impl Then {
    /// What the root has: it stands before every line and is never compared.
    const END: Self = Self::End { found: Found::Other, shape: 0 };
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

/// Whether a line ends at `at`: with a newline, or, if the text is a `whole` line, with the text.
#[inline]
fn is_end(text: &[u8], at: usize, whole: bool) -> bool {
    text.get(at).map_or(whole, |&byte| byte == b'\n')
}

/// A hash of what stands between the slots (FNV-1a, eight bytes at a time). Two layouts with one hash cost a
/// layout that is learned too early, and nothing else.
fn hash(line: &[u8], slots: &[Slot]) -> u64 {
    let mut at = 0;
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut mix = |word: u64| hash = (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    let end = Span::new(line.len(), line.len());
    for slot in slots.iter().map(|slot| slot.span).chain([end]) {
        let (words, rest) = line[at..slot.range().start].as_chunks::<8>();
        for word in words {
            mix(u64::from_le_bytes(*word));
        }
        for &byte in rest {
            mix(byte.into());
        }
        mix(u64::MAX);
        at = slot.range().end;
    }
    hash
}

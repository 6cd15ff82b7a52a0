//! Bytes to lines, in bounded memory.
//!
//! A line longer than [`LONGEST_LINE`] is reported and skipped without being held, so an endless line
//! costs no more than a short one. The last line counts even without its newline: it may be whole.

use std::io::{self, Read};
use std::ops::Range;

use crate::decompress::{Decompress, begins_compressed};
use crate::runs::SLACK;

/// The longest line that is read: 1 MiB without its newline.
pub const LONGEST_LINE: usize = 1 << 20;

/// What the first read asks for: enough to make the cost of a read small, and little enough for a cache.
const BLOCK: usize = 256 << 10;

/// One line of the input, without its newline.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RawLine<'a> {
    /// Its bytes.
    Bytes(&'a [u8]),
    /// It was longer than [`LONGEST_LINE`].
    TooLong,
}

/// Cuts one input into lines, decompressed.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    input: Decompress<R>,
    block: Vec<u8>,
    // Bytes that were read and do not belong to a line that was handed out lie in `block[start..end]`.
    start: usize,
    end: usize,
    // Of these, the ones from here on stand in the input as they are; those before were decompressed.
    plain: usize,
    // The line that is handed out; `None` for one that was too long.
    line: Option<Range<usize>>,
    // Whether the rest of a line that was too long is still to come.
    skipping: bool,
    ended: bool,
    // How many bytes of text were read, whether or not they are still held.
    read: u64,
    // Whether the line that is handed out has no newline behind it.
    open_ended: bool,
}

impl<R: Read> Reader<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input: Decompress::new(input),
            block: vec![0; BLOCK + SLACK],
            start: 0,
            end: 0,
            plain: 0,
            line: None,
            skipping: false,
            ended: false,
            read: 0,
            open_ended: false,
        }
    }

    /// How many bytes of the text, decompressed, lie before what was not handed out yet.
    pub(crate) fn offset(&self) -> u64 {
        self.read - (self.end - self.start) as u64
    }

    /// How many bytes of the text were read.
    pub(crate) fn received(&self) -> u64 {
        self.read
    }

    /// Whether the line that is handed out is the last one and has no newline.
    pub(crate) fn is_open_ended(&self) -> bool {
        self.open_ended
    }

    /// Whether any of what was read so far was compressed.
    pub(crate) fn was_compressed(&self) -> bool {
        self.input.was_compressed()
    }

    /// Goes on to the next line. Returns whether there is one.
    ///
    /// `before_read` is called with the input before every read of it, so that a filter can flush what it
    /// has before it waits.
    pub(crate) fn advance(
        &mut self,
        mut before_read: impl FnMut(&mut R) -> io::Result<()>,
    ) -> io::Result<bool> {
        let mut searched = self.start;
        loop {
            if self.begins_compressed() {
                self.give_back();
                searched = self.start;
            }
            if let Some(length) = memchr::memchr(b'\n', &self.block[searched..self.end]) {
                let line = self.start..searched + length;
                self.start = line.end + 1;
                if !std::mem::take(&mut self.skipping) {
                    return Ok(self.hand_out(line));
                }
                searched = self.start;
            } else if self.ended {
                let line = self.start..self.end;
                self.start = self.end;
                self.open_ended = true;
                return Ok(!std::mem::take(&mut self.skipping) && !line.is_empty() && self.hand_out(line));
            } else if self.make_room() {
                self.line = None;
                return Ok(true);
            } else {
                searched = self.end;
                let room = self.end..self.block.len() - SLACK;
                let length = self.input.read(&mut self.block[room], &mut before_read)?;
                self.end += length;
                self.read += length as u64;
                self.ended = length == 0;
                if !self.input.is_plain() {
                    self.plain = self.end;
                }
            }
        }
    }

    /// Whether a compressed stream begins where the next line would.
    fn begins_compressed(&self) -> bool {
        !self.skipping && self.start >= self.plain && begins_compressed(&self.block[self.start..self.end])
    }

    /// Gives back what was not handed out: it is no text.
    fn give_back(&mut self) {
        let bytes = &self.block[self.start..self.end];
        self.input.give_back(bytes);
        self.read -= bytes.len() as u64;
        (self.end, self.ended) = (self.start, false);
    }

    /// What was read and not handed out, from the beginning of a line on; none within a line that is too long.
    /// How many bytes of it are what was read; behind them stand [`SLACK`] others or more.
    pub(crate) fn ahead(&self) -> Option<(&[u8], usize)> {
        (!self.skipping).then(|| (&self.block[self.start..], self.end - self.start))
    }

    /// Goes on to the line of `length` bytes that stands [`Reader::ahead`], its newline behind it.
    pub(crate) fn take(&mut self, length: usize) {
        let line = self.start..self.start + length;
        self.start = line.end + 1;
        self.hand_out(line);
    }

    /// The line that the last [`Reader::advance`] went to.
    pub(crate) fn line(&self) -> RawLine<'_> {
        self.line.as_ref().map_or(RawLine::TooLong, |line| RawLine::Bytes(&self.block[line.clone()]))
    }

    fn hand_out(&mut self, line: Range<usize>) -> bool {
        self.line = (line.len() <= LONGEST_LINE).then_some(line);
        true
    }

    /// Moves the unfinished line to the front and makes room behind it. Returns whether the line just
    /// became too long to be held, and was let go.
    fn make_room(&mut self) -> bool {
        self.block.copy_within(self.start..self.end, 0);
        self.plain = self.plain.saturating_sub(self.start);
        (self.start, self.end) = (0, self.end - self.start);
        if self.skipping {
            self.end = 0;
        } else if self.end > LONGEST_LINE {
            self.end = 0;
            self.skipping = true;
            return true;
        } else if self.end == self.block.len() - SLACK {
            self.block.resize((self.block.len() * 2).min(LONGEST_LINE + BLOCK) + SLACK, 0);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out its bytes in pieces of a given size.
    struct Dribble<'a>(&'a [u8], usize);

    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(buffer.len());
            buffer[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    fn lines(input: &[u8], piece: usize) -> Vec<Option<Vec<u8>>> {
        let mut reader = Reader::new(Dribble(input, piece));
        let mut lines = Vec::new();
        while reader.advance(|_| Ok(())).expect("memory does not fail") {
            lines.push(match reader.line() {
                RawLine::Bytes(bytes) => Some(bytes.to_vec()),
                RawLine::TooLong => None,
            });
        }
        lines
    }

    #[track_caller]
    fn check(input: &[u8], expected: &[Option<&[u8]>]) {
        for piece in [1, 2, 3, 7, 1 << 30] {
            if input.len() / piece > 100_000 {
                continue;
            }
            let got = lines(input, piece);
            let got: Vec<_> = got.iter().map(Option::as_deref).collect();
            assert!(got == expected, "in pieces of {piece}: {} lines, not {}", got.len(), expected.len());
        }
    }

    #[test]
    fn lines_come_out_however_the_bytes_come_in() {
        check(b"", &[]);
        check(b"one\n", &[Some(b"one")]);
        check(b"one\ntwo", &[Some(b"one"), Some(b"two")]);
        check(b"\n\nx\n", &[Some(b""), Some(b""), Some(b"x")]);
    }

    #[test]
    fn a_line_of_one_mebibyte_is_read_and_one_byte_more_is_skipped() {
        let longest = vec![b'x'; LONGEST_LINE];
        let input = [longest.as_slice(), b"\n", &longest, b"y\nafter\n", &longest, b"y"].concat();
        check(&input, &[Some(&longest), None, Some(b"after"), None]);
    }

    #[test]
    fn an_endless_line_costs_no_more_memory_than_a_long_one() {
        let mut reader = Reader::new(io::repeat(b'x').take(100 << 20).chain(&b"\nnext\n"[..]));
        assert!(reader.advance(|_| Ok(())).expect("memory"));
        assert_eq!(reader.line(), RawLine::TooLong);
        assert!(reader.advance(|_| Ok(())).expect("memory"));
        assert_eq!(reader.line(), RawLine::Bytes(b"next"));
        assert!(reader.block.len() <= LONGEST_LINE + BLOCK + SLACK);
    }

    #[test]
    fn the_caller_hears_of_every_read_before_it_happens() {
        let mut reads = 0;
        let mut reader = Reader::new(Dribble(b"a\nb\n", 2));
        let mut count = |_: &mut Dribble| {
            reads += 1;
            Ok(())
        };
        while reader.advance(&mut count).expect("memory") {}
        assert_eq!(reads, 3);
    }
}

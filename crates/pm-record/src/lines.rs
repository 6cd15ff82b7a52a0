//! Several inputs as one run of lines, each remembered by its input and number.
//!
//! The inputs stay apart: a torn last line of one is not joined to the first line of the next.

use std::fmt;
use std::io::{self, Read};

use crate::reader::{LONGEST_LINE, RawLine, Reader};
use crate::{BadRecord, Reading, Record, RunReader};

/// Reads the lines of all inputs, one input after the other.
#[derive(Debug)]
pub struct Lines<I: Iterator<Item: Read>> {
    inputs: I,
    open: Option<Open<I::Item>>,
    /// How many lines the input had that ended last, and how many bytes of text.
    ended: u64,
    passed: u64,
    /// Whether anything was compressed in those that ended.
    compressed: bool,
    several: bool,
}

#[derive(Debug)]
struct Open<R: Read> {
    name: String,
    reader: Reader<R>,
    number: u64,
}

/// One line that is not empty.
#[derive(Debug)]
pub struct Line<'a> {
    /// The line as it came, without its newline; nothing when it was too long to be held.
    pub bytes: &'a [u8],
    /// Where it came from.
    pub position: Position<'a>,
    too_long: bool,
}

/// Where a line stands.
#[derive(Debug, Clone, Copy)]
pub struct Position<'a> {
    /// The input's name, when there is more than one.
    pub(crate) input: Option<&'a str>,
    /// The line's number in it, from 1.
    pub(crate) line: u64,
    /// Whether it is the last one and has no newline.
    pub(crate) open_ended: bool,
}

impl Position<'_> {
    /// Whether the line is its input's last and has no newline: it may be a part of one.
    #[must_use]
    pub fn is_open_ended(&self) -> bool {
        self.open_ended
    }
}

impl Line<'_> {
    /// The record on this line.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn record(&self) -> Result<Record, BadRecord> {
        if self.too_long { Err(BadRecord::too_long()) } else { Record::parse(self.bytes) }
    }
}

impl fmt::Display for Position<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.input {
            Some(name) => write!(f, "{name} line {}", self.line),
            None => write!(f, "line {}", self.line),
        }
    }
}

impl<I: Iterator<Item: Read + fmt::Display>> Lines<I> {
    /// Reads `inputs` in their order; an input's name is what it displays.
    pub fn new(inputs: impl IntoIterator<IntoIter = I>) -> Self {
        let inputs = inputs.into_iter();
        let several = inputs.size_hint() != (1, Some(1));
        Self { inputs, open: None, ended: 0, passed: 0, compressed: false, several }
    }

    /// The next line that is not empty, or `None` when every input has ended.
    ///
    /// `before_read` is called with the input before every read of it.
    ///
    /// # Errors
    ///
    /// If an input cannot be read or decompressed; the error names it. The next call goes on with the next
    /// input. An error of `before_read` comes back in the same way.
    pub fn next_line(
        &mut self,
        mut before_read: impl FnMut(&mut I::Item) -> io::Result<()>,
    ) -> io::Result<Option<Line<'_>>> {
        self.advance(|open| open.advance(&mut before_read))?;
        let several = self.several;
        Ok(self.open.as_ref().map(|open| open.current(several)))
    }

    /// The same, read by `runs`: the position of the line, and what it holds or why it is no record.
    ///
    /// # Errors
    ///
    /// As [`Lines::next_line`].
    pub fn next_run<'a>(
        &'a mut self,
        runs: &'a mut RunReader,
        mut before_read: impl FnMut(&mut I::Item) -> io::Result<()>,
    ) -> io::Result<Option<(Position<'a>, Result<Reading<'a>, BadRecord>)>> {
        let (mut taken, mut refused) = (false, false);
        self.advance(|open| {
            // A line of a known layout needs no search for its end.
            let length = open.reader.ahead().and_then(|(text, valid)| runs.take(text, valid));
            taken = length.is_some_and(|length| length <= LONGEST_LINE);
            match length {
                Some(length) if taken => {
                    open.reader.take(length);
                    open.number += 1;
                    Ok(Advance::Line)
                }
                _ => {
                    let received = open.reader.received();
                    let advanced = open.advance(&mut before_read);
                    // A line that was not all there may have a known layout nevertheless.
                    refused = open.reader.received() == received;
                    advanced
                }
            }
        })?;
        let several = self.several;
        Ok(self.open.as_ref().map(|open| {
            let line = open.current(several);
            let reading = match line {
                Line { too_long: true, .. } => Err(BadRecord::too_long()),
                Line { bytes, .. } if taken => Ok(runs.taken(bytes)),
                Line { bytes, .. } if refused => runs.read_refused(bytes),
                Line { bytes, .. } => runs.read(bytes),
            };
            (line.position, reading)
        }))
    }

    /// How many lines were read of the input that is open, blank ones and those that are too long too; after
    /// the end, of the last one.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.open.as_ref().map_or(self.ended, |open| open.number)
    }

    /// How many bytes of the open input's text, decompressed, end with the current line and its newline; after an
    /// input's end, of the one that ended last.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.open.as_ref().map_or(self.passed, |open| open.reader.offset())
    }

    /// Whether any of what was read so far was compressed, so that its bytes cannot be cut at newlines.
    #[must_use]
    pub fn was_compressed(&self) -> bool {
        self.compressed || self.open.as_ref().is_some_and(|open| open.reader.was_compressed())
    }

    /// Goes on to the next line by `step`, over the ends of inputs.
    fn advance(&mut self, mut step: impl FnMut(&mut Open<I::Item>) -> io::Result<Advance>) -> io::Result<()> {
        loop {
            let Some(open) = &mut self.open else {
                let Some(input) = self.inputs.next() else { return Ok(()) };
                let name = input.to_string();
                self.open = Some(Open { name, reader: Reader::new(input), number: 0 });
                continue;
            };
            let stepped = step(open);
            match stepped {
                Ok(Advance::Line) => return Ok(()),
                Ok(Advance::Blank) => {}
                Ok(Advance::End) | Err(_) => {
                    self.ended = open.number;
                    self.passed = open.reader.offset();
                    self.compressed |= open.reader.was_compressed();
                    self.open = None;
                    stepped?;
                }
            }
        }
    }
}

enum Advance {
    Line,
    Blank,
    End,
}

impl<R: Read> Open<R> {
    fn advance(&mut self, before_read: &mut impl FnMut(&mut R) -> io::Result<()>) -> io::Result<Advance> {
        let more = self
            .reader
            .advance(before_read)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.name)))?;
        if !more {
            return Ok(Advance::End);
        }
        self.number += 1;
        let blank = matches!(self.reader.line(), RawLine::Bytes(bytes) if bytes.trim_ascii().is_empty());
        Ok(if blank { Advance::Blank } else { Advance::Line })
    }

    fn current(&self, several: bool) -> Line<'_> {
        let position = Position {
            input: several.then_some(&self.name),
            line: self.number,
            open_ended: self.reader.is_open_ended(),
        };
        match self.reader.line() {
            RawLine::Bytes(bytes) => Line { bytes, position, too_long: false },
            RawLine::TooLong => Line { bytes: &[], position, too_long: true },
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Bytes with a name.
    pub(crate) struct Named<'a>(pub(crate) &'a str, pub(crate) &'a [u8]);

    impl Read for Named<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1.read(buffer)
        }
    }

    impl fmt::Display for Named<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    #[track_caller]
    fn check(inputs: &[(&'static str, &'static str)], expected: &[&str]) {
        let inputs: Vec<_> = inputs.iter().map(|(name, text)| Named(name, text.as_bytes())).collect();
        let mut lines = Lines::new(inputs);
        let mut got = Vec::new();
        while let Some(line) = lines.next_line(|_| Ok(())).expect("memory") {
            got.push(format!("{}: {}", line.position, String::from_utf8_lossy(line.bytes)));
        }
        assert_eq!(got, expected);
    }

    #[test]
    fn a_single_input_is_not_named() {
        check(&[("-", "a\n\nb\n")], &["line 1: a", "line 3: b"]);
    }

    #[test]
    fn a_torn_last_line_is_not_joined_to_the_next_input() {
        check(&[("x", "a\nb"), ("y", ""), ("z", "c\n")], &["x line 1: a", "x line 2: b", "z line 1: c"]);
    }

    #[test]
    fn blank_lines_count_and_are_not_handed_out() {
        check(&[("-", " \r\n\t\n{}\r\n")], &["line 3: {}\r"]);
    }

    #[test]
    fn a_damaged_input_is_named_and_the_next_one_is_read() {
        let damaged: &[u8] = b"a\n\x1f\x8b\x08";
        let mut lines = Lines::new(vec![Named("x", damaged), Named("y", b"b\n")]);
        let mut next = || lines.next_line(|_| Ok(())).map(|line| line.map(|line| line.position.to_string()));
        assert_eq!(next().expect("a line"), Some("x line 1".to_owned()));
        let error = next().expect_err("half a header");
        assert_eq!(
            (error.to_string().as_str(), error.kind()),
            ("x: incomplete deflate stream", io::ErrorKind::UnexpectedEof)
        );
        assert_eq!(next().expect("a line"), Some("y line 1".to_owned()));
        assert_eq!(next().expect("the end"), None);
    }

    #[test]
    fn no_input_is_an_end() {
        check(&[], &[]);
    }

    #[test]
    fn the_offset_is_that_of_the_text_behind_the_current_line_whatever_it_is() {
        let long = "x".repeat(LONGEST_LINE + 1);
        let text = format!("{{}}\n\n  \nab\n{long}\ncut");
        let mut lines = Lines::new([Named("a", text.as_bytes())]);
        let mut seen = Vec::new();
        while let Some(line) = lines.next_line(|_| Ok(())).expect("memory") {
            let is_cut = line.position.is_open_ended();
            seen.push((lines.offset(), is_cut));
        }
        let behind_long = LONGEST_LINE as u64 + 12;
        assert_eq!(seen[..2], [(3, false), (10, false)]);
        assert_eq!(seen[3], (behind_long + 3, true));
        assert_eq!(lines.offset(), text.len() as u64);
    }
}

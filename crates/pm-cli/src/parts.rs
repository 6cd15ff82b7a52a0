//! A regular file in parts that are cut at newlines, to be read at the same time.
//!
//! The place of a cut follows from the size alone; the cut itself is behind the first newline at or after it. So
//! every line belongs to exactly one part, in whatever order the parts are read, and a line longer than a part
//! leaves the parts empty that it covers. The length of the file when it was opened is what counts, and the rest
//! of a line that stood half in the file at that time.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crate::Interrupts;

/// A file that can be read in parts.
#[derive(Debug)]
pub struct Parts {
    file: Arc<File>,
    name: String,
    // What lies before was read by somebody else: standard input need not be at its start.
    start: u64,
    end: u64,
    size: u64,
    interrupts: Option<Interrupts>,
}

/// One part, which displays the name of its file.
#[derive(Debug)]
pub struct Part {
    file: Arc<File>,
    name: String,
    at: u64,
    /// Where the first newline is looked for behind which the part begins; none for the first part.
    begin: Option<u64>,
    /// Where the first newline is looked for behind which it ends.
    end: u64,
    ended: bool,
    interrupts: Option<Interrupts>,
}

/// How much is read at once to find the beginning of a part; lines are mostly shorter.
const STEP: usize = 4 << 10;

impl Parts {
    pub(crate) fn of(
        file: File,
        name: &str,
        size: impl FnOnce(u64) -> u64,
        interrupts: Option<Interrupts>,
    ) -> io::Result<Option<Self>> {
        let (start, end) = ((&file).stream_position()?, file.metadata()?.len());
        // The kernel's own files have no length and something in them.
        if start >= end {
            return Ok(None);
        }
        let size = size(end - start).max(1);
        Ok(Some(Self { file: Arc::new(file), name: name.to_owned(), start, end, size, interrupts }))
    }

    /// How many parts there are.
    #[must_use]
    pub fn count(&self) -> usize {
        usize::try_from((self.end - self.start).div_ceil(self.size)).unwrap_or(usize::MAX)
    }

    /// The first bytes, as many as there are and `buffer` has room for.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(buffer, self.start)
    }

    /// The part of this number, from 0.
    #[must_use]
    pub fn part(&self, number: usize) -> Part {
        let offset = |number: u64| self.start.saturating_add(number.saturating_mul(self.size));
        let number = number as u64;
        let begin = (number > 0).then(|| offset(number));
        // The last byte of all is a newline, or else a line goes on behind it.
        self.between(begin, offset(number + 1).min(self.end - 1))
    }

    /// All of it in one part, to the end that it has when it is read: compressed bytes cannot be cut.
    #[must_use]
    pub fn whole(&self) -> Part {
        self.between(None, u64::MAX)
    }

    fn between(&self, begin: Option<u64>, end: u64) -> Part {
        Part {
            file: Arc::clone(&self.file),
            name: self.name.clone(),
            at: begin.unwrap_or(self.start),
            begin,
            end,
            ended: false,
            interrupts: self.interrupts.clone(),
        }
    }
}

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Part {
    /// Goes to where the part begins. It has no line of its own if there is no newline in it.
    fn seek(&mut self) -> io::Result<()> {
        let Some(mut at) = self.begin.take() else { return Ok(()) };
        let mut step = [0; STEP];
        while at < self.end {
            let length = self.file.read_at(&mut step, at)?;
            let inside = length.min(usize::try_from(self.end - at).unwrap_or(usize::MAX));
            if let Some(newline) = newline(&step[..inside]) {
                self.at = at + newline as u64 + 1;
                return Ok(());
            }
            if length == 0 {
                break;
            }
            at += length as u64;
        }
        self.ended = true;
        Ok(())
    }
}

fn newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == b'\n')
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.seek()?;
        if self.ended || self.interrupts.as_ref().is_some_and(Interrupts::is_over) {
            return Ok(0);
        }
        let mut length = self.file.read_at(buffer, self.at)?;
        let inside = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        if let Some(newline) = buffer[..length].get(inside..).and_then(newline) {
            length = inside + newline + 1;
            self.ended = true;
        }
        self.at += length as u64;
        Ok(length)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(text: &[u8]) -> File {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(text).expect("written");
        file.rewind().expect("a file has a start");
        file
    }

    fn cut(file: &File, size: u64) -> Option<Parts> {
        let file = file.try_clone().expect("a descriptor");
        Parts::of(file, "file", |_| size, None).expect("a file")
    }

    fn parts(file: &File, size: u64) -> Vec<String> {
        let Some(parts) = cut(file, size) else { return Vec::new() };
        let read = |number| {
            let mut text = String::new();
            parts.part(number).read_to_string(&mut text).expect("text");
            text
        };
        (0..parts.count()).map(read).collect()
    }

    #[test]
    fn every_line_is_in_exactly_one_part_whatever_their_size() {
        for text in
            ["a\n", "a\nbb\n\nccc\n", "a\nbb\nccc", "\n\n\n", "abc", "a long line\nx\ny\nanother long one\n"]
        {
            for size in 1..20 {
                let parts = parts(&file(text.as_bytes()), size);
                assert_eq!(parts.concat(), text, "{size}");
                let begins_lines = |part: &&String| !part.is_empty();
                let mut behind = String::new();
                for part in parts.iter().filter(begins_lines) {
                    assert!(behind.is_empty() || behind.ends_with('\n'), "{parts:?}");
                    behind.push_str(part);
                }
            }
        }
    }

    #[test]
    fn a_line_longer_than_parts_leaves_those_empty_that_it_covers() {
        assert_eq!(parts(&file(b"a\nbbbbbbbbbbb\nc\n"), 4), ["a\nbbbbbbbbbbb\n", "", "", "c\n"]);
    }

    #[test]
    fn what_somebody_else_has_read_belongs_to_no_part() {
        let mut file = file(b"read\none\ntwo\n");
        file.read_exact(&mut [0; 5]).expect("five bytes");
        assert_eq!(parts(&file, 4).concat(), "one\ntwo\n");
    }

    #[test]
    fn of_a_file_that_grows_the_line_counts_that_was_begun_and_no_later_one() {
        let mut file = file(b"one\ntw");
        let parts = cut(&file, 100).expect("parts");
        file.seek(io::SeekFrom::End(0)).expect("a file has an end");
        file.write_all(b"o\nthree\n").expect("written");
        let mut text = String::new();
        parts.part(0).read_to_string(&mut text).expect("text");
        assert_eq!(text, "one\ntwo\n");
        text.clear();
        parts.whole().read_to_string(&mut text).expect("text");
        assert_eq!(text, "one\ntwo\nthree\n");
    }

    #[test]
    fn an_empty_file_has_no_parts() {
        assert!(cut(&file(b""), 100).is_none());
    }
}

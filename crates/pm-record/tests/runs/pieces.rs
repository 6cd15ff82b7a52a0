//! Inputs that come in pieces: the lines that are read as runs are those that are read as lines.

use std::fmt;
use std::io::{self, Read};

use pm_record::{Lines, RunReader, Wanted};

use crate::answer::{self, Verdict};
use crate::trial::show;

/// Hands out its bytes in pieces of the given sizes, over and over.
struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = *self.sizes.next().expect("at least one size");
        let length = buffer.len().min(size);
        self.bytes.read(&mut buffer[..length])
    }
}

impl fmt::Display for Pieces<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pieces")
    }
}

/// The lines of `input`, read in pieces of these sizes by a reader of runs, are those that are read at once and
/// given to the full parser one by one. Says nothing of inputs that would be decompressed.
pub(crate) fn check(input: &[u8], sizes: &[usize], wanted: &Wanted) {
    if input.split(|&byte| byte == b'\n').any(may_be_compressed) {
        return;
    }
    let (runs, lines) = (as_runs(input, sizes, wanted), line_by_line(input, wanted));
    assert!(runs == lines, "read as runs:\n{runs:#?}\nread as lines:\n{lines:#?}\nof {}", show(input));
}

/// Whether a line begins as gzip, zstd or a frame that zstd skips do.
fn may_be_compressed(line: &[u8]) -> bool {
    matches!(line, [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [_, 0x2a, 0x4d, 0x18, ..])
}

/// The position of each line, and the verdict of a reader of runs.
pub(crate) fn as_runs(input: &[u8], sizes: &[usize], wanted: &Wanted) -> Vec<(String, Verdict)> {
    let mut lines = Lines::new([Pieces { bytes: input, sizes: sizes.iter().cycle() }]);
    let mut runs = RunReader::new(wanted);
    let mut all = Vec::new();
    while let Some((position, reading)) = lines.next_run(&mut runs, |_| Ok(())).expect("plain text") {
        all.push((position.to_string(), answer::read(reading, wanted)));
    }
    all
}

/// The position of each line, and the verdict of the full parser.
fn line_by_line(input: &[u8], wanted: &Wanted) -> Vec<(String, Verdict)> {
    let mut lines = Lines::new([Pieces { bytes: input, sizes: [usize::MAX].iter().cycle() }]);
    let mut full = RunReader::new(wanted);
    let mut all = Vec::new();
    while let Some(line) = lines.next_line(|_| Ok(())).expect("plain text") {
        let verdict = if line.bytes.is_empty() {
            Err(line.record().expect_err("a line that was too long to be held").to_string())
        } else {
            answer::read(full.read_fully(line.bytes), wanted)
        };
        all.push((line.position.to_string(), verdict));
    }
    all
}

//! The end of a store: about so many bytes of its newest records, for what has to be quick and needs no more.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};

use crate::{Error, Question, Source, Store};

/// How many times as long a compressed file is about when it is read.
const PACKED: u64 = 12;

/// How far the end of a line is looked for; a longer line is none.
const LONGEST_LINE: u64 = 1 << 20;

impl Store {
    /// Of the files that answer a question the newest, up to about so many bytes of text; the oldest of them first. Of a
    /// file that is not compressed it may be the end; one that is is taken as a whole or not at all.
    ///
    /// # Errors
    ///
    /// Those of [`Store::sources`].
    pub fn newest(&self, question: &Question, bytes: u64) -> Result<Vec<Source>, Error> {
        let mut left = bytes;
        let mut newest = Vec::new();
        for source in self.sources(question)?.into_iter().rev() {
            let is_packed = source.path.extension().is_some_and(|ending| ending == "zst" || ending == "gz");
            let length = source.path.metadata().map_or(0, |status| status.len());
            let cost = if is_packed { length.saturating_mul(PACKED) } else { length };
            if cost > left && is_packed {
                break;
            }
            newest.push(Source { end: (!is_packed).then_some(left), ..source });
            left = left.saturating_sub(cost);
            if left == 0 {
                break;
            }
        }
        newest.reverse();
        Ok(newest)
    }
}

/// The file at the first line that begins in its last `bytes`.
pub(crate) fn end_of(mut file: File, bytes: Option<u64>) -> io::Result<File> {
    let length = file.metadata()?.len();
    let Some(bytes) = bytes.filter(|bytes| *bytes < length) else { return Ok(file) };
    // A line that begins right there is seen to by the newline before it.
    let start = file.seek(SeekFrom::Start((length - bytes).saturating_sub(1)))?;
    let mut text = Vec::new();
    (&mut file).take(LONGEST_LINE).read_to_end(&mut text)?;
    let rest = text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |end| end + 1);
    file.seek(SeekFrom::Start(start + rest as u64))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: Option<u64>, expected: &str) {
        let mut file = tempfile::tempfile().expect("a file");
        io::Write::write_all(&mut file, b"one\ntwo\nthree\n").expect("room");
        file.rewind().expect("a file");
        let mut text = String::new();
        end_of(file, bytes).expect("a file").read_to_string(&mut text).expect("text");
        assert_eq!(text, expected, "{bytes:?}");
    }

    #[test]
    fn the_end_of_a_file_has_whole_lines_only() {
        for whole in [None, Some(14), Some(1000)] {
            check(whole, "one\ntwo\nthree\n");
        }
        check(Some(13), "two\nthree\n");
        check(Some(10), "two\nthree\n");
        check(Some(9), "three\n");
        check(Some(0), "");
    }
}

//! The end of a store: about so many bytes of its newest records, for what has to be quick and needs no more.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};

use pm_cli::{Input, Opener, Streams};
use pm_store::Source;

/// How many times as long a compressed file is about when it is read.
const PACKED: u64 = 12;

/// How far the end of a line is looked for; a longer line is none.
const LONGEST_LINE: u64 = 1 << 20;

/// The newest of `sources`, which stand in order of time, up to about so many bytes. Of a file that is not compressed it may
/// be the end; one that is is taken as a whole or not at all.
pub(super) fn of(sources: Vec<Source>, bytes: u64, io: &Streams) -> Vec<Input> {
    let mut left = bytes;
    let mut newest = Vec::new();
    for source in sources.into_iter().rev() {
        let is_packed = source.path.extension().is_some_and(|ending| ending == "zst" || ending == "gz");
        let length = source.path.metadata().map_or(0, |status| status.len());
        let cost = if is_packed { length.saturating_mul(PACKED) } else { length };
        if cost > left && is_packed {
            break;
        }
        let tail = left;
        newest.push(io.found(&source.path.clone(), Opener::new(move || open(&source, tail))));
        left = left.saturating_sub(cost);
        if left == 0 {
            break;
        }
    }
    newest.reverse();
    newest
}

/// The file at the first line that begins in its last `tail` bytes.
fn open(source: &Source, tail: u64) -> io::Result<File> {
    let mut file = source.open().map_err(io::Error::other)?;
    let length = file.metadata()?.len();
    if length > tail {
        let start = file.seek(SeekFrom::Start(length - tail))?;
        let mut text = Vec::new();
        (&mut file).take(LONGEST_LINE).read_to_end(&mut text)?;
        let rest = text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |end| end + 1);
        file.seek(SeekFrom::Start(start + rest as u64))?;
    }
    Ok(file)
}

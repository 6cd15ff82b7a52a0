//! Plain, gzip and zstd input, told apart by their first bytes and read as one stream.
//!
//! A stream may change its format wherever a line begins, because people write `cat *.ndjson* | …`. Plain
//! bytes are read straight into the caller's buffer. Whoever cuts them into lines looks whether one begins with a
//! magic number, which no line of JSON does, and gives back what was read from there on: to search all bytes for
//! such a place beforehand would cost a tenth of the time that reading them takes.
//!
//! The decoders are fed and never read for themselves, so that every single read of the input can be
//! announced: what was decoded before is shown before anybody waits.

mod gzip;
mod zstd;

use std::io::{self, Read};

const GZIP: [u8; 3] = [0x1f, 0x8b, 0x08];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// A frame of zstd to step over, which `pzstd` writes; the low half of the first byte may be anything.
const SKIPPABLE: [u8; 4] = [0x50, 0x2a, 0x4d, 0x18];
const BLOCK: usize = 64 << 10;

/// Reads `R` decompressed.
#[derive(Debug)]
pub(crate) struct Decompress<R> {
    input: R,
    held: Held,
    format: Format,
    /// Whether the next bytes may begin a compressed stream.
    may_begin: bool,
    /// Whether anything was compressed so far.
    compressed: bool,
}

enum Format {
    Plain,
    Gzip(Box<gzip::Member>),
    Zstd(Box<zstd::Frame>),
    /// A frame of which nothing is wanted: how many of its bytes are still to come, once that is known.
    Skippable(Option<usize>),
}

/// Makes a decoder of one format.
type Begin = fn() -> io::Result<Format>;

/// What a decoder did.
enum Step {
    /// It wrote so many bytes.
    Output(usize),
    /// It got on without writing.
    Again,
    /// It can do nothing with what is held.
    NeedsMore,
    /// It came to its end.
    End,
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Gzip(_) => "Gzip",
            Self::Zstd(_) => "Zstd",
            Self::Skippable(_) => "Skippable",
        })
    }
}

impl<R: Read> Decompress<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, held: Held::default(), format: Format::Plain, may_begin: true, compressed: false }
    }

    /// Whether any of what was read so far was compressed.
    pub(crate) fn was_compressed(&self) -> bool {
        self.compressed
    }

    /// Whether what was read last stands in the input as it is.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.format, Format::Plain)
    }

    /// Takes back plain bytes that were read last, because they begin a compressed stream.
    pub(crate) fn give_back(&mut self, bytes: &[u8]) {
        self.held.put_back(bytes);
        self.may_begin = true;
    }

    /// Reads into `buffer`, which is not empty; 0 bytes are the end. All that one call reads is plain, or none of it
    /// is. `before_read` is called before every read of the input itself.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        before_read: &mut impl FnMut(&mut R) -> io::Result<()>,
    ) -> io::Result<usize> {
        loop {
            let step = match &mut self.format {
                Format::Plain => self.advance_plain(buffer, before_read)?,
                Format::Gzip(member) => member.advance(&mut self.held, buffer)?,
                Format::Zstd(frame) => frame.advance(&mut self.held, buffer)?,
                Format::Skippable(left) => skip(left, &mut self.held),
            };
            match step {
                Step::Output(length) => return Ok(length),
                Step::Again => {}
                Step::NeedsMore if self.held.ended => return Err(self.broken_off()),
                Step::NeedsMore => self.hold_more(before_read)?,
                Step::End => (self.format, self.may_begin) = (Format::Plain, true),
            }
        }
    }

    fn advance_plain(
        &mut self,
        buffer: &mut [u8],
        before_read: &mut impl FnMut(&mut R) -> io::Result<()>,
    ) -> io::Result<Step> {
        if self.may_begin {
            match Magic::of(self.held.bytes()) {
                Magic::Whole(begin) => {
                    self.format = begin()?;
                    self.compressed = true;
                    return Ok(Step::Again);
                }
                Magic::Begun if !self.held.ended => return Ok(Step::NeedsMore),
                Magic::Begun | Magic::None => self.may_begin = false,
            }
        }
        if self.held.bytes().is_empty() && !self.held.ended {
            let length = read_announced(&mut self.input, buffer, before_read)?;
            self.held.ended = length == 0;
            return Ok(Step::Output(length));
        }
        let length = self.held.bytes().len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.held.bytes()[..length]);
        self.held.consume(length);
        Ok(Step::Output(length))
    }

    /// Reads one block behind the bytes that are held.
    fn hold_more(&mut self, before_read: &mut impl FnMut(&mut R) -> io::Result<()>) -> io::Result<()> {
        let input = &mut self.input;
        self.held.extend(|buffer| read_announced(input, buffer, before_read))
    }

    fn broken_off(&self) -> io::Error {
        io::Error::new(
            io::ErrorKind::UnexpectedEof,
            format!("incomplete {:?} stream", self.format).to_lowercase(),
        )
    }
}

fn read_announced<R: Read>(
    input: &mut R,
    buffer: &mut [u8],
    before_read: &mut impl FnMut(&mut R) -> io::Result<()>,
) -> io::Result<usize> {
    loop {
        before_read(input)?;
        match input.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Steps over what is held of a frame: magic number, length of the rest, the rest.
fn skip(left: &mut Option<usize>, held: &mut Held) -> Step {
    let Some(left) = left else {
        let Some(&[_, _, _, _, a, b, c, d]) = held.bytes().first_chunk() else { return Step::NeedsMore };
        *left = Some(u32::from_le_bytes([a, b, c, d]) as usize);
        held.consume(8);
        return Step::Again;
    };
    let length = held.bytes().len().min(*left);
    held.consume(length);
    *left -= length;
    if *left == 0 { Step::End } else { Step::NeedsMore }
}

/// Whether an input that begins with these bytes begins compressed; four are enough to know.
#[must_use]
pub fn begins_compressed(bytes: &[u8]) -> bool {
    matches!(Magic::of(bytes), Magic::Whole(_))
}

/// What the bytes at the start of a line say about the format.
enum Magic {
    /// They begin with the magic number of this format.
    Whole(Begin),
    /// They are the beginning of one, or nothing at all.
    Begun,
    /// They are plain.
    None,
}

impl Magic {
    fn of(bytes: &[u8]) -> Self {
        // Of a first byte only the bits of the mask count.
        let formats: [(&[u8], u8, Begin); 3] = [
            (&GZIP, 0xff, || Ok(Format::Gzip(Box::new(gzip::Member::new())))),
            (&ZSTD, 0xff, || Ok(Format::Zstd(Box::new(zstd::Frame::new()?)))),
            (&SKIPPABLE, 0xf0, || Ok(Format::Skippable(None))),
        ];
        for (magic, mask, begin) in formats {
            let masks = std::iter::once(mask).chain(std::iter::repeat(0xff));
            if bytes.iter().zip(magic).zip(masks).all(|((byte, wanted), mask)| byte & mask == *wanted) {
                return if bytes.len() >= magic.len() { Self::Whole(begin) } else { Self::Begun };
            }
        }
        Self::None
    }
}

/// Bytes of the input that nobody has taken yet.
#[derive(Debug, Default)]
struct Held {
    /// They are `room[start..end]`. What stands behind them is never made anew: zeroing a block for every line of a
    /// slow stream would cost more than reading the line.
    room: Vec<u8>,
    start: usize,
    end: usize,
    /// Whether the input has no more.
    ended: bool,
}

impl Held {
    fn bytes(&self) -> &[u8] {
        &self.room[self.start..self.end]
    }

    fn consume(&mut self, amount: usize) {
        self.start += amount;
    }

    /// Puts bytes before those that are held.
    fn put_back(&mut self, bytes: &[u8]) {
        self.room = [bytes, self.bytes()].concat();
        (self.start, self.end) = (0, self.room.len());
    }

    /// Room for so many bytes or more behind those that are held.
    fn make_room(&mut self, length: usize) -> &mut [u8] {
        self.room.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.room.len() < self.end + length {
            self.room.resize(self.end + length, 0);
        }
        &mut self.room[self.end..]
    }

    /// Adds what `read` puts into a block.
    fn extend(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<()> {
        let length = read(&mut self.make_room(BLOCK)[..BLOCK])?;
        self.end += length;
        self.ended = length == 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! Plain, gzip and zstd input, told apart by their first bytes and read as one stream.
//!
//! A stream may change its format wherever a line begins, because people write `cat *.ndjson* | …`. Plain
//! bytes are read straight into the caller's buffer and only searched for the first byte of a magic
//! number after a newline; neither of the two can begin a line of JSON.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

const GZIP: &[u8] = &[0x1f, 0x8b, 0x08];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const BLOCK: usize = 64 << 10;

/// Reads `R` decompressed.
#[derive(Debug)]
pub(crate) struct Decompress<R: Read> {
    format: Format<R>,
    at_line_start: bool,
}

enum Format<R: Read> {
    Plain(Pushback<R>),
    Gzip(Box<GzDecoder<Pushback<R>>>),
    Zstd(Box<StreamingDecoder<Pushback<R>, FrameDecoder>>),
    /// The input went down with a decoder that failed.
    Lost,
}

impl<R: Read> std::fmt::Debug for Format<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain",
            Self::Gzip(_) => "Gzip",
            Self::Zstd(_) => "Zstd",
            Self::Lost => "Lost",
        })
    }
}

impl<R: Read> Decompress<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { format: Format::Plain(Pushback::new(input)), at_line_start: true }
    }

    /// The input itself, while there is one.
    pub(crate) fn input(&mut self) -> Option<&mut R> {
        match &mut self.format {
            Format::Plain(plain) => Some(&mut plain.input),
            Format::Gzip(gzip) => Some(&mut gzip.get_mut().input),
            Format::Zstd(zstd) => Some(&mut zstd.get_mut().input),
            Format::Lost => None,
        }
    }

    /// Changes to the decoder for the magic number that comes next, if one does.
    fn choose_decoder(&mut self) -> io::Result<()> {
        let Format::Plain(plain) = &mut self.format else { return Ok(()) };
        let (gzip, zstd) = (plain.starts_with(GZIP)?, plain.starts_with(ZSTD)?);
        if !gzip && !zstd {
            return Ok(());
        }
        let Format::Plain(plain) = std::mem::replace(&mut self.format, Format::Lost) else { return Ok(()) };
        self.format = if gzip {
            Format::Gzip(Box::new(GzDecoder::new(plain)))
        } else {
            Format::Zstd(Box::new(StreamingDecoder::new(plain).map_err(io::Error::other)?))
        };
        Ok(())
    }

    /// Goes back to plain bytes after the end of a compressed part.
    fn end_of_member(&mut self) {
        self.format = match std::mem::replace(&mut self.format, Format::Lost) {
            Format::Gzip(gzip) => Format::Plain(gzip.into_inner()),
            Format::Zstd(zstd) => Format::Plain(zstd.into_inner()),
            other => other,
        };
        self.at_line_start = true;
    }

    fn read_plain(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Format::Plain(plain) = &mut self.format else { return Ok(0) };
        let length = plain.read(buffer)?;
        let cut = line_start_of_magic(&buffer[..length]);
        if let Some(cut) = cut {
            plain.push_back(&buffer[cut..length]);
        }
        let length = cut.unwrap_or(length);
        self.at_line_start = length > 0 && buffer[length - 1] == b'\n';
        Ok(length)
    }
}

impl<R: Read> Read for Decompress<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.at_line_start {
                self.choose_decoder()?;
            }
            let length = match &mut self.format {
                Format::Plain(_) => return self.read_plain(buffer),
                Format::Gzip(gzip) => gzip.read(buffer)?,
                Format::Zstd(zstd) => zstd.read(buffer)?,
                Format::Lost => return Ok(0),
            };
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            self.end_of_member();
        }
    }
}

/// Where, after the first byte, a line begins with the first byte of a magic number. The start of the
/// buffer itself was looked at before it was read.
fn line_start_of_magic(bytes: &[u8]) -> Option<usize> {
    memchr::memchr2_iter(GZIP[0], ZSTD[0], bytes).find(|&at| at > 0 && bytes[at - 1] == b'\n')
}

/// An input to which bytes can be given back.
struct Pushback<R> {
    input: R,
    bytes: Vec<u8>,
    start: usize,
}

impl<R: Read> Pushback<R> {
    fn new(input: R) -> Self {
        Self { input, bytes: Vec::new(), start: 0 }
    }

    fn push_back(&mut self, bytes: &[u8]) {
        self.bytes.splice(..self.start, bytes.iter().copied());
        self.start = 0;
    }

    /// Whether the next bytes are `magic`; reads no further than the first byte that differs.
    fn starts_with(&mut self, magic: &[u8]) -> io::Result<bool> {
        loop {
            let held = &self.bytes[self.start..];
            let length = held.len().min(magic.len());
            if held[..length] != magic[..length] {
                return Ok(false);
            }
            if length == magic.len() {
                return Ok(true);
            }
            if !self.read_more()? {
                return Ok(false);
            }
        }
    }

    /// Reads one block behind the bytes that are held. Returns whether there was any.
    fn read_more(&mut self) -> io::Result<bool> {
        self.bytes.drain(..self.start);
        self.start = 0;
        let held = self.bytes.len();
        self.bytes.resize(held + BLOCK, 0);
        let read = self.input.read(&mut self.bytes[held..]);
        self.bytes.truncate(held + read.as_ref().map_or(0, |&length| length));
        read.map(|length| length > 0)
    }
}

impl<R: Read> Read for Pushback<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.start == self.bytes.len() {
            return self.input.read(buffer);
        }
        let length = (&self.bytes[self.start..]).read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}

impl<R: Read> BufRead for Pushback<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.bytes.len() {
            self.read_more()?;
        }
        Ok(&self.bytes[self.start..])
    }

    fn consume(&mut self, amount: usize) {
        self.start += amount;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).expect("memory");
        encoder.finish().expect("memory")
    }

    fn zstd(text: &str) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[track_caller]
    fn check(input: &[u8], expected: &str) {
        for piece in [1, 2, 5, usize::MAX] {
            let mut reader = Decompress::new(Pieces(input, piece));
            let mut text = Vec::new();
            reader.read_to_end(&mut text).expect("a sound stream");
            assert_eq!(String::from_utf8_lossy(&text), expected, "in pieces of {piece}");
        }
    }

    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(self.1);
            self.0.read(&mut buffer[..length])
        }
    }

    #[test]
    fn each_format_is_known_by_its_first_bytes() {
        check(b"{}\n(plain)\n", "{}\n(plain)\n");
        check(&gzip("{}\n"), "{}\n");
        check(&zstd("{}\n"), "{}\n");
        check(b"", "");
    }

    #[test]
    fn formats_may_change_wherever_a_line_begins() {
        let mixed = [b"a\n".as_slice(), &gzip("b\n"), &zstd("c\n"), &zstd("d\n"), b"e\n", &gzip("f\n"), b"g"]
            .concat();
        check(&mixed, "a\nb\nc\nd\ne\nf\ng");
    }

    #[test]
    fn the_start_of_a_magic_number_is_not_taken_for_one() {
        check(b"x\n(\n\x1f\x8b\ny", "x\n(\n\u{1f}\u{fffd}\ny");
        check(b"(", "(");
    }

    #[test]
    fn a_damaged_stream_is_an_error_and_not_an_end() {
        let mut damaged = gzip("a long enough text to be cut in its middle\n");
        damaged.truncate(damaged.len() - 10);
        assert!(Decompress::new(&damaged[..]).read_to_end(&mut Vec::new()).is_err());
    }
}

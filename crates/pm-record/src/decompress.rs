//! Plain, gzip and zstd input, told apart by their first bytes and read as one stream.
//!
//! A stream may change its format wherever a line begins, because people write `cat *.ndjson* | …`. Plain
//! bytes are read straight into the caller's buffer and searched for a magic number behind a newline; none
//! of them is the start of a line of JSON.
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
const LONGEST_MAGIC: usize = 4;
const BLOCK: usize = 64 << 10;

/// Reads `R` decompressed.
#[derive(Debug)]
pub(crate) struct Decompress<R> {
    input: R,
    held: Held,
    format: Format,
    at_line_start: bool,
}

enum Format {
    Plain,
    Gzip(Box<gzip::Member>),
    Zstd(Box<zstd::Frame>),
    /// A frame of which nothing is wanted: how many of its bytes are still to come, once that is known.
    Skippable(Option<usize>),
}

/// Makes a decoder of one format.
type Begin = fn() -> Format;

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
        Self { input, held: Held::default(), format: Format::Plain, at_line_start: true }
    }

    /// Reads into `buffer`, which is not empty; 0 bytes are the end. `before_read` is called before every
    /// read of the input itself.
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
                Step::End => (self.format, self.at_line_start) = (Format::Plain, true),
            }
        }
    }

    fn advance_plain(
        &mut self,
        buffer: &mut [u8],
        before_read: &mut impl FnMut(&mut R) -> io::Result<()>,
    ) -> io::Result<Step> {
        if self.at_line_start {
            match Magic::of(self.held.bytes()) {
                Magic::Whole(begin) => {
                    self.format = begin();
                    return Ok(Step::Again);
                }
                Magic::Begun if !self.held.ended => return Ok(Step::NeedsMore),
                Magic::Begun | Magic::None => {}
            }
        }
        let length = if self.held.bytes().is_empty() && !self.held.ended {
            let length = read_announced(&mut self.input, buffer, before_read)?;
            self.held.ended = length == 0;
            let cut = line_start_of_magic(&buffer[..length]).unwrap_or(length);
            self.held.hold(&buffer[cut..length]);
            cut
        } else {
            // A magic number that begins inside the buffer may end beyond it.
            let seen = self.held.bytes().len().min(buffer.len() + LONGEST_MAGIC);
            let cut = line_start_of_magic(&self.held.bytes()[..seen]).unwrap_or(seen).min(buffer.len());
            buffer[..cut].copy_from_slice(&self.held.bytes()[..cut]);
            self.held.consume(cut);
            cut
        };
        self.at_line_start = length > 0 && buffer[length - 1] == b'\n';
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
            (&GZIP, 0xff, || Format::Gzip(Box::new(gzip::Member::new()))),
            (&ZSTD, 0xff, || Format::Zstd(Box::new(zstd::Frame::new()))),
            (&SKIPPABLE, 0xf0, || Format::Skippable(None)),
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

/// Where a line that begins behind a newline of `bytes` begins with a magic number, or may do so.
fn line_start_of_magic(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', bytes)
        .map(|newline| newline + 1)
        .find(|&at| at < bytes.len() && !matches!(Magic::of(&bytes[at..]), Magic::None))
}

/// Bytes of the input that nobody has taken yet.
#[derive(Debug, Default)]
struct Held {
    bytes: Vec<u8>,
    start: usize,
    /// Whether the input has no more.
    ended: bool,
}

impl Held {
    fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    fn consume(&mut self, amount: usize) {
        self.start += amount;
    }

    fn hold(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.start);
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Adds what `read` puts into a block.
    fn extend(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<()> {
        self.hold(&[]);
        let length = self.bytes.len();
        self.bytes.resize(length + BLOCK, 0);
        let more = read(&mut self.bytes[length..]);
        self.bytes.truncate(length + more.as_ref().map_or(0, |&more| more));
        self.ended = more? == 0;
        Ok(())
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

    /// All of it, and how it ended.
    fn decompress(input: &[u8], piece: usize) -> (Vec<u8>, io::Result<()>) {
        let mut reader = Decompress::new(Pieces(input, piece));
        let (mut text, mut buffer) = (Vec::new(), vec![0; 1000]);
        loop {
            match reader.read(&mut buffer, &mut |_| Ok(())) {
                Ok(0) => return (text, Ok(())),
                Ok(length) => text.extend_from_slice(&buffer[..length]),
                Err(error) => return (text, Err(error)),
            }
        }
    }

    #[track_caller]
    fn check(input: &[u8], expected: &str) {
        for piece in [1, 2, 5, usize::MAX] {
            let (text, end) = decompress(input, piece);
            end.expect("a sound stream");
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
    fn a_frame_without_content_is_stepped_over() {
        let skippable = |length: u8| {
            [&[0x5a, 0x2a, 0x4d, 0x18, length, 0, 0, 0][..], &vec![b'\n'; usize::from(length)]].concat()
        };
        let mixed = [skippable(4), zstd("a\n"), b"b\n".to_vec(), skippable(0), gzip("c\n"), skippable(255)];
        check(&mixed.concat(), "a\nb\nc\n");
    }

    #[test]
    fn the_start_of_a_magic_number_is_not_taken_for_one() {
        check(b"x\n(\n\x1f\x8b\ny", "x\n(\n\u{1f}\u{fffd}\ny");
        check(b"PATH\nP*\nP*M\n(", "PATH\nP*\nP*M\n(");
    }

    #[test]
    fn lines_that_begin_like_a_magic_number_cost_no_more_than_others() {
        // Giving each of them back to the input took more than a minute.
        let input = "(\n".repeat(500_000);
        let (text, end) = decompress(input.as_bytes(), usize::MAX);
        assert!(end.is_ok() && text == input.as_bytes());
    }

    #[test]
    fn a_stream_that_breaks_off_is_an_error_and_not_an_end() {
        for whole in [gzip("a long enough text to be cut\n"), zstd("a long enough text to be cut\n")] {
            for length in [whole.len() / 2, whole.len() - 9] {
                let (_, end) = decompress(&whole[..length], 5);
                let error = end.expect_err("there is more to come");
                assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{error}");
            }
        }
        let (_, end) = decompress(b"\x5a\x2a\x4d\x18\x09\0\0\0short", 5);
        assert_eq!(end.expect_err("there is more to come").to_string(), "incomplete skippable stream");
    }

    #[test]
    fn a_flipped_bit_is_found_or_does_no_harm() {
        let lines: Vec<_> = (0..60).map(|n| format!("{{\"n\":{}}}\n", n * n * 7919)).collect();
        let text = lines.concat();
        for (whole, magic) in [(gzip(&text), GZIP.len()), (zstd(&text), ZSTD.len())] {
            let (mut found, bits) = (0, (whole.len() - magic) * 8);
            for bit in 0..bits {
                let mut damaged = whole.clone();
                damaged[magic + bit / 8] ^= 1 << (bit % 8);
                let (got, end) = decompress(&damaged, usize::MAX);
                // This bit says whether there is a checksum: without one its four bytes are a line of their own.
                let says_checksum = magic == ZSTD.len() && bit == 2;
                let same = got == text.as_bytes() || says_checksum && got.starts_with(text.as_bytes());
                assert!(end.is_err() || same, "bit {bit} of {bits} changed the text in silence");
                found += usize::from(end.is_err());
            }
            assert!(found > bits / 2, "only {found} of {bits} flips were found");
        }
    }

    /// Parts of a text in one stream, and after how many bytes of it how much of the text can be known.
    fn in_parts(encode: fn(&str) -> Vec<u8>) -> (Vec<u8>, Vec<(usize, usize)>) {
        let (mut stream, mut text, mut due) = (Vec::new(), 0, Vec::new());
        for part in ["{\"a\":1}\n".repeat(9_000).as_str(), "b\n", "c\n"] {
            stream.extend(encode(part));
            text += part.len();
            due.push((stream.len(), text));
        }
        (stream, due)
    }

    /// The same in one member of gzip, flushed after every line.
    fn in_one_member() -> (Vec<u8>, Vec<(usize, usize)>) {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut due = Vec::new();
        for line in 1..=100 {
            encoder.write_all(b"{\"a\":1}\n").and_then(|()| encoder.flush()).expect("memory");
            due.push((encoder.get_ref().len(), line * 8));
        }
        (encoder.finish().expect("memory"), due)
    }

    #[test]
    fn every_read_of_the_input_is_announced_and_all_that_can_be_known_is_shown_before_it() {
        for (stream, due) in [in_parts(|part| part.into()), in_parts(gzip), in_parts(zstd), in_one_member()] {
            let reads = std::cell::Cell::new(0);
            let mut reader = Decompress::new(Counted(Pieces(&stream, 7), &reads));
            let (mut announced, mut shown, mut buffer) = (0, 0, vec![0; 1000]);
            loop {
                let announce = &mut |input: &mut Counted<'_>| {
                    assert_eq!(announced, input.1.get(), "a read was not announced");
                    announced += 1;
                    let taken = stream.len() - input.0.0.len();
                    let known = due.iter().take_while(|&&(bytes, _)| bytes <= taken).last();
                    let known = known.map_or(0, |&(_, text)| text);
                    assert!(shown >= known, "{shown} of {known} bytes are shown after {taken}");
                    Ok(())
                };
                match reader.read(&mut buffer, announce).expect("a sound stream") {
                    0 => break,
                    length => shown += length,
                }
            }
            assert_eq!((announced, Some(shown)), (reads.get(), due.last().map(|&(_, text)| text)));
        }
    }

    struct Counted<'a>(Pieces<'a>, &'a std::cell::Cell<usize>);

    impl Read for Counted<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1.set(self.1.get() + 1);
            self.0.read(buffer)
        }
    }
}

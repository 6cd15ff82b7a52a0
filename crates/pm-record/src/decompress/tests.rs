//! What comes out of streams of every format, sound and damaged.

use std::io::Write;

use super::*;
use crate::reader::{RawLine, Reader};

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

fn zstd(text: &str) -> Vec<u8> {
    let mut encoder = ::zstd::Encoder::new(Vec::new(), 1).expect("memory");
    encoder.include_checksum(true).expect("a checksum");
    encoder.write_all(text.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

/// All of it, a newline behind each line, and how it ended.
fn decompress(input: &[u8], piece: usize) -> (Vec<u8>, io::Result<()>) {
    let mut reader = Reader::new(Pieces(input, piece));
    let mut text = Vec::new();
    loop {
        match reader.advance(|_| Ok(())) {
            Ok(false) => return (text, Ok(())),
            Ok(true) => match reader.line() {
                RawLine::Bytes(line) => text.extend_from_slice(&[line, b"\n"].concat()),
                RawLine::TooLong => text.extend_from_slice(b"too long\n"),
            },
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
    let mixed =
        [b"a\n".as_slice(), &gzip("b\n"), &zstd("c\n"), &zstd("d\n"), b"e\n", &gzip("f\n"), b"g"].concat();
    check(&mixed, "a\nb\nc\nd\ne\nf\ng\n");
}

#[test]
fn what_is_decompressed_is_not_decompressed_again() {
    let inner = gzip("inner\n");
    let mut encoder = ::zstd::Encoder::new(Vec::new(), 1).expect("memory");
    encoder.write_all(&[b"a\n", &*inner, b"\nb\n"].concat()).expect("memory");
    let stream = [encoder.finish().expect("memory"), b"c\n".to_vec(), gzip("d\n")].concat();
    let lines = [b"a\n", &*inner, b"\nb\nc\nd\n"].concat();
    check(&stream, &String::from_utf8_lossy(&lines));
}

#[test]
fn a_stream_begins_behind_a_line_that_is_too_long_and_behind_a_whole_block() {
    for length in [256 << 10, (1 << 20) + 1] {
        let stream = [vec![b'x'; length], b"\n".to_vec(), gzip("a\n"), b"b\n".to_vec()].concat();
        let (text, end) = decompress(&stream, usize::MAX);
        end.expect("a sound stream");
        let before = if length > 1 << 20 { b"too long".to_vec() } else { vec![b'x'; length] };
        assert!(text == [&before[..], b"\na\nb\n"].concat(), "{length}");
    }
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
    check(b"x\n(\n\x1f\x8b\ny", "x\n(\n\u{1f}\u{fffd}\ny\n");
    check(b"PATH\nP*\nP*M\n(", "PATH\nP*\nP*M\n(\n");
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

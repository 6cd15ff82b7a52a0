//! Lines come out the same however the bytes come in, compressed or not, and no input is too odd.
#![no_main]

use std::fmt;
use std::io::{self, Read};

use libfuzzer_sys::fuzz_target;
use pm_record::Lines;

struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.1);
        self.0.read(&mut buffer[..length])
    }
}

impl fmt::Display for Pieces<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fuzz")
    }
}

/// The lines that were read, and whether the end was reached without an error.
fn lines(bytes: &[u8], piece: usize) -> (Vec<(String, Vec<u8>)>, bool) {
    let mut lines = Lines::new([Pieces(bytes, piece)]);
    let mut all = Vec::new();
    loop {
        match lines.next_line(|_| Ok(())) {
            Ok(Some(line)) => all.push((line.position.to_string(), line.bytes.to_vec())),
            Ok(None) => return (all, true),
            Err(_) => return (all, false),
        }
    }
}

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    let (in_pieces, sound) = lines(bytes, usize::from(piece) + 1);
    let (at_once, also_sound) = lines(bytes, usize::MAX);
    assert_eq!(sound, also_sound);
    // A decoder that meets damage may give up what it had in hand, and has more in hand at once.
    let common = if sound { in_pieces.len().max(at_once.len()) } else { in_pieces.len().min(at_once.len()) };
    assert_eq!(in_pieces.get(..common), at_once.get(..common));
});

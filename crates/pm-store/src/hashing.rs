//! The SHA-256 of a file, from its start, in hexadecimal.

use std::fmt::Write as _;
use std::io::{self, Read, Seek};

use sha2::{Digest as _, Sha256};

/// How much is read at once.
const BLOCK: usize = 256 << 10;

/// The hash of all that a file holds, and how long it is.
pub(crate) fn of(file: &mut (impl Read + Seek)) -> io::Result<(String, u64)> {
    file.rewind()?;
    let mut hash = Sha256::new();
    let (mut block, mut bytes) = (vec![0; BLOCK], 0);
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok((hexadecimal(&hash.finalize()), bytes)),
            Ok(length) => {
                hash.update(&block[..length]);
                bytes += length as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Bytes as digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

//! One gzip member, decoded from bytes that somebody else reads.

use std::io::{self, Write};

use flate2::write::GzDecoder;

use super::{Held, Step};

/// A member under way.
pub(super) struct Member {
    // Its output goes into a vector: at most what one block of input holds back, about 64 KiB.
    decoder: GzDecoder<Vec<u8>>,
    handed_out: usize,
    verified: bool,
}

impl Member {
    pub(super) fn new() -> Self {
        Self { decoder: GzDecoder::new(Vec::new()), handed_out: 0, verified: false }
    }

    /// Decodes some of what is held into `buffer`. A checksum that is wrong is an error.
    pub(super) fn advance(&mut self, held: &mut Held, buffer: &mut [u8]) -> io::Result<Step> {
        let mut output = &self.decoder.get_ref()[self.handed_out..];
        if !output.is_empty() {
            let length = io::Read::read(&mut output, buffer)?;
            self.handed_out += length;
            return Ok(Step::Output(length));
        }
        self.decoder.get_mut().clear();
        self.handed_out = 0;
        if self.verified {
            return Ok(Step::End);
        }
        if held.bytes().is_empty() && !held.ended {
            return Ok(Step::NeedsMore);
        }
        // Behind the member's last byte the decoder takes nothing.
        let taken = if held.bytes().is_empty() { 0 } else { self.decoder.write(held.bytes())? };
        held.consume(taken);
        if taken == 0 {
            self.decoder.try_finish()?;
            self.verified = true;
        } else if held.bytes().is_empty() {
            // All that can be decoded comes out before more input is waited for.
            self.decoder.flush()?;
        }
        Ok(Step::Again)
    }
}

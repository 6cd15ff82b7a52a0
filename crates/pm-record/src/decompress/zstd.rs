//! One zstd frame, decoded from bytes that somebody else reads, as far as those reach.
//!
//! A block is decoded once all of it is here: whoever writes a live stream flushes it by ending a block. A frame whose window
//! is longer than 128 MiB (`zstd --long=28`) is refused, which bounds the memory. The decoder is the C library; one in Rust
//! took four times as long, and closed days are read again and again.

use std::io;

use zstd::stream::raw::{Decoder, Operation as _};

use super::{Held, Step};

/// A frame under way.
pub(super) struct Frame {
    decoder: Decoder<'static>,
    has_ended: bool,
}

impl Frame {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { decoder: Decoder::new()?, has_ended: false })
    }

    /// Decodes some of what is held into `buffer`. A checksum that is wrong is an error.
    pub(super) fn advance(&mut self, held: &mut Held, buffer: &mut [u8]) -> io::Result<Step> {
        if self.has_ended {
            return Ok(Step::End);
        }
        let done = self.decoder.run_on_buffers(held.bytes(), buffer)?;
        held.consume(done.bytes_read);
        self.has_ended = done.remaining == 0;
        Ok(match (done.bytes_written, done.bytes_read) {
            (1.., _) => Step::Output(done.bytes_written),
            (0, 0) if !self.has_ended => Step::NeedsMore,
            _ => Step::Again,
        })
    }
}

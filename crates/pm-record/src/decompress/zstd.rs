//! One zstd frame, decoded block by block from bytes that somebody else reads.
//!
//! The decoder is given a block only when all of it is here, because it cannot stop inside one. While a
//! frame goes on, it keeps back as many bytes as its window is long: a live stream should be flushed by
//! ending the frame.

use std::io::{self, Read};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::{Held, Step};

/// The most that a block may hold; the decoder refuses one that claims more.
const LARGEST_BLOCK: usize = 128 << 10;

/// A frame under way.
pub(super) struct Frame {
    decoder: FrameDecoder,
    header: Option<Header>,
}

struct Header {
    /// Whether a checksum follows the last block.
    has_checksum: bool,
}

impl Frame {
    pub(super) fn new() -> Self {
        Self { decoder: FrameDecoder::new(), header: None }
    }

    /// Decodes some of what is held into `buffer`. A checksum that is wrong is an error.
    pub(super) fn advance(&mut self, held: &mut Held, buffer: &mut [u8]) -> io::Result<Step> {
        let Some(header) = &self.header else {
            let Some(whole) = header_length(held.bytes()).and_then(|length| held.bytes().get(..length))
            else {
                return Ok(Step::NeedsMore);
            };
            self.decoder.init(whole).map_err(io::Error::other)?;
            self.header = Some(Header { has_checksum: whole[4] & 0x04 != 0 });
            held.consume(whole.len());
            return Ok(Step::Again);
        };
        if self.decoder.can_collect() > 0 {
            return Ok(Step::Output(self.decoder.read(buffer)?));
        }
        if self.decoder.is_finished() {
            return self.verify().map(|()| Step::End);
        }
        let length = block_length(held.bytes(), header.has_checksum);
        let Some(mut whole) = length.and_then(|length| held.bytes().get(..length)) else {
            return Ok(Step::NeedsMore);
        };
        let before = whole.len();
        self.decoder
            .decode_blocks(&mut whole, BlockDecodingStrategy::UptoBlocks(1))
            .map_err(io::Error::other)?;
        held.consume(before - whole.len());
        Ok(Step::Again)
    }

    /// The decoder takes both sums and leaves it to its caller to compare them.
    fn verify(&self) -> io::Result<()> {
        let written = self.decoder.get_checksum_from_data();
        if written.is_some() && written != self.decoder.get_calculated_checksum() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "corrupt zstd frame: its checksum does not match",
            ));
        }
        Ok(())
    }
}

/// How long the frame's header is, its magic number included; none while that cannot be seen.
fn header_length(bytes: &[u8]) -> Option<usize> {
    let descriptor = *bytes.get(4)?;
    let single_segment = descriptor & 0x20 != 0;
    let window = usize::from(!single_segment);
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content_size = [usize::from(single_segment), 2, 4, 8][usize::from(descriptor >> 6)];
    Some(5 + window + dictionary + content_size)
}

/// How long the next block is, with its header and, behind the last one, the checksum.
fn block_length(bytes: &[u8], has_checksum: bool) -> Option<usize> {
    let header = bytes.get(..3)?;
    let header = u32::from_le_bytes([header[0], header[1], header[2], 0]);
    let (is_last, is_repeated_byte) = (header & 1 == 1, header >> 1 & 3 == 1);
    let content = if is_repeated_byte { 1 } else { (header >> 3) as usize };
    Some(3 + content.min(LARGEST_BLOCK) + if is_last && has_checksum { 4 } else { 0 })
}

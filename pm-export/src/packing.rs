//! How bodies are packed: by what a receiver takes, and by what the user wants of that.

use std::borrow::Cow;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde::{Deserialize, Serialize};

use crate::args::Compress;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Packing {
    None,
    Gzip,
    Deflate,
    /// Zstandard, as Datadog calls it.
    Zstd1,
    /// It is packed already, as the protocol demands.
    Snappy,
}

/// What zstd calls usual: small enough, and faster than gzip is at its fastest.
const LEVEL: i32 = 3;

impl Packing {
    /// Of what a receiver takes what the user wants, or else the first: what is usual there.
    pub(crate) fn wanted(takes: &[Self], wanted: Option<Compress>) -> Self {
        let is_wanted = |packing: &&Self| match wanted {
            Some(Compress::Gzip) => **packing == Self::Gzip,
            Some(Compress::Zstd) => **packing == Self::Zstd1,
            Some(Compress::None) => **packing == Self::None,
            None => false,
        };
        let usual = takes.first().copied().unwrap_or(Self::None);
        takes.iter().find(is_wanted).copied().unwrap_or(usual)
    }

    /// What the header calls it.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
            Self::Deflate => Some("deflate"),
            Self::Zstd1 => Some("zstd1"),
            Self::Snappy => Some("snappy"),
        }
    }

    /// The body as it is sent.
    ///
    /// # Errors
    ///
    /// If there is no memory for it.
    pub(crate) fn pack(self, body: &[u8]) -> io::Result<Cow<'_, [u8]>> {
        match self {
            Self::None | Self::Snappy => return Ok(Cow::Borrowed(body)),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(body)?;
                encoder.finish()
            }
            Self::Deflate => {
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(body)?;
                encoder.finish()
            }
            Self::Zstd1 => zstd::bulk::compress(body, LEVEL),
        }
        .map(Cow::Owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_receiver_does_not_take_it_does_not_get() {
        let takes = [Packing::Gzip, Packing::Zstd1, Packing::None];
        let wanted = |compress| Packing::wanted(&takes, compress);
        assert_eq!(
            [None, Some(Compress::Gzip), Some(Compress::Zstd), Some(Compress::None)].map(wanted),
            [Packing::Gzip, Packing::Gzip, Packing::Zstd1, Packing::None]
        );
        assert_eq!(
            Packing::wanted(&[Packing::Deflate, Packing::None], Some(Compress::Zstd)),
            Packing::Deflate
        );
    }

    #[test]
    fn what_was_packed_is_read_again_by_others() {
        use std::io::Read;
        let body = b"one and the same ".repeat(100);
        let packed = |packing: Packing| packing.pack(&body).expect("memory").into_owned();
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(&*packed(Packing::Gzip)).read_to_end(&mut read).expect("gzip");
        flate2::read::ZlibDecoder::new(&*packed(Packing::Deflate)).read_to_end(&mut read).expect("zlib");
        read.extend(zstd::decode_all(&*packed(Packing::Zstd1)).expect("zstd"));
        assert_eq!(read, body.repeat(3));
        for packing in [Packing::Gzip, Packing::Deflate, Packing::Zstd1] {
            assert!(packed(packing).len() < body.len() / 10);
        }
    }
}

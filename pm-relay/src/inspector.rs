//! A look at an answer while it passes: what it says of limits, and what its query cost.
//!
//! The answer itself goes on as it came. A copy is decompressed in passing, up to a bounded beginning; behind that
//! only a `rateLimit` is still looked for, and only if the query asked for it.

use std::io::Write;

use flate2::write::GzDecoder;
use pm_github::Answer;

/// What is kept of an answer: complaints stand at its beginning.
const BEGINNING: usize = 32 << 10;

/// How an answer tells its cost.
const KEY: &[u8] = b"\"rateLimit\":";

/// Longer than any object that a query can ask of `rateLimit`.
const LONGEST: usize = 512;

/// Looks at one answer.
#[derive(Debug)]
pub(crate) enum Inspector {
    Plain(Found),
    Gzip(Box<GzDecoder<Found>>),
    /// Compressed in another way, damaged, or looked at far enough.
    Blind(Found),
}

/// What an answer said.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) answer: Answer,
    /// What its query cost.
    pub(crate) cost: Option<u64>,
    /// The objects in it, if all of it was seen.
    pub(crate) objects: Option<u64>,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Found {
    beginning: Vec<u8>,
    /// Whether to look on behind the beginning.
    looks_on: bool,
    /// The end of what went by, in which the key may have begun, or all from the key on.
    tail: Vec<u8>,
    is_at_key: bool,
    cost: Option<u64>,
}

impl Inspector {
    /// For an answer in this `Content-Encoding`.
    pub(crate) fn new(encoding: Option<&[u8]>, looks_on: bool) -> Self {
        let found = Found { looks_on, ..Found::default() };
        match encoding {
            None | Some(b"identity") => Self::Plain(found),
            Some(b"gzip" | b"x-gzip") => Self::Gzip(Box::new(GzDecoder::new(found))),
            Some(_) => Self::Blind(found),
        }
    }

    /// Looks at what goes by.
    pub(crate) fn look(&mut self, bytes: &[u8]) {
        let (is_over, is_damaged) = match self {
            Self::Plain(found) => (found.is_over(), found.write_all(bytes).is_err()),
            Self::Gzip(decoder) => (decoder.get_ref().is_over(), decoder.write_all(bytes).is_err()),
            Self::Blind(_) => return,
        };
        if is_over || is_damaged {
            *self = Self::Blind(std::mem::replace(self, Self::Blind(Found::default())).into_found());
        }
    }

    fn into_found(self) -> Found {
        match self {
            Self::Plain(found) | Self::Blind(found) => found,
            // It writes what it still holds, and complains of a stream that is not complete: that is known.
            Self::Gzip(mut decoder) => {
                let _ = decoder.flush();
                std::mem::take(decoder.get_mut())
            }
        }
    }

    /// What the answer said.
    pub(crate) fn answer(self) -> Said {
        let is_seen = !matches!(self, Self::Blind(_));
        let found = self.into_found();
        let answer = Answer::read(&found.beginning);
        let cost = answer.points.and_then(|points| points.cost).or(found.cost);
        let is_whole = is_seen && found.beginning.len() < BEGINNING;
        Said { objects: is_whole.then(|| objects(&found.beginning)), answer, cost }
    }
}

/// How many objects there are in JSON: braces that open outside of strings.
fn objects(json: &[u8]) -> u64 {
    let (mut count, mut in_string, mut is_escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_string,
            b'"' => in_string = !in_string,
            b'{' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

impl Found {
    fn is_over(&self) -> bool {
        self.beginning.len() >= BEGINNING && (!self.looks_on || self.cost.is_some())
    }

    fn look_for_cost(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        if !self.is_at_key {
            let Some(at) = memchr::memmem::find(&self.tail, KEY) else {
                self.tail.drain(..self.tail.len().saturating_sub(KEY.len() - 1));
                return;
            };
            self.tail.drain(..at + KEY.len());
            self.is_at_key = true;
        }
        let end = memchr::memchr(b'}', &self.tail).filter(|&end| end < LONGEST);
        if end.is_none() && self.tail.len() < LONGEST {
            return;
        }
        let object = end.and_then(|end| serde_json::from_slice::<serde_json::Value>(&self.tail[..=end]).ok());
        self.cost = object.and_then(|object| object.get("cost")?.as_u64());
        self.is_at_key = false;
        self.tail.clear();
    }
}

impl Write for Found {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let room = BEGINNING.saturating_sub(self.beginning.len());
        self.beginning.extend_from_slice(&bytes[..room.min(bytes.len())]);
        if self.looks_on && self.cost.is_none() {
            self.look_for_cost(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).expect("memory");
        encoder.finish().expect("memory")
    }

    fn cost(bytes: &[u8], encoding: Option<&[u8]>, piece: usize) -> Option<u64> {
        let mut inspector = Inspector::new(encoding, true);
        bytes.chunks(piece).for_each(|piece| inspector.look(piece));
        inspector.answer().cost
    }

    fn long(end: &str) -> String {
        format!("{{\"data\":{{\"x\":\"{}\\\"rateLimit\\\":{{\\\"cost\\\":7}}\"{end}}}}}", "x".repeat(100_000))
    }

    #[test]
    fn objects_are_counted_where_all_of_the_answer_was_seen() {
        let objects = |text: &str, encoding| {
            let mut inspector = Inspector::new(encoding, false);
            let bytes = if encoding.is_some() { gzip(text) } else { text.as_bytes().to_vec() };
            bytes.chunks(5).for_each(|piece| inspector.look(piece));
            inspector.answer().objects
        };
        let text = r#"{"data":{"nodes":[{"title":"{\"}{"},{"title":"\\"}]}}"#;
        assert_eq!([objects(text, None), objects(text, Some(b"gzip" as &[u8]))], [Some(4), Some(4)]);
        assert_eq!(objects(&format!("[{}]", "{},".repeat(20_000)), None), None);
    }

    #[test]
    fn the_cost_is_found_wherever_it_stands_and_however_the_answer_is_cut() {
        for text in [
            "{\"data\":{\"rateLimit\":{\"cost\":11},\"viewer\":null}}".to_owned(),
            long(",\"rateLimit\":{\"remaining\":5,\"cost\":11}"),
        ] {
            for piece in [1, 7, 1000, text.len()] {
                assert_eq!(cost(text.as_bytes(), None, piece), Some(11));
                assert_eq!(cost(&gzip(&text), Some(b"gzip"), piece), Some(11));
            }
        }
        assert_eq!(cost(long("").as_bytes(), None, 1000), None);
        assert_eq!(cost(b"x", Some(b"br"), 1), None);
        assert_eq!(cost(b"no gzip at all", Some(b"gzip"), 3), None);
    }

    #[test]
    fn complaints_are_read_from_a_compressed_answer_too() {
        let text = "{\"message\":\"You have exceeded a secondary rate limit.\"}";
        let mut inspector = Inspector::new(Some(b"gzip"), false);
        inspector.look(&gzip(text));
        assert_eq!(
            inspector.answer().answer.complaints[0].message,
            "You have exceeded a secondary rate limit."
        );
    }

    #[test]
    fn only_a_beginning_is_held() {
        let mut inspector = Inspector::new(None, true);
        (0..1000).for_each(|_| inspector.look(&[b'x'; 1000]));
        let found = inspector.into_found();
        assert_eq!((found.beginning.len(), found.tail.len()), (BEGINNING, KEY.len() - 1));
    }
}

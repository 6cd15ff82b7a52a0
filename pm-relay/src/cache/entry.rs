//! One kept answer, and how it lies in its file: a line with a checksum, a line of JSON, the body.

use http::header::{HeaderMap, HeaderName, HeaderValue, VARY};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::key::{HEADERS, hash_of, hexadecimal};

/// What every file begins with. A later form has another number, and is then as good as damaged.
const MAGIC: &str = "pm-relay answer 1 ";

/// A kept answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    about: About,
    body: Vec<u8>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct About {
    headers: Vec<(String, String)>,
    /// What else the answer depends on: header names, and hashes of what the request had in them.
    vary: Vec<(String, String)>,
}

/// Of the answer's headers, what would be wrong or indiscreet later on.
const PASSING: [&str; 6] = ["date", "age", "set-cookie", "x-github-request-id", "retry-after", "connection"];

impl Entry {
    /// An answer without its body; none if it may depend on more than a request shows.
    pub(super) fn new(request: &HeaderMap, answer: &HeaderMap) -> Option<Self> {
        let mut vary = Vec::new();
        for value in answer.get_all(VARY) {
            for name in value.to_str().ok()?.split(',').map(|name| name.trim().to_ascii_lowercase()) {
                if name == "*" {
                    return None;
                }
                if !name.is_empty() && !HEADERS.iter().any(|known| known.as_str() == name) {
                    let hash = hash_of(request, &name);
                    vary.push((name, hash));
                }
            }
        }
        let keeps = |name: &HeaderName| {
            !PASSING.contains(&name.as_str()) && !name.as_str().starts_with("x-ratelimit-")
        };
        let headers = answer.iter().filter(|(name, _)| keeps(name));
        let headers = headers.map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        Some(Self { about: About { headers: headers.collect::<Option<_>>()?, vary }, body: Vec::new() })
    }

    /// Whether it answers a request with these headers.
    pub(super) fn suits(&self, request: &HeaderMap) -> bool {
        self.about.vary.iter().all(|(name, hash)| hash_of(request, name) == *hash)
    }

    pub(super) fn tag(&self) -> Option<&str> {
        self.about.headers.iter().find(|(name, _)| name == "etag").map(|(_, value)| value.as_str())
    }

    pub(super) fn headers(&self) -> HeaderMap {
        let pairs = self.about.headers.iter();
        pairs
            .filter_map(|(name, value)| Some((name.parse().ok()?, HeaderValue::from_str(value).ok()?)))
            .collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.body.len()
    }

    pub(super) fn into_body(self) -> Vec<u8> {
        self.body
    }

    pub(super) fn to_bytes(&self, body: &[u8]) -> Vec<u8> {
        let about = serde_json::to_vec(&self.about).unwrap_or_default();
        let rest = [about.as_slice(), b"\n", body].concat();
        let mut bytes = format!("{MAGIC}{}\n", checksum(&rest)).into_bytes();
        bytes.extend(rest);
        bytes
    }

    /// None if a bit of it is another than was written.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let end = memchr::memchr(b'\n', bytes)?;
        let (head, rest) = (bytes.get(..end)?, bytes.get(end + 1..)?);
        let sum = head.strip_prefix(MAGIC.as_bytes())?;
        if sum != checksum(rest).as_bytes() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest)?;
        let about = serde_json::from_slice(&rest[..end]).ok()?;
        Some(Self { about, body: rest[end + 1..].to_vec() })
    }
}

fn checksum(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn map(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a value")))
            .collect()
    }

    #[test]
    fn what_belongs_to_one_answer_only_is_not_kept() {
        let answer = map(&[
            ("etag", "\"1\""),
            ("x-ratelimit-used", "7"),
            ("date", "x"),
            ("set-cookie", "s"),
            ("link", "l"),
        ]);
        let entry = Entry::new(&HeaderMap::new(), &answer).expect("an entry");
        assert_eq!((entry.headers(), entry.tag()), (map(&[("etag", "\"1\""), ("link", "l")]), Some("\"1\"")));
    }

    #[test]
    fn an_answer_that_depends_on_another_header_suits_only_the_same_value() {
        let answer = map(&[("etag", "1"), ("vary", "Accept, X-Mine, Cookie")]);
        let entry = Entry::new(&map(&[("x-mine", "1")]), &answer).expect("an entry");
        assert!(entry.suits(&map(&[("x-mine", "1"), ("accept", "x")])));
        assert!(!entry.suits(&map(&[("x-mine", "2")])) && !entry.suits(&HeaderMap::new()));
        assert_eq!(Entry::new(&HeaderMap::new(), &map(&[("etag", "1"), ("vary", "*")])), None);
    }

    proptest! {
        #[test]
        fn a_file_is_read_as_it_was_written_and_not_if_any_bit_has_changed(
            body in prop::collection::vec(any::<u8>(), 0..200), at: prop::sample::Index, bit in 0..8_u8,
        ) {
            let entry = Entry::new(&HeaderMap::new(), &map(&[("etag", "W/\"x\""), ("content-type", "a")])).expect("an entry");
            let mut bytes = entry.to_bytes(&body);
            let read = Entry::from_bytes(&bytes).expect("whole");
            prop_assert_eq!((&read.about, &read.body), (&entry.about, &body));
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(Entry::from_bytes(&bytes), None);
            bytes.truncate(at);
            prop_assert_eq!(Entry::from_bytes(&bytes), None);
        }
    }
}

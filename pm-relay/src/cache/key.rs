//! What an answer depends on, as a hash: address, credential, and what form the client wants.

use std::fmt;

use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderName};
use sha2::{Digest, Sha256};

/// The request headers that answers of GitHub always depend on.
pub(super) const HEADERS: [HeaderName; 4] =
    [AUTHORIZATION, ACCEPT, ACCEPT_ENCODING, HeaderName::from_static("x-github-api-version")];

/// The hash. It does not give away what went into it: a credential has too many values to be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key([u8; 32]);

impl Key {
    pub(super) fn of(host: &str, path: &str, headers: &HeaderMap) -> Self {
        let mut hash = Sha256::new();
        part(&mut hash, host.as_bytes());
        part(&mut hash, path.as_bytes());
        for name in &HEADERS {
            values(&mut hash, headers, name.as_str());
        }
        Self(hash.finalize().into())
    }
}

/// A hash of the values of one header.
pub(super) fn hash_of(headers: &HeaderMap, name: &str) -> String {
    let mut hash = Sha256::new();
    values(&mut hash, headers, name);
    let digest: [u8; 32] = hash.finalize().into();
    hexadecimal(&digest[..8])
}

/// With its length before it, no part runs into the next.
fn part(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

fn values(hash: &mut Sha256, headers: &HeaderMap, name: &str) {
    let all = headers.get_all(name);
    hash.update((all.iter().count() as u64).to_be_bytes());
    for value in all {
        part(hash, value.as_bytes());
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hexadecimal(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a value")))
            .collect()
    }

    #[test]
    fn another_address_credential_or_form_is_another_answer() {
        let base = Key::of("a", "/x", &headers(&[("authorization", "token 1"), ("accept", "json")]));
        for other in [
            Key::of("b", "/x", &headers(&[("authorization", "token 1"), ("accept", "json")])),
            Key::of("a", "/x?y", &headers(&[("authorization", "token 1"), ("accept", "json")])),
            Key::of("a", "/x", &headers(&[("authorization", "token 2"), ("accept", "json")])),
            Key::of("a", "/x", &headers(&[("accept", "json")])),
            Key::of("a", "/x", &headers(&[("authorization", "token 1"), ("accept", "text")])),
            Key::of(
                "a",
                "/x",
                &headers(&[("authorization", "token 1"), ("accept", "json"), ("accept-encoding", "gzip")]),
            ),
        ] {
            assert_ne!(base, other);
        }
        let same = headers(&[("authorization", "token 1"), ("accept", "json"), ("user-agent", "x")]);
        assert_eq!(base, Key::of("a", "/x", &same));
    }
}

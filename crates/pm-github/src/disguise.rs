//! Names for things that records must not name: the same for the same thing, and nothing to anybody else.
//!
//! An owner, a repository and a number are guessed in no time, so a plain hash of an address would tell it. These are
//! HMAC-SHA256 under the credential that the thing was asked with: who has no token cannot try guesses, and who has it
//! could ask GitHub anyway. The cost: with another token everything has another name, as it has another answer.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::credential::token_of_authorization;

/// The name of something while its parts are gathered.
#[derive(Debug, Clone)]
pub struct Disguise(Hmac<Sha256>);

impl Disguise {
    /// Nothing yet, under the credential of an `Authorization` header's value; none where there is no credential.
    #[must_use]
    pub fn of_authorization(value: &[u8]) -> Option<Self> {
        // `curl -u :` sends one that says nothing, under which everybody could try guesses.
        let token = token_of_authorization(value).filter(|token| !token.is_empty())?;
        Hmac::new_from_slice(&token).ok().map(Self)
    }

    /// With one part more; no part runs into the next.
    #[must_use]
    pub fn with(mut self, part: &[u8]) -> Self {
        self.0.update(&(part.len() as u64).to_be_bytes());
        self.0.update(part);
        self
    }

    /// The name: 12 hexadecimal digits.
    #[must_use]
    pub fn name(self) -> String {
        let digest = self.0.finalize().into_bytes();
        digest[..6].iter().fold(String::with_capacity(12), |mut name, byte| {
            let _ = write!(name, "{byte:02x}");
            name
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(authorization: &str, parts: &[&str]) -> String {
        let disguise = Disguise::of_authorization(authorization.as_bytes()).expect("a credential");
        parts.iter().fold(disguise, |disguise, part| disguise.with(part.as_bytes())).name()
    }

    #[test]
    fn a_thing_has_one_name_with_one_token_however_it_is_sent_and_another_with_another() {
        let one = name("token abc", &["GET", "/user"]);
        assert_eq!(one.len(), 12);
        assert_eq!(one, name("Bearer abc", &["GET", "/user"]));
        assert_ne!(one, name("token xyz", &["GET", "/user"]));
        assert!(Disguise::of_authorization(b"").is_none());
        assert!(Disguise::of_authorization(b"Basic Og==").is_none(), "neither a name nor a password");
    }

    #[test]
    fn other_parts_make_another_name_and_none_runs_into_the_next() {
        assert_ne!(name("token abc", &["a", "bc"]), name("token abc", &["ab", "c"]));
        assert_ne!(name("token abc", &["a"]), name("token abc", &["a", ""]));
    }
}

//! A token that cannot be printed by mistake.

use std::fmt;

/// A token or a password. It has no `Display`, and its `Debug` says nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// A text that cannot be a token. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it holds a character that no token has")]
pub struct BadSecret;

impl Secret {
    /// A token as a variable or a program gives it; white space around it is not part of it.
    ///
    /// # Errors
    ///
    /// If it is empty, or holds what could not be sent in a header as it is.
    pub fn new(text: &str) -> Result<Self, BadSecret> {
        let token = text.trim();
        let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        if is_token { Ok(Self(token.to_owned())) } else { Err(BadSecret) }
    }

    /// A whole value of a header that carries a key or a password, as it is sent.
    #[must_use]
    pub fn header(value: String) -> Self {
        Self(value)
    }

    /// The token itself, for the header that it is sent in and for nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_says_nothing_of_itself() {
        let secret = Secret::new(" ghp_abc\n").expect("a token");
        assert_eq!((format!("{secret:?}").as_str(), secret.reveal()), ("Secret", "ghp_abc"));
    }

    #[test]
    fn what_could_not_be_sent_is_no_token() {
        for text in ["", "  ", "a b", "a\r\nX: y", "größer", "a\0"] {
            assert_eq!(Secret::new(text), Err(BadSecret), "{text:?}");
        }
    }
}

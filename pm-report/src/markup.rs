//! What every page shares: text that is never markup, and the hashes by which a policy allows the page's own style and
//! script and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pm_cli::printable;
use sha2::{Digest, Sha256};

/// Text out of a record: control characters are replaced, and nothing in it is markup.
pub(crate) fn text(text: &str) -> String {
    escape(&printable(text))
}

/// Text that stands for itself in HTML and XML. What no XML may hold is replaced.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            control if control.is_control() => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}

/// How a Content-Security-Policy names an inline style or script: `sha256-…`.
pub(crate) fn hash(element: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(element)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(
            escape("<script a='b' c=\"d\">&amp;\u{7}\u{ffff}"),
            "&lt;script a=&#39;b&#39; c=&quot;d&quot;&gt;&amp;amp;\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn a_style_is_named_by_its_hash() {
        // As `printf 'a{}' | openssl dgst -sha256 -binary | base64` says.
        assert_eq!(hash("a{}"), "sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk=");
    }
}

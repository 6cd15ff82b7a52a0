//! Text from records and files, made safe for a terminal.

use std::borrow::Cow;

/// Escapes control characters and those that reorder text, so that data cannot drive a terminal.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_unsafe(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

fn is_unsafe(character: char) -> bool {
    // The last two ranges are the marks, embeddings, overrides and isolates of bidirectional text.
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_drive_a_terminal_is_escaped() {
        assert_eq!(printable("a\x1b]0;x\x07b\n\u{9b}\u{202e}"), "a\\u{1b}]0;x\\u{7}b\\n\\u{9b}\\u{202e}");
    }

    #[test]
    fn other_text_is_left_as_it_is() {
        assert!(matches!(printable("größer 🚀 'quoted' \\"), Cow::Borrowed(_)));
    }
}

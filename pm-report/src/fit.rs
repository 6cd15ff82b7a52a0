//! Text that fits a number of columns of a terminal.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many columns `text` takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// `text`, cut with `…` if it takes more than `columns`.
pub(crate) fn clip(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        Cow::Borrowed(text)
    } else if columns == 0 {
        Cow::Borrowed("")
    } else {
        Cow::Owned(format!("{}…", &text[..prefix(text, columns - 1)]))
    }
}

/// `text` in lines of at most `columns`, broken between words, and inside a word that is longer.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for mut word in text.split_whitespace() {
        if !line.is_empty() {
            if width(&line) + 1 + width(word) <= columns {
                line.push(' ');
                line.push_str(word);
                continue;
            }
            lines.push(std::mem::take(&mut line));
        }
        while width(word) > columns {
            // A single character that is wider than the line is dropped: there is no place for it.
            let (head, rest) = word.split_at(prefix(word, columns));
            let step = if head.is_empty() { word.chars().next().map_or(0, char::len_utf8) } else { 0 };
            lines.extend((!head.is_empty()).then(|| head.to_owned()));
            word = &rest[step..];
        }
        line.push_str(word);
    }
    lines.extend((!line.is_empty()).then_some(line));
    lines
}

/// The length in bytes of a beginning of `text` that takes at most `columns`.
///
/// Counted a character at a time, so in linear time. Sequences of emoji that a terminal draws as one
/// count as their parts, so that they may be cut sooner than they must; no sequence counts as too little.
fn prefix(text: &str, columns: usize) -> usize {
    let mut taken = 0;
    for (at, character) in text.char_indices() {
        taken += match character {
            // A variation selector can make the character before it wider by one.
            '\u{fe00}'..='\u{fe0f}' => 1,
            _ => character.width().unwrap_or(1),
        };
        if taken > columns {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_cut_where_its_columns_end_not_its_characters() {
        let cases = [
            ("batch", 5, "batch"),
            ("batch", 4, "bat…"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("x", 0, ""),
        ];
        for (text, columns, expected) in cases {
            assert_eq!(clip(text, columns), expected, "{text} in {columns}");
        }
    }

    #[test]
    fn lines_break_between_words_and_inside_a_word_that_is_too_long() {
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrap("a 123456789 b", 4), ["a", "1234", "5678", "9 b"]);
        assert!(wrap("  ", 4).is_empty());
    }

    proptest! {
        #[test]
        fn what_is_cut_or_wrapped_fits(
            text in r"(\PC|[\u{fe00}-\u{fe0f}\u{200d}❤日é🏽👩 ]){0,40}",
            columns in 3..30_usize,
        ) {
            prop_assert!(width(&clip(&text, columns)) <= columns);
            for line in wrap(&text, columns) {
                prop_assert!(width(&line) <= columns, "{line:?}");
            }
        }
    }
}

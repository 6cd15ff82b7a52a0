//! The members of a JSON object that may break off anywhere.
//!
//! A whole document would be a parser's work. This one needs the half of a string that a parser refuses, and to
//! step over values without keeping them.

use serde_json::Value;

/// A value as it stands in the body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw<'a>(&'a [u8]);

/// A string, or the part of it that is there.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) is_whole: bool,
}

/// Calls `take` with every member of the object, up to where it ends or stops to be JSON.
pub(super) fn each<'a>(body: &'a [u8], mut take: impl FnMut(&str, Raw<'a>)) {
    let mut rest = body.trim_ascii_start();
    while let Some((b'{' | b',', after)) = rest.split_first() {
        let Some(end) = end_of_string(after.trim_ascii_start()) else { return };
        let (key, after) = after.trim_ascii_start().split_at(end);
        let Some((b':', after)) = after.trim_ascii_start().split_first() else { return };
        let after = after.trim_ascii_start();
        let (value, behind) = after.split_at(end_of_value(after).unwrap_or(after.len()));
        if let Some(key) = Raw(key).text() {
            take(&key.text, Raw(value));
        }
        rest = behind.trim_ascii_start();
    }
}

/// How long the string is that begins here.
fn end_of_string(bytes: &[u8]) -> Option<usize> {
    if bytes.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// How long the value is that begins here, strings and brackets minded.
fn end_of_value(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        match bytes.get(at)? {
            b'"' => at += end_of_string(&bytes[at..])?,
            b'{' | b'[' => (at, depth) = (at + 1, depth + 1),
            b'}' | b']' | b',' if depth == 0 => return Some(at),
            b'}' | b']' => (at, depth) = (at + 1, depth - 1),
            _ => at += 1,
        }
        if depth == 0 && matches!(bytes[at - 1], b'"' | b'}' | b']') {
            return Some(at);
        }
    }
}

impl Raw<'_> {
    /// The value as JSON, if it is whole.
    pub(super) fn json(self) -> Option<Value> {
        serde_json::from_slice(self.0).ok()
    }

    /// The string, or as much of it as is there.
    pub(super) fn text(self) -> Option<Text> {
        if let Ok(text) = serde_json::from_slice(self.0) {
            return Some(Text { text, is_whole: true });
        }
        let inside = self.0.strip_prefix(b"\"")?;
        // Closing it makes it a string again, unless it breaks off inside of an escape or of a character.
        (0..=12.min(inside.len())).find_map(|cut| {
            let closed = [b"\"", &inside[..inside.len() - cut], b"\""].concat();
            let text = serde_json::from_slice(&closed).ok()?;
            Some(Text { text, is_whole: false })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(body: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        each(body.as_bytes(), |key, value| {
            found.push((key.to_owned(), String::from_utf8_lossy(value.0).into_owned()));
        });
        found
    }

    #[test]
    fn members_are_found_up_to_where_the_body_breaks_off() {
        let body = r#" {"a":"x,\"}", "b" : {"c":["]",1]},"d":-1.5e3 ,"e":null,"f":"half"#;
        let expected = [
            ("a", r#""x,\"}""#),
            ("b", r#"{"c":["]",1]}"#),
            ("d", "-1.5e3 "),
            ("e", "null"),
            ("f", "\"half"),
        ];
        let expected: Vec<_> = expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        assert_eq!(members(body), expected);
    }

    #[test]
    fn a_string_that_breaks_off_is_read_up_to_there() {
        for (raw, expected, is_whole) in [
            (r#""abc""#, "abc", true),
            (r#""ab\nc"#, "ab\nc", false),
            (r#""ab\"#, "ab", false),
            (r#""ab\u00"#, "ab", false),
            (r#""ab\ud83d\ud"#, "ab", false),
        ] {
            let text = Raw(raw.as_bytes()).text().expect(raw);
            assert_eq!((text.text.as_str(), text.is_whole), (expected, is_whole), "{raw}");
        }
        let half_a_character = &"\"abü".as_bytes()[..4];
        assert_eq!(Raw(half_a_character).text().map(|text| text.text), Some("ab".to_owned()));
    }
}

//! The text of gh's `config.yml`, taken apart into its keys and put together again.
//!
//! A YAML library reads values and forgets the rest, but what comes back to the user has to keep his comments
//! and his order. So the file is cut into the lines of each key, and only whole keys are exchanged. The cost:
//! a file in a shape that neither gh nor people write (`{a: b}` on one line, anchors, several documents) is
//! not understood, and says so.

use std::borrow::Cow;

/// The lines of a mapping, key by key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mapping {
    keys: Vec<Entry>,
    /// Comments behind the last key.
    tail: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    key: String,
    /// Comments and empty lines in front of it.
    lead: String,
    /// The line with the key, and those that belong to it.
    body: String,
}

impl Mapping {
    /// Takes `text` apart; none if its shape is not understood.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut mapping = Self::default();
        // What may belong to the last key, or be in front of the next.
        let mut between = String::new();
        for line in text.split_inclusive('\n') {
            let content = line.trim_end();
            let is_inside = line.starts_with([' ', '\t']) || content == "-" || line.starts_with("- ");
            if content.is_empty() || line.starts_with('#') || (mapping.keys.is_empty() && content == "---") {
                between.push_str(line);
            } else if is_inside {
                let entry = mapping.keys.last_mut()?;
                entry.body.push_str(&std::mem::take(&mut between));
                entry.body.push_str(line);
            } else {
                let (key, lead) = (key_of(content)?, std::mem::take(&mut between));
                mapping.keys.push(Entry { key, lead, body: line.to_owned() });
            }
        }
        mapping.tail = between;
        Some(mapping)
    }

    /// Whether there is no key in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The whole of it again.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for entry in &self.keys {
            for part in [&entry.lead, &entry.body] {
                end_line(&mut text);
                text.push_str(part);
            }
        }
        if !self.tail.is_empty() {
            end_line(&mut text);
            text.push_str(&self.tail);
        }
        text
    }

    /// Whether there is such a key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|entry| entry.key == key)
    }

    /// Puts a text behind a key.
    pub fn set(&mut self, key: &str, value: &str) {
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        self.put(key, format!("{key}: \"{quoted}\"\n"));
    }

    fn put(&mut self, key: &str, body: String) {
        if let Some(entry) = self.keys.iter_mut().find(|entry| entry.key == key) {
            entry.body = body;
            return;
        }
        // The comments of a file without a key stand in front of its first.
        let lead = if self.is_empty() { std::mem::take(&mut self.tail) } else { String::new() };
        self.keys.push(Entry { key: key.to_owned(), lead, body });
    }

    /// Does to this mapping what made `after` of `before`. What was only written in another way is no change.
    pub fn follow(&mut self, before: &Self, after: &Self) {
        for entry in &after.keys {
            let old = before.keys.iter().find(|old| old.key == entry.key);
            if old.is_some_and(|old| old.means_the_same(entry)) {
                continue;
            }
            if let Some(mine) = self.keys.iter_mut().find(|mine| mine.key == entry.key)
                && let Some(old) = old.map_or_else(|| Some(Self::default()), Entry::inside_or_nothing)
                && let (Some(new), Some(mut inner)) = (entry.inside(), mine.inside())
            {
                inner.follow(&old, &new);
                mine.fill(&inner);
                continue;
            }
            self.put(&entry.key, entry.body.clone());
        }
        let is_gone = |key: &str| before.has(key) && !after.has(key);
        self.keys.retain(|entry| !is_gone(&entry.key));
    }
}

impl Entry {
    /// The first line behind the key, and the lines below.
    fn value(&self) -> (&str, &str) {
        let (first, below) = self.body.split_once('\n').unwrap_or((&self.body, ""));
        (first.split_once(':').map_or("", |(_, value)| value.trim()), below)
    }

    /// Its text, if it is one that stands on the line of its key.
    fn scalar(&self) -> Option<Cow<'_, str>> {
        let (value, below) = self.value();
        if !below.trim().is_empty() {
            return None;
        }
        scalar(value)
    }

    /// The mapping below it, its indentation taken off.
    fn inside(&self) -> Option<Mapping> {
        let (value, below) = self.value();
        if !(value.is_empty() || value.starts_with('#')) || below.trim().is_empty() {
            return None;
        }
        let first = below.lines().find(|line| !line.trim().is_empty() && !line.trim().starts_with('#'))?;
        let indentation = first.len() - first.trim_start_matches(' ').len();
        let mut dedented = String::new();
        for line in below.split_inclusive('\n') {
            let is_comment = line.trim_start().starts_with('#');
            dedented.push_str(match line.split_at_checked(indentation) {
                Some((margin, content)) if margin.trim().is_empty() => content,
                _ if is_comment => line.trim_start(),
                _ if line.trim().is_empty() => "\n",
                _ => return None,
            });
        }
        Mapping::parse(&dedented).filter(|inside| indentation > 0 && !inside.is_empty())
    }

    /// The same, where there may be nothing below it.
    fn inside_or_nothing(&self) -> Option<Mapping> {
        let is_nothing = self.scalar().is_some_and(|text| text.is_empty()) || self.value() == ("{}", "");
        if is_nothing { Some(Mapping::default()) } else { self.inside() }
    }

    /// Puts a mapping below it.
    fn fill(&mut self, inside: &Mapping) {
        let first = self.body.split('\n').next().unwrap_or_default().trim_end().to_owned();
        self.body = first + "\n";
        for line in inside.text().split_inclusive('\n') {
            let indentation = if line.trim().is_empty() { "" } else { "    " };
            self.body.push_str(indentation);
            self.body.push_str(line);
        }
    }

    fn means_the_same(&self, other: &Self) -> bool {
        let (mine, yours) = (self.scalar(), other.scalar());
        if mine.is_some() || yours.is_some() {
            return mine == yours;
        }
        match (self.inside(), other.inside()) {
            (Some(mine), Some(yours)) => mine.means_the_same(&yours),
            _ => self.body.split_whitespace().eq(other.body.split_whitespace()),
        }
    }
}

impl Mapping {
    fn means_the_same(&self, other: &Self) -> bool {
        self.keys.len() == other.keys.len()
            && self.keys.iter().all(|mine| {
                let yours = other.keys.iter().find(|yours| yours.key == mine.key);
                yours.is_some_and(|yours| mine.means_the_same(yours))
            })
    }
}

fn end_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// The key that a line begins with.
fn key_of(line: &str) -> Option<String> {
    let (key, rest) = line.split_once(':')?;
    let key = scalar(key.trim_end())?;
    let is_plain = |c: char| c.is_alphanumeric() || "_.-/ ".contains(c);
    let ends = rest.is_empty() || rest.starts_with([' ', '\t']);
    (ends && !key.is_empty() && key.chars().all(is_plain)).then(|| key.into_owned())
}

/// The text of a value that stands on one line, a comment behind it left out.
fn scalar(value: &str) -> Option<Cow<'_, str>> {
    if let Some(rest) = value.strip_prefix('\'') {
        let (text, behind) = rest.split_once('\'')?;
        return only_a_comment(behind).then_some(Cow::Borrowed(text));
    }
    if let Some(rest) = value.strip_prefix('"') {
        let mut text = String::new();
        let mut letters = rest.chars();
        loop {
            match letters.next()? {
                '"' => return only_a_comment(letters.as_str()).then_some(Cow::Owned(text)),
                '\\' => match letters.next()? {
                    plain @ ('"' | '\\' | '/') => text.push(plain),
                    _ => return None,
                },
                plain => text.push(plain),
            }
        }
    }
    // What begins so is no plain text.
    if value.starts_with(['{', '[', '&', '*', '!', '|', '>', '%', '@', '`', '?']) {
        return None;
    }
    let end = if value.starts_with('#') { Some(0) } else { value.find(" #") };
    let text = value[..end.unwrap_or(value.len())].trim();
    Some(Cow::Borrowed(if text == "null" || text == "~" { "" } else { text }))
}

fn only_a_comment(text: &str) -> bool {
    text.trim().is_empty() || text.starts_with(" #")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As gh writes it.
    const WRITTEN: &str = "\
# What editor gh should run when creating issues.
editor: vim
pager:
# Aliases allow you to create nicknames for gh commands
aliases:
    co: pr checkout
    two: |-
        !echo one

        echo two
git_protocol: ssh # for work
";

    fn parse(text: &str) -> Mapping {
        Mapping::parse(text).expect("a mapping")
    }

    #[track_caller]
    fn check(mine: &str, before: &str, after: &str, expected: &str) {
        let mut mapping = parse(mine);
        mapping.follow(&parse(before), &parse(after));
        assert_eq!(mapping.text(), expected);
    }

    #[test]
    fn what_was_taken_apart_is_put_together_again() {
        for text in ["", "# nothing\n", "---\na: b\n", "a:\n- b\n- c\nd: e", WRITTEN, "a: b\r\nc: d\r\n# end"]
        {
            assert_eq!(parse(text).text(), text);
        }
    }

    #[test]
    fn a_shape_that_cannot_be_added_to_is_not_understood() {
        for text in
            ["{a: b}\n", "a: b\n---\nc: d\n", "  a: b\n", "? a\n: b\n", "&x a: b\n", "text\n", "a:b\n"]
        {
            assert_eq!(Mapping::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_text_is_the_same_however_it_is_quoted() {
        let cases = [
            ("/a/b", "/a/b   # mine", true),
            ("/a b", "'/a b'", true),
            (r#""/a \"b\"" # x"#, "'/a \"b\"'", true),
            ("", "null", true),
            ("# empty", "''", true),
            ("a", "b", false),
            ("[a]", "a", false),
            ("|\n  a", "a", false),
            (r#""\x41""#, "A", false),
        ];
        for (one, other, same) in cases {
            let [one, other] = [one, other].map(|value| parse(&format!("s: {value}\n")));
            assert_eq!(one.means_the_same(&other), same, "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_key_is_set_where_it_stands_or_at_the_end() {
        let mut mapping = parse("# one\ns: a\nb: c");
        mapping.set("s", "/x \"y\"");
        mapping.set("d", "e");
        assert_eq!(mapping.text(), "# one\ns: \"/x \\\"y\\\"\"\nb: c\nd: \"e\"\n");
    }

    #[test]
    fn a_change_is_made_and_everything_else_kept() {
        let before = "editor: vim\nsocket: \"/ours\"\n";
        check("editor: vim # mine\n", before, "editor: nano\nsocket: /ours\n", "editor: nano\n");
        check("editor: vim # mine\n", before, "editor: 'vim'\nsocket: /ours\n", "editor: vim # mine\n");
        check("# a\nx: y\n", before, &format!("{before}pager: less\n"), "# a\nx: y\npager: less\n");
        check("editor: vim\nx: y\n", before, "socket: /ours\n", "x: y\n");
    }

    #[test]
    fn aliases_of_two_runs_are_both_kept() {
        let before = "aliases:\n  co: pr checkout\n";
        let mine = "aliases:\n  co: pr checkout\n  theirs: issue list\n";
        let after = "aliases:\n    co: pr checkout\n    ours: |-\n        !echo a\n        b\n";
        let expected = "aliases:\n    co: pr checkout\n    theirs: issue list\n    ours: |-\n        !echo a\n        b\n";
        check(mine, before, after, expected);
        check(expected, after, "aliases:\n    co: pr checkout\n", mine.replace("  ", "    ").as_str());
        check("a: b\n", before, after, &format!("a: b\n{after}"));
        let theirs = "aliases:\n    theirs: x\n";
        for before in ["", "aliases:\n", "aliases: {}\n"] {
            check(theirs, before, "aliases:\n    ours: y\n", &format!("{theirs}    ours: y\n"));
        }
    }

    #[test]
    fn what_was_only_written_in_another_way_is_no_change() {
        let again = WRITTEN.replace("    ", "  ").replace("vim", "\"vim\"").replace(" # for work", "");
        check(WRITTEN, WRITTEN, &again, WRITTEN);
    }

    proptest! {
        #[test]
        fn any_text_that_is_understood_comes_back_as_it_was(text in "([a-c]{1,2}: ?[ a-z\"'#]{0,5}\n|  [a-z]: x\n|# x\n|\n|- z\n){0,12}") {
            if let Some(mapping) = Mapping::parse(&text) {
                prop_assert_eq!(mapping.text(), text);
            }
        }

        #[test]
        fn whatever_is_changed_can_be_read_again(texts in prop::array::uniform3("(---\n)?([a-c]: ?[ a-z\"'#]{0,5}\n|[ab]:\n|  [a-c]: x\n|    y\n| ?# x\n|\n|- z\n){0,8}")) {
            if let [Some(mut mine), Some(before), Some(after)] = texts.each_ref().map(|text| Mapping::parse(text)) {
                mine.follow(&before, &after);
                mine.set("s", "\"x\"");
                prop_assert!(Mapping::parse(&mine.text()).is_some_and(|again| again.has("s")), "{}", mine.text());
            }
        }

        #[test]
        fn whoever_has_what_was_there_before_has_what_is_there_afterwards(before in "([a-d]: [a-z]{1,3}\n){0,5}", after in "([a-d]: [a-z]{1,3}\n){0,5}") {
            let unique = |text: &str| {
                let mut mapping = Mapping::default();
                for line in text.lines() {
                    mapping.set(&line[..1], &line[3..]);
                }
                mapping
            };
            let (before, after) = (unique(&before), unique(&after));
            let mut mine = before.clone();
            mine.follow(&before, &after);
            prop_assert!(mine.means_the_same(&after));
        }
    }
}

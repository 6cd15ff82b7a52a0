//! New baselines in the text of a `benchmarks.yml` whose every other character stays.
//!
//! A parser says where each value stands, and only that place is written to; what is not there yet is put in front
//! of its neighbors. No such edit is trusted: the new text has to say what was meant, or nothing is written.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use granit_parser::{Event, Parser, ScanError, Span, StructureStyle};
use indexmap::IndexMap;

use super::File;
use crate::temporary::Temporary;
use crate::{Error, Store};

/// What commands take now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewBaselines {
    /// When that was measured: `2024-12-01`.
    pub date: String,
    /// The host command's version, where it is known.
    pub cli_version: Option<String>,
    /// Milliseconds by command.
    pub commands: IndexMap<String, f64>,
}

const FILE: &str = "benchmarks.yml";

impl Store {
    /// Writes baselines into `benchmarks.yml`, which is made if it is not there, and keeps everything else in it:
    /// comments, order, notation. Returns the file.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`] if the file cannot be meant, or is written in a way in which a value cannot be replaced
    /// alone; [`Error::Io`] if it cannot be written. The file is then what it was.
    pub fn save_baselines(&self, new: &NewBaselines) -> Result<PathBuf, Error> {
        let path = self.root().join(FILE);
        let text = self.settings_text(FILE)?.map(|(_, text)| text).unwrap_or_default();
        let text = rewrite(&path, &text, new)?;
        let temporary = Temporary::make(self.root(), FILE)?;
        let permissions = std::fs::metadata(&path).map(|status| status.permissions());
        let write = || {
            std::io::Write::write_all(&mut temporary.file(), text.as_bytes())?;
            permissions.map_or(Ok(()), |permissions| temporary.file().set_permissions(permissions))?;
            temporary.file().sync_all()
        };
        write().map_err(Error::io("write", temporary.path()))?;
        temporary.become_whole()
    }
}

/// The text with the new baselines in it.
fn rewrite(path: &Path, text: &str, new: &NewBaselines) -> Result<String, Error> {
    let parse =
        |text: &str| crate::yaml::parse::<File>(path, text).map(|file| file.benchmarks.unwrap_or_default());
    let mut meant = parse(text)?;
    new.commands
        .iter()
        .for_each(|(name, ms)| meant.commands.entry(name.clone()).or_default().baseline_ms = Some(*ms));
    meant.baseline.date = Some(new.date.clone());
    meant.baseline.cli_version.clone_from(&new.cli_version);
    let written = edits(new).into_iter().try_fold(text.to_owned(), |text, (place, value)| {
        let place: Vec<_> = place.iter().map(String::as_str).collect();
        set(&text, &place, value.as_deref())
    });
    match written {
        Some(written) if parse(&written).is_ok_and(|read| read == meant) => Ok(written),
        _ => Err(Error::Settings {
            path: path.to_owned(),
            line: 1,
            column: 1,
            message: "is written in a way in which baselines cannot be replaced alone".to_owned(),
            hint: Some(by_hand(new)),
        }),
    }
}

fn by_hand(new: &NewBaselines) -> String {
    let commands = new.commands.iter().map(|(name, ms)| format!("`baseline_ms: {ms}` below {name}"));
    format!("write them yourself: {}", commands.collect::<Vec<_>>().join(", "))
}

/// What to write where; no value takes an old one away.
fn edits(new: &NewBaselines) -> Vec<(Vec<String>, Option<String>)> {
    let place = |names: &[&str]| {
        std::iter::once("benchmarks").chain(names.iter().copied()).map(str::to_owned).collect::<Vec<_>>()
    };
    let commands = new.commands.iter();
    let mut edits: Vec<_> = commands
        .map(|(name, ms)| (place(&["commands", name, "baseline_ms"]), Some(ms.to_string())))
        .collect();
    edits.push((place(&["baseline", "cli_version"]), new.cli_version.as_deref().map(quoted)));
    edits.push((place(&["baseline", "date"]), Some(quoted(&new.date))));
    edits
}

/// A text as YAML has it too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A key, in quotes unless it is a plain word.
fn key(name: &str) -> String {
    let is_word = name.bytes().all(|byte| byte.is_ascii_lowercase() || b"-_".contains(&byte));
    let has_another_meaning = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(&name);
    if is_word && name.starts_with(|first: char| first.is_ascii_lowercase()) && !has_another_meaning {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// The text with a value at a place; none where that cannot be done by writing there alone.
fn set(text: &str, place: &[&str], value: Option<&str>) -> Option<String> {
    let mut text = text.to_owned();
    let Some(root) = Node::root(&text)? else {
        let Some(value) = value else { return Some(text) };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        for (depth, name) in place.iter().enumerate() {
            let end = if depth + 1 == place.len() { format!(" {value}\n") } else { "\n".to_owned() };
            let _ = write!(text, "{:1$}{2}:{end}", "", 2 * depth, key(name));
        }
        return Some(text);
    };
    let (mut node, mut colon) = (&root, None);
    for (depth, name) in place.iter().enumerate() {
        let Node::Mapping { start, is_flow, entries } = node else {
            let (Node::Nothing, Some(colon), Some(value)) = (node, colon, value) else {
                return (value.is_none() && matches!(node, Node::Nothing)).then_some(text);
            };
            text.insert_str(colon, &format!(" {{ {} }}", inline(&place[depth..], value)));
            return Some(text);
        };
        let Some(entry) = entries.iter().find(|entry| entry.key == *name) else {
            let Some(value) = value else { return Some(text) };
            let entry = inline(&place[depth..], value);
            insert(&mut text, *start, *is_flow, entries.first(), &entry)?;
            return Some(text);
        };
        colon = entry.colon(&text);
        node = &entry.value;
    }
    match node {
        Node::Scalar(range) => text.replace_range(range.clone(), value.unwrap_or("null")),
        Node::Nothing => text.insert_str(colon?, &format!(" {}", value.unwrap_or("null"))),
        Node::Mapping { .. } | Node::Other => return None,
    }
    Some(text)
}

/// `a: { b: value }`.
fn inline(place: &[&str], value: &str) -> String {
    let inner =
        place[1..].iter().rev().fold(value.to_owned(), |inner, name| format!("{{ {}: {inner} }}", key(name)));
    format!("{}: {inner}", key(place[0]))
}

/// Puts an entry in front of the first one of a mapping.
fn insert(text: &mut String, start: usize, is_flow: bool, first: Option<&Entry>, entry: &str) -> Option<()> {
    if is_flow {
        let end = if first.is_some() { "," } else { " " };
        let inside = start + text[start..].strip_prefix('{').map(|_| 1)?;
        text.insert_str(inside, &format!(" {entry}{end}"));
    } else {
        let key = first?.key_range.start;
        let line = text[..key].rfind('\n').map_or(0, |end| end + 1);
        let indent = &text[line..key];
        let line_of_its_own = format!("{indent}{entry}\n");
        indent.bytes().all(|byte| byte == b' ').then_some(())?;
        text.insert_str(line, &line_of_its_own);
    }
    Some(())
}

/// A part of a document, with where it stands in bytes.
#[derive(Debug)]
enum Node {
    /// A value that stands there.
    Scalar(Range<usize>),
    /// No value behind a colon.
    Nothing,
    Mapping {
        start: usize,
        is_flow: bool,
        entries: Vec<Entry>,
    },
    /// What is never written to.
    Other,
}

#[derive(Debug)]
struct Entry {
    key: String,
    key_range: Range<usize>,
    value: Node,
}

impl Entry {
    /// Just behind the colon that follows the key.
    fn colon(&self, text: &str) -> Option<usize> {
        let behind = &text[self.key_range.end..];
        let at = behind.find(|character: char| !character.is_whitespace())?;
        behind[at..].starts_with(':').then_some(self.key_range.end + at + 1)
    }
}

/// Only what makes the structure.
struct Events<'a>(Parser<'a, granit_parser::StrInput<'a>>);

impl<'a> Events<'a> {
    fn next(&mut self) -> Option<(Event<'a>, Span)> {
        loop {
            let (event, span): (Event<'a>, Span) = self.0.next().and_then(Result::<_, ScanError>::ok)?;
            if event.is_node() || matches!(event, Event::MappingEnd | Event::SequenceEnd | Event::DocumentEnd)
            {
                return Some((event, span));
            }
        }
    }
}

impl Node {
    /// The document; `Some(None)` if there is nothing in it, and none if it cannot be read.
    #[expect(clippy::option_option, reason = "no document is not the same as none that can be read")]
    fn root(text: &str) -> Option<Option<Self>> {
        if text.lines().all(|line| line.trim_start().is_empty() || line.trim_start().starts_with('#')) {
            return Some(None);
        }
        let mut events = Events(Parser::new_from_str(text));
        let first = events.next()?;
        Some(Some(Self::read(first, &mut events)?))
    }

    fn read((event, span): (Event<'_>, Span), events: &mut Events<'_>) -> Option<Self> {
        Some(match event {
            Event::Scalar(..) => {
                let range = bytes(span)?;
                if range.is_empty() { Self::Nothing } else { Self::Scalar(range) }
            }
            Event::MappingStart(style, ..) => {
                let mut entries = Vec::new();
                loop {
                    let (event, key_span) = events.next()?;
                    let key = match event {
                        Event::MappingEnd => break,
                        Event::Scalar(key, ..) => Some(key.into_owned()),
                        other => {
                            Self::read((other, key_span), events)?;
                            None
                        }
                    };
                    let value = events.next()?;
                    let value = Self::read(value, events)?;
                    if let Some(key) = key {
                        entries.push(Entry { key, key_range: bytes(key_span)?, value });
                    }
                }
                let is_flow = style == StructureStyle::Flow;
                Self::Mapping { start: bytes(span)?.start, is_flow, entries }
            }
            Event::SequenceStart(..) => loop {
                let item = events.next()?;
                if matches!(item.0, Event::SequenceEnd) {
                    break Self::Other;
                }
                Self::read(item, events)?;
            },
            Event::MappingEnd | Event::SequenceEnd | Event::DocumentEnd => return None,
            _ => Self::Other,
        })
    }
}

fn bytes(span: Span) -> Option<Range<usize>> {
    Some(span.start.byte_offset()?..span.end.byte_offset()?)
}

#[cfg(test)]
mod tests;

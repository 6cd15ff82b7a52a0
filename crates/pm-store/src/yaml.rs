//! Settings files: YAML into types, with complaints that name file, line and the nearest key.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_saphyr::Error as Yaml;

use crate::{Error, Store};

impl Store {
    /// One settings file; its default when the user has not written it.
    pub(crate) fn settings<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T, Error> {
        match self.settings_text(name)? {
            Some((path, text)) => parse(&path, &text),
            None => Ok(T::default()),
        }
    }
}

/// Reads a settings file. An empty one says nothing and is the default.
pub(crate) fn parse<T: DeserializeOwned + Default>(path: &Path, text: &str) -> Result<T, Error> {
    let says_nothing =
        text.lines().all(|line| line.trim_start().is_empty() || line.trim_start().starts_with('#'));
    if says_nothing {
        return Ok(T::default());
    }
    serde_saphyr::from_str(text).map_err(|error| complaint(path, error.without_snippet()))
}

fn complaint(path: &Path, error: &Yaml) -> Error {
    let (message, hint) = match error {
        Yaml::SerdeUnknownField { field, expected, .. } => unknown("key", field, expected),
        Yaml::SerdeUnknownVariant { variant, expected, .. } => unknown("word", variant, expected),
        other => (first_line(other), None),
    };
    let line = error.location().map_or(1, |location| location.line());
    Error::Settings { path: path.to_owned(), line, message, hint }
}

fn unknown(what: &str, word: &str, expected: &[&'static str]) -> (String, Option<String>) {
    let likeness = |candidate| strsim::normalized_damerau_levenshtein(word, candidate);
    let nearest = expected.iter().max_by(|left, right| likeness(left).total_cmp(&likeness(right)));
    let hint = match nearest.filter(|candidate| likeness(candidate) >= 0.6) {
        Some(nearest) => format!("did you mean '{nearest}'?"),
        None => format!("one of {} can stand here", expected.join(", ")),
    };
    (format!("unknown {what} '{word}'"), Some(hint))
}

/// The library's words without the place, which we write in front, and without its drawing of it.
fn first_line(error: &Yaml) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or("cannot be read");
    let line = line.trim_start_matches("error: ");
    match line.split_once(": ") {
        Some((place, rest)) if place.starts_with("line ") => rest.to_owned(),
        _ => line.to_owned(),
    }
}

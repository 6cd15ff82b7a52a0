//! Settings files: YAML into types, with complaints that name file, line and the nearest key.

use std::io::Read;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_saphyr::{Error as Yaml, Location, MessageFormatter, UserMessageFormatter};

use crate::error::quoted;
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

/// The text of a settings file; one that is not UTF-8 was written by a person and has to be mended by one.
pub(crate) fn text(path: &Path, mut file: impl Read) -> Result<String, Error> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|byte| *byte == b'\n').next_back().unwrap_or_default();
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Error::Settings {
            path: path.to_owned(),
            line: 1 + count(memchr::memchr_iter(b'\n', valid).count()),
            column: 1 + count(String::from_utf8_lossy(line).chars().count()),
            message: "not UTF-8".to_owned(),
            hint: Some(format!("if it is Latin-1: `iconv -f latin1 -t utf-8 {}`", quoted(path))),
        }
    })
}

/// Reads a settings file. One that holds nothing but comments, or an empty document, is the default.
pub(crate) fn parse<T: DeserializeOwned + Default>(path: &Path, text: &str) -> Result<T, Error> {
    serde_saphyr::from_str::<Option<T>>(text)
        .map(Option::unwrap_or_default)
        .map_err(|error| complaint(path, error.without_snippet()))
}

fn complaint(path: &Path, error: &Yaml) -> Error {
    let (message, hint) = match without_alias(error) {
        Yaml::SerdeUnknownField { field, expected, .. } => unknown("key", field, expected),
        Yaml::SerdeUnknownVariant { variant, expected, .. } => unknown("word", variant, expected),
        other => (words(other), None),
    };
    wrong(path, error.location(), message, hint)
}

/// A complaint about a place that could be read and cannot be meant.
pub(crate) fn wrong(path: &Path, place: Option<Location>, message: String, hint: Option<String>) -> Error {
    let (line, column) = place.map_or((1, 1), |place| (place.line().max(1), place.column().max(1)));
    Error::Settings { path: path.to_owned(), line, column, message, hint }
}

/// What is wrong with a value that stands elsewhere, under a name that is used here.
fn without_alias(mut error: &Yaml) -> &Yaml {
    while let Yaml::AliasError { error: inner, .. } = error {
        error = inner.without_snippet();
    }
    error
}

/// What is wrong, for whoever wrote the file. The place stands in front of it already.
fn words(error: &Yaml) -> String {
    let expected = match error {
        Yaml::DuplicateMappingKey { key: Some(key), .. } => return format!("duplicate key '{key}'"),
        Yaml::SerdeMissingField { field, .. } => return format!("missing key '{field}'"),
        Yaml::SerdeInvalidType { unexpected, expected, .. }
        | Yaml::SerdeInvalidValue { unexpected, expected, .. } => {
            return format!("expected {expected}, not {unexpected}");
        }
        Yaml::Unexpected { expected, .. } => match *expected {
            "mapping start" => "keys and values, `key: value`",
            "sequence start" => "a list, `[one, two]`",
            "scalar" | "string scalar" => "a single value",
            other => other,
        },
        Yaml::InvalidScalar { ty: "boolean", .. } | Yaml::InvalidBooleanStrict { .. } => "true or false",
        Yaml::InvalidScalar { ty: "floating point", .. } => "a number",
        // The other names are those of integers, such as `u32`.
        Yaml::InvalidScalar { .. } => "a whole number",
        Yaml::NullIntoString { .. } => "a text",
        Yaml::MultipleDocuments { .. } => return "a second document begins here".to_owned(),
        other => {
            let text = UserMessageFormatter.format_message(other);
            return text.lines().next().unwrap_or("cannot be read").to_owned();
        }
    };
    format!("expected {expected}")
}

pub(crate) fn unknown(what: &str, word: &str, expected: &[&str]) -> (String, Option<String>) {
    let hint = match nearest(word, expected) {
        Some(nearest) => format!("did you mean '{nearest}'?"),
        None => format!("one of {} can stand here", expected.join(", ")),
    };
    (format!("unknown {what} '{word}'"), Some(hint))
}

/// The candidate that somebody who wrote `word` is likely to have meant.
pub(crate) fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let likeness = |candidate: &str| strsim::normalized_damerau_levenshtein(word, candidate);
    let nearest = candidates.iter().max_by(|left, right| likeness(left).total_cmp(&likeness(right)));
    nearest.copied().filter(|candidate| likeness(candidate) >= 0.6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Alerts;

    #[track_caller]
    fn check(text: &str, message: &str) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("alerts.yml");
        std::fs::write(&path, text).expect("written");
        let error = Alerts::read(&path).expect_err(text);
        let Error::Settings { line, message: said, .. } = &error else { panic!("{error}") };
        assert_eq!(format!("{line}: {said}"), message);
    }

    #[test]
    fn what_is_not_utf_8_is_refused_where_it_stands() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("alerts.yml");
        std::fs::write(&path, b"# \xc3\xa9t\xc3\xa9\n# \xc3\xa9t\xe9\n").expect("written");
        let benchmarks = crate::Benchmarks::of_file(&path).expect_err("it is not text");
        std::fs::copy(&path, folder.path().join("config.yml")).expect("copied");
        let settings = crate::Settings::of(&Store::at(folder.path())).expect_err("it is not text");
        for error in [Alerts::read(&path).expect_err("it is not text"), benchmarks, settings] {
            assert!(error.is_configuration());
            let said = error.to_string();
            assert!(said.ends_with(".yml:2:5: not UTF-8"), "{said}");
        }
    }

    #[test]
    fn what_holds_nothing_says_nothing() {
        for text in ["", "\n", "# a comment\n", "---", "---\n# a comment\n...\n", "\u{feff}---\n"] {
            assert_eq!(parse::<Vec<u32>>(Path::new("x.yml"), text).expect(text), [0; 0]);
        }
    }

    #[test]
    fn complaints_are_for_people_and_name_the_line_once() {
        let slow = |rule: &str| format!("alerts:\n  performance_degradation: {rule}\n");
        check(
            "alerts:\n  memory_usage_high: { threshold_mb: 1 }\n  memory_usage_high: { threshold_mb: 2 }\n",
            "3: duplicate key 'memory_usage_high'",
        );
        check("alerts: { memory_usage_high: {} }\n", "1: missing key 'threshold_mb'");
        check("alerts: [1]\n", "1: expected keys and values, `key: value`");
        check("alerts: 1\n", "1: expected keys and values, `key: value`");
        check(&slow("{ notification_channels: console }"), "2: expected a list, `[one, two]`");
        check(&slow("{ threshold_percentage: lots }"), "2: expected a number");
        check(&slow("{ threshold_percentage: [1] }"), "2: expected a single value");
        check(&slow("{ consecutive_violations: -1 }"), "2: expected a whole number");
        check(&slow("{ enabled: perhaps }"), "2: expected true or false");
        check("alerts: {}\n---\nalerts: {}\n", "3: a second document begins here");
        check("alerts: {\n", "1: unclosed bracket '{'");
        check(
            "alerts: { performance_degradation: { threshold_percentage: &half 0.5, consecutive_violations: *half } }\n",
            "1: expected a whole number",
        );
        check("alerts: *rules\n", "1: reference to unknown value");
    }
}

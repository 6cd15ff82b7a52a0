//! How the lines of a log look: as our tools write them, or as anybody might.
//!
//! Only the writing differs. Whatever a reader of durations and API counters is asked, it must answer alike
//! for every layout of the same runs.

use pm_record::{PerformanceMetrics, Record};
use serde_json::{Map, Value};

use super::draw::Draw;

/// The layout of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Layout {
    /// Every line as our tools write it
    Regular,
    /// One line in a hundred has its keys in another order
    Mixed,
    /// In every line another order of keys, other white space, other optional fields
    Irregular,
}

/// Writes runs in a layout; the same seed gives the same bytes for ever.
#[derive(Debug, Clone)]
pub struct Scribe {
    layout: Layout,
    draw: Draw,
}

/// The part of the lines of [`Layout::Mixed`] that are in another order.
const ODD: f64 = 0.01;

/// Fields that a record need not have, and that no duration or counter hangs on.
const OPTIONAL: [&[&str]; 8] = [
    &["execution_id"],
    &["exit_code"],
    &["signal"],
    &["host"],
    &["machine"],
    &["resource_usage", "cpu_time_ms"],
    &["resource_usage", "io_operations"],
    &["github_api", "rate_limit_remaining"],
];

/// What may stand between two tokens; mostly nothing.
const GAPS: [&str; 6] = ["", "", "", " ", "  ", "\t"];

impl Scribe {
    /// Writes in this layout.
    #[must_use]
    pub fn new(layout: Layout, seed: u64) -> Self {
        Self { layout, draw: Draw::new(seed) }
    }

    /// The run as a line with its newline.
    #[must_use]
    pub fn line(&mut self, run: PerformanceMetrics) -> Vec<u8> {
        let line = Record::Performance(Box::new(run)).to_line();
        let irregular = match self.layout {
            Layout::Regular => return line,
            Layout::Mixed if !self.draw.chance(ODD) => return line,
            Layout::Mixed => false,
            Layout::Irregular => true,
        };
        let Ok(mut record) = serde_json::from_slice::<Value>(&line) else { return line };
        if irregular {
            self.vary(&mut record["performance_metrics"]);
        }
        let gaps = if irregular { &GAPS[..] } else { &GAPS[..1] };
        let mut text = String::with_capacity(2 * line.len());
        self.write(&record, gaps, &mut text);
        text.push('\n');
        text.into_bytes()
    }

    /// Takes optional fields away, or their values, and now and then names a host in another script.
    fn vary(&mut self, run: &mut Value) {
        for path in OPTIONAL {
            let (name, parents) = path.split_last().expect("a path has a name");
            let parent = parents.iter().try_fold(&mut *run, |object, key| object.get_mut(key));
            let Some(object) = parent.and_then(Value::as_object_mut) else { continue };
            match self.draw.pick([70, 15, 15]) {
                0 => {}
                1 => drop(object.remove(*name)),
                _ => drop(object.insert((*name).to_owned(), Value::Null)),
            }
        }
        if self.draw.chance(0.05) {
            run["host"] = "größer-läufer-東京".into();
        }
        if self.draw.chance(0.05) {
            run["context"]["Projektgröße"] = "\"très\" petit\t🐁".into();
        }
    }

    fn write(&mut self, value: &Value, gaps: &[&str], text: &mut String) {
        match value {
            Value::Object(object) => self.write_object(object, gaps, text),
            Value::String(string) => self.write_string(string, text),
            other => text.push_str(&other.to_string()),
        }
    }

    fn write_object(&mut self, object: &Map<String, Value>, gaps: &[&str], text: &mut String) {
        text.push('{');
        for (place, (key, value)) in self.shuffled(object).into_iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            text.push_str(self.gap(gaps));
            self.write_string(key, text);
            text.push_str(self.gap(gaps));
            text.push(':');
            text.push_str(self.gap(gaps));
            self.write(value, gaps, text);
            text.push_str(self.gap(gaps));
        }
        text.push('}');
    }

    /// Half of the strings that are not ASCII are written as `\u` and four digits.
    fn write_string(&mut self, string: &str, text: &mut String) {
        use std::fmt::Write as _;

        let quoted = Value::from(string).to_string();
        if quoted.is_ascii() || self.draw.chance(0.5) {
            text.push_str(&quoted);
            return;
        }
        for unit in quoted.encode_utf16() {
            match u8::try_from(unit) {
                Ok(ascii) if ascii.is_ascii() => text.push(char::from(ascii)),
                _ => {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }

    fn gap<'a>(&mut self, gaps: &[&'a str]) -> &'a str {
        gaps[self.draw.pick(std::iter::repeat_n(1, gaps.len()))]
    }

    /// The fields in an order in which each of all orders is equally likely (Fisher and Yates).
    fn shuffled<'a>(&mut self, object: &'a Map<String, Value>) -> Vec<(&'a String, &'a Value)> {
        let mut fields: Vec<_> = object.iter().collect();
        for last in (1..fields.len()).rev() {
            let other = self.draw.pick(std::iter::repeat_n(1, last + 1));
            fields.swap(last, other);
        }
        fields
    }
}

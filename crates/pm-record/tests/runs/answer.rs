//! What a line says, in a form that can be compared: as a [`RunReader`] has it, and as a reference has it that
//! shares nothing with the reader but the types of the records.
//!
//! The reference asks the types whether the line is a run, and a tree of the whole line for its fields. It is
//! slow and knows no layouts. Where the types take a list for an object (serde does), the list has no fields.

use std::fmt;

use pm_record::{
    BadRecord, Field, Partial, PerformanceMetrics, Reading, Record, Run, Scalar, Status, Thousandths,
    Timestamp, Wanted,
};
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What a line is, or why it is no record.
pub(crate) type Verdict = Result<Answer, String>;

/// What a line holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Run(Box<Values>),
    Partial(String),
    Other,
}

/// Everything that can be asked of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Values {
    pub(crate) timestamp: Timestamp,
    pub(crate) total: Thousandths,
    pub(crate) end: Timestamp,
    pub(crate) numbers: Vec<Option<i64>>,
    pub(crate) labels: Vec<Scalar>,
    pub(crate) phases: Vec<(String, i64)>,
    pub(crate) machine: Option<String>,
    pub(crate) nested: bool,
    pub(crate) failed: bool,
    pub(crate) not_started: bool,
}

/// Whether a parser of whole trees takes the line: numbers within doubles, text in UTF-8, 127 levels at most.
pub(crate) fn is_strict(line: &[u8]) -> bool {
    serde_json::from_slice::<Value>(line).is_ok()
}

/// The verdict of a reader.
pub(crate) fn read(reading: Result<Reading<'_>, BadRecord>, wanted: &Wanted) -> Verdict {
    match reading {
        Ok(Reading::Run(run)) => Ok(Answer::Run(Box::new(values(&run, wanted)))),
        Ok(Reading::Partial(partial)) => Ok(Answer::Partial(told(partial))),
        Ok(Reading::Other(_)) => Ok(Answer::Other),
        Err(bad) => Err(bad.to_string()),
    }
}

/// Everything that can be asked of a partial result.
fn told(partial: &Partial) -> String {
    let (by, window, nested) = (partial.by(), partial.window(), partial.is_nested());
    format!("{by:?} {window:?} {nested} {:?} {:?}", partial.counts(), partial.metric())
}

fn values(run: &Run<'_>, wanted: &Wanted) -> Values {
    for (place, value) in run.numbers() {
        assert_eq!(run.number(place), Some(value), "{}", wanted.numbers[place].as_str());
    }
    let there = |field: &Field| wanted.numbers.iter().position(|other| other == field);
    let all: std::collections::BTreeSet<_> = wanted.numbers.iter().filter_map(there).collect();
    assert_eq!(run.numbers().count(), all.iter().filter(|&&place| run.number(place).is_some()).count());
    Values {
        timestamp: run.timestamp(),
        total: run.total(),
        end: run.end(),
        numbers: (0..wanted.numbers.len()).map(|place| run.number(place)).collect(),
        labels: (0..wanted.labels.len()).map(|place| run.label(place).into()).collect(),
        phases: run.phases().map(|(name, value)| (name.to_owned(), value)).collect(),
        machine: run.machine().map(str::to_owned),
        nested: run.is_nested(),
        failed: run.failed(),
        not_started: run.not_started(),
    }
}

/// The verdict of the reference.
pub(crate) fn reference(line: &[u8], wanted: &Wanted) -> Verdict {
    let parsed = match serde_json::from_slice::<Kind>(line) {
        Ok(kind) if kind.is_stepped_over(wanted.partials) => return Ok(Answer::Other),
        _ => Record::parse(line),
    };
    match parsed.map_err(|bad| bad.to_string())? {
        Record::Performance(_) if !is_object::<Kinds<Form>>(line) => {
            Err("expected an object for the run".to_owned())
        }
        Record::Performance(run) => Ok(Answer::Run(Box::new(expected(&run, line, wanted)))),
        Record::Partial(partial) => Ok(Answer::Partial(told(&Partial::from(*partial)))),
        other => panic!("{} was stepped over", other.kind()),
    }
}

fn expected(run: &PerformanceMetrics, line: &[u8], wanted: &Wanted) -> Values {
    let fields = Fields::new(line);
    let path = |path: &str| fields.read(&path.parse().expect("a path"));
    let number = |field: &Field| match fields.read(field) {
        _ if field.as_str() == "duration.total_ms" => Some(run.duration.total_ms.0),
        Scalar::Number(Thousandths(number)) => Some(number),
        _ => None,
    };
    let phases = run.duration.phases.iter().filter(|_| is_object::<Kinds<Sections>>(line));
    let outcome = PerformanceMetrics {
        status: run.status.filter(|_| matches!(path("status"), Scalar::Text(_))),
        ..run.clone()
    };
    Values {
        timestamp: run.timestamp,
        total: run.duration.total_ms,
        end: run.end(),
        numbers: wanted.numbers.iter().map(number).collect(),
        labels: wanted.labels.iter().map(|field| fields.read(field)).collect(),
        phases: phases.map(|(name, value)| (name.clone(), value.0)).collect(),
        machine: run.machine.clone(),
        nested: !path("trace.parent_execution_id").is_null(),
        failed: outcome.failed(),
        not_started: outcome.status == Some(Status::NotStarted),
    }
}

/// The fields of a line: out of a tree, or one by one where the tree is stricter than the types.
pub(crate) struct Fields<'a> {
    line: &'a [u8],
    tree: Option<Value>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(line: &'a [u8]) -> Self {
        Self { line, tree: serde_json::from_slice(line).ok() }
    }

    /// What the field says, as [`Field::read`] has it.
    pub(crate) fn read(&self, field: &Field) -> Scalar {
        let Some(tree) = &self.tree else { return field.read(self.line) };
        let mut steps = field.as_str().split('.');
        let run = tree.as_object().and_then(|kinds| kinds.values().next());
        let value = run.and_then(|run| steps.try_fold(run, |object, step| object.as_object()?.get(step)));
        value.map_or(Scalar::Null, scalar)
    }
}

fn scalar(value: &Value) -> Scalar {
    let Value::Number(number) = value else {
        return match value {
            Value::Bool(truth) => Scalar::Bool(*truth),
            Value::String(text) => Scalar::Text(text.clone()),
            _ => Scalar::Null,
        };
    };
    match number.as_i128() {
        Some(whole) => match i64::try_from(whole * 1000) {
            Ok(thousandths) => Scalar::Number(Thousandths(thousandths)),
            Err(_) => Scalar::Text(whole.to_string()),
        },
        None => number.as_f64().and_then(Thousandths::from_f64).map_or(Scalar::Null, Scalar::Number),
    }
}

/// The one key of a line whose value is any JSON.
struct Kind(String);

impl Kind {
    /// Whether it is only asked of such a line that it is JSON.
    fn is_stepped_over(&self, partials: bool) -> bool {
        match self.0.as_str() {
            "performance_metrics" => false,
            "performance_partial" => !partials,
            _ => true,
        }
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneKey;
        impl<'de> Visitor<'de> for OneKey {
            type Value = Kind;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with one key")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Kind, A::Error> {
                let first = object.next_entry::<String, IgnoredAny>()?;
                match (first, object.next_key::<IgnoredAny>()?) {
                    (Some((kind, _)), None) => Ok(Kind(kind)),
                    _ => Err(A::Error::custom("not one key")),
                }
            }
        }
        deserializer.deserialize_map(OneKey)
    }
}

/// Whether what this type looks at is an object on this line, and not a list.
fn is_object<'a, T: Deserialize<'a> + Into<Form>>(line: &'a [u8]) -> bool {
    serde_json::from_slice::<T>(line).is_ok_and(|found| matches!(found.into(), Form::Object))
}

#[derive(Deserialize)]
struct Kinds<T> {
    performance_metrics: T,
}

#[derive(Deserialize)]
struct Sections {
    duration: Form,
}

/// How a section is written.
enum Form {
    Object,
    List,
}

impl From<Kinds<Form>> for Form {
    fn from(kinds: Kinds<Form>) -> Self {
        kinds.performance_metrics
    }
}

impl From<Kinds<Sections>> for Form {
    fn from(kinds: Kinds<Sections>) -> Self {
        kinds.performance_metrics.duration
    }
}

impl<'de> Deserialize<'de> for Form {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Form;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or a list")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Form, A::Error> {
                while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Form::Object)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Form, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Form::List)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

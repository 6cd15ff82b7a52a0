//! The full parser: what it says is what a line means.
//!
//! Two passes, because the record's types know what is right, and the paths know what is wanted.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Kind;
use super::row::{Cell, Row};
use super::wanted::{Column, Node, Paths};
use crate::record::{PARTIAL, PERFORMANCE};
use crate::{BadRecord, Partial, Record, Scalar, Thousandths};

/// Reads a line into the row, or into `partial`, if those are wanted.
pub(super) fn fill(
    paths: &Paths,
    partial: Option<&mut Partial>,
    line: &[u8],
    row: &mut Row,
) -> Result<Kind, BadRecord> {
    row.clear();
    let mut json = serde_json::Deserializer::from_slice(line);
    let projected = json.deserialize_map(Envelope { paths, row }).and_then(|kind| json.end().map(|()| kind));
    match projected {
        Ok(Projected::Other) => return Ok(Kind::Other),
        Ok(Projected::Partial) if partial.is_none() => return Ok(Kind::Other),
        // The types say better what is wrong.
        _ => {}
    }
    match (Record::parse(line)?, partial) {
        (Record::Partial(read), Some(partial)) => {
            partial.set(*read);
            Ok(Kind::Partial)
        }
        (Record::Performance(run), _) if projected.is_ok() => {
            row.timestamp = run.timestamp.as_millis();
            row.set_total(run.duration.total_ms.0);
            Ok(Kind::Run)
        }
        _ => Err(BadRecord::new("expected an object for the run")),
    }
}

/// Which kind of record the line has, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Projected {
    Run,
    Partial,
    Other,
}

/// Steps over the kind and takes out of a run what is wanted.
struct Envelope<'a> {
    paths: &'a Paths,
    row: &'a mut Row,
}

impl<'de> Visitor<'de> for Envelope<'_> {
    type Value = Projected;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut record: A) -> Result<Projected, A::Error> {
        let kind = match record.next_key::<Cow<'de, str>>()?.as_deref() {
            None => return Err(A::Error::custom("no kind")),
            Some(PERFORMANCE) => {
                record.next_value_seed(Inside {
                    node: &self.paths.root,
                    row: self.row,
                    level: Level::Run,
                })?;
                Projected::Run
            }
            Some(kind) => {
                let kind = if kind == PARTIAL { Projected::Partial } else { Projected::Other };
                record.next_value::<IgnoredAny>()?;
                kind
            }
        };
        match record.next_key::<IgnoredAny>()? {
            None => Ok(kind),
            Some(_) => Err(A::Error::custom("more than one kind")),
        }
    }
}

/// Where in a run an object stands: the phases of the duration are all wanted, whatever they are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Run,
    Duration,
    Phases,
    Deeper,
}

impl Level {
    fn inside(self, key: &str) -> Self {
        match (self, key) {
            (Self::Run, "duration") => Self::Duration,
            (Self::Duration, "phases") => Self::Phases,
            _ => Self::Deeper,
        }
    }
}

/// An object, and what is wanted inside of it.
struct Inside<'a> {
    node: &'a Node,
    row: &'a mut Row,
    level: Level,
}

impl<'de> DeserializeSeed<'de> for Inside<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Inside<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let Self { node, row, level } = self;
        while let Some(key) = object.next_key::<Cow<'de, str>>()? {
            let within = level.inside(&key);
            let wanted = node.child(key.as_bytes());
            if wanted.is_none() && level != Level::Phases && within == Level::Deeper {
                object.next_value::<IgnoredAny>()?;
                continue;
            }
            let nothing = Node::default();
            let wanted = wanted.unwrap_or(&nothing);
            forget(wanted, row);
            let value = object.next_value_seed(Value { node: wanted, row, level: within })?;
            if level == Level::Phases
                && let Scalar::Number(Thousandths(value)) = value
            {
                let name = row.keep(&key);
                row.set_phase(name, value);
            }
        }
        Ok(())
    }
}

/// Whatever a key that came twice said the first time, it said in vain.
fn forget(node: &Node, row: &mut Row) {
    row.unset(node.target);
    node.children.iter().for_each(|child| forget(child, row));
}

/// Any value, and what is wanted of it. It returns itself, if it is a scalar.
struct Value<'a> {
    node: &'a Node,
    row: &'a mut Row,
    level: Level,
}

impl Value<'_> {
    fn set(self, scalar: Scalar) -> Scalar {
        let target = self.node.target;
        match &scalar {
            Scalar::Bool(truth) => self.row.set_label(target, Cell::Bool(*truth)),
            Scalar::Number(Thousandths(number)) => self.row.set_number(target, *number),
            Scalar::Text(text) if target.label != Column::UNWANTED => {
                let cell = self.row.keep(text);
                self.row.set_label(target, cell);
            }
            Scalar::Null | Scalar::Text(_) => {}
        }
        scalar
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Scalar;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Scalar, D::Error> {
        value.deserialize_any(self)
    }
}

/// Turns what a visitor is told into a scalar, and sets it.
macro_rules! scalars {
    ($($visit:ident: $value:ty),*) => {
        $(fn $visit<E: Error>(self, value: $value) -> Result<Scalar, E> {
            Scalar::deserialize(serde::de::IntoDeserializer::<E>::into_deserializer(value))
                .map(|scalar| self.set(scalar))
        })*
    };
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Scalar;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    scalars!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
        Ok(Scalar::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Scalar, A::Error> {
        Inside { node: self.node, row: self.row, level: self.level }.visit_map(object)?;
        Ok(Scalar::Null)
    }
}

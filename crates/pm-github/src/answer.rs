//! What the beginning of a body says: complaints, and the points that a query cost.
//!
//! Only a bounded beginning is handed in, so it may end anywhere. What was complete before the end counts; the
//! rest is as good as unsaid, and so is a body that is no JSON.

use std::fmt;

use pm_record::Timestamp;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::Limit;
use crate::headers::seconds;

/// What a body says of limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// What the server complained about, at most eight of them.
    pub complaints: Vec<Complaint>,
    /// What a GraphQL query cost, if it asked.
    pub points: Option<Points>,
}

/// One complaint: of the whole answer in REST, one of `errors` in GraphQL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Complaint {
    /// The type of an error of GraphQL, such as `RATE_LIMITED`; else empty.
    pub kind: String,
    /// What it says, at most 300 characters.
    pub message: String,
    /// The page that it points at; else empty.
    pub documentation: String,
}

/// GraphQL's `rateLimit`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Points {
    /// What this query cost.
    pub cost: Option<u64>,
    /// What is left.
    pub limit: Limit,
    /// How many nodes it could have returned.
    pub node_count: Option<u64>,
}

impl Answer {
    /// Reads the beginning of a body, which is plain JSON.
    #[must_use]
    pub fn read(beginning: &[u8]) -> Self {
        let mut found = Found::default();
        // An error is where the beginning ends, or where it stops to be JSON.
        let _ended = Top(&mut found).deserialize(&mut serde_json::Deserializer::from_slice(beginning));
        let mut answer = found.answer;
        if !found.whole.message.is_empty() {
            answer.complaints.insert(0, found.whole);
        }
        answer
    }
}

#[derive(Debug, Default)]
struct Found {
    answer: Answer,
    /// The complaint whose parts are keys of the body itself.
    whole: Complaint,
}

const MOST_COMPLAINTS: usize = 8;
const LONGEST_TEXT: usize = 300;

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().chars().take(LONGEST_TEXT).collect()
}

/// The body's own object.
struct Top<'a>(&'a mut Found);

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(key) = object.next_key::<String>()? {
            match key.as_str() {
                "message" => self.0.whole.message = text(Some(&object.next_value()?)),
                "documentation_url" => self.0.whole.documentation = text(Some(&object.next_value()?)),
                "errors" => object.next_value_seed(Errors(&mut self.0.answer.complaints))?,
                "data" => object.next_value_seed(Data { points: &mut self.0.answer.points, name: None })?,
                _ => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The list of GraphQL's errors.
struct Errors<'a>(&'a mut Vec<Complaint>);

impl<'de> DeserializeSeed<'de> for Errors<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Errors<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of errors")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut errors: A) -> Result<(), A::Error> {
        while let Some(error) = errors.next_element::<Value>()? {
            let complaint = Complaint {
                kind: text(error.get("type")),
                message: text(error.get("message")),
                documentation: String::new(),
            };
            if complaint != Complaint::default() && self.0.len() < MOST_COMPLAINTS {
                self.0.push(complaint);
            }
        }
        Ok(())
    }
}

/// GraphQL's data, and with a name one field of it: `rateLimit` may have been given another name by the query,
/// so it is known by what it holds.
struct Data<'a> {
    points: &'a mut Option<Points>,
    name: Option<&'a str>,
}

impl<'de> DeserializeSeed<'de> for Data<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Data<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let Some(name) = self.name else {
            while let Some(name) = object.next_key::<String>()? {
                object.next_value_seed(Data { points: self.points, name: Some(&name) })?;
            }
            return Ok(());
        };
        let mut points = Points::default();
        while let Some(key) = object.next_key::<String>()? {
            match key.as_str() {
                "cost" => points.cost = object.next_value::<Value>()?.as_u64(),
                "limit" => points.limit.limit = object.next_value::<Value>()?.as_u64(),
                "remaining" => points.limit.remaining = object.next_value::<Value>()?.as_u64(),
                "used" => points.limit.used = object.next_value::<Value>()?.as_u64(),
                "resetAt" => points.limit.reset = instant(&object.next_value()?),
                "nodeCount" => points.node_count = object.next_value::<Value>()?.as_u64(),
                _ => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        let says_more = points.limit != Limit::default() || points.node_count.is_some();
        let is_points =
            points != Points::default() && (name == "rateLimit" || points.cost.is_some() && says_more);
        if is_points && self.points.is_none() {
            *self.points = Some(points);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

/// The schema has a text; one page of the documentation says seconds.
fn instant(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => Timestamp::parse(text),
        number => number.as_u64().map(seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITED: &str = r#"{"data":null,"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"},{"message":"b"}]}"#;

    #[test]
    fn complaints_are_read_from_rest_and_from_graphql() {
        let rest = r#"{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest","status":"401"}"#;
        let complaint = Answer::read(rest.as_bytes()).complaints.remove(0);
        assert_eq!(
            (complaint.message.as_str(), complaint.documentation.as_str()),
            ("Bad credentials", "https://docs.github.com/rest")
        );
        let complaints = Answer::read(LIMITED.as_bytes()).complaints;
        assert_eq!(complaints.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>(), ["RATE_LIMITED", ""]);
    }

    #[test]
    fn what_was_complete_before_the_end_counts() {
        let kinds = |end: usize| Answer::read(&LIMITED.as_bytes()[..end]).complaints.len();
        let first = LIMITED.find(",{").expect("two errors");
        assert_eq!((kinds(first - 1), kinds(first), kinds(LIMITED.len())), (0, 1, 2));
    }

    #[test]
    fn points_are_known_by_what_they_hold_whatever_the_query_called_them() {
        let points = |body: &str| Answer::read(body.as_bytes()).points;
        let whole = r#"{"data":{"a":{"cost":7,"x":[1]},"b":[{"cost":1,"used":1}],"c":"x","d":1.5,"e":null,"f":true,"g":-1,"rl":{"cost":11,"limit":5000,"remaining":4989,"used":11,"resetAt":"2023-11-14T23:13:20Z","nodeCount":11050}}}"#;
        let expected = Points {
            cost: Some(11),
            limit: Limit {
                limit: Some(5000),
                remaining: Some(4989),
                used: Some(11),
                reset: Some(Timestamp::from_millis(1_700_003_600_000)),
            },
            node_count: Some(11050),
        };
        assert_eq!(points(whole), Some(expected));
        let alone = r#"{"data":{"rateLimit":{"cost":1}}}"#;
        assert_eq!(points(alone), Some(Points { cost: Some(1), ..Points::default() }));
        let seconds = r#"{"data":{"rateLimit":{"resetAt":1700003600}}}"#;
        assert_eq!(points(seconds).and_then(|points| points.limit.reset), expected.limit.reset);
        assert_eq!(points(r#"{"data":{"a":{"cost":1}}}"#), None);
        assert_eq!(points(r#"{"data":{"rateLimit":null}}"#), None);
    }

    #[test]
    fn a_body_that_is_no_json_says_nothing() {
        for body in ["", "<html>", "[1]", "\"x\"", "{\"message\":7}", "{\"errors\":{}}", "\u{1f}\u{8b}"] {
            assert_eq!(Answer::read(body.as_bytes()), Answer::default(), "{body}");
        }
    }

    #[test]
    fn complaints_are_bounded_in_number_and_length() {
        let error = format!(r#"{{"message":"{}"}}"#, "ü".repeat(1000));
        let body = format!(r#"{{"errors":[{}]}}"#, vec![error; 100].join(","));
        let complaints = Answer::read(body.as_bytes()).complaints;
        assert_eq!((complaints.len(), complaints[0].message.chars().count()), (8, 300));
    }

    proptest::proptest! {
        #[test]
        fn no_body_is_too_odd_and_none_says_more_when_it_is_cut(body in ".*", end in 0_usize..200) {
            let _ = Answer::read(body.as_bytes());
            let cut = Answer::read(&LIMITED.as_bytes()[..end.min(LIMITED.len())]);
            let whole = Answer::read(LIMITED.as_bytes());
            proptest::prop_assert!(whole.complaints.starts_with(&cut.complaints));
        }
    }
}

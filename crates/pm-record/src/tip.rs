//! `optimization_tip`: something that would save time or quota, with the figures behind it. Made by `pm-report --as
//! advice-json`, and by `pm-alert` of the cache.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::schema::{is_default, null_as_default};
use crate::{Scalar, Schema, Thousandths, Window};

/// One tip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OptimizationTip {
    /// The version of the record's shape.
    #[serde(default)]
    pub schema: Schema,
    /// The rule that gives it, such as `n_plus_one`.
    pub id: String,
    /// What was seen, in words: `API cache hit rate of 'GET /user' is 45% (target: 70%)`.
    pub title: String,
    /// The command, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The request, where it is about one: method and endpoint, or `GraphQL` and the operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// From the first record behind it to the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// The figures behind it.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub evidence: IndexMap<String, Scalar>,
    /// What to do, with something to type.
    pub recommendation: String,
    /// What that would have saved in the window.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub estimated_saving: EstimatedSaving,
    /// The tip as a name: `batch_issue_queries`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

/// What would have been saved. What a tip does not save is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct EstimatedSaving {
    /// Time of commands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<Thousandths>,
    /// Requests to the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<Thousandths>,
    /// What counts against the API's limits: requests of REST, points of GraphQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<Thousandths>,
    /// Processes started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<Thousandths>,
    /// Memory held at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<Thousandths>,
    /// The largest of these beside all that was recorded of its unit, 0 to 1: by this tips are ranked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<Thousandths>,
    /// How the estimate was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
}

#[cfg(test)]
mod tests {
    use crate::Record;

    #[test]
    fn a_tip_survives_a_round_trip() {
        let line = concat!(
            r#"{"optimization_tip":{"schema":1,"id":"n_plus_one","title":"A loop","command":"batch","request":"GraphQL node","#,
            r#""window":{"start":"2024-12-06T10:00:00.000Z","end":"2024-12-06T11:00:00.000Z"},"evidence":{"requests":200},"#,
            r#""recommendation":"Batch","estimated_saving":{"time_ms":812.5,"requests":196,"quota":196,"processes":1,"memory_mb":2,"#,
            r#""share":0.98,"basis":"50 a query"},"suggestion":"batch_node_queries"}}"#
        );
        let record = Record::parse(line.as_bytes()).expect(line);
        assert_eq!(record.kind(), "optimization_tip");
        assert_eq!(String::from_utf8(record.to_line()).expect("JSON is text").trim_end(), line);
        let least = r#"{"optimization_tip":{"schema":1,"id":"a","title":"b","recommendation":"c"}}"#;
        let record = Record::parse(least.as_bytes()).expect(least);
        assert_eq!(String::from_utf8(record.to_line()).expect("JSON is text").trim_end(), least);
    }
}

//! JSON Schemas of the records, made from their types: what another program may rely on and must keep to.
//!
//! A schema is the reader's view of a whole line: required is only what a reader cannot do without, unknown
//! fields are allowed, and null is the same as absent. It is stricter than the reader in two points: a label
//! that is a list or an object reads as null, and an object may be read from a list of its values in the
//! order of the type. Nobody may write either.

use std::borrow::Cow;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, json_schema};
use serde_json::{Value, json};

use crate::record::{
    ALERT, API, BENCHMARK, CHANGE, COMPARISON, DASHBOARD, PARTIAL, PERFORMANCE, PROCESS, REQUEST, SUMMARY,
    SYSTEM, TIP,
};
use crate::{
    ApiMonitoring, ApiRequest, BenchmarkResults, CacheState, CostSource, LimitHit, OptimizationTip,
    PerformanceAlert, PerformanceChange, PerformanceComparison, PerformanceDashboard, PerformanceMetrics,
    PerformancePartial, PerformanceSummary, ProcessTrace, Scalar, Schema, Status, SystemMetrics, Thousandths,
    Timestamp,
};

/// The schema of a line of each kind, by the kind.
#[must_use]
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        (PERFORMANCE, line::<PerformanceMetrics>(PERFORMANCE)),
        (PROCESS, line::<ProcessTrace>(PROCESS)),
        (SYSTEM, line::<SystemMetrics>(SYSTEM)),
        (API, line::<ApiMonitoring>(API)),
        (REQUEST, line::<ApiRequest>(REQUEST)),
        (SUMMARY, line::<PerformanceSummary>(SUMMARY)),
        (PARTIAL, line::<PerformancePartial>(PARTIAL)),
        (COMPARISON, line::<PerformanceComparison>(COMPARISON)),
        (CHANGE, line::<PerformanceChange>(CHANGE)),
        (ALERT, line::<PerformanceAlert>(ALERT)),
        (BENCHMARK, line::<BenchmarkResults>(BENCHMARK)),
        (TIP, line::<OptimizationTip>(TIP)),
        (DASHBOARD, line::<PerformanceDashboard>(DASHBOARD)),
    ]
}

/// The one-key object around a `T`. Nothing is referred to, so that the schema has the shape of the record.
fn line<T: JsonSchema>(kind: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut fields = settings.into_generator().subschema_for::<T>();
    NullIsAbsent.transform(&mut fields);
    json!({
        "$schema": schemars::consts::meta_schemas::DRAFT2020_12,
        "title": kind,
        "type": "object",
        "properties": { kind: fields },
        "required": [kind],
        "additionalProperties": false,
    })
}

/// Lets null stand wherever a field may be absent.
struct NullIsAbsent;

impl Transform for NullIsAbsent {
    fn transform(&mut self, schema: &mut schemars::Schema) {
        transform_subschemas(self, schema);
        let required = schema.get("required").cloned().unwrap_or_default();
        let is_required =
            |name: &str| required.as_array().is_some_and(|all| all.iter().any(|field| field == name));
        let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
        for (_, field) in fields.iter_mut().filter(|(name, _)| !is_required(name)) {
            allow_null(field);
        }
    }
}

fn allow_null(field: &mut Value) {
    if let Some(choices) = field.get_mut("oneOf").and_then(Value::as_array_mut) {
        choices.push(json!({ "type": "null" }));
        return;
    }
    match field.get_mut("type") {
        Some(Value::Array(types)) if !types.contains(&json!("null")) => types.push(json!("null")),
        Some(one @ Value::String(_)) => *one = json!([one, "null"]),
        // An optional type of ours allows it already.
        _ => {}
    }
}

impl JsonSchema for Thousandths {
    fn schema_name() -> Cow<'static, str> {
        "Thousandths".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        json_schema!({ "type": "number" })
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$",
        })
    }
}

impl JsonSchema for Scalar {
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        json_schema!({ "type": ["string", "number", "boolean", "null"] })
    }
}

impl JsonSchema for Schema {
    fn schema_name() -> Cow<'static, str> {
        "Schema".into()
    }

    // A range and not a constant, beside which there could be no null.
    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        json_schema!({ "type": "integer", "minimum": Self::VERSION, "maximum": Self::VERSION })
    }
}

impl JsonSchema for Status {
    fn schema_name() -> Cow<'static, str> {
        "Status".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        word(&[Self::Success, Self::Failure, Self::Signaled, Self::Timeout, Self::NotStarted])
    }
}

impl JsonSchema for CostSource {
    fn schema_name() -> Cow<'static, str> {
        "CostSource".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        word(&[Self::Answer, Self::Used, Self::Estimate])
    }
}

impl JsonSchema for CacheState {
    fn schema_name() -> Cow<'static, str> {
        "CacheState".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        word(&[Self::Hit, Self::Revalidated, Self::Miss, Self::Uncacheable])
    }
}

impl JsonSchema for LimitHit {
    fn schema_name() -> Cow<'static, str> {
        "LimitHit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        word(&[Self::Primary, Self::Secondary])
    }
}

/// One of these words, or of those that a later version may write: any is read.
fn word(known: &[impl serde::Serialize]) -> schemars::Schema {
    json_schema!({ "type": "string", "examples": known })
}

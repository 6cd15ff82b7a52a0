//! What the types of a run accept, as a table: for the scanners, which do not build the types.
//!
//! It may say less than the types accept, never more: whatever it leaves out goes to the full parser.

/// What a value has to be. Null stands for an absent one wherever a field is not required.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Rule {
    /// Anything.
    #[default]
    Any,
    Text,
    Texts,
    Number,
    NotNegative,
    /// A whole number of at most nine digits.
    Small,
    Time,
    Bool,
    /// The number 1.
    One,
    /// An object with the fields of the table, and any others.
    Object,
    /// An object with numbers.
    Numbers,
}

/// One field that the types know.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) path: &'static str,
    pub(super) rule: Rule,
    pub(super) required: bool,
}

const fn known(path: &'static str, rule: Rule) -> Known {
    Known { path, rule, required: false }
}

const fn required(path: &'static str, rule: Rule) -> Known {
    Known { path, rule, required: true }
}

/// Every field of a run; an object stands before its fields.
pub(super) const RUN: &[Known] = &[
    known("schema", Rule::One),
    required("command", Rule::Text),
    known("execution_id", Rule::Text),
    required("timestamp", Rule::Time),
    required("duration", Rule::Object),
    required("duration.total_ms", Rule::NotNegative),
    known("duration.phases", Rule::Numbers),
    known("resource_usage", Rule::Object),
    known("resource_usage.peak_memory_mb", Rule::Number),
    known("resource_usage.average_memory_mb", Rule::Number),
    known("resource_usage.cpu_time_ms", Rule::Number),
    known("resource_usage.io_operations", Rule::Number),
    known("resource_usage.user_ms", Rule::Number),
    known("resource_usage.system_ms", Rule::Number),
    known("resource_usage.peak_memory_source", Rule::Text),
    known("resource_usage.memory_samples", Rule::Number),
    known("resource_usage.read_bytes", Rule::Number),
    known("resource_usage.written_bytes", Rule::Number),
    known("resource_usage.page_faults", Rule::Number),
    known("resource_usage.context_switches", Rule::Number),
    known("resource_usage.processes", Rule::Number),
    known("github_api", Rule::Object),
    known("github_api.requests_made", Rule::Number),
    known("github_api.rate_limit_consumed", Rule::Number),
    known("github_api.rate_limit_remaining", Rule::Number),
    known("github_api.cache_hits", Rule::Number),
    known("github_api.cache_misses", Rule::Number),
    known("github_api.graphql_points", Rule::Number),
    known("github_api.retries", Rule::Number),
    known("github_api.waited_ms", Rule::Number),
    known("github_api.quota_delta", Rule::Object),
    required("github_api.quota_delta.value", Rule::Number),
    required("github_api.quota_delta.confidence", Rule::Text),
    known("context", Rule::Object),
    known("exit_code", Rule::Small),
    known("signal", Rule::Small),
    known("status", Rule::Text),
    known("program", Rule::Text),
    known("host", Rule::Text),
    known("machine", Rule::Text),
    known("trace", Rule::Object),
    required("trace.trace_id", Rule::Text),
    required("trace.span_id", Rule::Text),
    known("trace.parent_span_id", Rule::Text),
    known("trace.parent_execution_id", Rule::Text),
    known("trace_degraded", Rule::Bool),
    known("stopped_ms", Rule::Number),
    known("args", Rule::Texts),
    known("truncated", Rule::Bool),
];

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::Record;

    /// A run with every field of the table.
    fn full() -> Value {
        let mut run = Value::Object(Map::new());
        for Known { path, rule, .. } in RUN {
            *place(&mut run, path) = match rule {
                Rule::Any => unreachable!("the table says what it knows"),
                Rule::Text => json!("text"),
                Rule::Texts => json!(["one", "two"]),
                Rule::Number | Rule::NotNegative => json!(1.5),
                Rule::Small | Rule::One => json!(1),
                Rule::Time => json!("2024-12-06T10:30:15.123Z"),
                Rule::Bool => json!(true),
                Rule::Object => json!({}),
                Rule::Numbers => json!({"one_ms": 1.25}),
            };
        }
        run
    }

    fn place<'a>(run: &'a mut Value, path: &str) -> &'a mut Value {
        path.split('.').fold(run, |value, step| &mut value[step])
    }

    fn parse(run: &Value) -> Option<Record> {
        Record::parse(json!({"performance_metrics": run}).to_string().as_bytes()).ok()
    }

    #[test]
    fn the_table_knows_every_field_that_the_types_write() {
        let record = parse(&full()).expect("a run");
        let written: Value = serde_json::from_slice(&record.to_line()).expect("JSON");
        // A word that is not known is written as the one for such words.
        let mut expected = full();
        expected["status"] = json!("other");
        // A section that is empty is not written.
        expected.as_object_mut().expect("an object").remove("context");
        assert_eq!(written["performance_metrics"], expected);
    }

    #[test]
    fn the_table_knows_every_field_that_the_published_schema_names() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema/performance_metrics.schema.json");
        let schema: Value = serde_json::from_slice(&std::fs::read(path).expect(path)).expect("JSON");
        let mut published = Vec::new();
        collect(&schema["properties"]["performance_metrics"], "", &mut published);
        let mut known: Vec<_> = RUN.iter().map(|known| known.path.to_owned()).collect();
        known.sort();
        published.sort();
        assert_eq!(published, known);
    }

    /// The paths of all fields below `schema`.
    fn collect(schema: &Value, outer: &str, paths: &mut Vec<String>) {
        for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
            let path = if outer.is_empty() { key.clone() } else { format!("{outer}.{key}") };
            collect(inner, &path, paths);
            paths.push(path);
        }
    }

    #[test]
    fn what_the_table_requires_the_types_require() {
        for Known { path, required, .. } in RUN {
            for absent in [None, Some(Value::Null)] {
                let mut run = full();
                let (outer, key) = path.rsplit_once('.').map_or(("", *path), |(outer, key)| (outer, key));
                let object = if outer.is_empty() { &mut run } else { place(&mut run, outer) };
                let object = object.as_object_mut().expect("an object");
                match absent {
                    None => drop(object.remove(key)),
                    Some(null) => drop(object.insert(key.to_owned(), null)),
                }
                assert_eq!(parse(&run).is_none(), *required, "{path}");
            }
        }
    }

    #[test]
    fn what_a_rule_accepts_the_types_accept() {
        for Known { path, rule, .. } in RUN {
            let accepted = match rule {
                Rule::Number => json!([0, -0.125, 999_999_999_999_999_i64, -999_999_999_999.999]),
                Rule::NotNegative => json!([0, 0.125, 999_999_999_999_999_i64]),
                Rule::Small => json!([0, 999_999_999, -999_999_999]),
                Rule::Text => json!(["", "ä\n\\"]),
                Rule::Bool => json!([false, true]),
                Rule::Texts => json!([[], ["a"]]),
                Rule::Numbers => json!([{}, {"a": -1}]),
                Rule::Object => {
                    json!([full().pointer(&format!("/{}", path.replace('.', "/"))).expect("there")])
                }
                Rule::Time | Rule::One | Rule::Any => continue,
            };
            for value in accepted.as_array().expect("a list") {
                let mut run = full();
                *place(&mut run, path) = value.clone();
                assert!(parse(&run).is_some(), "{path}: {value}");
            }
        }
    }
}

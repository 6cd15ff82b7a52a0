//! Records as a table: one row a record, a column for each field that was asked for.
//!
//! A text that a spreadsheet would take for a formula gets an apostrophe in front of it, as spreadsheets themselves
//! write it: names come from whoever ran a command.

use std::io::{self, Write};

use pm_record::Field;
use serde_json::Value;

/// The columns of each kind of record, where nobody says others.
const COLUMNS: [(&str, &[&str]); 5] = [
    (
        "performance_metrics",
        &[
            "timestamp",
            "command",
            "execution_id",
            "status",
            "exit_code",
            "signal",
            "duration.total_ms",
            "duration.phases",
            "resource_usage.peak_memory_mb",
            "resource_usage.average_memory_mb",
            "resource_usage.cpu_time_ms",
            "resource_usage.user_ms",
            "resource_usage.system_ms",
            "resource_usage.io_operations",
            "resource_usage.read_bytes",
            "resource_usage.written_bytes",
            "github_api.requests_made",
            "github_api.rate_limit_consumed",
            "github_api.rate_limit_remaining",
            "github_api.graphql_points",
            "github_api.cache_hits",
            "github_api.cache_misses",
            "context.project_size",
            "context.task_count",
            "context.dependency_count",
            "context.concurrent_operations",
            "program",
            "host",
            "machine",
            "trace.trace_id",
        ],
    ),
    (
        "system_metrics",
        &[
            "timestamp",
            "memory.process_memory_mb",
            "memory.system_memory_available_mb",
            "memory.memory_usage_percentage",
            "cpu.process_cpu_percentage",
            "cpu.system_cpu_percentage",
            "cpu.cpu_cores",
            "disk.log_file_size_mb",
            "disk.cache_size_mb",
            "disk.available_space_gb",
            "network.bytes_sent",
            "network.bytes_received",
            "network.active_connections",
            "processes",
            "host",
        ],
    ),
    (
        "api_request",
        &[
            "timestamp",
            "execution_id",
            "method",
            "endpoint",
            "operation",
            "status",
            "duration_ms",
            "bytes_sent",
            "bytes_received",
            "rate_limit.resource",
            "rate_limit.remaining",
            "cost",
            "cache",
            "limit_hit",
            "attempt",
        ],
    ),
    (
        "performance_summary",
        &[
            "by",
            "window.start",
            "window.end",
            "count",
            "failures",
            "success_rate",
            "per_minute",
            "metrics.duration\\.total_ms.mean",
            "metrics.duration\\.total_ms.p50",
            "metrics.duration\\.total_ms.p95",
            "metrics.duration\\.total_ms.p99",
            "metrics.duration\\.total_ms.max",
        ],
    ),
    (
        "performance_alert",
        &[
            "timestamp",
            "type",
            "command",
            "threshold_exceeded",
            "current_value",
            "baseline",
            "severity",
            "state",
            "since",
            "recommendation",
        ],
    ),
];

/// What a cell must not begin with: a spreadsheet would compute it.
const FORMULAS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Writes the rows of one kind of record.
#[derive(Debug)]
pub(crate) struct Table {
    kind: String,
    columns: Vec<Vec<String>>,
    pub(crate) rows: u64,
}

impl Table {
    /// Of records of `kind`, with these columns or the usual ones; none where nobody knows the usual ones.
    pub(crate) fn new(kind: &str, columns: &[Field]) -> Option<Self> {
        let columns = if columns.is_empty() {
            let usual = COLUMNS.iter().find(|(known, _)| *known == kind)?.1;
            usual.iter().map(|path| steps(path)).collect()
        } else {
            columns.iter().map(|field| steps(field.as_str())).collect()
        };
        Some(Self { kind: kind.to_owned(), columns, rows: 0 })
    }

    /// The kinds whose columns are known.
    pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
        COLUMNS.iter().map(|(kind, _)| *kind)
    }

    pub(crate) fn write_head(&self, out: &mut impl Write) -> io::Result<()> {
        let names = self.columns.iter().map(|steps| defused(&steps.join(".")));
        write_row(out, names)
    }

    /// Writes a line's record, if it is of the kind.
    pub(crate) fn write(&mut self, line: &[u8], out: &mut impl Write) -> io::Result<()> {
        let record: Value = serde_json::from_slice(line).map_err(io::Error::other)?;
        let Some(fields) = record.get(&self.kind) else { return Ok(()) };
        self.rows += 1;
        write_row(out, self.columns.iter().map(|steps| cell(fields, steps)))
    }
}

fn write_row(out: &mut impl Write, cells: impl Iterator<Item = String>) -> io::Result<()> {
    let mut row = csv::WriterBuilder::new().from_writer(Vec::new());
    row.write_record(cells).map_err(io::Error::other)?;
    let bytes = row.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    out.write_all(&bytes)
}

/// The steps of a path; a point behind a backslash belongs to a name.
fn steps(path: &str) -> Vec<String> {
    let marked = path.replace("\\.", "\0");
    marked.split('.').map(|step| step.replace('\0', ".")).collect()
}

fn cell(fields: &Value, steps: &[String]) -> String {
    let found = steps.iter().try_fold(fields, |value, step| value.get(step));
    match found {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => defused(text),
        Some(other) => other.to_string(),
    }
}

fn defused(text: &str) -> String {
    if text.starts_with(FORMULAS) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(names: &[&str]) -> Vec<Field> {
        names.iter().filter_map(|name| name.parse().ok()).collect()
    }

    #[track_caller]
    fn check(line: &str, columns: &[&str], expected: &str) {
        let mut table = Table::new("performance_metrics", &fields(columns)).expect("columns");
        let mut out = Vec::new();
        table.write(line.as_bytes(), &mut out).expect("memory");
        assert_eq!(String::from_utf8(out).expect("text"), expected);
    }

    #[test]
    fn cells_are_quoted_where_they_have_to_be_and_formulas_are_defused() {
        let line = r#"{"performance_metrics":{"command":"=cmd|' /C calc'!A0","host":"a,\"b\"\nc","duration":{"total_ms":-1.5,"phases":{"x_ms":1}},"exit_code":null}}"#;
        check(
            line,
            &["command", "host", "duration.total_ms", "duration.phases", "exit_code", "no.such"],
            "'=cmd|' /C calc'!A0,\"a,\"\"b\"\"\nc\",-1.5,\"{\"\"x_ms\"\":1}\",,\n",
        );
    }

    #[test]
    fn a_record_of_another_kind_is_no_row() {
        check(r#"{"system_metrics":{}}"#, &["command"], "");
    }

    /// What a schema says of a field, by every way in which it may be said.
    fn inside<'a>(root: &'a Value, node: &'a Value, step: &str) -> Vec<&'a Value> {
        let mut found: Vec<_> = node["properties"].get(step).into_iter().collect();
        found.extend(Some(&node["additionalProperties"]).filter(|rest| found.is_empty() && rest.is_object()));
        let referred = node["$ref"].as_str().and_then(|path| root.pointer(path.trim_start_matches('#')));
        let choices = ["anyOf", "allOf", "oneOf"].iter().filter_map(|name| node[*name].as_array()).flatten();
        found.extend(referred.into_iter().chain(choices).flat_map(|node| inside(root, node, step)));
        found
    }

    #[test]
    fn the_usual_columns_of_every_kind_are_fields_of_the_record() {
        for kind in Table::kinds() {
            let mut head = Vec::new();
            Table::new(kind, &[]).expect("known").write_head(&mut head).expect("memory");
            let schema = format!("{}/../docs/schema/{kind}.schema.json", env!("CARGO_MANIFEST_DIR"));
            let schema = std::fs::read(schema).expect("the schema of every kind");
            let schema: Value = serde_json::from_slice(&schema).expect("JSON");
            let columns = COLUMNS.iter().find(|(known, _)| *known == kind).expect("known").1;
            let head = String::from_utf8(head).expect("text");
            assert_eq!(head.trim_end().split(',').count(), columns.len(), "{head}");
            for column in columns {
                let path = std::iter::once(kind.to_owned()).chain(steps(column));
                let found = path.fold(vec![&schema], |nodes, step| {
                    nodes.into_iter().flat_map(|node| inside(&schema, node, &step)).collect()
                });
                assert!(!found.is_empty(), "{kind} has no '{column}'");
            }
        }
        assert!(Table::new("moon_phase", &[]).is_none());
    }
}

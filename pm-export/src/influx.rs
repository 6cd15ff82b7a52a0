//! Records as the line protocol of InfluxDB: one point a record, so that nothing is summed up on the way.
//!
//! Points with one measurement, one set of tags and one time are one point there, and the later replaces the earlier.
//! Times of records are milliseconds, so the digits below are taken from a hash of the record: two runs in one
//! millisecond stay two, and a record that is sent twice is still one.

use std::fmt::Write;

use pm_record::Record;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// What a kind of record is called, and which of its fields are tags.
const MEASUREMENTS: [(&str, &str, &[&str]); 5] = [
    ("performance_metrics", "github_pm_command", &["command", "status", "host", "program"]),
    ("process_trace", "github_pm_process", &["program"]),
    ("system_metrics", "github_pm_system", &["host"]),
    ("api_request", "github_pm_api_request", &["endpoint", "method", "status", "cache"]),
    ("performance_alert", "github_pm_alert", &["type", "command", "severity", "state"]),
];

/// The record of a line as points; nothing for kinds that have no time or no figures.
pub(crate) fn points(line: &[u8], by: &[String], out: &mut String) {
    let (Ok(record), Ok(Value::Object(object))) = (Record::parse(line), serde_json::from_slice(line)) else {
        return;
    };
    let Some((kind, Value::Object(fields))) = object.into_iter().next() else { return };
    let Some(at) = record.timestamp().map(|time| nanoseconds(time.as_millis(), line)) else { return };
    if let Record::Api(reading) = &record {
        for (resource, limit) in &reading.resources {
            let host = reading.api_host.as_deref().unwrap_or_default();
            let credential = reading.credential.as_deref().unwrap_or_default();
            let tags = [("api_host", host), ("credential", credential), ("resource", resource.as_str())];
            let tags = tags.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let numbers = [("limit", limit.limit), ("remaining", limit.remaining), ("used", limit.used)];
            let numbers =
                numbers.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_f64())));
            write_point(out, "github_pm_rate_limit", tags.into(), &numbers.collect::<Vec<_>>(), at);
        }
        return;
    }
    let Some((_, measurement, tags)) = MEASUREMENTS.iter().find(|(known, ..)| *known == kind) else { return };
    let asked = by.iter().map(String::as_str).filter(|name| !tags.contains(name));
    let tags = tags.iter().copied().chain(asked);
    let tags = tags.filter_map(|path| Some((path.to_owned(), tag(&fields, path)?))).collect();
    let mut numbers = Vec::new();
    flatten(&fields, "", &mut numbers);
    if matches!(record, Record::Alert(_)) {
        numbers.push(("fired".to_owned(), 1.0));
    }
    write_point(out, measurement, tags, &numbers, at);
}

fn nanoseconds(millis: i64, line: &[u8]) -> i64 {
    let hash = Sha256::digest(line);
    let below = u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]) % 1_000_000;
    millis.saturating_mul(1_000_000).saturating_add(below.into())
}

fn tag(fields: &Map<String, Value>, path: &str) -> Option<String> {
    let mut steps = path.split('.');
    let first = fields.get(steps.next()?)?;
    match steps.try_fold(first, |value, step| value.get(step))? {
        Value::String(text) => Some(text.clone()),
        value @ (Value::Bool(_) | Value::Number(_)) => Some(value.to_string()),
        _ => None,
    }
}

/// Every number inside, by its path.
fn flatten(fields: &Map<String, Value>, before: &str, numbers: &mut Vec<(String, f64)>) {
    for (name, value) in fields.iter().filter(|(name, _)| *name != "schema") {
        let name = if before.is_empty() { name.clone() } else { format!("{before}_{name}") };
        match value {
            Value::Number(number) => numbers.extend(number.as_f64().map(|number| (name, number))),
            Value::Object(inner) => flatten(inner, &name, numbers),
            _ => {}
        }
    }
}

fn write_point(
    out: &mut String,
    measurement: &str,
    mut tags: Vec<(String, String)>,
    numbers: &[(String, f64)],
    at: i64,
) {
    let mut numbers = numbers.iter().filter(|(_, value)| value.is_finite()).peekable();
    if numbers.peek().is_none() {
        return;
    }
    out.push_str(measurement);
    tags.sort();
    for (name, value) in tags.iter().filter(|(_, value)| !value.trim_end_matches('\\').is_empty()) {
        out.push(',');
        escape(out, name);
        out.push('=');
        escape(out, value);
    }
    for (place, (name, value)) in numbers.enumerate() {
        out.push(if place == 0 { ' ' } else { ',' });
        escape(out, name);
        let _ = write!(out, "={value}");
    }
    let _ = writeln!(out, " {at}");
}

/// Names and tags: no line break, and no backslash at the end, which would swallow what follows.
fn escape(out: &mut String, text: &str) {
    for letter in text.trim_end_matches('\\').chars() {
        match letter {
            ',' | '=' | ' ' => {
                out.push('\\');
                out.push(letter);
            }
            '\n' | '\r' | '\t' | '\0' => out.push_str("\\ "),
            _ => out.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, by: &[&str], expected: &str) {
        let mut out = String::new();
        points(line.as_bytes(), &by.iter().map(|&name| name.to_owned()).collect::<Vec<_>>(), &mut out);
        let (point, time) = out.trim_end().rsplit_once(' ').unwrap_or_default();
        assert_eq!(point, expected);
        assert!(point.is_empty() || time.starts_with("1733481015123") && time.len() == 19, "{time}");
    }

    #[test]
    fn a_run_is_a_point_with_every_figure_that_it_has() {
        check(
            r#"{"performance_metrics":{"command":"gh pr,list","status":"success","timestamp":"2024-12-06T10:30:15.123Z","duration":{"total_ms":1840.5,"phases":{"fetch_ms":2}},"context":{"project_size":"a=b\\"},"exit_code":0}}"#,
            &["context.project_size"],
            r"github_pm_command,command=gh\ pr\,list,context.project_size=a\=b,status=success duration_phases_fetch_ms=2,duration_total_ms=1840.5,exit_code=0",
        );
    }

    #[test]
    fn two_runs_of_one_millisecond_stay_two_and_a_repeated_one_is_one() {
        assert_eq!(nanoseconds(1, b"a"), nanoseconds(1, b"a"));
        assert_ne!(nanoseconds(1, b"a"), nanoseconds(1, b"b"));
        assert!((1_000_000..2_000_000).contains(&nanoseconds(1, b"c")));
    }

    #[test]
    fn what_has_no_figures_is_no_point() {
        check(r#"{"moon_phase":{"x":1}}"#, &[], "");
        check("no record", &[], "");
    }
}

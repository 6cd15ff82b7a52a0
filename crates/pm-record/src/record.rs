//! A record of any kind, and the one-key object that carries it on a line.

use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    ApiMonitoring, ApiRequest, BenchmarkResults, OptimizationTip, PerformanceAlert, PerformanceChange,
    PerformanceComparison, PerformanceDashboard, PerformanceMetrics, PerformancePartial, PerformanceSummary,
    ProcessTrace, SystemMetrics, Timestamp,
};

/// One record. On a line it is `{"<kind>":{…}}`.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// One run of one command.
    Performance(Box<PerformanceMetrics>),
    /// One process of such a run.
    Process(Box<ProcessTrace>),
    /// One tick of resource use.
    System(Box<SystemMetrics>),
    /// One reading of the rate limits.
    Api(Box<ApiMonitoring>),
    /// One request to GitHub's API.
    Request(Box<ApiRequest>),
    /// A group of runs.
    Summary(Box<PerformanceSummary>),
    /// The exact state of such a group.
    Partial(Box<PerformancePartial>),
    /// A metric of a command, before and now.
    Comparison(Box<PerformanceComparison>),
    /// A change of such a metric.
    Change(Box<PerformanceChange>),
    /// A limit that was exceeded.
    Alert(Box<PerformanceAlert>),
    /// What a benchmark found.
    Benchmark(Box<BenchmarkResults>),
    /// Something that would save time or quota.
    Tip(Box<OptimizationTip>),
    /// Everything on one page, for a program that shows it.
    Dashboard(Box<PerformanceDashboard>),
    /// A kind that this version does not know: no error, and passed on by filters that pass records on.
    Unknown(String),
}

pub(crate) const PERFORMANCE: &str = "performance_metrics";
pub(crate) const PROCESS: &str = "process_trace";
pub(crate) const SYSTEM: &str = "system_metrics";
pub(crate) const API: &str = "api_monitoring";
pub(crate) const REQUEST: &str = "api_request";
pub(crate) const SUMMARY: &str = "performance_summary";
pub(crate) const PARTIAL: &str = "performance_partial";
pub(crate) const COMPARISON: &str = "performance_comparison";
pub(crate) const CHANGE: &str = "performance_change";
pub(crate) const ALERT: &str = "performance_alert";
pub(crate) const BENCHMARK: &str = "benchmark_results";
pub(crate) const TIP: &str = "optimization_tip";
pub(crate) const DASHBOARD: &str = "performance_dashboard";

impl Record {
    /// The key of the record on its line.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Performance(_) => PERFORMANCE,
            Self::Process(_) => PROCESS,
            Self::System(_) => SYSTEM,
            Self::Api(_) => API,
            Self::Request(_) => REQUEST,
            Self::Summary(_) => SUMMARY,
            Self::Partial(_) => PARTIAL,
            Self::Comparison(_) => COMPARISON,
            Self::Change(_) => CHANGE,
            Self::Alert(_) => ALERT,
            Self::Benchmark(_) => BENCHMARK,
            Self::Tip(_) => TIP,
            Self::Dashboard(_) => DASHBOARD,
            Self::Unknown(kind) => kind,
        }
    }

    /// When it happened, where the record says so.
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        match self {
            Self::Performance(run) => Some(run.timestamp),
            Self::Process(process) => process.timestamp,
            Self::System(tick) => Some(tick.timestamp),
            Self::Api(reading) => reading.timestamp,
            Self::Request(request) => Some(request.timestamp),
            Self::Summary(summary) => Some(summary.window.start),
            Self::Partial(partial) => partial.group.as_ref().map(|group| group.first),
            Self::Change(change) => Some(change.timestamp),
            Self::Alert(alert) => alert.timestamp,
            Self::Benchmark(results) => Some(results.test_date),
            Self::Tip(tip) => tip.window.map(|window| window.end),
            Self::Comparison(_) | Self::Dashboard(_) | Self::Unknown(_) => None,
        }
    }

    /// Reads a record from the bytes of one line.
    ///
    /// # Errors
    ///
    /// If the bytes are not one JSON object with one key, or the value lacks what its kind requires.
    pub fn parse(line: &[u8]) -> Result<Self, BadRecord> {
        serde_json::from_slice(line).map_err(|error| BadRecord(reason(&error)))
    }

    /// The record as one line, its newline included.
    ///
    /// # Panics
    ///
    /// On [`Record::Unknown`], which has no fields to write: pass the line on instead.
    #[must_use]
    pub fn to_line(&self) -> Vec<u8> {
        // Most records fit, and a line that grows is copied.
        let mut line = Vec::with_capacity(1024);
        self.write_line(&mut line);
        line
    }

    /// Writes the same line behind others.
    ///
    /// # Panics
    ///
    /// As [`Record::to_line`].
    pub fn write_line(&self, lines: &mut Vec<u8>) {
        serde_json::to_writer(&mut *lines, self).expect("a known record has only strings for keys");
        lines.push(b'\n');
    }
}

/// Why a line is no record: a lowercase fragment with the column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadRecord(String);

impl BadRecord {
    /// A reason of the tool's own, about what a record says rather than how it is written.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    pub(crate) fn too_long() -> Self {
        Self("longer than 1 MiB".to_owned())
    }
}

/// The parser's reason without its line number, which is always 1 because a record is one line.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line 1 column ") {
        Some((reason, "0")) => reason.replace('`', "'"),
        Some((reason, column)) => format!("{} at column {column}", reason.replace('`', "'")),
        None => text,
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(1))?;
        match self {
            Self::Performance(run) => object.serialize_entry(PERFORMANCE, run)?,
            Self::Process(process) => object.serialize_entry(PROCESS, process)?,
            Self::System(tick) => object.serialize_entry(SYSTEM, tick)?,
            Self::Api(reading) => object.serialize_entry(API, reading)?,
            Self::Request(request) => object.serialize_entry(REQUEST, request)?,
            Self::Summary(summary) => object.serialize_entry(SUMMARY, summary)?,
            Self::Partial(partial) => object.serialize_entry(PARTIAL, partial)?,
            Self::Comparison(comparison) => object.serialize_entry(COMPARISON, comparison)?,
            Self::Change(change) => object.serialize_entry(CHANGE, change)?,
            Self::Alert(alert) => object.serialize_entry(ALERT, alert)?,
            Self::Benchmark(results) => object.serialize_entry(BENCHMARK, results)?,
            Self::Tip(tip) => object.serialize_entry(TIP, tip)?,
            Self::Dashboard(dashboard) => object.serialize_entry(DASHBOARD, dashboard)?,
            Self::Unknown(kind) => {
                return Err(serde::ser::Error::custom(format_args!("the fields of '{kind}' are not known")));
            }
        }
        object.end()
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Envelope;
        impl<'de> Visitor<'de> for Envelope {
            type Value = Record;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with one key, the record's kind")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Record, A::Error> {
                let Some(kind) = object.next_key::<std::borrow::Cow<'de, str>>()? else {
                    return Err(A::Error::custom("expected the record's kind"));
                };
                let record = match kind.as_ref() {
                    PERFORMANCE => Record::Performance(object.next_value()?),
                    PROCESS => Record::Process(object.next_value()?),
                    SYSTEM => Record::System(object.next_value()?),
                    API => Record::Api(object.next_value()?),
                    REQUEST => Record::Request(object.next_value()?),
                    SUMMARY => Record::Summary(object.next_value()?),
                    PARTIAL => Record::Partial(object.next_value()?),
                    COMPARISON => Record::Comparison(object.next_value()?),
                    CHANGE => Record::Change(object.next_value()?),
                    ALERT => Record::Alert(object.next_value()?),
                    BENCHMARK => Record::Benchmark(object.next_value()?),
                    TIP => Record::Tip(object.next_value()?),
                    DASHBOARD => Record::Dashboard(object.next_value()?),
                    unknown => {
                        object.next_value::<IgnoredAny>()?;
                        Record::Unknown(unknown.to_owned())
                    }
                };
                match object.next_key::<IgnoredAny>()? {
                    None => Ok(record),
                    Some(_) => {
                        Err(A::Error::custom("expected one key, the record's kind, but there are more"))
                    }
                }
            }
        }
        deserializer.deserialize_map(Envelope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification, on one line.
    const RUN: &str = concat!(
        r#"{"performance_metrics":{"command":"batch","execution_id":"exec_abc123","timestamp":"2024-12-06T10:30:15.123Z","#,
        r#""duration":{"total_ms":2450,"phases":{"initialization_ms":120,"authentication_ms":340,"data_fetching_ms":1200,"#,
        r#""processing_ms":650,"output_generation_ms":140}},"resource_usage":{"peak_memory_mb":78,"average_memory_mb":45,"#,
        r#""cpu_time_ms":1890,"io_operations":245},"github_api":{"requests_made":15,"rate_limit_consumed":25,"#,
        r#""rate_limit_remaining":4975,"cache_hits":8,"cache_misses":7},"context":{"project_size":"large","task_count":87,"#,
        r#""dependency_count":142,"concurrent_operations":3}}}"#
    );

    #[track_caller]
    fn check_bad(line: &str, expected: &str) {
        assert_eq!(Record::parse(line.as_bytes()).expect_err(line).to_string(), expected);
    }

    #[test]
    fn the_specification_s_run_is_read_and_written_with_nothing_lost() {
        let record = Record::parse(RUN.as_bytes()).expect("the specification's example");
        let written = String::from_utf8(record.to_line()).expect("JSON is text");
        assert_eq!(written.trim_end(), RUN.replacen("{\"command\"", "{\"schema\":1,\"command\"", 1));
    }

    #[test]
    fn the_specification_s_tick_and_reading_are_read() {
        let tick = r#"{"system_metrics":{"timestamp":"2024-12-06T10:30:15.123Z","memory":{"process_memory_mb":45,"system_memory_available_mb":8192,"memory_usage_percentage":0.55},"cpu":{"process_cpu_percentage":12.5,"system_cpu_percentage":45.2,"cpu_cores":8},"disk":{"log_file_size_mb":2.3,"cache_size_mb":15.7,"available_space_gb":125},"network":{"bytes_sent":45623,"bytes_received":123456,"active_connections":3}}}"#;
        let reading = r#"{"api_monitoring":{"rate_limit_tracking":{"current_limit":5000,"remaining":4875,"reset_time":"2024-12-06T11:00:00Z","efficiency_score":0.975},"request_patterns":{"requests_per_minute":12.5,"cache_hit_rate":0.65,"most_expensive_operations":["project_item_fetch"]},"optimization_suggestions":["batch_project_item_queries"]}}"#;
        for line in [tick, reading] {
            let record = Record::parse(line.as_bytes()).expect(line);
            let again = Record::parse(&record.to_line()).expect("what was written");
            assert_eq!(again, record);
        }
    }

    #[test]
    fn a_run_needs_only_command_timestamp_and_total() {
        let line = r#"{"performance_metrics":{"command":"x","timestamp":"2024-12-06T10:30:15Z","duration":{"total_ms":1},"github_api":null}}"#;
        let Ok(Record::Performance(run)) = Record::parse(line.as_bytes()) else { panic!("{line} is a run") };
        assert_eq!((run.github_api, run.exit_code), (crate::GithubApi::default(), None));
    }

    #[test]
    fn a_process_survives_a_round_trip_and_what_is_unknown_of_it_is_not_written() {
        let whole = concat!(
            r#"{"process_trace":{"schema":1,"execution_id":"exec_799a5d73ffdb","timestamp":"2024-12-06T10:30:15.130Z","#,
            r#""pid":4711,"parent":4710,"program":"git","start_ms":7.25,"duration_ms":31.3,"cpu_time_ms":8.312,"#,
            r#""peak_memory_mb":4.519,"exit_code":0,"signal":9}}"#
        );
        let least = r#"{"process_trace":{"schema":1,"pid":4711,"program":"git","start_ms":0}}"#;
        for line in [whole, least] {
            let record = Record::parse(line.as_bytes()).expect(line);
            assert_eq!(record.kind(), "process_trace");
            assert_eq!(String::from_utf8(record.to_line()).expect("JSON is text").trim_end(), line);
            assert_eq!(record.timestamp().is_some(), line == whole);
        }
    }

    #[test]
    fn null_is_absent_in_every_field_that_is_not_required() {
        let summary = r#"{"performance_summary":{"schema":null,"by":null,"window":{"start":"2024-12-06T10:30:15Z","end":"2024-12-06T10:30:16Z"},"count":1,"failures":null,"metrics":null,"api_totals":null,"machines":null}}"#;
        let alert = r#"{"performance_alert":{"type":"x","threshold_exceeded":"a","current_value":"b","severity":null,"state":null,"evidence":null}}"#;
        let reading = r#"{"api_monitoring":{"request_patterns":{"most_expensive_operations":null}}}"#;
        let process = r#"{"process_trace":{"schema":null,"execution_id":null,"timestamp":null,"pid":1,"parent":null,"program":"sh","start_ms":0,"duration_ms":null,"cpu_time_ms":null,"peak_memory_mb":null,"exit_code":null,"signal":null}}"#;
        for line in [summary, alert, reading, process] {
            assert!(Record::parse(line.as_bytes()).is_ok(), "{line}");
        }
    }

    #[test]
    fn an_unknown_kind_and_unknown_fields_are_no_error() {
        assert_eq!(Record::parse(br#"{"moon_phase":{"x":[1]}}"#), Ok(Record::Unknown("moon_phase".into())));
        let line = r#"{"performance_metrics":{"command":"x","timestamp":"2024-12-06T10:30:15Z","duration":{"total_ms":1,"new":2},"newer":{"a":1}}}"#;
        assert!(Record::parse(line.as_bytes()).is_ok());
    }

    #[test]
    fn a_bad_line_says_what_was_expected_and_where() {
        check_bad("{\"a\" 1}", "expected ':' at column 6");
        check_bad("", "EOF while parsing a value");
        check_bad("{}", "expected the record's kind at column 2");
        check_bad("[1]", "invalid type: sequence, expected an object with one key, the record's kind");
        check_bad(r#"{"a":1,"b":2}"#, "expected one key, the record's kind, but there are more at column 10");
        check_bad(r#"{"performance_metrics":{"command":"x"}}"#, "missing field 'timestamp' at column 38");
        let negative = r#"{"performance_metrics":{"command":"x","timestamp":"2024-12-06T10:30:15Z","duration":{"total_ms":-1}}}"#;
        check_bad(negative, "duration.total_ms is negative at column 99");
    }

    #[test]
    fn a_later_major_is_refused_by_number() {
        let line =
            r#"{"performance_alert":{"schema":2,"type":"x","threshold_exceeded":"a","current_value":"b"}}"#;
        check_bad(line, "schema 2 is not the one this version reads (1) at column 32");
    }
}

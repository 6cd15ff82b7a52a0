//! The answers of ours and of a peer, brought into one form and compared.
//!
//! Only ours is ever held, and in few bytes a group: the kernel counts the memory of this program as that of
//! whatever it starts.

use std::collections::BTreeMap;

use pm_record::{MetricSummary, PerformanceSummary, Record, Scalar, Thousandths, Timestamp};
use serde_json::Value;

use super::Error;
use super::measure::CommandLine;

type Figure = fn(&MetricSummary) -> Option<Thousandths>;

/// Figures of the duration, with where a summary has them.
const SPREAD: [(&str, Figure); 8] = [
    ("mean", |duration| duration.mean),
    ("std_deviation", |duration| duration.std_deviation),
    ("min", |duration| duration.min),
    ("max", |duration| duration.max),
    ("p50", |duration| duration.p50),
    ("p90", |duration| duration.p90),
    ("p95", |duration| duration.p95),
    ("p99", |duration| duration.p99),
];

/// Sums over everything else that a run of the log has: what a peer calls them, and of which field they are.
const TOTALS: [(&str, &str); 13] = [
    ("initialization_ms", "duration.phases.initialization_ms"),
    ("authentication_ms", "duration.phases.authentication_ms"),
    ("data_fetching_ms", "duration.phases.data_fetching_ms"),
    ("processing_ms", "duration.phases.processing_ms"),
    ("output_generation_ms", "duration.phases.output_generation_ms"),
    ("peak_memory_mb", "resource_usage.peak_memory_mb"),
    ("average_memory_mb", "resource_usage.average_memory_mb"),
    ("cpu_time_ms", "resource_usage.cpu_time_ms"),
    ("io_operations", "resource_usage.io_operations"),
    ("requests_made", "github_api.requests_made"),
    ("rate_limit_consumed", "github_api.rate_limit_consumed"),
    ("cache_hits", "github_api.cache_hits"),
    ("cache_misses", "github_api.cache_misses"),
];

const FIGURES: usize = 1 + SPREAD.len() + TOTALS.len();

/// How the runs are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grouping {
    Command,
    CommandAndHour,
}

/// A command, and the hour as `2026-11-23T15` where that counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    command: String,
    hour: Option<String>,
}

/// What `pm-aggregate` says: for each group its figures, the count first.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    grouping: Grouping,
    groups: BTreeMap<Group, [Option<f64>; FIGURES]>,
    runs: u64,
}

impl Answer {
    fn none(grouping: Grouping) -> Self {
        Self { grouping, groups: BTreeMap::new(), runs: 0 }
    }

    /// Runs ours and reads its summaries.
    pub(super) fn of(ours: &CommandLine, grouping: Grouping) -> Result<Self, Error> {
        let mut answer = Self::none(grouping);
        ours.each_line(|line| answer.take_in(line))?;
        Ok(answer)
    }

    /// How many runs are in it.
    pub(super) fn runs(&self) -> u64 {
        self.runs
    }

    fn take_in(&mut self, line: &[u8]) -> Result<(), String> {
        let summary = summary(line).ok_or_else(|| shown(line))?;
        let Some(Scalar::Text(command)) = summary.by.get("command") else { return Err(shown(line)) };
        let hour = (self.grouping == Grouping::CommandAndHour).then(|| hour(summary.window.start));
        let Some(duration) = summary.metrics.get("duration.total_ms") else { return Err(shown(line)) };
        let spread = SPREAD.iter().map(|(_, figure)| figure(duration));
        let totals = TOTALS.iter().map(|&(_, field)| summary.metrics.get(field).map(|metric| metric.sum));
        let mut figures = [Some(summary.count as f64); FIGURES];
        for (place, figure) in figures[1..].iter_mut().zip(spread.chain(totals)) {
            *place = figure.map(Thousandths::to_f64);
        }
        self.runs += summary.count;
        self.groups.insert(Group { command: command.clone(), hour }, figures);
        Ok(())
    }

    /// Runs a peer and compares what it says, group by group. A peer may say less than we do, but about
    /// every group.
    pub(super) fn confirm(&self, theirs: &CommandLine) -> Result<(), Error> {
        let mut groups = 0;
        theirs.each_line(|line| {
            groups += 1;
            self.agree(line)
        })?;
        self.agree_on_number(groups).map_err(|reason| theirs.wrong(reason))
    }

    fn agree_on_number(&self, groups: usize) -> Result<(), String> {
        let ours = self.groups.len();
        if ours == groups { Ok(()) } else { Err(format!("{groups} groups, where pm-aggregate has {ours}")) }
    }

    /// One object a group, with `command`, `hour` and numbers; the first that ours does not confirm is the
    /// error.
    fn agree(&self, line: &[u8]) -> Result<(), String> {
        let Ok(Value::Object(mut object)) = serde_json::from_slice(line) else { return Err(shown(line)) };
        let Some(Value::String(command)) = object.remove("command") else { return Err(shown(line)) };
        let hour = object.remove("hour").and_then(|hour| hour.as_str().map(str::to_owned));
        let name = hour.iter().fold(command.clone(), |name, hour| format!("{name} at {hour}"));
        let group = Group { command, hour };
        let Some(ours) = self.groups.get(&group) else { return Err(format!("pm-aggregate has no {name}")) };
        for (figure, theirs) in object {
            let ours = place(&figure).and_then(|place| ours[place]);
            let agree = match (ours, theirs.as_f64()) {
                (Some(ours), Some(theirs)) => (ours - theirs).abs() <= tolerance(&figure, theirs),
                (None, None) => theirs.is_null(),
                _ => false,
            };
            if !agree {
                let ours = ours.map_or_else(|| "none".to_owned(), |ours| ours.to_string());
                return Err(format!("{figure} of {name} is {theirs}, and pm-aggregate has {ours}"));
            }
        }
        Ok(())
    }
}

/// A line of `pm-aggregate`, if it is a summary.
pub(super) fn summary(line: &[u8]) -> Option<PerformanceSummary> {
    match Record::parse(line) {
        Ok(Record::Summary(summary)) => Some(*summary),
        _ => None,
    }
}

/// The hour of an instant: `2026-11-23T15`.
fn hour(instant: Timestamp) -> String {
    let mut text = instant.to_string();
    text.truncate("2026-11-23T15".len());
    text
}

/// Where a figure stands in an answer.
fn place(figure: &str) -> Option<usize> {
    let spread = SPREAD.iter().map(|&(name, _)| name);
    let totals = TOTALS.iter().map(|&(name, _)| name);
    std::iter::once("count").chain(spread).chain(totals).position(|name| name == figure)
}

fn shown(line: &[u8]) -> String {
    format!("'{}'", String::from_utf8_lossy(line))
}

/// How far two right answers may be apart.
fn tolerance(figure: &str, value: f64) -> f64 {
    match figure {
        // The sketch promises to be nearer than this.
        "p50" | "p90" | "p95" | "p99" => value.abs() * 0.0056,
        // Ours are exact and then rounded to three decimals; a peer's are sums of floating point.
        "mean" | "std_deviation" => 0.000_501 + value.abs() * 1e-9,
        "count" | "min" | "max" => value.abs() * 1e-12,
        // A sum of millions of floating-point numbers.
        _ => value.abs() * 1e-9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &[u8] = br#"{"performance_summary":{"by":{"command":"batch"},"window":{"start":"2024-12-06T10:00:00Z","end":"2024-12-06T11:00:00Z"},"count":3,"metrics":{"duration.total_ms":{"count":3,"sum":1000,"mean":333.333,"min":100,"max":600,"p50":301},"github_api.cache_hits":{"count":3,"sum":7}}}}"#;

    fn ours(grouping: Grouping) -> Answer {
        let mut answer = Answer::none(grouping);
        answer.take_in(OURS).expect("a summary");
        answer
    }

    #[track_caller]
    fn check(theirs: &str, expected: Result<(), &str>) {
        let agreed = ours(Grouping::Command).agree(theirs.as_bytes());
        assert_eq!(agreed, expected.map_err(str::to_owned));
    }

    #[test]
    fn answers_agree_within_rounding_and_the_error_of_the_sketch() {
        check(
            r#"{"command":"batch","count":3,"mean":333.3333333333333,"min":100.0,"p50":300,"cache_hits":7}"#,
            Ok(()),
        );
    }

    #[test]
    fn whatever_differs_more_is_named() {
        check(r#"{"command":"batch","count":4}"#, Err("count of batch is 4, and pm-aggregate has 3"));
        check(
            r#"{"command":"batch","mean":333.4}"#,
            Err("mean of batch is 333.4, and pm-aggregate has 333.333"),
        );
        check(r#"{"command":"batch","p50":299}"#, Err("p50 of batch is 299, and pm-aggregate has 301"));
        check(
            r#"{"command":"batch","cache_hits":6}"#,
            Err("cache_hits of batch is 6, and pm-aggregate has 7"),
        );
        check(r#"{"command":"batch","p99":1}"#, Err("p99 of batch is 1, and pm-aggregate has none"));
        check(r#"{"command":"batch","min":null}"#, Err("min of batch is null, and pm-aggregate has 100"));
        check(r#"{"command":"batch","mode":1}"#, Err("mode of batch is 1, and pm-aggregate has none"));
    }

    #[test]
    fn what_neither_can_know_is_agreed_on() {
        check(r#"{"command":"batch","std_deviation":null}"#, Ok(()));
    }

    #[test]
    fn every_group_must_be_answered_and_no_other() {
        check(r#"{"command":"status"}"#, Err("pm-aggregate has no status"));
        let answer = ours(Grouping::Command);
        assert_eq!(answer.agree_on_number(1), Ok(()));
        assert_eq!(answer.agree_on_number(0), Err("0 groups, where pm-aggregate has 1".to_owned()));
        assert_eq!(answer.runs(), 3);
    }

    #[test]
    fn hours_are_told_apart_where_they_count() {
        let hourly = ours(Grouping::CommandAndHour);
        let line = |hour| format!(r#"{{"command":"batch","hour":"2024-12-06T{hour}","count":3}}"#);
        assert_eq!(hourly.agree(line(10).as_bytes()), Ok(()));
        let missing = Err("pm-aggregate has no batch at 2024-12-06T11".to_owned());
        assert_eq!(hourly.agree(line(11).as_bytes()), missing);
    }

    #[test]
    fn a_line_that_is_no_answer_is_shown() {
        check("Traceback", Err("'Traceback'"));
        let mut answer = ours(Grouping::Command);
        assert_eq!(answer.take_in(b"{}"), Err("'{}'".to_owned()));
    }
}

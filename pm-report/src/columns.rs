//! Which columns a table has, and how each cell reads.
//!
//! A column that has no value in any row is left out. Rows are ordered here too: by the total time spent,
//! the most first, because that is where time can be saved; rows that stand for windows of time keep the
//! order of the input.

use std::borrow::Cow;
use std::cmp::Reverse;

use pm_cli::human;
use pm_record::{ComparisonStatus, Thousandths};

use crate::report::{Report, Row};
use crate::times::Precision;
use crate::verdicts::Verdict;

/// What stands where a value is not known.
const UNKNOWN: &str = "-";

/// The rows and columns of a report.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    pub(crate) report: &'a Report,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<&'a Row>,
}

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// The value of the field of groups at this place.
    Label(usize),
    /// When the window starts.
    Start(Precision),
    /// A figure.
    Figure(Figure),
}

/// What is told of each group, in the order of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figure {
    Runs,
    Failed,
    Total,
    Share,
    Mean,
    Min,
    Median,
    P90,
    P95,
    P99,
    Max,
    First,
    Rating,
    Memory,
    Cpu,
    Requests,
    Quota,
    CacheHits,
    Before,
    Trend,
}

use Figure::{
    Before, CacheHits, Cpu, Failed, First, Max, Mean, Median, Memory, Min, P90, P95, P99, Quota, Rating,
    Requests, Runs, Share, Total, Trend,
};

const ALL: [Figure; 20] = [
    Runs, Failed, Total, Share, Before, Trend, Mean, Min, Median, P90, P95, P99, Max, First, Rating, Memory,
    Cpu, Requests, Quota, CacheHits,
];

/// What a page that is too narrow loses, the first to go first.
pub(crate) const LEAST_IMPORTANT_FIRST: [Figure; 20] = [
    P90, P99, Cpu, CacheHits, Quota, First, Max, Requests, Share, Trend, Memory, Min, Total, Before, Median,
    Mean, P95, Failed, Rating, Runs,
];

impl<'a> Table<'a> {
    pub(crate) fn new(report: &'a Report) -> Self {
        let mut rows: Vec<_> = report.rows().iter().collect();
        let mut columns: Vec<_> = (0..report.fields().len()).map(Column::Label).collect();
        if report.has_windows() {
            columns.push(Column::Start(Precision::of(rows.iter().map(|row| row.window.start))));
        } else {
            rows.sort_by_key(|row| Reverse(row.time()));
        }
        let is_known = |figure: &Figure| rows.iter().any(|row| figure.read(row, report).is_some());
        columns.extend(ALL.into_iter().filter(is_known).map(Column::Figure));
        Self { report, columns, rows }
    }

    /// What stands above a column; a field's name comes from records and is not escaped.
    pub(crate) fn heading(&self, column: Column) -> &'a str {
        match column {
            Column::Label(place) => self.report.fields().get_index(place).map_or("", String::as_str),
            Column::Start(_) => "from (UTC)",
            Column::Figure(figure) => figure.heading(),
        }
    }

    /// What stands in a cell; a label comes from records and is not escaped.
    pub(crate) fn cell(&self, column: Column, row: &'a Row) -> Cow<'a, str> {
        match column {
            Column::Label(place) => row.label(place).unwrap_or(UNKNOWN).into(),
            Column::Start(precision) => precision.write(row.window.start).into(),
            Column::Figure(figure) => figure.read(row, self.report).map_or(UNKNOWN.into(), Cow::Owned),
        }
    }
}

impl Column {
    /// Whether a cell of this column is bad news.
    pub(crate) fn is_bad(self, row: &Row, report: &Report) -> bool {
        let has_regressed =
            || report.verdict(row).is_some_and(|verdict| verdict.status == ComparisonStatus::Regressed);
        let is_poor =
            || row.benchmark.is_some_and(|measured| measured.rating == Some(pm_record::Rating::Poor));
        self == Self::Figure(Figure::Failed) && row.failures > 0
            || self == Self::Figure(Figure::Rating) && is_poor()
            || self == Self::Figure(Figure::Before) && has_regressed()
    }
}

impl Figure {
    fn heading(self) -> &'static str {
        match self {
            Runs => "runs",
            Failed => "failed",
            Total => "total",
            Share => "share",
            Mean => "mean ± std",
            Median => "p50",
            P90 => "p90",
            P95 => "p95",
            P99 => "p99",
            Max => "max",
            Min => "min",
            First => "first",
            Rating => "rating",
            Memory => "memory",
            Cpu => "CPU",
            Requests => "requests",
            Quota => "quota",
            CacheHits => "cache hits",
            Before => "vs before",
            Trend => "trend",
        }
    }

    /// How the figure of a group reads; none if it is not known.
    fn read(self, row: &Row, report: &Report) -> Option<String> {
        let duration = row.duration.as_ref();
        match self {
            Runs => Some(human::count(row.runs)),
            Failed => Some(human::count(row.failures)),
            Total => row.time().map(time),
            Share => report.share(row.time()?).map(human::percentage),
            Mean => {
                let mean = time(duration?.mean?);
                Some(
                    duration?
                        .std_deviation
                        .map_or(mean.clone(), |deviation| format!("{mean} ± {}", time(deviation))),
                )
            }
            Median => duration?.p50.map(time),
            P90 => duration?.p90.map(time),
            P95 => duration?.p95.map(time),
            P99 => duration?.p99.map(time),
            Max => duration?.max.map(time),
            Min => duration.filter(|_| row.benchmark.is_some())?.min.map(time),
            First => row.benchmark?.first_ms.map(time),
            Rating => row.benchmark?.rating.map(|rating| rating.to_string()),
            Memory => row.peak_memory_mb.map(|memory| human::mebibytes(memory.to_f64())),
            Cpu => row.cpu_time_ms.map(time),
            Requests => row.requests.map(count),
            Quota => row.quota.map(count),
            Before => report.verdict(row).map(Verdict::words),
            Trend => report.trend(row),
            CacheHits => row.cache_hit_rate.map(|rate| human::percentage(rate.to_f64())),
        }
    }
}

fn time(millis: Thousandths) -> String {
    human::duration(millis.to_f64())
}

/// Counters are whole numbers and never negative; a record that says otherwise is shown as it is.
fn count(number: Thousandths) -> String {
    match u64::try_from(number.0) {
        Ok(thousandths) if thousandths % 1000 == 0 => human::count(thousandths / 1000),
        _ => number.to_string(),
    }
}

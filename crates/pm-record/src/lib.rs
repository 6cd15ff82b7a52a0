//! The vocabulary of the workspace: what a record is, and how it crosses a pipe.
//!
//! - A [`Record`] is one JSON object on one line whose only key is its *kind*.
//! - [`Lines`] cuts inputs into lines, in bounded memory, and decompresses them on the way. A [`Line`]
//!   keeps its bytes, so that a filter can pass a record on with every field it does not know.
//! - [`Skipped`] counts the lines that are no records.
//! - [`Thousandths`] is the value of every metric, [`Timestamp`] every time, [`Scalar`] every label.
//! - A [`Field`] reads any field of a line by its path; a [`RunReader`] reads many, of runs, at the speed of the disk.
//!
//! This crate knows no file, terminal, clock or command line: only `Read` and values. Its functions may
//! change at any time; the records are the contract.
//!
//! ```
//! use pm_record::{Record, Thousandths};
//!
//! let line = br#"{"performance_metrics":{"command":"batch","timestamp":"2024-12-06T10:30:15.123Z","duration":{"total_ms":2450.5}}}"#;
//! let Ok(Record::Performance(run)) = Record::parse(line) else { panic!("this is a run") };
//! assert_eq!(run.duration.total_ms, Thousandths(2_450_500));
//! ```

mod alert;
mod api;
mod api_request;
mod benchmark;
mod comparison;
mod dashboard;
mod decompress;
mod field;
#[cfg(feature = "schema")]
mod json_schema;
mod lines;
mod partial;
mod performance;
mod process;
mod reader;
mod record;
mod runs;
mod scalar;
mod schema;
mod skipped;
mod summary;
mod system;
mod thousandths;
mod timestamp;
mod tip;

pub use alert::{AlertEvent, AlertState, PerformanceAlert, Severity};
pub use api::{ApiMonitoring, OperationCost, RateLimit, RateLimitTracking, RequestPatterns};
pub use api_request::{ApiRequest, CacheState, CostSource, LimitHit, RequestLimit};
pub use benchmark::{
    BenchmarkChange, BenchmarkResults, CommandResult, Outlier, Percentiles, Rating, RegressionAnalysis,
    ScenarioResult, SystemInfo,
};
pub use comparison::{
    ChangeDirection, ComparisonStatus, PerformanceChange, PerformanceComparison, SampleSummary, interval,
    percentage,
};
pub use dashboard::{
    DashboardAlert, DashboardSummary, Efficiency, PerformanceDashboard, PerformanceTrend, Trending,
};
pub use decompress::begins_compressed;
pub use field::{Field, NoField};
#[cfg(feature = "schema")]
pub use json_schema::schemas;
pub use lines::{Line, Lines, Position};
pub use partial::{
    Contradiction, Partial, PartialGroup, PartialHistogram, PartialMetric, PartialMoments,
    PerformancePartial, State,
};
pub use performance::{Duration, GithubApi, PerformanceMetrics, QuotaDelta, ResourceUsage, Status, Trace};
pub use process::ProcessTrace;
pub use reader::LONGEST_LINE;
pub use record::{BadRecord, Record};
pub use runs::{Label, Reading, Run, RunReader, Wanted};
pub use scalar::Scalar;
pub use schema::Schema;
pub use skipped::Skipped;
pub use summary::{MACHINES, MetricSummary, MomentsSummary, OutlierCounts, PerformanceSummary, Window};
pub use system::{Cpu, Disk, Memory, Network, SystemMetrics};
pub use thousandths::Thousandths;
pub use timestamp::Timestamp;
pub use tip::{EstimatedSaving, OptimizationTip};

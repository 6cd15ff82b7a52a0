//! Commands one by one, as deep as records lead: how a metric is distributed, what it is made of, which runs stand out,
//! how it goes with another field, and since when it is another one.
//!
//! Four kinds of lines make it: summaries by command; summaries by command and one field more, such as
//! `context.project_size`; changes; and the runs themselves, of which whoever writes them chooses those that matter
//! (`pm-aggregate --top`).

mod field;
mod page;

use indexmap::IndexMap;
use pm_record::{
    MetricSummary, OperationCost, PerformanceChange, PerformanceMetrics, PerformanceSummary, Record, Scalar,
    Thousandths, Timestamp,
};

use crate::findings::{Tone, What, change_in_words};
use crate::report::{LONGEST_LABEL, LONGEST_TEXT, kept};
use crate::times;

pub(crate) use field::{Field, Growth};
pub(crate) use page::render;

/// How many commands are kept, and how much of each.
const MOST_COMMANDS: usize = 1000;
const MOST_FIELDS: usize = 8;
const MOST_RUNS: usize = 20;
const MOST_CHANGES: usize = 20;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Focus {
    /// How long commands take
    Slowest,
    /// How much memory they hold
    Memory,
    /// What they ask of GitHub's API
    Api,
}

/// Everything that a page can show.
#[derive(Debug)]
pub(crate) struct Analysis {
    pub(crate) title: String,
    pub(crate) focus: Focus,
    commands: IndexMap<String, Command>,
    pub(crate) left_out: u64,
    /// What kinds of requests cost, the dearest first, where requests were recorded.
    pub(crate) operations: Vec<OperationCost>,
}

/// What is known of a command.
#[derive(Debug, Default)]
pub(crate) struct Command {
    pub(crate) summary: Option<PerformanceSummary>,
    /// The same by one field more: by its name, its values and the runs that have each.
    parts: IndexMap<String, Field>,
    /// The latest first.
    pub(crate) changes: Vec<Change>,
    pub(crate) runs: Vec<PerformanceMetrics>,
}

/// A place in time since which a metric has another level, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) at: Timestamp,
    pub(crate) tone: Tone,
    pub(crate) statement: String,
}

impl Focus {
    /// The field that it is about.
    pub(crate) fn metric(self) -> &'static str {
        match self {
            Self::Slowest => "duration.total_ms",
            Self::Memory => "resource_usage.peak_memory_mb",
            Self::Api => "github_api.requests_made",
        }
    }

    /// What a value of it is called and how it reads.
    pub(crate) fn what(self) -> What {
        What::of(self.metric())
    }

    /// What a run has of it.
    pub(crate) fn of_run(self, run: &PerformanceMetrics) -> Option<Thousandths> {
        match self {
            Self::Slowest => Some(run.duration.total_ms),
            Self::Memory => run.resource_usage.peak_memory_mb,
            Self::Api => run.github_api.requests_made,
        }
    }

    /// By what commands are ordered, the most first: the median of time, the largest memory, all requests together.
    fn weight(self, metric: &MetricSummary) -> Option<Thousandths> {
        match self {
            Self::Slowest => metric.p50.or(metric.mean),
            Self::Memory => metric.max,
            Self::Api => Some(metric.sum),
        }
    }
}

impl Analysis {
    pub(crate) fn new(title: &str, focus: Focus) -> Self {
        Self {
            title: kept(title, LONGEST_TEXT),
            focus,
            commands: IndexMap::new(),
            left_out: 0,
            operations: Vec::new(),
        }
    }

    /// Takes in one record; kinds that it is not made of are passed over.
    pub(crate) fn push(&mut self, record: Record) {
        match record {
            Record::Summary(summary) => self.push_summary(*summary),
            Record::Change(change) => self.push_change(&change),
            Record::Performance(run) => {
                let command = kept(&run.command, LONGEST_LABEL);
                self.with(command, |command| {
                    if command.runs.len() < MOST_RUNS {
                        command.runs.push(*run);
                    }
                });
            }
            // One without resources tells of requests.
            Record::Api(seen) if seen.resources.is_empty() && !seen.limits_off => {
                self.operations = seen.request_patterns.operations;
            }
            _ => {}
        }
    }

    fn push_summary(&mut self, summary: PerformanceSummary) {
        let Some(Scalar::Text(command)) = summary.by.get("command") else { return };
        let command = kept(command, LONGEST_LABEL);
        let mut others = summary.by.iter().filter(|(field, _)| *field != "command");
        let part = others.next().map(|(field, value)| {
            let value = if value.is_null() { field::NONE.to_owned() } else { value.to_string() };
            (kept(field, LONGEST_LABEL), kept(&value, LONGEST_LABEL))
        });
        if others.next().is_some() {
            return;
        }
        let metric = self.focus.metric();
        self.with(command, |command| match part {
            None => command.summary = Some(summary),
            Some((field, value)) => {
                if command.parts.len() < MOST_FIELDS || command.parts.contains_key(&field) {
                    command.parts.entry(field).or_default().push(value, metric, summary);
                }
            }
        });
    }

    fn push_change(&mut self, record: &PerformanceChange) {
        let (tone, statement) = change_in_words(record);
        let statement = format!("{} {statement}", What::of(&record.metric).name);
        let change = Change { at: record.timestamp, tone, statement };
        self.with(kept(&record.command, LONGEST_LABEL), |command| {
            command.changes.push(change);
            command.changes.sort_by_key(|change| std::cmp::Reverse(change.at));
            command.changes.truncate(MOST_CHANGES);
        });
    }

    fn with(&mut self, command: String, act: impl FnOnce(&mut Command)) {
        let room = self.commands.len() < MOST_COMMANDS;
        match self.commands.entry(command) {
            indexmap::map::Entry::Vacant(_) if !room => self.left_out += 1,
            entry => act(entry.or_default()),
        }
    }

    /// The commands of which the metric is known, those that have most of it first.
    pub(crate) fn sorted(&self) -> Vec<(&str, &Command, &PerformanceSummary, &MetricSummary)> {
        let known = self.commands.iter().filter_map(|(name, command)| {
            let summary = command.summary.as_ref()?;
            Some((name.as_str(), command, summary, summary.metrics.get(self.focus.metric())?))
        });
        let mut sorted: Vec<_> = known.collect();
        sorted.sort_by_key(|(.., metric)| std::cmp::Reverse(self.focus.weight(metric)));
        sorted
    }
}

impl Command {
    /// The fields that some run has at all.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &Field)> {
        let known = self.parts.iter().filter(|(_, field)| field.is_known());
        known.map(|(name, field)| (name.strip_prefix("context.").unwrap_or(name), field))
    }
}

/// When a run began, to the second.
pub(crate) fn began(run: &PerformanceMetrics) -> String {
    times::Precision::Seconds.write(run.timestamp)
}

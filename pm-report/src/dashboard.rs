//! Everything on one page: how much ran, how long it took, where that goes, what it cost, what fires, what would help.
//!
//! It is made of what several tools say of one stretch of time: summaries of all of it and of its windows, comparisons
//! with the time before, changes, alerts, tips, and readings of limits and of resource use. Which summary is of the
//! whole stretch and which are its windows is told by the windows themselves: the whole holds all others of its
//! group. So the lines may come in any order, and a page of summaries alone is a page too.

mod commands;
mod document;
mod left_out;
mod page;
mod words;

use indexmap::IndexSet;
use pm_record::{ApiMonitoring, Record, Timestamp, Window};

use crate::alerts::Alerts;
use crate::findings::Findings;
use crate::readings::Readings;
use crate::report::{LONGEST_TEXT, kept};
use crate::tips::Tips;
use crate::verdicts::Verdicts;
use commands::Commands;

/// How a dashboard is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// One `performance_dashboard`.
    Document,
    /// HTML, made at this time.
    Page(Timestamp),
}

/// What a served page may do, as a header.
pub(crate) fn served_policy() -> String {
    page::policy(page::Place::Served)
}

/// Everything that was taken in.
#[derive(Debug, Default)]
pub(crate) struct Dashboard {
    pub(crate) title: String,
    pub(crate) commands: Commands,
    pub(crate) alerts: Alerts,
    pub(crate) findings: Findings,
    pub(crate) verdicts: Verdicts,
    pub(crate) tips: Tips,
    /// What the tips are about, the one that saves most first.
    bottlenecks: IndexSet<&'static str>,
    opportunities: IndexSet<&'static str>,
    pub(crate) readings: Readings,
    /// What was seen of the requests.
    pub(crate) requests: Option<ApiMonitoring>,
    unsummarized: u64,
}

impl Dashboard {
    pub(crate) fn new(title: &str) -> Self {
        Self { title: kept(title, LONGEST_TEXT), ..Self::default() }
    }

    /// Takes in one record; kinds that it is not made of are passed over.
    pub(crate) fn push(&mut self, record: Record) {
        self.readings.push(&record);
        match record {
            Record::Summary(summary) => self.commands.push_summary(*summary),
            Record::Change(change) => {
                self.commands.push_change(&change);
                self.findings.push_change(&change);
            }
            Record::Comparison(comparison) => {
                self.verdicts.push(&comparison);
                self.findings.push_comparison(&comparison);
            }
            Record::Alert(alert) => self.alerts.push(&alert),
            Record::Tip(tip) => {
                if let Some(rule) = pm_advice::RuleName::of(&tip.id) {
                    self.bottlenecks.insert(rule.bottleneck());
                    self.opportunities.insert(rule.opportunity());
                }
                self.tips.push(&tip);
            }
            Record::Api(seen) if seen.resources.is_empty() && !seen.limits_off => self.requests = Some(*seen),
            Record::Performance(_) => self.unsummarized += 1,
            _ => {}
        }
    }

    /// The time that all of it is about.
    pub(crate) fn window(&self) -> Option<Window> {
        self.commands.window()
    }

    /// What to tell somebody whose input has runs and no summaries of them.
    pub(crate) fn unsummarized(&self) -> Option<String> {
        (self.unsummarized > 0 && self.commands.is_empty()).then(|| {
            format!(
                "{} raw records are not summarized; pipe them through `pm-aggregate` first",
                pm_cli::human::count(self.unsummarized)
            )
        })
    }

    pub(crate) fn render(&self, form: Form) -> String {
        match form {
            Form::Document => self.document(),
            Form::Page(now) => page::render(self, now, page::Place::File),
        }
    }

    /// The page for a server of ours, made at this time.
    pub(crate) fn served(&self, now: Timestamp) -> String {
        page::render(self, now, page::Place::Served)
    }

    /// The document, as one line.
    pub(crate) fn document(&self) -> String {
        let record = Record::Dashboard(Box::new(document::document(self)));
        // JSON is text, so that nothing is replaced.
        String::from_utf8_lossy(&record.to_line()).into_owned()
    }
}

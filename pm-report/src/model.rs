//! What is made of the records: a report, an analysis, advice, or a profile.

use pm_record::Record;

use crate::analysis::{self, Analysis, Focus};
use crate::config::{Config, Page};
use crate::dashboard::Dashboard;
use crate::profile::{Form, Intake};
use crate::report::Report;
use crate::{advice, dashboard};
use crate::{json, markdown, terminal};

/// The title of a report that was given none.
const TITLE: &str = "Performance report";

/// That of an analysis.
const ANALYSIS: &str = "Analysis";

/// And that of advice.
const ADVICE: &str = "Advice";

/// And that of a dashboard.
pub(crate) const DASHBOARD: &str = "Performance dashboard";

/// What is known so far, and what it is going to be written as.
#[derive(Debug)]
pub(crate) enum Model {
    Report(Box<Report>, Page),
    Profile(Box<Intake>, Form),
    Analysis { analysis: Box<Analysis>, width: usize, color: bool },
    Advice(Box<advice::Intake>),
    Dashboard(Box<Dashboard>, dashboard::Form),
}

impl Model {
    pub(crate) fn report(config: &Config, page: Page) -> Self {
        Self::Report(Box::new(Report::new(config.title.as_deref().unwrap_or(TITLE), config.most_tips)), page)
    }

    pub(crate) fn profile(config: &Config, form: Form) -> Self {
        Self::Profile(Box::new(Intake::new(config.title.as_deref())), form)
    }

    pub(crate) fn analysis(config: &Config, focus: Focus, width: usize, color: bool) -> Self {
        let title = config.title.as_deref().unwrap_or(ANALYSIS);
        Self::Analysis { analysis: Box::new(Analysis::new(title, focus)), width, color }
    }

    pub(crate) fn advice(config: &Config, form: advice::Form, asks_by_relay: bool) -> Self {
        let title = config.title.as_deref().unwrap_or(ADVICE);
        Self::Advice(Box::new(advice::Intake::new(title, &config.topics, form, asks_by_relay)))
    }

    pub(crate) fn dashboard(config: &Config, form: dashboard::Form) -> Self {
        let title = config.title.as_deref().unwrap_or(DASHBOARD);
        Self::Dashboard(Box::new(Dashboard::new(title)), form)
    }

    /// Takes in one record.
    pub(crate) fn push(&mut self, record: Record) {
        match self {
            Self::Report(report, _) => report.push(record),
            Self::Profile(intake, _) => intake.push(record),
            Self::Analysis { analysis, .. } => analysis.push(record),
            Self::Advice(intake) => intake.push(record),
            Self::Dashboard(dashboard, _) => dashboard.push(record),
        }
    }

    /// The page, and what to tell beside it.
    pub(crate) fn finish(self) -> (String, Option<String>) {
        match self {
            Self::Report(report, page) => self::report(&report, page),
            Self::Analysis { analysis, width, color } => (analysis::render(&analysis, width, color), None),
            Self::Advice(intake) => (intake.render(), None),
            Self::Dashboard(dashboard, form) => (dashboard.render(form), dashboard.unsummarized()),
            Self::Profile(intake, form) => {
                let nothing = intake.nothing();
                match intake.finish() {
                    Some(profile) => (profile.render(form), None),
                    None => (String::new(), Some(nothing.to_owned())),
                }
            }
        }
    }
}

fn report(report: &Report, page: Page) -> (String, Option<String>) {
    let unsummarized = report.unsummarized();
    if unsummarized.is_some() && report.is_empty() {
        return (String::new(), unsummarized);
    }
    let text = match page {
        Page::Terminal { width, color } => terminal::render(report, width, color),
        Page::Markdown => markdown::render(report),
        Page::Json => json::render(report),
    };
    (text, unsummarized)
}

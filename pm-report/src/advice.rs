//! What would save time and quota, as a page, as Markdown, or as records.
//!
//! The rules are those of `pm-advice`; here is only what is said around their tips: what was looked at, and what has to
//! be recorded so that more of them can speak.

mod page;
mod text;

pub(crate) use page::tip;
use pm_advice::{Advice, Advisor, Seen, Topic};
use pm_cli::human;
use pm_record::Record;

use crate::readings::Readings;
use crate::report::{LONGEST_TEXT, kept};
use crate::times;
use crate::tips::Tips;
pub(crate) use text::item;

/// How advice is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Terminal {
        width: usize,
        color: bool,
    },
    Markdown,
    Records,
    /// Records, behind the readings of the same time.
    Evidence,
}

/// Everything that was taken in.
#[derive(Debug)]
pub(crate) struct Intake {
    title: String,
    advisor: Advisor,
    topics: Vec<Topic>,
    form: Form,
    /// Whether the store has host commands asked with the relay.
    asks_by_relay: bool,
    /// Only of evidence.
    readings: Readings,
}

/// What a page shows.
struct Sheaf {
    title: String,
    looked_at: String,
    tips: Tips,
    /// What else there is to say, tip or none.
    remarks: Vec<String>,
}

impl Intake {
    pub(crate) fn new(title: &str, topics: &[Topic], form: Form, asks_by_relay: bool) -> Self {
        let advisor = Advisor::about(topics);
        Self {
            title: kept(title, LONGEST_TEXT),
            advisor,
            topics: topics.to_vec(),
            form,
            asks_by_relay,
            readings: Readings::default(),
        }
    }

    pub(crate) fn push(&mut self, record: Record) {
        if self.form == Form::Evidence {
            self.readings.push(&record);
        }
        self.advisor.push(record);
    }

    pub(crate) fn render(self) -> String {
        let advice = self.advisor.finish();
        match self.form {
            Form::Records => return lines(records(advice)),
            Form::Evidence => return lines(self.readings.records().chain(records(advice))),
            Form::Terminal { .. } | Form::Markdown => {}
        }
        let mut tips = Tips::default();
        advice.tips.iter().for_each(|tip| tips.push(tip));
        let sheaf = Sheaf {
            title: self.title,
            looked_at: looked_at(&advice.seen),
            remarks: remarks(&advice, &self.topics, self.asks_by_relay),
            tips,
        };
        match self.form {
            Form::Terminal { width, color } => page::render(&sheaf, width, color),
            _ => text::render(&sheaf),
        }
    }
}

/// What was seen of the requests, then the tips.
fn records(advice: Advice) -> impl Iterator<Item = Record> {
    let monitoring = advice.monitoring.map(|monitoring| Record::Api(Box::new(monitoring)));
    monitoring.into_iter().chain(advice.tips.into_iter().map(|tip| Record::Tip(Box::new(tip))))
}

/// One record a line. JSON is text, so that nothing is replaced.
fn lines(records: impl Iterator<Item = Record>) -> String {
    records.map(|record| String::from_utf8_lossy(&record.to_line()).into_owned()).collect()
}

fn looked_at(seen: &Seen) -> String {
    let counts = [
        (seen.runs, "run", "runs"),
        (seen.requests, "request", "requests"),
        (seen.processes, "process", "processes"),
        (seen.ticks, "tick", "ticks"),
    ];
    let counts = counts.into_iter().filter(|(count, ..)| *count > 0);
    let counts = counts
        .map(|(count, one, many)| format!("{} {}", human::count(count), if count == 1 { one } else { many }));
    let span = seen.first.zip(seen.last).map(|(first, last)| times::span(first, last));
    span.into_iter().chain(counts).collect::<Vec<_>>().join(" · ")
}

fn remarks(advice: &Advice, topics: &[Topic], asks_by_relay: bool) -> Vec<String> {
    let seen = &advice.seen;
    let is_asked = |wanted: &[Topic]| topics.is_empty() || wanted.iter().any(|topic| topics.contains(topic));
    let mut remarks = Vec::new();
    if seen.runs + seen.requests + seen.ticks == 0 {
        remarks.push(
            "No runs were recorded in this time. Record some with `pm-wrap --store -- CMD` or `github-pm <command>`."
                .to_owned(),
        );
        return remarks;
    }
    match advice.tips.len() {
        0 => remarks.push("Nothing stands out: no rule found something worth a word.".to_owned()),
        1 => {}
        _ => remarks
            .push("Savings of several tips may be of the same requests; they do not add up.".to_owned()),
    }
    if is_asked(&[Topic::Cache, Topic::ApiUsage]) {
        if seen.requests == 0 && asks_by_relay {
            remarks.push("No single API requests were recorded, although `api: true` in config.yml has them recorded: the commands of this time asked nothing of GitHub, or were not started by `github-pm`. Any other is measured so by `pm-wrap --store --api --api-requests -- CMD`.".to_owned());
        } else if seen.requests == 0 {
            remarks.push("No single API requests were recorded, which most of the advice is about: record them with `api: true` in config.yml, or `pm-wrap --store --api --api-requests -- CMD`.".to_owned());
        } else if seen.named * 2 < seen.requests {
            remarks.push("Most requests do not say what was asked and answered (they had no token, or an older version recorded them), so that nothing is said of loops and of unchanged answers.".to_owned());
        }
    }
    if is_asked(&[Topic::Commands]) && seen.processes == 0 {
        remarks.push("No processes were recorded: `pm-wrap --store --trace -- CMD` shows which programs a command starts.".to_owned());
    }
    remarks
}

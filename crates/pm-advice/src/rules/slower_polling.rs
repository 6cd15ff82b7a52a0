//! The same question again and again at one pace, whose answer hardly ever changes.

use pm_cli::human;

use crate::bounded::Bounded;
use crate::call::{Before, Door};
use crate::draft::Draft;
use crate::execution::Execution;
use crate::generations::Generations;
use crate::labels::{Label, Labels};
use crate::names;
use crate::rule::{Rule, RuleName};

/// Fewer questions say nothing of a pace.
const FEWEST: u64 = 20;

/// A pace is even if its deviation is at most this share of it.
const EVEN: f64 = 0.35;

/// What comes faster is a loop, not a watch; in milliseconds.
const FASTEST: f64 = 5_000.0;

/// At most one answer of so many may be another.
const FEW_CHANGES: u64 = 10;

/// The paces that are proposed, in seconds.
const PACES: [f64; 10] = [30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 10_800.0, 21_600.0];

/// The rule: everything that was asked, by its name.
#[derive(Debug, Default)]
pub(super) struct SlowerPolling(Generations<u64, Question>);

/// One question.
#[derive(Debug, Default)]
struct Question {
    what: Option<Label>,
    command: Option<Label>,
    count: u64,
    changes: u64,
    cost: u64,
    first: i64,
    last: i64,
    /// Of the milliseconds between one and the next.
    squares: f64,
}

/// What all questions of a kind would have saved.
#[derive(Debug, Default)]
struct Saved {
    questions: u64,
    asked: u64,
    changes: u64,
    requests: u64,
    quota: u64,
    pace: f64,
    proposed: f64,
}

impl Rule for SlowerPolling {
    fn run(&mut self, execution: &Execution) {
        for call in
            execution.calls.iter().filter(|call| call.door == Door::Get && call.before != Before::Unknown)
        {
            let Some(target) = call.target else { continue };
            let (question, _) = self.0.of(target);
            if question.count == 0 {
                (question.first, question.what, question.command) =
                    (call.start, call.what, execution.command);
            } else {
                question.squares += ((call.start - question.last) as f64).powi(2);
            }
            question.count += 1;
            question.changes += u64::from(call.before == Before::Changed);
            question.cost += u64::from(call.cost);
            question.last = call.start;
        }
    }

    fn tips(&self, labels: &Labels) -> Vec<Draft> {
        let mut polled: Vec<_> =
            self.0.values().filter_map(|question| Some((question.slower()?, question))).collect();
        // What is remembered has no order of its own.
        polled.sort_by_key(|(_, question)| (question.first, question.last, question.count, question.what));
        let mut kinds = Bounded::<(Option<Label>, Label), Saved>::default();
        for ((pace, proposed), question) in polled {
            let Some(what) = question.what else { continue };
            let Some(saved) = kinds.of((question.command, what)) else { continue };
            let left = (question.count as f64 * pace / proposed).ceil() as u64;
            let share = left as f64 / question.count as f64;
            saved.questions += 1;
            saved.asked += question.count;
            saved.changes += question.changes;
            saved.requests += question.count - left;
            saved.quota += question.cost - (question.cost as f64 * share).ceil() as u64;
            saved.pace = if saved.questions == 1 { pace } else { saved.pace.min(pace) };
            saved.proposed = if saved.questions == 1 { proposed } else { saved.proposed.min(proposed) };
        }
        let draft = |((command, what), saved): (&(Option<Label>, Label), &Saved)| {
            saved.draft(command.map(|command| labels.text(command)), labels.text(*what))
        };
        kinds.iter().map(draft).collect()
    }
}

impl Question {
    /// Its pace, and the one that would do, in milliseconds; none if it keeps no pace or the answers change too often.
    fn slower(&self) -> Option<(f64, f64)> {
        if self.count < FEWEST || self.changes * FEW_CHANGES > self.count {
            return None;
        }
        let gaps = (self.count - 1) as f64;
        let pace = (self.last - self.first) as f64 / gaps;
        let deviation = (self.squares / gaps - pace * pace).max(0.0).sqrt();
        if pace < FASTEST || deviation > pace * EVEN {
            return None;
        }
        // Where nothing changed, it took longer than was watched.
        let between_changes = (self.last - self.first) as f64 / (self.changes + 1) as f64;
        let enough = between_changes / 4.0 / 1000.0;
        let proposed = PACES.into_iter().rev().find(|&seconds| seconds <= enough)? * 1000.0;
        (proposed >= pace * 1.9).then_some((pace, proposed))
    }
}

impl Saved {
    fn draft(&self, command: Option<&str>, what: &str) -> Draft {
        let (pace, proposed) = (words(self.pace), words(self.proposed));
        let title = format!(
            "'{what}' is asked every {pace}, and of {} answers {} were another",
            human::count(self.asked),
            if self.changes == 0 { "none".to_owned() } else { human::count(self.changes) }
        );
        let who = command.map_or_else(|| "whoever asks".to_owned(), |command| format!("'{command}'"));
        let recommendation = format!("Let {who} ask every {proposed}: {}", type_this(self.proposed / 1000.0));
        Draft::new(RuleName::SlowerPolling, title, recommendation)
            .command(command)
            .request(what)
            .count("questions", self.questions)
            .count("requests", self.asked)
            .count("changes", self.changes)
            .figure("interval_ms", self.pace)
            .figure("proposed_interval_ms", self.proposed)
            .saves_requests(self.requests)
            .saves_quota(self.quota)
            .basis("the proposed pace in place of this one: four times as often as answers changed")
            .suggestion(format!("poll_{}_less_often", names::word(what)))
    }
}

/// A pace in whole seconds, minutes or hours.
fn words(millis: f64) -> String {
    let seconds = (millis / 1000.0).round();
    match seconds as u64 {
        whole if whole >= 3600 && whole.is_multiple_of(3600) => format!("{} h", whole / 3600),
        whole if whole >= 60 && whole.is_multiple_of(60) => format!("{} min", whole / 60),
        whole => format!("{whole} s"),
    }
}

fn type_this(seconds: f64) -> String {
    match seconds as u64 {
        seconds if seconds < 60 => format!("`sleep {seconds}` in its loop"),
        seconds if seconds < 3600 => {
            format!("`*/{} * * * *` in `crontab -e`, or `sleep {seconds}` in its loop", seconds / 60)
        }
        3600 => "`7 * * * *` in `crontab -e`, or `sleep 3600` in its loop".to_owned(),
        seconds => {
            format!("`7 */{} * * *` in `crontab -e`, or `sleep {seconds}` in its loop", seconds / 3600)
        }
    }
}

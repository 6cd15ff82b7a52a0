//! Answers that were the ones from before, and were paid for.
//!
//! Whoever says which answer it has (`If-None-Match` with the `ETag`) pays nothing for hearing that it is still good.

use pm_cli::human;

use crate::bounded::Bounded;
use crate::call::{Before, Door};
use crate::draft::Draft;
use crate::execution::Execution;
use crate::labels::{Label, Labels};
use crate::names;
use crate::rule::{Rule, RuleName};

/// Fewer of them are not worth a word, and neither is a smaller share.
const FEWEST: u64 = 10;
const SHARE: f64 = 0.2;

/// The rule.
#[derive(Debug, Default)]
pub(super) struct UnchangedAnswers(Bounded<Label, Answers>);

#[derive(Debug, Default)]
struct Answers {
    /// Those of which it is known whether they had changed.
    asked: u64,
    /// Those that had not, and cost something.
    unchanged: u64,
    cost: u64,
}

impl Rule for UnchangedAnswers {
    fn run(&mut self, execution: &Execution) {
        for call in &execution.calls {
            if call.door != Door::Get || call.before == Before::Unknown {
                continue;
            }
            let Some(answers) = call.what.and_then(|what| self.0.of(what)) else { continue };
            answers.asked += 1;
            if call.before == Before::Same && call.cost > 0 {
                answers.unchanged += 1;
                answers.cost += u64::from(call.cost);
            }
        }
    }

    fn tips(&self, labels: &Labels) -> Vec<Draft> {
        let is_much = |answers: &&Answers| {
            answers.unchanged >= FEWEST && answers.unchanged as f64 >= answers.asked as f64 * SHARE
        };
        let found = self.0.iter().filter(|(_, answers)| is_much(answers));
        found.map(|(what, answers)| answers.draft(labels.text(*what))).collect()
    }
}

impl Answers {
    fn draft(&self, what: &str) -> Draft {
        let title = format!(
            "'{what}' was paid for {} times to hear the answer from before, of {} in all",
            human::count(self.unchanged),
            human::count(self.asked)
        );
        let recommendation = "Keep answers and ask only whether they have changed, which costs no quota: \
             `export PM_RELAY_CACHE=~/.cache/pm-relay`, for every command under `pm-wrap --api`. Where an answer may be \
             some minutes old, do not ask at all: `gh api --cache 10m …`";
        Draft::new(RuleName::UnchangedAnswers, title, recommendation.to_owned())
            .request(what)
            .count("requests", self.asked)
            .count("unchanged", self.unchanged)
            .figure("unchanged_share", self.unchanged as f64 / self.asked as f64)
            .saves_quota(self.cost)
            .basis("each answer that was the one from before would have been free")
            .suggestion(format!("ask_conditionally_for_{}", names::word(what)))
    }
}

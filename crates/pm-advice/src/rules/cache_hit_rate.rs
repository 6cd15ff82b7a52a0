//! A cache that has less than seven of ten answers.
//!
//! Answers that had changed, or were asked for for the first time, do not count: no cache could have had them. Where
//! the relay's cache was asked, each endpoint is told of by itself; where only the command knows of a cache of its own, by its marks, the command is.

use crate::bounded::Bounded;
use crate::call::{Before, Cached};
use crate::draft::Draft;
use crate::execution::Execution;
use crate::labels::{Label, Labels};
use crate::names;
use crate::rule::{Rule, RuleName};
use pm_cli::{human, quote};

/// The share of answers that a cache should have.
const TARGET: f64 = 0.7;

/// Fewer answers than this say nothing.
const FEWEST: u64 = 20;

/// The rule.
#[derive(Debug, Default)]
pub(super) struct CacheHitRate {
    requests: Bounded<Label, Answers>,
    commands: Bounded<Label, Answers>,
}

/// Answers that a cache could have had.
#[derive(Debug, Default)]
struct Answers {
    hits: u64,
    misses: u64,
    /// What the misses cost.
    cost: u64,
}

impl Rule for CacheHitRate {
    fn run(&mut self, execution: &Execution) {
        for call in &execution.calls {
            let Some(answers) = call.what.and_then(|what| self.requests.of(what)) else { continue };
            match call.cache {
                Some(Cached::Hit) => answers.hits += 1,
                Some(Cached::Miss) if call.before == Before::Same => {
                    answers.misses += 1;
                    answers.cost += u64::from(call.cost);
                }
                Some(Cached::Miss) | None => {}
            }
        }
        let api = execution.run.as_ref().map(|run| &run.github_api);
        let told = api.and_then(|api| api.cache_hits.zip(api.cache_misses));
        let is_own = execution.calls.iter().all(|call| call.cache.is_none());
        if let (Some((hits, misses)), true) = (told, is_own)
            && let Some(answers) = execution.command.and_then(|command| self.commands.of(command))
        {
            let [hits, misses] = [hits, misses].map(|count| u64::try_from(count.0 / 1000).unwrap_or(0));
            answers.hits += hits;
            answers.misses += misses;
        }
    }

    fn tips(&self, labels: &Labels) -> Vec<Draft> {
        let requests = self.requests.iter().filter(|(_, answers)| answers.are_too_few());
        let requests = requests.map(|(what, answers)| of_request(labels.text(*what), answers));
        let commands = self.commands.iter().filter(|(_, answers)| answers.are_too_few());
        requests
            .chain(commands.map(|(command, answers)| of_command(labels.text(*command), answers)))
            .collect()
    }
}

impl Answers {
    fn all(&self) -> u64 {
        self.hits + self.misses
    }

    fn rate(&self) -> f64 {
        self.hits as f64 / self.all() as f64
    }

    fn are_too_few(&self) -> bool {
        self.all() >= FEWEST && self.rate() < TARGET
    }

    /// How many more there would be at the target.
    fn missing(&self) -> u64 {
        (self.all() as f64 * TARGET).floor() as u64 - self.hits.min((self.all() as f64 * TARGET) as u64)
    }

    fn draft(&self, subject: &str, recommendation: String) -> Draft {
        let rate = human::percentage(self.rate());
        let title =
            format!("API cache hit rate of '{subject}' is {rate} (target: {})", human::percentage(TARGET));
        Draft::new(RuleName::CacheHitRate, title, recommendation)
            .count("cache_hits", self.hits)
            .count("cache_misses", self.misses)
            .figure("cache_hit_rate", self.rate())
            .figure("target", TARGET)
    }
}

fn of_request(what: &str, answers: &Answers) -> Draft {
    let recommendation = "Let all runs share one folder of answers, for these had been asked for before, and answered in the \
         same way: `export PM_RELAY_CACHE=~/.cache/pm-relay`";
    let each = answers.cost as f64 / answers.misses as f64;
    answers
        .draft(what, recommendation.to_owned())
        .request(what)
        .saves_quota((answers.missing() as f64 * each) as u64)
        .basis("what it would have cost less at the target, at the mean cost of a miss")
        .suggestion(format!("increase_cache_hit_rate_of_{}", names::word(what)))
}

fn of_command(command: &str, answers: &Answers) -> Draft {
    let recommendation = format!(
        "Increase the cache's TTL for what '{command}' asks for again and again; what that is shows \
         `github-pm performance analyze --focus api --command {}`",
        quote(command)
    );
    answers
        .draft(command, recommendation)
        .command(Some(command))
        .saves_requests(answers.missing())
        .saves_quota(answers.missing())
        .basis("one request for each answer that the cache would have had at the target")
        .suggestion(format!("increase_cache_ttl_for_{}", names::word(command)))
}

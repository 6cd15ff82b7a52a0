//! Tips: what the records that pass say of the cache of GitHub's answers, by the rule of `pm-advice`.
//!
//! They are looked at for an hour, or until the input ends, and then from the beginning again. Only records that say
//! something of a cache are, and [`MOST`] of them at most: each has to be taken apart, which a long log that breaks no rule
//! never is. What is said is said once in [`Told::COOLDOWN_MILLIS`], of a command or a request at a time.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use pm_advice::{Advisor, RuleName};
use pm_cli::printable;
use pm_record::{OptimizationTip, Record, Run};
use serde::{Deserialize, Serialize};

use crate::facts::tells_of_cache;

/// How many records are looked at.
const MOST: u32 = 20_000;

/// For how long, in milliseconds.
const HOUR_MILLIS: u64 = 3_600_000;

/// How many tips are remembered that were told; those give way that were told first.
const MOST_TOLD: usize = 1000;

/// How many tips are told at once, those first that save most.
const AT_ONCE: usize = 3;

/// What is made of the records so far.
#[derive(Debug)]
pub(crate) struct Tips {
    advisor: Advisor,
    taken: u32,
    /// Whether requests came, so that runs say to which command they belong.
    has_requests: bool,
    /// When it was first asked whether they are due, in milliseconds since the Unix epoch.
    since: Option<i64>,
}

/// When what was told last, in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told(BTreeMap<String, i64>);

impl Default for Tips {
    fn default() -> Self {
        let advisor = Advisor::of(&[RuleName::CacheHitRate]);
        Self { advisor, taken: 0, has_requests: false, since: None }
    }
}

impl Tips {
    /// Takes in a run.
    pub(crate) fn take_run(&mut self, run: &Run<'_>) {
        if (self.has_requests || tells_of_cache(run))
            && self.taken < MOST
            && let Ok(record) = Record::parse(run.line())
        {
            self.push(record);
        }
    }

    /// Takes in any other record.
    pub(crate) fn take(&mut self, record: &Record) {
        if matches!(record, Record::Request(_)) && self.taken < MOST {
            self.has_requests = true;
            self.push(record.clone());
        }
    }

    fn push(&mut self, record: Record) {
        self.taken += 1;
        self.advisor.push(record);
    }

    /// Whether it is time to say what there is to say, although there is more to come. `now` is the time of day in
    /// milliseconds.
    pub(crate) fn are_due(&mut self, now: i64) -> bool {
        self.taken > 0 && self.since.get_or_insert(now).abs_diff(now) >= HOUR_MILLIS
    }

    /// What there is to say; then it begins anew.
    pub(crate) fn finish(&mut self) -> Vec<OptimizationTip> {
        let Self { advisor, taken, .. } = std::mem::take(self);
        if taken == 0 {
            return Vec::new();
        }
        let mut tips = advisor.finish().tips;
        tips.truncate(AT_ONCE);
        tips
    }
}

impl Told {
    /// As long as whoever was told of an alert is not reminded, where the rule does not say.
    const COOLDOWN_MILLIS: u64 = 4 * 3_600_000;

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Which of them are to be told now. Those that were told long ago are forgotten, and the first of too many.
    pub(crate) fn news(&mut self, tips: Vec<OptimizationTip>, now: i64) -> Vec<OptimizationTip> {
        self.0.retain(|_, told| told.abs_diff(now) < Self::COOLDOWN_MILLIS);
        let mut is_new = |tip: &OptimizationTip| match self.0.entry(name(tip)) {
            Entry::Occupied(_) => false,
            Entry::Vacant(entry) => {
                entry.insert(now);
                true
            }
        };
        let new = tips.into_iter().filter(|tip| is_new(tip)).collect();
        self.make_room();
        new
    }

    fn make_room(&mut self) {
        let surplus = self.0.len().saturating_sub(MOST_TOLD);
        if surplus > 0 {
            let mut times: Vec<_> = self.0.values().copied().collect();
            times.sort_unstable();
            let (last, mut left) = (times[surplus - 1], surplus);
            self.0.retain(|_, told| {
                let gives_way = left > 0 && *told <= last;
                left -= usize::from(gives_way);
                !gives_way
            });
        }
    }
}

/// What tells a tip from others.
fn name(tip: &OptimizationTip) -> String {
    let about = tip.command.as_deref().or(tip.request.as_deref()).unwrap_or_default();
    crate::reading::name(&format!("{} {about}", tip.id))
}

/// A tip as people read it.
pub(crate) fn text(tip: &OptimizationTip) -> String {
    let [title, recommendation] = [&tip.title, &tip.recommendation].map(|text| printable(text));
    format!("💡 OPTIMIZATION TIP: {title}\n   Recommendation: {recommendation}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tip(command: &str) -> OptimizationTip {
        let text = format!(
            r#"{{"optimization_tip":{{"id":"cache_hit_rate","title":"t","recommendation":"r","command":"{command}"}}}}"#
        );
        match Record::parse(text.as_bytes()).expect(&text) {
            Record::Tip(tip) => *tip,
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn what_was_told_is_remembered_but_not_without_end() {
        let mut told = Told::default();
        for number in 0..3000 {
            assert_eq!(told.news(vec![tip(&format!("c{number}"))], number).len(), 1);
        }
        assert_eq!(told.0.len(), MOST_TOLD);
        // The newest are those that are remembered.
        assert_eq!(told.news(vec![tip("c2000"), tip("c1999")], 3000).len(), 1);
        // Also where all were told at once.
        let many = (0..3000).map(|number| tip(&format!("d{number}"))).collect();
        assert_eq!((told.news(many, 3001).len(), told.0.len()), (3000, MOST_TOLD));
    }
}

//! All comparisons together, because each is one more chance to be wrong.

use std::collections::{BTreeMap, BTreeSet};

use pm_cli::Exit;
use pm_record::{
    ComparisonStatus, PerformanceComparison, Record, SampleSummary, Scalar, Schema, Thousandths, interval,
    percentage,
};
use pm_stats::{Comparison, Judged, Tally, Verdict, judge};
use pm_store::Benchmarks;

use super::{Sides, Task};
use crate::config::Config;
use crate::group::Group;
use crate::groups::Entry;
use crate::judged::{better, kind};
use crate::metrics::DURATION;
use crate::selection::Baseline;

/// What makes a group, without its window.
type Key = Vec<Scalar>;

/// The judged comparisons.
pub(super) struct Table<'a> {
    config: &'a Config,
    rows: Vec<(Row, Judged)>,
    /// Groups that only one side has, and those that only the other has.
    alone: [BTreeSet<Key>; 2],
}

/// What is compared.
struct Row {
    key: Key,
    metric: String,
    binned: bool,
}

impl<'a> Table<'a> {
    pub(super) fn new(
        sides: &'a Sides,
        limits: Option<&Benchmarks>,
        baseline: Vec<Entry>,
        current: Vec<Entry>,
    ) -> Self {
        let config = &sides.current;
        let [before, now] = [baseline, current].map(|entries| by_key(entries, config));
        let mut compared = Vec::new();
        let mut alone = [BTreeSet::new(), BTreeSet::new()];
        alone[0].extend(before.keys().filter(|key| !now.contains_key(*key)).cloned());
        for (key, group) in &now {
            let limit = limits.map(|limits| baseline_of(limits, config, key));
            let other = before.get(key);
            if other.is_none() && limit.flatten().is_none() {
                alone[1].insert(key.clone());
                continue;
            }
            for metric in &config.judged {
                let comparison = match limit {
                    Some(limit) => limit.filter(|_| metric == DURATION).and_then(|limit| {
                        let now = tally(group, config, metric)?;
                        Some((Comparison::with_limit(kind(metric), limit, &now)?, now.is_binned()))
                    }),
                    None => tally_pair(other, group, config, metric).and_then(|(before, now)| {
                        let binned = before.is_binned() || now.is_binned();
                        Some((Comparison::new(kind(metric), &before, &now)?, binned))
                    }),
                };
                if let Some((comparison, binned)) = comparison {
                    compared.push((Row { key: key.clone(), metric: metric.clone(), binned }, comparison));
                }
            }
        }
        let judged =
            judge(compared.iter().map(|(row, comparison)| (comparison.clone(), better(&row.metric))));
        let rows = compared.into_iter().map(|(row, _)| row).zip(judged).collect();
        Self { config, rows, alone }
    }

    /// One record a comparison, by group and metric.
    pub(super) fn records(&self) -> impl Iterator<Item = Record> + '_ {
        self.rows.iter().map(|(row, judged)| Record::Comparison(Box::new(self.record(row, judged))))
    }

    fn record(&self, row: &Row, judged: &Judged) -> PerformanceComparison {
        let Judged { comparison, adjusted_p, verdict, needed } = judged;
        let (command, machine, by) = self.config.parts(&row.key);
        let ratio = comparison.ratio;
        PerformanceComparison {
            schema: Schema,
            command,
            metric: row.metric.clone(),
            machine,
            by,
            baseline: SampleSummary::new(comparison.counts.0, &comparison.medians.0),
            current: SampleSummary::new(comparison.counts.1, &comparison.medians.1),
            change_percentage: ratio
                .and_then(|ratio| percentage(ratio.value))
                .or_else(|| relative(comparison)),
            interval: ratio
                .and_then(|ratio| ratio.interval)
                .and_then(|(low, high)| interval((low - 1.0) * 100.0, (high - 1.0) * 100.0)),
            p_value: comparison.p.map(significant),
            adjusted_p_value: adjusted_p.map(significant),
            status: match verdict {
                Verdict::Regressed => ComparisonStatus::Regressed,
                Verdict::Improved => ComparisonStatus::Improved,
                Verdict::Inconclusive => ComparisonStatus::Inconclusive,
                Verdict::Unchanged => ComparisonStatus::Unchanged,
            },
            needed: *needed,
            binned: row.binned,
        }
    }

    /// The status that the verdicts ask for.
    pub(super) fn exit(&self) -> Exit {
        let any = |wanted| self.rows.iter().any(|(_, judged)| judged.verdict == wanted);
        if any(Verdict::Regressed) {
            Exit::Yes
        } else if self.rows.is_empty() || any(Verdict::Inconclusive) {
            Exit::Inconclusive
        } else {
            Exit::Done
        }
    }

    /// What does not stand in the table, for people.
    pub(super) fn notes(&self, task: &Task) -> Vec<String> {
        let commands =
            |keys: &BTreeSet<Key>| keys.iter().map(|key| self.config.parts(key).0).collect::<BTreeSet<_>>();
        let [before, now] = [commands(&self.alone[0]), commands(&self.alone[1])];
        let mut notes = Vec::new();
        let listed = |names: &BTreeSet<&String>| {
            let first: Vec<_> =
                names.iter().take(5).map(|name| format!("'{}'", name.escape_debug())).collect();
            let more = if names.len() > 5 { format!(" and {} more", names.len() - 5) } else { String::new() };
            format!("{}{more}", first.join(", "))
        };
        let moved: BTreeSet<_> =
            if task.across_machines { BTreeSet::new() } else { before.intersection(&now).collect() };
        if !moved.is_empty() {
            notes.push(format!(
                "not compared, because both sides have runs of them, but on different machines: {}; --across-machines compares them",
                listed(&moved)
            ));
        }
        let only = |names: &BTreeSet<String>, why: &str| {
            let names: BTreeSet<_> = names.iter().filter(|name| !moved.contains(name)).collect();
            (!names.is_empty()).then(|| format!("not compared, because {why}: {}", listed(&names)))
        };
        notes.extend(only(&before, "only the baseline has runs of them"));
        let beside = if matches!(task.baseline, Baseline::Limits(_)) {
            "they have no baseline_ms"
        } else {
            "the baseline has no runs of them"
        };
        notes.extend(only(&now, beside));
        if self.rows.is_empty() && notes.is_empty() {
            notes.push("there is nothing to compare: neither side has a run".to_owned());
        }
        notes
    }
}

/// The groups of a side. The nested runs of a command stand beside its others, and count like them.
fn by_key(entries: Vec<Entry>, config: &Config) -> BTreeMap<Key, Group> {
    let mut groups: BTreeMap<Key, Group> = BTreeMap::new();
    for (key, group) in entries {
        match groups.get_mut(&key.by) {
            Some(other) => other.merge(&group, &config.columns),
            None => {
                groups.insert(key.by, *group);
            }
        }
    }
    groups
}

fn tally(group: &Group, config: &Config, metric: &str) -> Option<Tally> {
    let tally = Tally::from(group.distribution(metric, &config.columns)?);
    Some(tally).filter(|tally| !tally.is_empty())
}

fn tally_pair(before: Option<&Group>, now: &Group, config: &Config, metric: &str) -> Option<(Tally, Tally)> {
    tally(before?, config, metric).zip(tally(now, config, metric))
}

/// What `benchmarks.yml` says that a group's command took.
fn baseline_of(limits: &Benchmarks, config: &Config, key: &Key) -> Option<f64> {
    limits.commands.get(&config.parts(key).0)?.baseline_ms
}

/// The change of medians, where there is no ratio of the values themselves.
fn relative(comparison: &Comparison) -> Option<Thousandths> {
    let (before, now) = (comparison.medians.0.value, comparison.medians.1.value);
    if before > 0.0 { percentage(now / before) } else { None }
}

/// Four digits: more would only be noise of the arithmetic.
pub(crate) fn significant(p: f64) -> f64 {
    format!("{p:.3e}").parse().unwrap_or(p)
}

//! What is shown of an `optimization_tip`, in words.

use pm_cli::human;
use pm_record::{EstimatedSaving, OptimizationTip, Thousandths};

use crate::report::{LONGEST_LABEL, LONGEST_TEXT, kept};

/// How many tips are kept.
const MOST: usize = 200;

/// All tips that came, and how many are left out.
#[derive(Debug, Default)]
pub(crate) struct Tips {
    kept: Vec<Tip>,
    left_out: u64,
    most: Option<usize>,
}

/// One tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tip {
    pub(crate) title: String,
    pub(crate) recommendation: String,
    pub(crate) saving: Option<String>,
    pub(crate) evidence: Option<String>,
}

impl Tips {
    /// Tips of which only the first `most` are kept.
    pub(crate) fn at_most(most: Option<usize>) -> Self {
        Self { most, ..Self::default() }
    }

    pub(crate) fn push(&mut self, tip: &OptimizationTip) {
        if self.kept.len() < self.most.unwrap_or(MOST).min(MOST) {
            self.kept.push(Tip::new(tip));
        } else {
            self.left_out += 1;
        }
    }

    /// In the order in which they came: whoever made them has ranked them.
    pub(crate) fn all(&self) -> &[Tip] {
        &self.kept
    }

    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }
}

impl Tip {
    fn new(tip: &OptimizationTip) -> Self {
        let evidence = tip.evidence.iter().take(12).map(|(name, value)| {
            format!("{} {}", kept(name, LONGEST_LABEL), kept(&value.to_string(), LONGEST_LABEL))
        });
        let evidence = evidence.collect::<Vec<_>>().join(" · ");
        Self {
            title: kept(&tip.title, LONGEST_TEXT),
            recommendation: kept(&tip.recommendation, LONGEST_TEXT),
            saving: saving(&tip.estimated_saving),
            evidence: (!evidence.is_empty()).then_some(evidence),
        }
    }
}

/// `196 requests · 196 of the quota · 1m 02s · up to 98% of all such (50 things a query)`.
fn saving(saving: &EstimatedSaving) -> Option<String> {
    let whole = |count: Thousandths| human::count(u64::try_from(count.0 / 1000).unwrap_or(0));
    let parts = [
        saving.requests.map(|count| format!("{} requests", whole(count))),
        saving.quota.map(|count| format!("{} of the quota", whole(count))),
        saving.time_ms.map(|time| human::duration(time.to_f64())),
        saving.processes.map(|count| format!("{} processes", whole(count))),
        saving.memory_mb.map(|memory| human::mebibytes(memory.to_f64())),
        saving
            .share
            .filter(|share| share.0 > 0)
            .map(|share| format!("{} of all that was recorded", human::percentage(share.to_f64()))),
    ];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let basis =
        saving.basis.as_ref().map_or_else(String::new, |basis| format!(" ({})", kept(basis, LONGEST_TEXT)));
    (!text.is_empty()).then(|| format!("{text}{basis}"))
}

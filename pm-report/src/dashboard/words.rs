//! What the words of a dashboard mean: each is a rule over figures that the page shows too.
//!
//! `docs/dashboard.md` has the same rules for people. Limits are round numbers that users can keep in mind; where a
//! figure was not recorded its rule is silent, and a word is `unknown` only where no rule could speak.

use pm_record::{ApiMonitoring, ComparisonStatus, Efficiency, PerformanceTrend, Thousandths};

use super::{Compared, Dashboard};

/// The mean peak of memory up to which it is excellent, good and acceptable, in MiB; `memory_usage_high` warns above
/// 100 unless its settings say otherwise.
const MEMORY_MB: [f64; 3] = [50.0, 100.0, 250.0];

/// The rate of cache hits from which on it is excellent, good and acceptable.
const CACHE_HITS: [f64; 3] = [0.7, 0.5, 0.3];

/// The part of a limit that is left from which on it is excellent, good and acceptable.
const LEFT: [f64; 3] = [0.5, 0.2, 0.05];

/// What times change together, weighted by the time spent, before it is a trend.
const TREND_PERCENT: f64 = 2.0;

/// How the memory of runs is: their mean peak, over all runs; no better than acceptable while an alert about memory
/// fires.
pub(super) fn memory(dashboard: &Dashboard) -> Efficiency {
    let peaks = dashboard.commands.sorted().into_iter();
    let peaks = peaks.filter_map(|(_, command)| command.metric("resource_usage.peak_memory_mb"));
    let (sum, count) = peaks.fold((0.0, 0_u64), |(sum, count), peaks| {
        (sum + peaks.sum.to_f64(), count.saturating_add(peaks.count))
    });
    if count == 0 {
        return Efficiency::Unknown;
    }
    let word = at_most(sum / count as f64, MEMORY_MB);
    let is_high = dashboard.firing.iter().any(|alert| alert.kind == "memory_usage_high");
    if is_high { word.max(Efficiency::Acceptable) } else { word }
}

/// How little is asked of the API: the worst of what the cache kept and of what is left of the limits.
pub(super) fn api(dashboard: &Dashboard) -> Efficiency {
    let words = [
        hit_rate(dashboard).map(|rate| at_least(rate, CACHE_HITS)),
        left(dashboard).map(|left| at_least(left, LEFT)),
    ];
    words.into_iter().flatten().max().unwrap_or(Efficiency::Unknown)
}

/// Cache hits over hits and misses: of requests themselves, or else as runs counted them.
pub(super) fn hit_rate(dashboard: &Dashboard) -> Option<f64> {
    let seen = dashboard.requests.as_ref().and_then(|seen| seen.request_patterns.cache_hit_rate);
    if let Some(rate) = seen {
        return Some(rate.to_f64());
    }
    let all = dashboard.commands.sorted();
    let sum = |name: &str| {
        let totals = all.iter().filter_map(|(_, command)| command.whole.as_ref()?.api_totals.get(name));
        totals.map(|total| total.to_f64()).sum::<f64>()
    };
    let (hits, misses) = (sum("cache_hits"), sum("cache_misses"));
    (hits + misses > 0.0).then(|| hits / (hits + misses))
}

/// What is left of the limit that is nearest to its end, 0 to 1, by the newest reading of each credential.
fn left(dashboard: &Dashboard) -> Option<f64> {
    let newest = dashboard.readings.limits().filter_map(|series| series.last().copied());
    newest.filter_map(least_left).min_by(f64::total_cmp)
}

fn least_left(reading: &ApiMonitoring) -> Option<f64> {
    let ratio = |limit: &pm_record::RateLimit| {
        let (remaining, limit) = (limit.remaining?.to_f64(), limit.limit?.to_f64());
        (limit > 0.0).then(|| remaining / limit)
    };
    reading.resources.values().filter_map(ratio).min_by(f64::total_cmp)
}

/// Whether commands take longer than in the period before. Only verdicts count; each weighs as much as the time that
/// was spent on its command. Without any nothing is known.
pub(super) fn trend(dashboard: &Dashboard) -> PerformanceTrend {
    // What nobody can tell is no reason to call it stable.
    let decided =
        || dashboard.compared.iter().filter(|compared| compared.status != ComparisonStatus::Inconclusive);
    let weights: f64 = decided().map(|compared| compared.weight).sum();
    let changes: f64 = decided().map(|compared| compared.weight * verdict(compared)).sum();
    match changes / weights {
        change if change.is_nan() => PerformanceTrend::Unknown,
        change if change > TREND_PERCENT => PerformanceTrend::Degrading,
        change if change < -TREND_PERCENT => PerformanceTrend::Improving,
        _ => PerformanceTrend::Stable,
    }
}

/// The change in percent where it is more than chance.
fn verdict(compared: &Compared) -> f64 {
    match compared.status {
        ComparisonStatus::Regressed | ComparisonStatus::Improved => {
            compared.change.map_or(0.0, Thousandths::to_f64)
        }
        ComparisonStatus::Inconclusive | ComparisonStatus::Unchanged => 0.0,
    }
}

fn at_most(value: f64, [excellent, good, acceptable]: [f64; 3]) -> Efficiency {
    match value {
        value if value <= excellent => Efficiency::Excellent,
        value if value <= good => Efficiency::Good,
        value if value <= acceptable => Efficiency::Acceptable,
        _ => Efficiency::Poor,
    }
}

fn at_least(value: f64, limits: [f64; 3]) -> Efficiency {
    at_most(-value, limits.map(|limit| -limit))
}

//! What the words of a dashboard mean: each is a rule over figures that the page shows too.
//!
//! `docs/dashboard.md` has the same rules for people. Limits are round numbers that users can keep in mind; where a
//! figure was not recorded its rule is silent, and a word is `unknown` only where no rule could speak.

use pm_record::{ApiMonitoring, ComparisonStatus, Efficiency, PerformanceTrend};

use super::Dashboard;

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
    let is_high = dashboard.alerts.open().iter().any(|alert| alert.kind == "memory_usage_high");
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
        || dashboard.verdicts.all().iter().filter(|verdict| verdict.status != ComparisonStatus::Inconclusive);
    let weights: f64 = decided().map(|verdict| verdict.weight).sum();
    let changes: f64 = decided().map(|verdict| verdict.weight * verdict.percent()).sum();
    match changes / weights {
        change if change.is_nan() => PerformanceTrend::Unknown,
        change if change > TREND_PERCENT => PerformanceTrend::Degrading,
        change if change < -TREND_PERCENT => PerformanceTrend::Improving,
        _ => PerformanceTrend::Stable,
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

#[cfg(test)]
mod tests {
    use pm_record::Record;

    use super::*;

    fn of(lines: &[&str]) -> Dashboard {
        let mut dashboard = Dashboard::new("");
        for line in lines {
            dashboard.push(Record::parse(line.as_bytes()).expect(line));
        }
        dashboard
    }

    fn summary(memory_mb: u32, hits: u32, misses: u32) -> String {
        format!(
            r#"{{"performance_summary":{{"by":{{"command":"a"}},"window":{{"start":"2024-12-06T00:00:00Z","end":"2024-12-06T01:00:00Z"}},"count":2,"metrics":{{"resource_usage.peak_memory_mb":{{"count":2,"sum":{},"max":{memory_mb}}}}},"api_totals":{{"cache_hits":{hits},"cache_misses":{misses}}}}}}}"#,
            2 * memory_mb
        )
    }

    fn reading(remaining: u32) -> String {
        format!(
            r#"{{"api_monitoring":{{"timestamp":"2024-12-06T00:00:00Z","resources":{{"core":{{"limit":5000,"remaining":{remaining}}}}}}}}}"#
        )
    }

    fn comparison(status: &str, change: i32, millis: u32) -> String {
        format!(
            r#"{{"performance_comparison":{{"command":"a","metric":"duration.total_ms","baseline":{{"count":10,"median":{millis}}},"current":{{"count":10,"median":{millis}}},"change_percentage":{change},"status":"{status}"}}}}"#
        )
    }

    #[test]
    fn memory_is_judged_by_the_mean_peak_and_never_well_while_an_alert_fires() {
        let words = [(50, "excellent"), (51, "good"), (100, "good"), (101, "acceptable"), (251, "poor")];
        for (mebibytes, word) in words {
            assert_eq!(memory(&of(&[&summary(mebibytes, 0, 0)])).word(), word, "{mebibytes}");
        }
        assert_eq!(memory(&of(&[])).word(), "unknown");
        let alert = |state: &str| {
            format!(
                r#"{{"performance_alert":{{"type":"memory_usage_high","threshold_exceeded":"x > 1","current_value":"2","state":"{state}"}}}}"#
            )
        };
        // Two limits of one rule are two alerts, and the end of one is not that of the other.
        let of_host = |host: &str, state: &str| {
            format!(
                r#"{{"performance_alert":{{"type":"memory_usage_high","threshold_exceeded":"x > 1","current_value":"2","state":"{state}","evidence":{{"host":"{host}"}}}}}}"#
            )
        };
        let two = [&of_host("a", "firing"), &of_host("b", "firing"), &of_host("b", "resolved")];
        let two = of(&two.map(String::as_str));
        assert_eq!(two.alerts.open().len(), 1);
        let small = summary(10, 0, 0);
        assert_eq!(memory(&of(&[&small, &alert("firing")])).word(), "acceptable");
        assert_eq!(memory(&of(&[&small, &alert("firing"), &alert("resolved")])).word(), "excellent");
    }

    #[test]
    fn api_use_is_the_worst_of_what_the_cache_kept_and_what_is_left() {
        let cases = [
            (summary(1, 7, 3), None, "excellent"),
            (summary(1, 6, 4), None, "good"),
            (summary(1, 4, 6), None, "acceptable"),
            (summary(1, 2, 8), None, "poor"),
            (summary(1, 0, 0), None, "unknown"),
            (summary(1, 0, 0), Some(2500), "excellent"),
            (summary(1, 0, 0), Some(1000), "good"),
            (summary(1, 9, 1), Some(250), "acceptable"),
            (summary(1, 9, 1), Some(249), "poor"),
        ];
        for (summary, left, word) in cases {
            let reading = left.map(reading);
            let lines: Vec<_> = std::iter::once(summary.as_str()).chain(reading.as_deref()).collect();
            assert_eq!(api(&of(&lines)).word(), word, "{lines:?}");
        }
    }

    #[test]
    fn the_newest_reading_counts() {
        assert_eq!(api(&of(&[&reading(1), &reading(4000)])).word(), "excellent");
    }

    #[test]
    fn a_trend_is_made_of_verdicts_by_the_time_they_are_about() {
        let trend =
            |lines: &[String]| trend(&of(&lines.iter().map(String::as_str).collect::<Vec<_>>())).word();
        assert_eq!(trend(&[]), "unknown");
        assert_eq!(trend(&[comparison("inconclusive", 90, 100)]), "unknown");
        assert_eq!(trend(&[comparison("unchanged", 1, 100)]), "stable");
        assert_eq!(trend(&[comparison("regressed", 50, 100)]), "degrading");
        assert_eq!(trend(&[comparison("improved", -50, 100)]), "improving");
        // What takes a thousandth of the time does not make a trend.
        assert_eq!(trend(&[comparison("regressed", 50, 1), comparison("unchanged", 0, 1000)]), "stable");
        assert_eq!(trend(&[comparison("regressed", 50, 900), comparison("improved", -50, 100)]), "degrading");
    }
}

//! The Bencher Metric Format, for `bencher run --adapter json`.

use serde_json::{Map, Value, json};

use super::Benches;

/// Longer names are refused there.
const LONGEST_NAME: usize = 1024;

/// One benchmark a command: its latency in nanoseconds, with the deviation on either side, and its peak of memory.
pub(crate) fn bencher(benches: &Benches) -> String {
    let mut document = Map::new();
    for (command, bench) in benches.iter() {
        let Some(mean) = bench.mean() else { continue };
        let nanoseconds = |thousandths: i64| thousandths as f64 * 1e3;
        let mut latency = json!({ "value": nanoseconds(mean.0) });
        if let Some(deviation) = bench.std_deviation() {
            latency["lower_value"] = json!(nanoseconds((mean.0 - deviation.0).max(0)));
            latency["upper_value"] = json!(nanoseconds(mean.0.saturating_add(deviation.0)));
        }
        let mut measures = json!({ "latency": latency });
        if let Some(peak) = bench.mean_of(|run| run.peak_memory) {
            measures["peak-memory"] =
                json!({ "value": crate::catalog::Scale::Mebi.apply(peak.0.into()).round() });
        }
        let name = &command[..command.floor_char_boundary(LONGEST_NAME)];
        document.insert(name.to_owned(), measures);
    }
    format!("{:#}\n", Value::Object(document))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ci::tests::{RESULTS, RUNS, benches};

    #[test]
    fn latency_is_in_nanoseconds_and_memory_in_bytes() {
        let document: Value =
            serde_json::from_str(&bencher(&benches(&[RUNS[0], RUNS[1], RESULTS]))).expect("JSON");
        assert_eq!(
            document,
            json!({
                "gh pr list": {
                    "latency": {"value": 1.85e9, "lower_value": 1_835_858_000.0, "upper_value": 1_864_142_000.0},
                    "peak-memory": {"value": 19_922_944.0}
                },
                "status": {"latency": {"value": 2.35e8, "lower_value": 2.07e8, "upper_value": 2.63e8}}
            })
        );
    }
}

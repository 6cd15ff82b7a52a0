//! What `hyperfine --export-json` writes, for its scripts and for everything else that reads it.

use pm_record::Thousandths;
use serde_json::{Value, json};

use super::{Bench, Benches};

/// One result a command, in seconds and bytes.
pub(crate) fn hyperfine(benches: &Benches) -> String {
    let results: Vec<Value> = benches.iter().map(|(command, bench)| result(command, bench)).collect();
    format!("{:#}\n", json!({ "results": results }))
}

fn result(command: &str, bench: &Bench) -> Value {
    let seconds = |value: Option<Thousandths>| value.map(|value| value.0 as f64 / 1e6);
    let told = bench.told.as_ref();
    let user = bench.mean_of(|run| run.user).or_else(|| told.and_then(|told| told.user));
    let system = bench.mean_of(|run| run.system).or_else(|| told.and_then(|told| told.system));
    let mut result = json!({
        "command": command,
        "mean": seconds(bench.mean()),
        "stddev": seconds(bench.std_deviation()),
        "median": seconds(bench.median()),
        // Both are numbers there; what was not measured cannot be told from none.
        "user": seconds(user).unwrap_or_default(),
        "system": seconds(system).unwrap_or_default(),
        "min": seconds(bench.min()),
        "max": seconds(bench.max()),
    });
    if !bench.kept.is_empty() {
        let times: Vec<_> = bench.kept.iter().map(|run| run.time as f64 / 1e6).collect();
        result["times"] = json!(times);
        let codes: Vec<_> = bench.kept.iter().map(|run| run.exit_code).collect();
        result["exit_codes"] = json!(codes);
        if let Some(peaks) = bench.peaks() {
            result["memory_usage_byte"] = json!(peaks);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ci::tests::{RESULTS, RUNS, benches};

    #[test]
    fn runs_become_times_in_seconds_and_a_signal_has_no_status() {
        let document: Value = serde_json::from_str(&hyperfine(&benches(&RUNS))).expect("JSON");
        assert_eq!(
            document["results"][0],
            json!({"command": "gh pr list", "mean": 1.85, "stddev": 0.014_142, "median": 1.85, "user": 1.205,
                "system": 0.085, "min": 1.84, "max": 1.86, "times": [1.84, 1.86], "exit_codes": [0, null],
                "memory_usage_byte": [18_874_368, 20_971_520]})
        );
    }

    #[test]
    fn what_is_not_known_run_by_run_has_no_times() {
        let document: Value = serde_json::from_str(&hyperfine(&benches(&[RESULTS]))).expect("JSON");
        assert_eq!(document["results"][0]["mean"], json!(0.235));
        assert_eq!(document["results"][0].get("times"), None);
    }
}

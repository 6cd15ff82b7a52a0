//! A file for github-action-benchmark with `tool: customSmallerIsBetter`.

use std::fmt::Write;

use serde_json::{Value, json};

use super::Benches;

/// The mean of each command with its deviation, and its 95th percentile where there are enough runs for one.
pub(crate) fn github_action(benches: &Benches) -> String {
    let mut entries = Vec::new();
    for (command, bench) in benches.iter() {
        let Some(mean) = bench.mean() else { continue };
        let mut extra = format!("runs: {}", bench.count());
        for (name, value) in [("median", bench.median()), ("min", bench.min()), ("max", bench.max())] {
            if let Some(value) = value {
                let _ = write!(extra, "\n{name}: {value} ms");
            }
        }
        let mut entry = json!({ "name": command, "unit": "ms", "value": mean.to_f64(), "extra": extra });
        if let Some(deviation) = bench.std_deviation() {
            entry["range"] = json!(format!("± {deviation}"));
        }
        entries.push(entry);
        if let Some(p95) = bench.p95().filter(|_| bench.count() >= 20) {
            entries.push(json!({ "name": format!("{command} p95"), "unit": "ms", "value": p95.to_f64() }));
        }
    }
    format!("{:#}\n", Value::Array(entries))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ci::tests::{RUNS, benches};

    #[test]
    fn a_command_has_a_name_a_unit_a_value_a_range_and_a_tooltip() {
        let document: Value = serde_json::from_str(&github_action(&benches(&RUNS))).expect("JSON");
        assert_eq!(
            document,
            json!([{"name": "gh pr list", "unit": "ms", "value": 1850.0, "range": "± 14.142",
                "extra": "runs: 2\nmedian: 1850 ms\nmin: 1840 ms\nmax: 1860 ms"}])
        );
    }
}

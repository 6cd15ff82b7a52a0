//! `--as json`: what a page shows, for programs.

use serde_json::{Value, json};

use crate::terminal::a_glance;
use crate::{ALL_DAY, an_ordinary_day, page, run, timed};

fn document(input: &str) -> Value {
    let line = page(input, &["--as", "json"]);
    assert!(line.ends_with("}\n") && line.lines().count() == 1, "{line}");
    serde_json::from_str(&line).expect("JSON")
}

#[test]
fn the_figures_are_those_of_the_summaries() {
    let document = document(&an_ordinary_day());
    assert_eq!(document["runs"], 1621);
    assert_eq!(document["failures"], 3);
    assert_eq!(
        document["window"],
        json!({"start": "2024-12-06T08:00:00.000Z", "end": "2024-12-06T16:30:00.000Z"})
    );
    let groups = document["groups"].as_array().expect("groups");
    let sum: f64 = groups.iter().filter_map(|group| group["duration_ms"]["sum"].as_f64()).sum();
    assert_eq!(document["total_ms"].as_f64(), Some(sum));
    let shares: f64 = groups.iter().filter_map(|group| group["share"].as_f64()).sum();
    assert!((shares - 1.0).abs() < 1e-9, "{shares}");
    let batch = groups.iter().find(|group| group["by"] == json!({"command": "batch"})).expect("batch");
    assert_eq!((&batch["runs"], &batch["failures"]), (&json!(310), &json!(3)));
    assert_eq!(batch["duration_ms"]["p50"], 2450);
    let alert = &document["alerts"][0];
    assert_eq!((&alert["type"], &alert["command"]), (&json!("performance_degradation"), &json!("batch")));
    assert!(alert["severity"].is_string() && alert["state"].is_string(), "{alert}");
}

#[test]
fn a_glance_has_its_verdicts_its_trends_and_its_tips() {
    let document = document(&a_glance());
    let groups = document["groups"].as_array().expect("groups");
    let sync = groups.iter().find(|group| group["by"]["command"] == "sync").expect("sync");
    assert_eq!(sync["verdict"], json!({"status": "regressed", "change_percentage": 50}));
    let medians: Vec<_> =
        sync["trend"].as_array().expect("a trend").iter().map(|point| &point["median_ms"]).collect();
    assert_eq!(medians, [&json!(100), &json!(500), &json!(1600)]);
    let first = &document["findings"][0];
    assert_eq!((&first["command"], &first["status"]), (&json!("sync"), &json!("regressed")));
    assert_eq!(document["tips"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_is_hostile_on_a_terminal_is_text_here_and_what_is_unknown_is_not_there() {
    let document = document(&timed("\\u001b[31mred", ALL_DAY, 2, 10, ""));
    let group = &document["groups"][0];
    assert_eq!(group["by"]["command"], "\u{1b}[31mred");
    assert!(group.get("requests_made").is_none() && group.get("verdict").is_none(), "{group}");
    let nothing = run("", &["--as", "json"]).stdout;
    let nothing: Value = serde_json::from_str(&nothing).expect("JSON");
    assert_eq!((&nothing["runs"], &nothing["groups"]), (&json!(0), &json!([])));
}

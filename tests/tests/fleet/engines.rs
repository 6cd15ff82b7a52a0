//! The questions of docs/fleet.md for other engines, asked of a tree as `store ship` makes it.

use std::process::Stdio;

use pm_e2e::harness::{Place, repository};
use serde_json::Value;

use super::ssh::block;
use super::{HOSTS, ship, stores};
use crate::export::python;

/// What an engine answers to the question in this block, for days since the first that there are runs of.
fn answer(place: &Place, engine: &str) -> String {
    let day = (chrono::Utc::now() - chrono::TimeDelta::days(3)).date_naive();
    place.write("question.sql", block(engine).replace("2026-11-20", &day.to_string()));
    let question = std::fs::File::open(place.path().join("question.sql")).expect("a question");
    let mut command = place.command(python());
    let script = repository().join("tests/fixtures/ask_engine.py");
    command.arg(script).arg(engine).stdin(Stdio::from(question));
    let outcome = place.run(&mut command);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    outcome.stdout
}

/// Command, machine, runs and 95th percentile, as `pm-aggregate` has them: exact up to 64 runs of a group, else
/// within 0.27 %.
fn expected(place: &Place) -> String {
    let row = |line: &str| {
        let summary: Value = serde_json::from_str(line).expect("JSON");
        let summary = &summary["performance_summary"];
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let fields = [&summary["by"]["command"], &summary["by"]["machine"], &summary["count"]].map(text);
        let p95 = &summary["metrics"]["duration.total_ms"]["p95"];
        format!("{}\t{p95}\n", fields.join("\t"))
    };
    let summaries = place.sh("pm-aggregate --by command,machine --store=tree 2> skipped").succeeds();
    summaries.lines().map(row).collect()
}

#[track_caller]
fn check(engine: &str) {
    let place = stores();
    // Lines that are no runs, and a day that is not finished, are in nobody's way.
    for (host, _) in HOSTS {
        let odd =
            format!("{{\"system_metrics\":{{\"timestamp\":\"2026-01-01T00:00:00Z\"}}}}\n{{\"torn {host}\n");
        place.write(&format!("{host}/records/2026-01-01.ndjson"), odd);
        place.sh(&format!("github-pm performance store compact --quiet --store {host}")).succeeds();
    }
    ship(&place);
    place
        .sh("for folder in tree/host=one/*; do cp $(ls -d $folder/*) $folder/.half.ndjson.zst.new; done")
        .succeeds();
    let close = |one: &str, other: &str| {
        let numbers = [one, other].map(|row| {
            let fields: Vec<_> = row.split('\t').collect();
            (fields[..3].join("\t"), fields[3].parse::<f64>().expect("a number"))
        });
        numbers[0].0 == numbers[1].0 && (numbers[0].1 / numbers[1].1 - 1.0).abs() < 0.0027
    };
    let (answer, expected) = (answer(&place, engine), expected(&place));
    let same = answer.lines().count() == expected.lines().count()
        && answer.lines().zip(expected.lines()).all(|(one, other)| close(one, other));
    assert!(same && !answer.is_empty(), "{engine} says\n{answer}and pm-aggregate\n{expected}");
}

#[test]
fn duckdb_answers_from_a_tree_what_pm_aggregate_does() {
    check("duckdb");
}

#[test]
fn clickhouse_answers_from_a_tree_what_pm_aggregate_does() {
    check("chdb");
}

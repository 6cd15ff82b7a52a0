//! The generator as its users see it, and the two programs as functions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use pm_bench::{Generator, Layout, Scribe, append, compare, generate};
use pm_cli::{Exit, Trial};
use pm_record::{Field, Record, Scalar, Timestamp};
use sha2::{Digest, Sha256};

fn lines(generator: Generator) -> Vec<Vec<u8>> {
    generator.map(|run| Record::Performance(Box::new(run)).to_line()).collect()
}

fn written(layout: Layout, seed: u64, generator: Generator) -> Vec<Vec<u8>> {
    let mut scribe = Scribe::new(layout, seed);
    generator.map(|run| scribe.line(run)).collect()
}

#[track_caller]
fn check_digest(lines: &[Vec<u8>], expected: &str) {
    let digest = Sha256::digest(lines.concat());
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digest: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    assert_eq!(digest, expected);
}

/// Every number that was ever measured with generated records depends on this, and logs are kept between runs.
#[test]
fn the_same_seed_gives_the_same_bytes_for_ever() {
    let runs = || Generator::new(1).records(1000);
    let regular = "beb98d2e9476af5adf6f7b6f65cfab8c2c842c664a73026f4f768e4cf7cd9e91";
    check_digest(&lines(runs()), regular);
    check_digest(&written(Layout::Regular, 1, runs()), regular);
    check_digest(
        &written(Layout::Mixed, 1, runs()),
        "720d18acd5b7e1a9d03f0d19286ba5d66d54fb1f15dd41e4f7495b8a294645c0",
    );
    check_digest(
        &written(Layout::Irregular, 1, runs()),
        "cdde6ca4488a26e30c682251ee31773b41c609e7da83a7fc0aeb07bfb84e48c7",
    );
}

#[test]
fn one_line_in_a_hundred_of_a_mixed_log_has_another_order_of_the_same_fields() {
    let (regular, mixed) =
        (lines(Generator::new(7).records(5000)), written(Layout::Mixed, 7, Generator::new(7).records(5000)));
    let other: Vec<_> = regular.iter().zip(&mixed).filter(|(regular, mixed)| regular != mixed).collect();
    assert!((25..100).contains(&other.len()), "{} of 5,000 differ", other.len());
    for (regular, mixed) in other {
        assert_eq!(mixed.len(), regular.len());
        let value = |line: &[u8]| serde_json::from_slice::<serde_json::Value>(line).expect("an object");
        assert_eq!(value(mixed), value(regular));
    }
}

#[test]
fn irregular_lines_are_of_the_same_runs_and_no_two_are_laid_out_alike() {
    let runs = || Generator::new(8).records(2000);
    let lines = written(Layout::Irregular, 8, runs());
    let mut shapes = BTreeSet::new();
    for (run, line) in runs().zip(&lines) {
        let text = String::from_utf8_lossy(line);
        let Ok(Record::Performance(read)) = Record::parse(line) else { panic!("{text} is a run") };
        assert_eq!((&read.command, read.timestamp, &read.status), (&run.command, run.timestamp, &run.status));
        assert_eq!(read.duration.total_ms, run.duration.total_ms, "{text}");
        assert!(
            read.duration.phases.iter().all(|(name, phase)| run.duration.phases[name] == *phase),
            "{text}"
        );
        assert_eq!(read.github_api.requests_made, run.github_api.requests_made, "{text}");
        assert_eq!(read.github_api.rate_limit_consumed, run.github_api.rate_limit_consumed, "{text}");
        assert_eq!(read.github_api.cache_hits, run.github_api.cache_hits, "{text}");
        assert_eq!(read.github_api.cache_misses, run.github_api.cache_misses, "{text}");
        assert_eq!(line.iter().position(|&byte| byte == b'\n'), Some(line.len() - 1));
        shapes.insert(text.replace(|c: char| c.is_ascii_digit(), ""));
    }
    assert!(shapes.len() > 1990, "only {} shapes", shapes.len());
    let all = String::from_utf8(lines.concat()).expect("text");
    for part in ["\"host\":null", "東京", "\\u6771\\u4eac", "\\ud83d\\udc01", "\\\"très\\\"", "\t\"", "  \""]
    {
        assert!(all.contains(part), "no line has {part}");
    }
}

#[test]
fn a_writer_appends_until_its_time_is_over_and_says_how_many_records() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store");
    let args = ["--store", store.to_str().expect("a readable path"), "--writer", "3", "--for", "20ms"];
    let outcome = Trial::new().run(append::TOOL, append::run, &args);
    assert_eq!(outcome.exit, Exit::Done, "{}", outcome.stderr);
    let text = fs::read_to_string(store.join("records/1970-01-01.ndjson")).expect("the file of the day");
    assert_eq!(outcome.stdout, format!("{}\n", text.lines().count()));
    assert!(text.lines().all(|line| line.contains("\"writer_0003_")), "{text}");
    assert!(text.lines().count() > 1, "{text}");
}

#[test]
fn another_seed_gives_other_records() {
    assert_ne!(lines(Generator::new(1).records(1)), lines(Generator::new(2).records(1)));
}

#[test]
fn every_line_is_a_whole_record_of_realistic_length() {
    let fields = [
        "execution_id",
        "duration.phases.initialization_ms",
        "duration.phases.authentication_ms",
        "duration.phases.data_fetching_ms",
        "duration.phases.processing_ms",
        "duration.phases.output_generation_ms",
        "resource_usage.peak_memory_mb",
        "resource_usage.average_memory_mb",
        "resource_usage.cpu_time_ms",
        "resource_usage.io_operations",
        "github_api.requests_made",
        "github_api.rate_limit_consumed",
        "github_api.rate_limit_remaining",
        "github_api.cache_hits",
        "github_api.cache_misses",
        "context.project_size",
        "context.task_count",
        "context.dependency_count",
        "context.concurrent_operations",
        "status",
        "host",
        "machine",
    ]
    .map(|path| path.parse::<Field>().expect("a path"));
    let lines = lines(Generator::new(3).records(5000));
    assert_eq!(lines.len(), 5000);
    for line in &lines {
        let text = String::from_utf8_lossy(line);
        let Ok(Record::Performance(run)) = Record::parse(line) else { panic!("{text} is a run") };
        assert!((650..800).contains(&line.len()), "{}: {text}", line.len());
        assert_eq!(line.iter().position(|&byte| byte == b'\n'), Some(line.len() - 1));
        for field in &fields {
            assert_ne!(field.read(line), Scalar::Null, "{field} of {text}");
        }
        assert!(run.exit_code.is_some() != run.signal.is_some(), "{text}");
    }
}

#[test]
fn the_numbers_of_a_run_fit_together() {
    for run in Generator::new(4).records(5000) {
        let phases: i64 = run.duration.phases.values().map(|phase| phase.0).sum();
        assert_eq!(phases, run.duration.total_ms.0, "{run:?}");
        assert!(run.duration.phases.values().all(|phase| phase.0 >= 0), "{run:?}");
        assert!(run.resource_usage.average_memory_mb < run.resource_usage.peak_memory_mb, "{run:?}");
        assert_eq!(run.github_api.requests_made, run.github_api.cache_misses, "{run:?}");
    }
}

#[test]
fn runs_are_in_order_and_fill_the_days_that_were_asked_for() {
    let end = Timestamp::parse("2026-03-04T05:06:07Z").expect("a time");
    let starts: Vec<i64> =
        Generator::new(5).records(5000).days(3).end(end).map(|run| run.timestamp.as_millis()).collect();
    assert!(starts.is_sorted());
    let span = 3 * 86_400_000;
    assert!((0..600_000).contains(&(starts[0] - (end.as_millis() - span))), "{}", starts[0]);
    assert!((1..600_000).contains(&(end.as_millis() - starts[4999])), "{}", starts[4999]);
}

#[test]
fn commands_differ_by_two_orders_of_magnitude_and_fail_now_and_then() {
    let mut durations: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let (mut failed, mut hits, mut asked) = (0_u32, 0, 0);
    for run in Generator::new(6).records(20_000) {
        failed += u32::from(run.failed());
        hits += run.github_api.cache_hits.map_or(0, |hits| hits.0);
        asked += run.github_api.cache_hits.map_or(0, |hits| hits.0)
            + run.github_api.requests_made.map_or(0, |made| made.0);
        durations.entry(run.command).or_default().push(run.duration.total_ms.0 / 1000);
    }
    assert!((400..1000).contains(&failed), "{failed} of 20,000 failed");
    assert!((30..60).contains(&(100 * hits / asked)), "{hits} of {asked} answers came from a cache");
    let medians: Vec<i64> = durations
        .values_mut()
        .map(|values| {
            values.sort_unstable();
            values[values.len() / 2]
        })
        .collect();
    let (shortest, longest) = (medians.iter().min().copied(), medians.iter().max().copied());
    assert_eq!(durations.len(), 20);
    assert!(shortest.is_some_and(|median| (70..90).contains(&median)), "{shortest:?}");
    assert!(longest.is_some_and(|median| (7_000..11_000).contains(&median)), "{longest:?}");
    let status = &durations["status"];
    assert!(status[status.len() - 1] > 10 * status[status.len() / 2], "no outlier in {}", status.len());
}

#[test]
fn generate_records_writes_what_the_generator_makes() {
    let args = ["--seed", "9", "--records", "5", "--days", "2", "--end", "2026-01-03"];
    let outcome = Trial::new().run(generate::TOOL, generate::run, &args);
    let end = Timestamp::parse("2026-01-03T00:00:00Z").expect("a time");
    let expected = lines(Generator::new(9).records(5).days(2).end(end)).concat();
    assert_eq!((outcome.stdout.as_bytes(), outcome.exit), (expected.as_slice(), Exit::Done));
    let args = ["--seed", "9", "--records", "5", "--layout", "irregular"];
    let outcome = Trial::new().run(generate::TOOL, generate::run, &args);
    let expected = written(Layout::Irregular, 9, Generator::new(9).records(5)).concat();
    assert_eq!(outcome.stdout.as_bytes(), expected);
    let defaults = Trial::new().run(generate::TOOL, generate::run, &["--records", "3"]);
    assert_eq!(defaults.stdout.as_bytes(), lines(Generator::new(1).records(3)).concat());
}

#[test]
fn a_span_of_no_days_is_refused() {
    let outcome = Trial::new().run(generate::TOOL, generate::run, &["--days", "0"]);
    assert_eq!(outcome.exit, Exit::Usage);
}

#[test]
fn a_tool_that_is_not_built_is_an_error_and_not_left_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let bin = folder.path().to_str().expect("a readable path");
    let outcome = Trial::new().run(compare::TOOL, compare::run, &["wrap", "--bin", bin]);
    assert_eq!((outcome.stdout.as_str(), outcome.exit), ("", Exit::Environment));
    assert_eq!(
        outcome.stderr,
        format!("compare: '{bin}/pm-wrap' is not built\n  hint: build it with `scripts/build`\n")
    );
}

/// A program that prints `text`, whatever it is asked.
fn program(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\ncat <<'END'\n{text}\nEND\n")).expect("a writable folder");
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).expect("a file of ours");
}

#[test]
fn answers_are_compared_before_anything_is_timed_and_a_missing_peer_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_str().expect("a readable path").to_owned();
    let summary = r#"{"performance_summary":{"by":{"command":"a"},"window":{"start":"2024-12-06T10:00:00Z","end":"2024-12-06T11:00:00Z"},"count":3,"metrics":{"duration.total_ms":{"count":3,"sum":6}}}}"#;
    program(&folder.path().join("pm-aggregate"), summary);
    program(&folder.path().join("right"), r#"{"command":"a","count":3}"#);
    program(&folder.path().join("wrong"), r#"{"command":"a","count":2}"#);
    let page = folder.path().join("page.md");
    let run = |python: &str| {
        let (bin, python, work, page) = (at(""), at(python), at("work"), at("page.md"));
        let flags = ["--records", "10", "--pairs", "1", "--only", "small", "--revision", "1a2b"];
        let paths = ["--bin", &bin, "--python", &python, "--work", &work, "--page", &page];
        Trial::new().run(compare::TOOL, compare::run, &[&["aggregate"], &flags[..], &paths[..]].concat())
    };

    let agreed = run("right");
    assert_eq!(agreed.exit, Exit::Done, "{}", agreed.stderr);
    assert!(agreed.stdout.contains("4 pairs; the answers agree\n"), "{}", agreed.stdout);
    assert!(agreed.stdout.contains("ratio pm-aggregate / DuckDB: "), "{}", agreed.stdout);
    assert!(agreed.stdout.contains("jq: not installed, left out\n"), "{}", agreed.stdout);
    assert!(agreed.stdout.contains("\nGoals: "), "{}", agreed.stdout);
    let kept = fs::read_to_string(&page).expect("a page");
    let row = "| 10 records by command, wall over DuckDB's with its start-up | ";
    assert!(kept.contains(row) && kept.contains("- Version: 1a2b\n"), "{kept}");
    assert!(kept.ends_with(&format!("```text\n{}```\n", agreed.stdout)), "{kept}");

    fs::remove_file(&page).expect("a page");
    let refused = run("wrong");
    assert_eq!(refused.exit, Exit::BadInput);
    assert!(!refused.stdout.contains("ratio"), "{}", refused.stdout);
    assert!(refused.stderr.contains("count of a is 2, and pm-aggregate has 3"), "{}", refused.stderr);
    assert!(!page.exists());
}

#[test]
fn a_page_is_of_aggregate_only() {
    let outcome = Trial::new().run(compare::TOOL, compare::run, &["wrap", "--bin", "b", "--page", "p"]);
    let expected = "compare: a page is written of `aggregate`, not of `wrap`\n  hint: try `scripts/bench aggregate --page docs/benchmarks.md`\n";
    assert_eq!((outcome.stderr.as_str(), outcome.exit), (expected, Exit::Usage));
}

//! Benchmarks: runs in, results out, and the page of them.

use pm_cli::{Exit, Outcome, Trial};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::run;

/// A run of a command with labels, as a line.
fn line(command: &str, ms: f64, labels: &[(&str, Value)]) -> String {
    let context: serde_json::Map<_, _> =
        labels.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let record = json!({"performance_metrics": {
        "command": command, "timestamp": "2024-12-06T10:30:00.000Z", "duration": {"total_ms": ms},
        "resource_usage": {"peak_memory_mb": 10, "cpu_time_ms": ms / 2.0, "user_ms": ms / 4.0, "system_ms": ms / 4.0},
        "github_api": {"requests_made": 3, "graphql_points": 5},
        "context": context, "exit_code": 0, "status": "success", "host": "laptop", "machine": "8f1c2a4b90de",
    }});
    format!("{record}\n")
}

/// So many runs around a level, spread by 1 % without chance.
fn runs(command: &str, level: f64, count: u32, labels: &[(&str, Value)]) -> String {
    (0..count).map(|run| line(command, level * (1.0 + f64::from(run * 7 % 11) / 1000.0), labels)).collect()
}

fn side(side: &str) -> [(&'static str, Value); 1] {
    [("benchmark_side", json!(side))]
}

/// The document that comes of it.
#[track_caller]
fn results(outcome: &Outcome) -> Value {
    let document: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome:?}"));
    document["benchmark_results"].clone()
}

#[track_caller]
fn benchmark(input: &str, args: &[&str]) -> Value {
    let outcome = run(input, &[&["--as", "benchmark"], args].concat());
    assert_eq!((outcome.stderr.as_str(), outcome.exit), ("", Exit::Done));
    results(&outcome)
}

/// A place with files, in which the tool is run.
struct Place(tempfile::TempDir);

impl Place {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("written");
        }
        Self(folder)
    }

    fn run(&self, input: &str, args: &[&str]) -> Outcome {
        let trial = Trial::new().input(input).current_dir(self.0.path());
        trial.run(pm_report::TOOL, pm_report::run, &[&["--as", "benchmark"], args].concat())
    }
}

#[test]
fn the_document_has_the_specification_s_shape() {
    let limits = "benchmarks: { commands: { status: { baseline_ms: 240, max_acceptable_ms: 500 }, batch: { baseline_ms: 1800 } } }";
    let place = Place::with(&[("benchmarks.yml", limits)]);
    let times = [212, 198, 312, 235, 231, 240, 229, 233, 230, 230];
    let labels = [("cli_version", json!("2.0.0")), ("purpose", json!("benchmark"))];
    let status: String = times.iter().map(|&ms| line("status", f64::from(ms), &labels)).collect();
    let outcome = place.run(&(status + &runs("batch", 1526.0, 10, &labels)), &["--limits", "benchmarks.yml"]);
    assert_eq!((outcome.stderr.as_str(), outcome.exit), ("", Exit::Done));
    let results = results(&outcome);
    assert_eq!(
        (&results["test_date"], &results["cli_version"]),
        (&json!("2024-12-06T10:30:00.000Z"), &json!("2.0.0"))
    );
    let status = &results["command_results"][0];
    for (field, value) in [
        ("command", json!("status")),
        ("iterations", json!(10)),
        ("average_ms", json!(235)),
        ("min_ms", json!(198)),
        ("max_ms", json!(312)),
        // statistics.stdev of Python's: 29.7359…
        ("std_deviation", json!(29.736)),
        ("performance_rating", json!("excellent")),
        // statistics.median: (230 + 231) / 2
        ("median_ms", json!(230.5)),
        ("percentiles", json!({"p50": 230, "p90": 240, "p95": 312, "p99": 312})),
        ("times_ms", json!(times)),
        ("outliers", json!([{"iteration": 3, "ms": 312}])),
        ("user_ms", json!(58.75)),
        ("requests_made", json!(30)),
        ("rate_limit_consumed", json!(50)),
    ] {
        assert_eq!(status[field], value, "{field}");
    }
    let changes = results["regression_analysis"]["performance_changes"].as_array().expect("changes");
    assert_eq!((&changes[1]["command"], &changes[1]["status"]), (&json!("batch"), &json!("improved")));
    assert!(changes[1]["change_percentage"].as_f64().is_some_and(|change| (-16.0..-14.0).contains(&change)));
    assert_eq!(results["regression_analysis"]["compared_with"], "benchmarks.yml");
    assert_eq!(results["system_info"]["machine"], "8f1c2a4b90de");
    assert_eq!(results["system_info"]["os"], Value::Null, "another machine's is not known");
}

#[test]
fn first_runs_and_those_that_warm_up_do_not_count() {
    let part = |part: &str| [("benchmark_part", json!(part))];
    let input = line("a", 900.0, &part("first"))
        + &line("a", 500.0, &part("warm-up"))
        + &runs("a", 100.0, 4, &part("measured"))
        + &line("b", 7.0, &part("first"));
    let results = benchmark(&input, &[]);
    let [a, b] = &results["command_results"].as_array().expect("results")[..] else { panic!("{results}") };
    assert_eq!((&a["iterations"], &a["first_ms"]), (&json!(4), &json!(900)));
    assert!(a["max_ms"].as_f64().is_some_and(|max| max < 110.0));
    assert_eq!((&b["iterations"], &b["average_ms"], &b["first_ms"]), (&json!(0), &Value::Null, &json!(7)));
}

#[test]
fn two_sides_are_compared_and_what_is_counted_is_exact() {
    let change = |input: &str| benchmark(input, &[])["regression_analysis"].clone();
    let slower = runs("a", 100.0, 10, &side("baseline"))
        + &runs("a", 120.0, 10, &[])
        + &runs("b", 50.0, 10, &side("baseline"))
        + &runs("b", 50.1, 10, &[]);
    let analysis = change(&slower);
    let statuses: Vec<_> = analysis["performance_changes"]
        .as_array()
        .expect("two")
        .iter()
        .map(|one| one["status"].clone())
        .collect();
    assert_eq!(statuses, [json!("regressed"), json!("unchanged")]);
    let resources = analysis["resource_changes"].as_array().expect("some");
    let of = |metric: &str| {
        let row = resources.iter().find(|row| row["command"] == "a" && row["metric"] == metric);
        row.unwrap_or_else(|| panic!("{metric}")).clone()
    };
    assert_eq!(of("resource_usage.cpu_time_ms")["status"], "regressed");
    assert_eq!(of("github_api.requests_made")["status"], "unchanged");
    assert_eq!(of("github_api.requests_made")["p_value"], Value::Null);

    let one_more = |line: &str| {
        let is_current = !line.contains("baseline");
        line.replace(
            "\"requests_made\":3",
            if is_current { "\"requests_made\":4" } else { "\"requests_made\":3" },
        )
    };
    let more: Vec<_> = slower.lines().map(one_more).collect();
    let resources = change(&more.join("\n"))["resource_changes"].clone();
    let requests: Vec<_> = resources
        .as_array()
        .expect("some")
        .iter()
        .filter(|row| row["metric"] == "github_api.requests_made")
        .map(|row| row["status"].clone())
        .collect();
    assert_eq!(requests, [json!("regressed"), json!("regressed")]);
}

#[test]
fn a_control_that_seems_to_change_takes_every_verdict_back() {
    let sides = runs("a", 100.0, 10, &side("baseline")) + &runs("a", 150.0, 10, &[]);
    let quiet = sides.clone() + &runs("a", 150.1, 10, &side("control"));
    let busy = sides + &runs("a", 200.0, 10, &side("control"));
    let analysis = |input: &str| benchmark(input, &[])["regression_analysis"].clone();
    let quiet = analysis(&quiet);
    assert_eq!(
        (&quiet["control"]["status"], &quiet["performance_changes"][0]["status"]),
        (&json!("unchanged"), &json!("regressed"))
    );
    let busy = analysis(&busy);
    assert_eq!(busy["control"]["status"], "improved");
    let change = &busy["performance_changes"][0];
    assert_eq!((&change["status"], &change["withdrawn"]), (&json!("inconclusive"), &json!(true)));
    assert_eq!(change["needed"], Value::Null, "more runs do not help");
    // What is counted does not depend on how busy a machine is.
    assert!(
        busy["resource_changes"].as_array().expect("some").iter().any(|row| row["status"] == "unchanged")
    );
}

#[test]
fn exit_statuses_say_what_the_verdicts_are() {
    let exit = |input: &str| run(input, &["--as", "benchmark", "--exit-code"]).exit;
    let against =
        |level: f64, count: u32| runs("a", 100.0, count, &side("baseline")) + &runs("a", level, count, &[]);
    assert_eq!(exit(&against(150.0, 10)), Exit::Yes);
    assert_eq!(exit(&against(50.0, 10)), Exit::Done);
    assert_eq!(exit(&against(100.0, 10)), Exit::Done);
    assert_eq!(exit(&against(150.0, 3)), Exit::Inconclusive);
    assert_eq!(exit(&runs("a", 100.0, 10, &[])), Exit::Inconclusive, "there is nothing to compare with");
    let withdrawn = against(150.0, 10) + &runs("a", 400.0, 10, &side("control"));
    assert_eq!(exit(&withdrawn), Exit::Inconclusive);
}

#[test]
fn ratings_are_held_against_what_a_scenario_expects() {
    let limits = "benchmarks:
  commands: { a: { baseline_ms: 100, max_acceptable_ms: 200 } }
  scenarios:
    small_project: { task_count: 20, expected_performance: excellent }
    large_project: { task_count: 200, expected_performance: good }\n";
    let place = Place::with(&[("b.yml", limits)]);
    let scenario = |level: f64, tasks: u32| {
        let input = runs("a", level, 6, &[("task_count", json!(tasks))]);
        results(&place.run(&input, &["--limits", "b.yml"]))["scenario_results"].clone()
    };
    let row = |scenario: &str, expected: &str, rating: &str, met: bool| json!([{"scenario": scenario, "command": "a", "expected_performance": expected, "performance_rating": rating, "met": met}]);
    assert_eq!(scenario(90.0, 87), row("large_project", "good", "excellent", true));
    assert_eq!(scenario(140.0, 300), row("large_project", "good", "good", true));
    assert_eq!(scenario(180.0, 200), row("large_project", "good", "acceptable", false));
    assert_eq!(scenario(140.0, 20), row("small_project", "excellent", "good", false));
    assert_eq!(scenario(140.0, 1), Value::Null, "smaller than all of them");
}

#[test]
fn earlier_results_runs_and_hyperfine_s_json_can_be_compared_with() {
    let before = runs("a", 100.0, 10, &[]);
    let document = run(&before, &["--as", "benchmark"]).stdout;
    let pretty =
        serde_json::to_string_pretty(&serde_json::from_str::<Value>(&document).expect("JSON")).expect("JSON");
    let hyperfine = run(&before, &["--as", "hyperfine"]).stdout;
    let other = hyperfine.replace("\"a\"", "\"sleep 0.1\"");
    let specified = r#"{"benchmark_results":{"test_date":"2024-12-06T10:30:00Z","command_results":[{"command":"a","iterations":10,"average_ms":100}]}}"#;
    let summary = r#"{"results":[{"command":"a","mean":0.1}]}"#;
    let place = Place::with(&[
        ("runs.ndjson", &before),
        ("results.json", &document),
        ("pretty.json", &pretty),
        ("hyperfine.json", &hyperfine),
        ("other.json", &other),
        ("specified.json", specified),
        ("summary.json", summary),
    ]);
    for file in [
        "runs.ndjson",
        "results.json",
        "pretty.json",
        "hyperfine.json",
        "other.json",
        "specified.json",
        "summary.json",
    ] {
        let outcome = place.run(&runs("a", 130.0, 10, &[]), &["--against", file, "--exit-code"]);
        assert_eq!((outcome.stderr.as_str(), outcome.exit), ("", Exit::Yes), "{file}");
        let analysis = &results(&outcome)["regression_analysis"];
        assert_eq!(analysis["compared_with"], file);
        let change = analysis["performance_changes"][0]["change_percentage"].as_f64().expect("a change");
        assert!((28.0..32.0).contains(&change), "{file}: {change}");
    }
    let unchanged = place.run(&before, &["--against", "hyperfine.json", "--exit-code"]);
    assert_eq!(unchanged.exit, Exit::Done);
}

#[test]
fn a_file_that_says_nothing_is_refused() {
    let place = Place::with(&[("empty.json", "{}"), ("other.json", "{\"results\":[]}")]);
    for file in ["empty.json", "other.json"] {
        let outcome = place.run(&runs("a", 1.0, 3, &[]), &["--against", file]);
        assert_eq!(outcome.exit, Exit::Usage);
        assert!(
            outcome.stderr.contains(&format!("'{file}' says of no command how long it takes")),
            "{}",
            outcome.stderr
        );
    }
    assert_eq!(place.run("", &["--against", "gone.json"]).exit, Exit::Environment);
    assert_eq!(run("", &["--limits", "x.yml"]).exit, Exit::Usage);
}

#[test]
fn runs_of_different_machines_are_not_compared_unless_somebody_asks() {
    let old = runs("a", 100.0, 10, &[]).replace("8f1c2a4b90de", "000000000000");
    let place = Place::with(&[("old.ndjson", &old)]);
    let args = ["--against", "old.ndjson"];
    let outcome = place.run(&runs("a", 150.0, 10, &[]), &args);
    assert!(outcome.stderr.contains("--across-machines compares them"), "{}", outcome.stderr);
    assert_eq!(results(&outcome)["regression_analysis"]["performance_changes"], json!([]));
    let outcome =
        place.run(&runs("a", 150.0, 10, &[]), &[&args[..], &["--across-machines", "--exit-code"]].concat());
    assert_eq!((outcome.stderr.as_str(), outcome.exit), ("", Exit::Yes));
}

#[test]
fn hyperfine_s_readers_find_what_they_look_for() {
    let input = runs("a", 100.0, 3, &[]) + &runs("a", 200.0, 3, &side("baseline"));
    let document: Value = serde_json::from_str(&run(&input, &["--as", "hyperfine"]).stdout).expect("JSON");
    let [a, other] = &document["results"].as_array().expect("results")[..] else { panic!("{document}") };
    assert_eq!((&a["command"], &other["command"]), (&json!("a"), &json!("a (the baseline)")));
    assert_eq!(a["times"], json!([0.1, 0.1007, 0.1003]));
    assert_eq!(a["exit_codes"], json!([0, 0, 0]));
    for field in ["mean", "stddev", "median", "user", "system", "min", "max"] {
        assert!(a[field].is_f64(), "{field}: {a}");
    }
    assert_eq!(a["median"], json!(0.1003));
    // A document gives the same as its runs.
    let made = run(&input, &["--as", "benchmark"]).stdout;
    assert_eq!(run(&made, &["--as", "hyperfine"]).stdout, run(&input, &["--as", "hyperfine"]).stdout);
}

#[test]
fn documents_go_to_a_file_as_pages_do() {
    let input = runs("a", 100.0, 3, &[]);
    let place = Place::with(&[("made", "what was there before")]);
    for form in ["benchmark", "hyperfine"] {
        let printed = run(&input, &["--as", form]).stdout;
        let trial = Trial::new().input(&*input).current_dir(place.0.path());
        let outcome = trial.run(pm_report::TOOL, pm_report::run, &["--as", form, "--output", "made"]);
        assert_eq!((outcome.stdout.as_str(), outcome.exit), ("", Exit::Done), "{}", outcome.stderr);
        assert_eq!(std::fs::read_to_string(place.0.path().join("made")).expect("a file"), printed);
    }
}

#[test]
fn tips_are_counted_where_there_are_some() {
    let outcome = run("", &["--as", "benchmark", "--tips", "3"]);
    assert_eq!(outcome.exit, Exit::Usage);
    assert!(outcome.stderr.contains("hint: leave --tips out"), "{}", outcome.stderr);
}

#[test]
fn no_runs_are_no_results() {
    let outcome = run("", &["--as", "benchmark"]);
    assert_eq!((outcome.stdout.as_str(), outcome.exit), ("", Exit::Done));
    assert!(outcome.stderr.contains("github-pm performance benchmark"), "{}", outcome.stderr);
}

/// Results with everything that there is to say.
fn everything() -> String {
    let limits = "benchmarks: { commands: { status: { baseline_ms: 100, target_ms: 90, max_acceptable_ms: 110 } }, scenarios: { large_project: { task_count: 200, expected_performance: good } } }";
    let place = Place::with(&[("b.yml", limits)]);
    let labels = [("task_count", json!(250)), ("cli_version", json!("2.1.0"))];
    let input = line("status", 300.0, &[("benchmark_part", json!("first"))])
        + &runs("status", 120.0, 10, &labels)
        + &line("status", 480.0, &labels)
        + &runs("status", 240.0, 11, &side("control"))
        + &runs("bat\u{1b}ch", 50.0, 10, &labels);
    let outcome = place.run(&input, &["--limits", "b.yml"]);
    assert_eq!((outcome.stderr.as_str(), outcome.exit), ("", Exit::Done));
    outcome.stdout
}

#[test]
fn a_page_says_what_matters_first_and_names_the_odd() {
    let page = run(&everything(), &["--width", "100", "--title", "Benchmark"]);
    insta::assert_snapshot!(page.stdout);
    assert!(page.stdout.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn a_page_in_markdown_says_the_same() {
    insta::assert_snapshot!(run(&everything(), &["--as", "markdown", "--title", "Benchmark"]).stdout);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn results_are_read_back_and_the_order_of_the_sides_changes_no_verdict(
        before in prop::collection::vec(1..5_000_u32, 1..20), now in prop::collection::vec(1..5_000_u32, 1..20)) {
        let lines = |times: &[u32], labels: &[(&str, Value)]| -> Vec<String> {
            times.iter().map(|&ms| line("a", f64::from(ms) / 10.0, labels)).collect()
        };
        let (before, now) = (lines(&before, &side("baseline")), lines(&now, &[]));
        let apart = before.concat() + &now.concat();
        let mixed: String = now.iter().chain(&before).cloned().collect();
        let one = run(&apart, &["--as", "benchmark"]).stdout;
        prop_assert_eq!(&results(&run(&mixed, &["--as", "benchmark"]))["regression_analysis"],
            &serde_json::from_str::<Value>(&one).expect("JSON")["benchmark_results"]["regression_analysis"]);
        let record = pm_record::Record::parse(one.as_bytes()).expect("a record");
        prop_assert_eq!(String::from_utf8(record.to_line()).expect("text"), one);
    }
}

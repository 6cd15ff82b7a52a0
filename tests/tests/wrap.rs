//! `pm-wrap` in pipelines, with real commands.

use pm_e2e::fake_github::gh::GhHome;
use pm_e2e::fake_github::{FakeGithub, Setup};
use pm_e2e::harness::Place;
use pm_record::{PerformanceMetrics, Record};

fn records(text: &str) -> Vec<PerformanceMetrics> {
    let parse = |line: &str| match Record::parse(line.as_bytes()) {
        Ok(Record::Performance(run)) => *run,
        other => panic!("{line} is {other:?}"),
    };
    text.lines().map(parse).collect()
}

#[test]
fn a_shell_sees_the_status_of_the_command() {
    let place = Place::new();
    place.write("data", "not a program");
    let script = "
        for command in 'exit 0' 'exit 3' 'kill -9 $$' 'kill -15 $$'; do
            pm-wrap -o log.ndjson -- sh -c \"$command\"; echo $?
        done
        pm-wrap -o log.ndjson -- ./data 2>/dev/null; echo $?
        pm-wrap -o log.ndjson -- no-such-command 2>/dev/null; echo $?";
    let outcome = place.sh(script);
    assert_eq!(outcome.stdout, "0\n3\n137\n143\n126\n127\n");
    let statuses: Vec<_> =
        records(&place.read("log.ndjson")).iter().map(|run| (run.exit_code, run.signal)).collect();
    let exited = |code| (Some(code), None);
    let killed = |signal| (None, Some(signal));
    assert_eq!(statuses, [exited(0), exited(3), killed(9), killed(15), exited(126), exited(127)]);
}

#[test]
fn a_real_call_of_gh_is_recorded() {
    let github = FakeGithub::start(Setup::default());
    let home = GhHome::new(&github);
    let place = Place::new().with(home.environment());
    let script = "pm-wrap --store=store -- gh api graphql -f query='query { viewer { login } }'";
    let answer = place.with([("PATH", path())]);
    let stdout = answer.sh(script).succeeds();
    assert!(stdout.contains("\"login\":"), "{stdout}");
    assert_eq!(github.requests().len(), 1);
    let day = answer.sh("cat store/records/*.ndjson").succeeds();
    let [run] = <[_; 1]>::try_from(records(&day)).expect("one record");
    assert_eq!((run.command.as_str(), run.exit_code), ("gh", Some(0)));
    assert!(run.resource_usage.peak_memory_mb.expect("gh is larger than pm-wrap").to_f64() > 5.0);
    assert!(run.resource_usage.cpu_time_ms.is_some() && run.resource_usage.io_operations.is_some());
}

/// `GhHome` brings a path of its own, without our programs on it.
fn path() -> String {
    format!("{}:/usr/local/bin:/usr/bin:/bin", pm_e2e::harness::programs().display())
}

#[test]
fn two_hundred_appends_at_once_lose_and_mix_nothing() {
    let place = Place::new();
    let label = "x".repeat(2_000);
    let script = format!(
        "for i in $(seq 200); do pm-wrap -o log.ndjson --context n=$i --context filler={label} -- true & done; wait"
    );
    place.sh(&script).succeeds();
    let runs = records(&place.read("log.ndjson"));
    let numbers: std::collections::BTreeSet<_> =
        runs.iter().map(|run| run.context["n"].to_string()).collect();
    assert_eq!((runs.len(), numbers.len()), (200, 200));
}

#[test]
fn two_hundred_wraps_that_share_one_pipe_do_not_mix() {
    let place = Place::new();
    let label = "x".repeat(2_000);
    let script = format!(
        "{{ for i in $(seq 200); do pm-wrap --context n=$i --context filler={label} -- true & done; wait; }} | pm-aggregate --strict"
    );
    let summary = place.sh(&script).succeeds();
    assert!(summary.contains("\"count\":200"), "{summary}");
}

#[test]
fn a_torn_last_line_costs_one_record() {
    let place = Place::new();
    place.write("log.ndjson", "{\"performance_metrics\":{\"command\":\"torn\",\"times");
    let outcome =
        place.sh("pm-wrap -o log.ndjson -- true; pm-wrap -o log.ndjson -- true; pm-aggregate log.ndjson");
    assert!(outcome.stdout.contains("\"count\":2"), "{}", outcome.stdout);
    assert!(
        outcome.stderr.starts_with("pm-aggregate: 1 of 3 lines skipped; first: line 1: "),
        "{}",
        outcome.stderr
    );
}

#[test]
fn the_main_job_runs_in_one_line_of_shell() {
    let place = Place::new();
    place.write(
        ".github-pm/benchmarks.yml",
        "benchmarks: { commands: { sleep: { baseline_ms: 10, max_acceptable_ms: 20 } } }\n",
    );
    let outcome = place.sh("pm-wrap -- sleep 0.1 | pm-alert");
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.stdout.starts_with("{\"performance_alert\":{"), "{}", outcome.stdout);
    assert!(
        outcome
            .stderr
            .starts_with("⚠️  PERFORMANCE ALERT: Command 'sleep' execution time exceeded threshold\n"),
        "{}",
        outcome.stderr
    );
}

use super::*;

fn take(model: &mut Model, records: &[&str]) {
    for record in records {
        model.take(&Record::parse(record.as_bytes()).expect(record));
    }
}

fn run(command: &str, millis: u32) -> String {
    format!(
        r#"{{"performance_metrics":{{"command":"{command}","timestamp":"2024-12-06T10:30:10Z","duration":{{"total_ms":{millis}}},"exit_code":0}}}}"#
    )
}

#[test]
fn a_run_is_held_against_its_baseline_or_else_the_median_of_the_runs_before() {
    let mut benchmarks = Benchmarks::default();
    let limits = pm_store::Limits { baseline_ms: Some(100.0), ..pm_store::Limits::default() };
    benchmarks.commands.insert("status".into(), limits);
    let mut model = Model::new(String::new(), benchmarks);
    for (command, millis) in [("status", 150), ("batch", 10), ("batch", 30), ("batch", 20), ("batch", 70)] {
        take(&mut model, &[&run(command, millis)]);
    }
    let baselines: Vec<_> = model.finished.iter().rev().map(|run| run.baseline).collect();
    let median = |millis| Some(Baseline::Median(millis));
    assert_eq!(baselines, [Some(Baseline::Set(100.0)), None, median(10.0), median(10.0), median(20.0)]);
}

#[test]
fn bytes_become_a_rate_by_the_time_between_two_ticks() {
    let tick = |second: u32, bytes: u32| {
        format!(
            r#"{{"system_metrics":{{"timestamp":"2024-12-06T10:30:{second:02}Z","network":{{"bytes_sent":{bytes}}}}}}}"#
        )
    };
    let mut model = Model::new(String::new(), Benchmarks::default());
    take(&mut model, &[&tick(0, 999)]);
    assert_eq!(model.sent.last(), None);
    take(&mut model, &[&tick(4, 8000)]);
    assert_eq!(model.sent.last(), Some(2000.0));
    // A clock that was set back must not make an endless rate.
    take(&mut model, &[&tick(3, 8000), &tick(3, 8000)]);
    assert_eq!(model.sent.last(), Some(2000.0));
}

#[test]
fn the_limit_that_is_nearest_to_its_end_comes_first() {
    let mut model = Model::new(String::new(), Benchmarks::default());
    take(
        &mut model,
        &[
            r#"{"api_monitoring":{"timestamp":"2024-12-06T10:30:00Z","rate_limit_tracking":{"current_limit":5000,"remaining":2500},"resources":{"core":{"limit":5000,"remaining":2500},"search":{"limit":30,"remaining":3},"off":{"limit":0,"remaining":0}}}}"#,
        ],
    );
    let names: Vec<_> = model.limits.iter().map(|limit| limit.resource.as_str()).collect();
    assert_eq!((names, model.quota.last()), (vec!["search", "core", "off"], Some(50.0)));
}

#[test]
fn memory_is_bounded() {
    let mut model = Model::new(String::new(), Benchmarks::default());
    for number in 0..COMMANDS + 100 {
        take(&mut model, &[&run(&format!("c{number}"), 1)]);
    }
    assert_eq!((model.finished.len(), model.durations.len()), (FINISHED, COMMANDS));
}

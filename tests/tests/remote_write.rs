//! Remote write: what Prometheus answers to what it was sent, and requests of 2.0 as its definitions read them. No
//! packaged program takes 2.0 yet, and so a judge stands for one.

use pm_e2e::harness::{Place, run_record};

use crate::deliver::{Judge, check_held, held, recent, server, write_runs};
use crate::export::{Running, ask, query, until};

/// What is said of a receiver that knows only 1.0.
const TOLD: &str = "pm-export: URL does not know remote write 2.0, and gets 1.0\n  hint: leave `--remote-write-version 2` out\n";

/// A Prometheus that takes remote write, and where.
fn prometheus(place: &Place) -> (Running, u16, String) {
    place.write("prometheus.yml", "global: {}\n");
    let args = [
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=tsdb",
        "--web.enable-remote-write-receiver",
        "--enable-feature=native-histograms",
    ];
    let (running, port) = server(place, "prometheus", &args);
    until("a Prometheus that is ready", || ask(port, "GET /-/ready", "").0.contains(" 200 ").then_some(()));
    (running, port, format!("http://127.0.0.1:{port}/api/v1/write"))
}

#[track_caller]
fn check_query(port: u16, question: &str, expected: f64, error: f64) {
    let value = until(question, || query(port, question));
    assert!((value / expected - 1.0).abs() <= error, "{question}: {value} in place of {expected}");
}

#[test]
fn prometheus_takes_remote_write_and_answers_what_was_recorded() {
    let place = Place::new();
    write_runs(&place, 300);
    let (_prometheus, port, url) = prometheus(&place);
    place.sh(&format!("pm-export --to remote-write --url {url} runs.ndjson")).succeeds();
    check_query(port, "github_pm_command_duration_seconds_count{job=\"github_pm\"}", 300.0, 1e-12);
    check_query(port, "github_pm_command_duration_seconds_bucket{le=\"0.25\"}", 151.0, 1e-12);
}

#[test]
fn prometheus_takes_native_histograms_and_answers_what_was_recorded() {
    let place = Place::new();
    // 1 ms to 1000 ms, so that every percentile is known; and one that takes no time at all.
    let time = recent(1);
    let lines: String = (0..=1000).map(|millis| run_record("x", &time, millis)).collect();
    place.write("runs.ndjson", lines);
    let (_prometheus, port, url) = prometheus(&place);
    let sent = place.sh(&format!("pm-export --to remote-write --native-histograms --url {url} runs.ndjson"));
    assert_eq!(sent.succeeds(), "");
    let name = "github_pm_command_duration_seconds{command=\"x\"}";
    check_query(port, &format!("histogram_count({name})"), 1001.0, 1e-12);
    check_query(port, &format!("histogram_sum({name})"), 500.5, 1e-12);
    // As wide as a bucket of so many values: 2^(1/8), and half of it on either side.
    for quantile in [0.05, 0.5, 0.95] {
        check_query(port, &format!("histogram_quantile({quantile}, {name})"), quantile, 0.05);
    }
    check_query(port, &format!("histogram_fraction(-1, 0.0005, {name})"), 1.0 / 1001.0, 1e-9);
    assert_eq!(query(port, "github_pm_command_duration_seconds_bucket"), None);
}

#[test]
fn a_prometheus_that_takes_2_0_for_an_empty_request_of_1_0_gets_everything_all_the_same() {
    let place = Place::new();
    write_runs(&place, 300);
    let (_prometheus, port, url) = prometheus(&place);
    let flags = "--remote-write-version 2 --native-histograms";
    let outcome = place.sh(&format!("pm-export --to remote-write {flags} --url {url} runs.ndjson"));
    assert_eq!((outcome.code, outcome.stderr.replace(&url, "URL").as_str()), (Some(0), TOLD));
    check_query(port, "github_pm_commands_total", 300.0, 1e-12);
    check_query(port, "histogram_count(github_pm_command_duration_seconds)", 300.0, 1e-12);
}

#[test]
fn a_native_histogram_is_finer_where_values_lie_close_together() {
    let place = Place::new();
    let time = recent(1);
    let lines: String = (900..=1000).map(|millis| run_record("x", &time, millis)).collect();
    place.write("runs.ndjson", lines);
    let (_prometheus, port, url) = prometheus(&place);
    place.sh(&format!("pm-export --to remote-write --native-histograms --url {url} runs.ndjson")).succeeds();
    check_query(port, "histogram_quantile(0.5, github_pm_command_duration_seconds)", 0.95, 0.0055);
}

/// Sends 300 runs to a judge, and looks at what it held and what was said.
#[track_caller]
fn check_written(path: &str, statuses: &[u16], flags: &str, versions: &[&str], told: &str) {
    let place = Place::new();
    write_runs(&place, 300);
    let judge = Judge::start(&place, statuses);
    let url = format!("http://127.0.0.1:{}{path}", judge.port);
    let outcome = place.sh(&format!("pm-export --to remote-write {flags} --url {url} runs.ndjson"));
    assert_eq!((outcome.code, outcome.stderr.replace(&url, "URL").as_str()), (Some(0), told));
    let reports = judge.reports();
    let spoken: Vec<_> =
        reports.iter().map(|report| &report["headers"]["x-prometheus-remote-write-version"]).collect();
    assert_eq!(spoken, versions);
    let sums = held(&reports);
    let name = if flags.contains("native") { "" } else { "_count" };
    check_held(&sums, &format!("github_pm_command_duration_seconds{name}"), 300.0);
    check_held(&sums, "github_pm_commands_total", 300.0);
    assert_eq!(sums["histograms"] > 0.0, flags.contains("native"));
}

#[test]
fn the_definitions_of_2_0_read_what_is_sent_and_every_count_is_there() {
    check_written("/api/v1/write", &[], "--remote-write-version 2", &["2.0.0"], "");
    check_written("/api/v1/write", &[], "--remote-write-version 2 --native-histograms", &["2.0.0"], "");
    check_written("/api/v1/write", &[], "--native-histograms", &["0.1.0"], "");
}

#[test]
fn a_receiver_that_knows_only_1_0_gets_it_and_that_is_told_once() {
    for (path, statuses) in [("/api/v1/write", &[415][..]), ("/old/write", &[])] {
        for flags in ["--remote-write-version 2", "--remote-write-version 2 --native-histograms"] {
            check_written(path, statuses, flags, &["2.0.0", "0.1.0"], TOLD);
        }
    }
}

#[test]
fn what_a_receiver_says_it_has_not_written_is_told() {
    let place = Place::new();
    write_runs(&place, 3);
    let judge = Judge::start(&place, &[]);
    let url = format!("http://127.0.0.1:{}/short/write", judge.port);
    let outcome =
        place.sh(&format!("pm-export --to remote-write --remote-write-version 2 --url {url} runs.ndjson"));
    let samples = judge.reports()[0]["holds"]["samples"].as_u64().expect("a number");
    let told = format!("{url} refused a part: {} of {samples} samples were written\n", samples - 1);
    assert!(outcome.code == Some(0) && outcome.stderr.contains(&told), "{}", outcome.stderr);
}

#[test]
fn requests_of_2_0_that_wait_in_the_spool_reach_a_receiver_of_1_0_too() {
    let place = Place::new();
    write_runs(&place, 300);
    let export = |port: u16, input: &str| {
        place.sh(&format!(
            "pm-export --to remote-write --remote-write-version 2 --patience 0s --spool kept --url http://127.0.0.1:{port}/write {input}"
        ))
    };
    let judge = Judge::start(&place, &[503, 415]);
    assert_eq!(export(judge.port, "runs.ndjson").code, Some(4));
    assert_eq!(export(judge.port, "< /dev/null").code, Some(0));
    check_held(&held(&judge.reports()), "github_pm_command_duration_seconds_count", 300.0);
}

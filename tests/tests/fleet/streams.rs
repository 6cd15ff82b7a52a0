//! Exporters of two hosts and one place that they report to: the merged figures are those of the merged records.

use pm_e2e::harness::{Place, repository};
use serde_json::Value;

use super::ssh::block;
use super::{HOSTS, run};
use crate::export::{Running, query, until};
use crate::receivers::{free, listening};

/// Which bounds of the page are taken, and how far a quantile may then be from that of the records: a bucket, and what
/// pm-aggregate rounds by.
const COARSE: Bounds = Bounds { block: "buckets", error: 0.05 + 0.003 };
const FINE: Bounds = Bounds { block: "fine buckets", error: 0.0055 + 0.003 };

struct Bounds {
    block: &'static str,
    error: f64,
}

/// Runs on a host, now: `more` of them in all.
fn runs(number: usize, count: u32) -> String {
    let (host, machine) = HOSTS[number];
    let begin = chrono::Utc::now() - chrono::TimeDelta::minutes(2);
    let millis = |at: u32| 80 + (at * 7919 % 1000) * (1 + u32::try_from(number).expect("few"));
    (0..count).map(|at| run(host, machine, "batch", begin, millis(at))).collect()
}

/// Both hosts report what they have.
fn report(place: &Place, url: &str, bounds: &Bounds) {
    let buckets = place.sh(&block(bounds.block)).succeeds();
    for (host, _) in HOSTS {
        let export = format!(
            "pm-export --to remote-write --url {url}/api/v1/write --by command,host,machine --buckets {} --stateless --store={host}",
            buckets.trim()
        );
        place.sh(&export).succeeds();
    }
}

/// The quantile of the merged records, in seconds.
fn merged(place: &Place, by: &str) -> f64 {
    let parts = "for host in one two; do pm-aggregate --partial --by command,machine --store=$host; done";
    let summary = place.sh(&format!("{{ {parts}; }} | pm-aggregate --merge --by {by}")).succeeds();
    let summary: Value = serde_json::from_str(summary.lines().next().expect("a line")).expect("JSON");
    summary["performance_summary"]["metrics"]["duration.total_ms"]["p95"].as_f64().expect("a number") / 1000.0
}

/// The rules of the fleet, evaluated each second and over a minute.
fn rules() -> String {
    let path = repository().join("docs/integrations/fleet-rules.yml");
    let rules = std::fs::read_to_string(path).expect("rules");
    rules.replace("interval: 1m", "interval: 1s").replace("[1h]", "[1m]")
}

#[track_caller]
fn check_near(port: u16, question: &str, expected: f64, error: f64) {
    let mut last = None;
    until(&format!("about {expected} as the answer to {question}"), || {
        last = query(port, question);
        last.filter(|value| (value / expected - 1.0).abs() <= error).map(drop)
    });
}

/// Both hosts report twice, and then `port` knows what `pm-aggregate` does.
fn check_receiver(place: &Place, port: u16, bounds: &Bounds) {
    let url = format!("http://127.0.0.1:{port}");
    let today = chrono::Utc::now().date_naive();
    let write = |count| {
        for (number, (host, _)) in HOSTS.iter().enumerate() {
            place.write(&format!("{host}/records/{today}.ndjson"), runs(number, count));
        }
        report(place, &url, bounds);
    };
    write(20);
    check_near(port, "sum(github_pm_command_duration_seconds_count)", 40.0, 0.0);
    std::thread::sleep(std::time::Duration::from_secs(2));
    write(1000);
    check_near(port, "sum(github_pm_command_duration_seconds_count)", 2000.0, 0.0);
    let all = "histogram_quantile(0.95, sum by (le) (github_pm_command_duration_seconds_bucket))";
    check_near(port, all, merged(place, "command"), bounds.error);
    let (_, machine) = HOSTS[0];
    let apart = format!(
        "histogram_quantile(0.95, sum by (machine, le) (github_pm_command_duration_seconds_bucket{{machine=\"{machine}\"}}))"
    );
    check_near(port, &apart, merged(place, "machine,command"), bounds.error);
    for question in block("queries").split("\n\n") {
        let question: String = question.lines().filter(|line| !line.starts_with('#')).collect();
        let question =
            question.replace("[1h]", "[1m]").replace("offset 1w", "offset 1s").replace("[1d]", "[1m]");
        until(&format!("data for {question}"), || query(port, &question).filter(|value| !value.is_nan()));
    }
}

#[test]
fn a_prometheus_that_two_hosts_report_to_has_the_quantiles_of_their_merged_records() {
    let place = Place::new();
    place.write("rules.yml", rules());
    place.sh("promtool check rules rules.yml").succeeds();
    place.write("prometheus.yml", "global: { evaluation_interval: 1s }\nrule_files: [rules.yml]\n");
    let address = free();
    let listen = format!("--web.listen-address={address}");
    let args =
        ["--config.file=prometheus.yml", "--storage.tsdb.path=tsdb", "--web.enable-remote-write-receiver"];
    let _prometheus: Running = listening(&place, "prometheus", &[&args[..], &[&listen]].concat(), &address);
    let port = address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    check_receiver(&place, port, &FINE);
    for rule in rules().lines().filter_map(|line| line.trim().strip_prefix("- record: ")) {
        until(&format!("data of {rule}"), || query(port, rule).filter(|value| !value.is_nan()));
    }
    let (_, machine) = HOSTS[0];
    let recorded = format!("github_pm_fleet:command_duration_seconds:p95_1h{{machine=\"{machine}\"}}");
    check_near(port, &recorded, merged(&place, "machine,command"), FINE.error);
}

#[test]
fn a_victoria_metrics_that_two_hosts_report_to_has_them_too() {
    let place = Place::new();
    place.write("rules.yml", rules());
    place.sh("vmalert -dryRun -rule=rules.yml 2>/dev/null").succeeds();
    let (_victoria, port) = crate::receivers::victoria(&place);
    check_receiver(&place, port, &FINE);
}

#[test]
fn with_bounds_that_grow_by_a_twentieth_quantiles_are_as_near_as_that() {
    let place = Place::new();
    let (_victoria, port) = crate::receivers::victoria(&place);
    check_receiver(&place, port, &COARSE);
}

//! The rules and the dashboard of docs/integrations, against promtool and a real Prometheus that scrapes `pm-export`.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pm_e2e::harness::{Place, repository};
use serde_json::Value;

use crate::export::{Running, query, serving, until};

fn integrations() -> std::path::PathBuf {
    repository().join("docs/integrations")
}

fn dashboard() -> Value {
    let path = integrations().join("grafana-dashboard.json");
    serde_json::from_slice(&std::fs::read(path).expect("the dashboard")).expect("JSON")
}

/// Every query of a dashboard, with the panel's title.
fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let panels = dashboard["panels"].as_array().expect("panels");
    let of_panel = |panel: &Value| {
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        targets.iter().map(|target| (text(&panel["title"]), text(&target["expr"]))).collect::<Vec<_>>()
    };
    panels.iter().flat_map(of_panel).collect()
}

#[test]
fn promtool_accepts_the_rules_and_each_alert_fires_when_it_should_and_no_sooner() {
    let place = Place::new();
    let folder = integrations().display().to_string();
    let read = |name: &str| std::fs::read_to_string(integrations().join(name)).expect(name);
    for name in ["prometheus-rules", "fleet-rules"] {
        place.sh(&format!("promtool check rules '{folder}/{name}.yml'")).succeeds();
        // Its words go to either stream.
        place.sh(&format!("cd '{folder}' && promtool test rules {name}.test.yml 2>&1")).succeeds();
        let (rules, tests) = (read(&format!("{name}.yml")), read(&format!("{name}.test.yml")));
        let alerts = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
        for alert in alerts {
            let fires = format!("alertname: {alert}\n        exp_alerts:");
            assert!(tests.contains(&fires), "no test has {alert} fire");
            let is_silent = format!("alertname: {alert} }}");
            assert!(tests.contains(&is_silent), "no test has {alert} silent");
        }
    }
}

#[test]
fn the_dashboard_has_the_structure_that_grafana_loads() {
    let dashboard = dashboard();
    assert!(dashboard["uid"].as_str().is_some_and(|uid| (1..=40).contains(&uid.len())));
    assert!(dashboard["title"].is_string() && dashboard["schemaVersion"].as_u64() >= Some(36));
    assert!(dashboard.get("id").is_none_or(Value::is_null), "an id is Grafana's to give");
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    let mut known: BTreeSet<_> = ["__rate_interval", "__range"].map(str::to_owned).into();
    known.extend(variables.iter().map(|variable| variable["name"].as_str().expect("a name").to_owned()));
    assert!(known.contains("datasource") && known.contains("command"));
    let (mut ids, mut cells) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().expect("panels") {
        assert!(ids.insert(panel["id"].as_u64().expect("an id")), "an id twice: {panel}");
        let place = |name: &str| panel["gridPos"][name].as_u64().expect("a place");
        let (x, y, width, height) = (place("x"), place("y"), place("w"), place("h"));
        assert!(width > 0 && height > 0 && x + width <= 24, "{panel}");
        let mut inside = (y..y + height).flat_map(|row| (x..x + width).map(move |column| (row, column)));
        assert!(inside.all(|cell| cells.insert(cell)), "one over the other: {panel}");
        let kind = panel["type"].as_str().expect("a type");
        assert!(["row", "stat", "timeseries", "table"].contains(&kind), "{kind}");
        if kind == "row" {
            continue;
        }
        let (mut names, targets) = (BTreeSet::new(), panel["targets"].as_array().expect("targets"));
        assert!(!targets.is_empty() && panel["description"].as_str().is_some_and(|text| !text.is_empty()));
        assert!(panel["fieldConfig"]["defaults"]["unit"].is_string() && panel["options"].is_object());
        for target in targets {
            assert!(names.insert(target["refId"].as_str().expect("a refId")), "{panel}");
            assert_eq!(target["datasource"]["uid"], "${datasource}");
        }
    }
    for (title, query) in queries(&dashboard) {
        for piece in query.split('$').skip(1) {
            let name: String = piece.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            assert!(known.contains(&name), "{title}: ${name} is no variable");
        }
    }
}

/// A record of every kind, of now.
fn records(number: u32) -> String {
    let now = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%S%.3fZ");
    let reset = (chrono::Utc::now() + chrono::TimeDelta::hours(1)).format("%Y-%m-%dT%H:%M:%SZ");
    let (status, code) = if number.is_multiple_of(4) { ("failure", 1) } else { ("success", 0) };
    [
        format!(
            r#"{{"performance_metrics":{{"command":"batch","timestamp":"{now}","duration":{{"total_ms":250,"phases":{{"fetch_ms":200,"other_ms":50}}}},"resource_usage":{{"peak_memory_mb":50,"average_memory_mb":20,"user_ms":40,"system_ms":10,"io_operations":9,"read_bytes":4096,"written_bytes":512}},"github_api":{{"requests_made":3,"rate_limit_consumed":3,"cache_hits":2,"cache_misses":1}},"exit_code":{code},"status":"{status}"}}}}"#
        ),
        format!(
            r#"{{"system_metrics":{{"timestamp":"{now}","memory":{{"process_memory_mb":45,"system_memory_available_mb":8192}},"cpu":{{"process_cpu_percentage":12.5,"system_cpu_percentage":45.2,"cpu_cores":8}},"load_average":[0.5,1,2],"pressure":{{"cpu":1.5}}}}}}"#
        ),
        format!(
            r#"{{"api_monitoring":{{"timestamp":"{now}","credential":"0123456789ab","resources":{{"core":{{"limit":5000,"remaining":4800,"used":200,"reset_time":"{reset}"}}}}}}}}"#
        ),
        format!(
            r#"{{"api_request":{{"timestamp":"{now}","method":"GET","endpoint":"/user","duration_ms":90,"status":403,"limit_hit":"secondary","cache":"miss","bytes_received":100}}}}"#
        ),
        format!(
            r#"{{"performance_alert":{{"type":"memory_usage_high","command":"batch","threshold_exceeded":"memory > 100MB","current_value":"120MB","timestamp":"{now}","state":"firing"}}}}"#
        ),
    ]
    .map(|line| line + "\n")
    .concat()
}

/// A Prometheus that scrapes and evaluates our rules every second.
fn prometheus(place: &Place, target: u16) -> (Running, u16) {
    let rules = std::fs::read_to_string(integrations().join("prometheus-rules.yml")).expect("rules");
    place.write("rules.yml", rules.replace("interval: 1m", "interval: 1s"));
    let scrape = format!(
        "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [rules.yml]\nscrape_configs:\n  - job_name: pm\n    static_configs: [{{ targets: ['127.0.0.1:{target}'] }}]\n"
    );
    place.write("prometheus.yml", scrape);
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let free = free.expect("a port");
    let args = ["--config.file=prometheus.yml", "--storage.tsdb.path=tsdb"];
    let log = std::fs::File::create(place.path().join("prometheus.log")).expect("a log");
    let mut command = place.command("prometheus");
    command.args(args).arg(format!("--web.listen-address={free}")).stderr(log);
    let running = Running(command.spawn().expect("prometheus starts"));
    until("Prometheus", || TcpStream::connect(free).is_ok().then_some(()));
    (running, free.port())
}

#[test]
fn every_panel_and_every_recorded_rule_has_data_in_a_prometheus_that_scrapes_pm_export() {
    let place = Place::new();
    let (mut server, target) = serving(&place, &[], Stdio::piped());
    let mut input = server.0.stdin.take().expect("piped");
    let done = Arc::new(AtomicBool::new(false));
    let is_over = Arc::clone(&done);
    let writer = std::thread::spawn(move || {
        // Rates need counters that go on growing; a limit, should nothing ever end this.
        for number in 0..10_000 {
            if is_over.load(Ordering::SeqCst) || input.write_all(records(number).as_bytes()).is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let (_prometheus, port) = prometheus(&place, target);
    for (title, expression) in queries(&dashboard()) {
        let expression =
            expression.replace("$__rate_interval", "15s").replace("$__range", "1m").replace("$command", ".*");
        let has_data = || query(port, &expression).filter(|value| !value.is_nan());
        until(&format!("data for '{title}', {expression},"), has_data);
    }
    let rules = place.read("rules.yml");
    let recorded = rules.lines().filter_map(|line| line.trim().strip_prefix("- record: "));
    for name in recorded {
        let has_data = || query(port, name).filter(|value| !value.is_nan());
        until(&format!("data of the rule {name}"), has_data);
    }
    until("an alert", || query(port, "ALERTS{alertname=\"GithubPmAlertFiring\"}"));
    done.store(true, Ordering::SeqCst);
    writer.join().expect("the writer ends");
}

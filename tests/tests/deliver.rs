//! What `pm-export` delivers, judged by the vendors' own models and by the receivers themselves.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use pm_e2e::harness::{Place, repository, run_record};
use serde_json::Value;

use crate::export::{Running, ask, python, until};

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// A receiver that judges, and what it says of each request.
pub(crate) struct Judge {
    _process: Running,
    pub(crate) port: u16,
    reports: Receiver<String>,
}

impl Judge {
    /// One that answers its first requests with these statuses.
    pub(crate) fn start(place: &Place, statuses: &[u16]) -> Self {
        let script = repository().join("tests/fixtures/receiver.py");
        let mut command = place.command(python());
        command.arg(script).args(statuses.iter().map(ToString::to_string));
        let mut child: Child = command.stdout(Stdio::piped()).spawn().expect("python starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let process = Running(child);
        let port = lines.next().expect("a port").expect("text").parse().expect("a number");
        let (sender, reports) = channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { _process: process, port, reports }
    }

    /// What has come so far; every request is reported before it is answered.
    pub(crate) fn reports(&self) -> Vec<Value> {
        let mut reports = Vec::new();
        while let Ok(line) = self.reports.recv_timeout(Duration::from_millis(500)) {
            let report: Value = serde_json::from_str(&line).expect("a report");
            assert_eq!(report["problem"], Value::Null, "{report}");
            reports.push(report);
        }
        reports
    }
}

/// The sums of what the requests held that were taken.
pub(crate) fn held(reports: &[Value]) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    let taken = reports.iter().filter(|report| report["status"].as_u64().is_some_and(|status| status < 300));
    for (name, value) in taken.filter_map(|report| report["holds"].as_object()).flatten() {
        *sums.entry(name.clone()).or_default() += value.as_f64().expect("a number");
    }
    sums
}

/// A time that receivers still take, some minutes ago.
pub(crate) fn recent(minutes: i64) -> String {
    (chrono::Utc::now() - chrono::TimeDelta::minutes(minutes)).format("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

pub(crate) fn write_runs(place: &Place, count: u32) {
    let run = |number: u32| run_record("batch", &recent(i64::from(number % 5)), 100 + number);
    let alert = format!(
        "{{\"performance_alert\":{{\"type\":\"memory_usage_high\",\"command\":\"batch\",\"threshold_exceeded\":\"memory > 100MB\",\"current_value\":\"120MB\",\"timestamp\":\"{}\"}}}}\n",
        recent(1)
    );
    let tick = format!(
        "{{\"system_metrics\":{{\"timestamp\":\"{}\",\"memory\":{{\"process_memory_mb\":45}},\"cpu\":{{\"system_cpu_percentage\":12.5}}}}}}\n",
        recent(1)
    );
    place.write("runs.ndjson", (0..count).map(run).chain([alert, tick]).collect::<String>());
}

#[track_caller]
pub(crate) fn check_held(sums: &BTreeMap<String, f64>, name: &str, expected: f64) {
    let found = sums.get(name).copied().unwrap_or_default();
    assert!((found - expected).abs() < 1e-6, "{name} is {found} and not {expected}: {sums:?}");
}

#[test]
fn datadog_s_own_models_take_every_request_and_nothing_is_lost_on_the_way() {
    let place = Place::new().with([("DD_API_KEY", KEY), ("DD_ENV", "test")]);
    write_runs(&place, 300);
    // Too busy, then too large, which is halved.
    let judge = Judge::start(&place, &[503, 429, 413]);
    place.sh(&format!("pm-export --to datadog --url http://127.0.0.1:{} runs.ndjson", judge.port)).succeeds();
    let reports = judge.reports();
    let sums = held(&reports);
    check_held(&sums, "github_pm.commands", 300.0);
    check_held(&sums, "github_pm.command.duration", 300.0);
    check_held(&sums, "event", 1.0);
    let statuses: Vec<_> = reports.iter().map(|report| report["status"].as_u64()).collect();
    assert_eq!(statuses[..4], [Some(503), Some(429), Some(413), Some(202)], "{statuses:?}");
}

#[test]
fn requests_are_packed_as_the_receiver_takes_them_and_the_user_wants_them() {
    for (to, flags, path, expected) in [
        ("datadog", "", "/api/v2/series", Some("gzip")),
        ("datadog", "--compression zstd", "/api/v2/series", Some("zstd1")),
        ("datadog", "--compression none", "/api/v2/series", None),
        ("datadog", "--compression zstd", "/api/v1/distribution_points", Some("deflate")),
        ("datadog", "--compression none", "/api/v1/distribution_points", None),
        ("datadog", "--compression zstd", "/api/v1/events", None),
        ("otlp", "", "/v1/metrics", None),
        ("otlp", "--compression gzip", "/v1/traces", Some("gzip")),
    ] {
        let place = Place::new().with([("DD_API_KEY", KEY)]);
        write_runs(&place, 30);
        let judge = Judge::start(&place, &[]);
        let url = format!("http://127.0.0.1:{}", judge.port);
        place.sh(&format!("pm-export --to {to} {flags} --url {url} runs.ndjson")).succeeds();
        let reports = judge.reports();
        let packed: Vec<_> = reports
            .iter()
            .filter(|report| report["path"] == path)
            .map(|report| report["headers"]["content-encoding"].as_str())
            .collect();
        assert_eq!(packed, [expected], "{to} {flags} {path}");
        check_held(&held(&reports), "github_pm.commands", 30.0);
    }
    let place = Place::new().with([("NR_LICENSE_KEY", KEY)]);
    for (to, name) in
        [("newrelic", "New Relic"), ("otlp", "OpenTelemetry's protocol"), ("pushgateway", "a Pushgateway")]
    {
        let refused =
            place.sh(&format!("pm-export --to {to} --compression zstd --dry-run < /dev/null")).fails_with(2);
        assert!(refused.starts_with(&format!("pm-export: {name} takes no zstd\n")), "{refused}");
    }
}

#[test]
fn new_relic_s_rules_are_kept_by_every_request() {
    let place = Place::new().with([("NR_LICENSE_KEY", KEY)]);
    write_runs(&place, 300);
    let judge = Judge::start(&place, &[503]);
    let url = format!("http://127.0.0.1:{}/metric/v1", judge.port);
    place.sh(&format!("pm-export --to newrelic --url {url} --by command,exit_code runs.ndjson")).succeeds();
    let reports = judge.reports();
    let sums = held(&reports);
    check_held(&sums, "github_pm.commands", 300.0);
    check_held(&sums, "github_pm.command.duration", 300.0);
    // The second attempt is the same request.
    let id = |at: usize| reports[at]["headers"]["x-request-id"].as_str().map(str::to_owned);
    assert!(id(0).is_some_and(|id| id.len() == 36) && id(0) == id(1), "{reports:?}");
}

#[test]
fn the_published_definitions_of_opentelemetry_read_protobuf_and_json() {
    for protocol in ["http/protobuf", "http/json"] {
        let place =
            Place::new().with([("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), ("OTEL_SERVICE_NAME", "x")]);
        write_runs(&place, 300);
        place
            .sh("pm-wrap -o runs.ndjson --name traced -- pm-wrap -o runs.ndjson --name inner -- true")
            .succeeds();
        let judge = Judge::start(&place, &[503]);
        let url = format!("http://127.0.0.1:{}", judge.port);
        place.sh(&format!("pm-export --to otlp --url {url} runs.ndjson")).succeeds();
        let sums = held(&judge.reports());
        check_held(&sums, "github_pm.commands", 302.0);
        check_held(&sums, "github_pm.command.duration", 302.0);
        check_held(&sums, "span batch", 300.0);
        check_held(&sums, "span traced", 1.0);
        assert!(sums["children"] >= 1.0, "{protocol}: {sums:?}");
    }
}

#[test]
fn a_request_of_a_run_that_goes_on_waits_for_it_from_one_export_to_the_next() {
    let place = Place::new();
    let judge = Judge::start(&place, &[]);
    let request = |number: u32| {
        format!(
            "{{\"api_request\":{{\"timestamp\":\"{}\",\"execution_id\":\"exec_1\",\"method\":\"GET\",\"endpoint\":\"/{number}\",\"duration_ms\":9,\"status\":200}}}}\n",
            recent(1)
        )
    };
    let run = run_record("long", &recent(2), 90_000).replace(
        "\"exit_code\"",
        "\"execution_id\":\"exec_1\",\"trace\":{\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"span_id\":\"00f067aa0bb902b7\"},\"exit_code\"",
    );
    let url = format!("http://127.0.0.1:{}", judge.port);
    let mut records = String::new();
    for (line, spans) in [(request(1), 0.0), (request(2), 0.0), (run, 3.0), (request(3), 1.0)] {
        records += &line;
        place.write(".github-pm/records/2024-12-06.ndjson", &records);
        place.sh(&format!("pm-export --to otlp --signals traces --store --url {url}")).succeeds();
        let sums = held(&judge.reports());
        let all: f64 =
            sums.iter().filter(|(name, _)| name.starts_with("span ")).map(|(_, count)| count).sum();
        assert!((all - spans).abs() < 1e-9, "{line}: {sums:?}");
        check_held(&sums, "traces", spans.min(1.0));
        check_held(&sums, "children", if spans > 1.0 { 2.0 } else { 0.0 });
    }
}

#[test]
fn a_receiver_of_opentelemetry_that_never_answers_is_waited_for_as_long_as_the_variable_says() {
    let place = Place::new().with([("OTEL_EXPORTER_OTLP_TIMEOUT", "100")]);
    write_runs(&place, 3);
    // It takes connections, and that is all.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    let begin = std::time::Instant::now();
    let away = place.sh(&format!("pm-export --to otlp --url {url} --patience 10ms --no-spool runs.ndjson"));
    let stderr = away.fails_with(4);
    assert!(stderr.contains("timeout"), "{stderr}");
    // Far less than the half minute of those who say nothing.
    assert!(begin.elapsed() < Duration::from_secs(20), "{stderr}");
}

#[test]
fn what_had_arrived_of_a_batch_that_was_given_up_is_not_sent_again() {
    let place = Place::new().with([("DD_API_KEY", KEY)]);
    let mut records: String = (0..40).map(|number| run_record("batch", &recent(2), 100 + number)).collect();
    place.write(".github-pm/records/2024-12-06.ndjson", &records);
    // Series arrive, and distributions do not.
    let judge = Judge::start(&place, &[202, 503]);
    let export = format!("pm-export --to datadog --store --url http://127.0.0.1:{}", judge.port);
    let stderr = place.sh(&format!("{export} --patience 10ms")).fails_with(4);
    assert!(stderr.contains("stays in the store"), "{stderr}");
    records += &run_record("batch", &recent(1), 100);
    place.write(".github-pm/records/2024-12-06.ndjson", &records);
    place.sh(&export).succeeds();
    let sums = held(&judge.reports());
    check_held(&sums, "github_pm.commands", 41.0);
    check_held(&sums, "github_pm.command.duration", 41.0);
    place.sh(&export).succeeds();
    assert_eq!(judge.reports(), [] as [Value; 0]);
}

#[test]
fn a_receiver_that_is_away_costs_nothing_but_time() {
    let place = Place::new().with([("DD_API_KEY", KEY)]);
    place.sh("mkdir .github-pm; for i in 1 2 3; do pm-wrap --store --name x -- true; done").succeeds();
    let free =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
    let away =
        place.sh(&format!("pm-export --to datadog --store --position d --patience 10ms --url http://{free}"));
    let stderr = away.fails_with(4);
    assert!(stderr.contains("cannot deliver to") && stderr.contains("stays in the store"), "{stderr}");
    let judge = Judge::start(&place, &[]);
    let export = format!("pm-export --to datadog --store --position d --url http://127.0.0.1:{}", judge.port);
    place.sh(&export).succeeds();
    place.sh(&export).succeeds();
    place.sh("pm-wrap --store --name x -- true").succeeds();
    place.sh(&export).succeeds();
    check_held(&held(&judge.reports()), "github_pm.command.duration", 4.0);
}

#[test]
fn a_wrong_key_stops_everything_at_once_and_is_never_printed() {
    let place = Place::new();
    write_runs(&place, 3);
    let judge = Judge::start(&place, &[403; 9]);
    let url = format!("http://127.0.0.1:{}", judge.port);
    let outcome = place.sh(&format!("pm-export --to datadog --api-key {KEY} --url {url} runs.ndjson"));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(4), ""));
    assert!(
        outcome.stderr.contains("takes nothing: status 403") && !outcome.stderr.contains(KEY),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome.stderr.contains("can be seen by everybody") && outcome.stderr.contains("set DD_API_KEY"),
        "{}",
        outcome.stderr
    );
    assert_eq!(judge.reports().len(), 1);
    let overheard =
        place.sh(&format!("pm-export --to datadog --api-key {KEY} --url http://example.com runs.ndjson"));
    let stderr = overheard.fails_with(2);
    assert!(stderr.contains("for everybody on the way to read") && !stderr.contains(KEY), "{stderr}");
    place.sh("pm-export --to newrelic runs.ndjson").fails_with(2);
}

#[test]
fn a_dry_run_prints_the_requests_with_the_key_masked_and_remembers_nothing() {
    let place = Place::new().with([("NR_LICENSE_KEY", KEY)]);
    place.sh("mkdir .github-pm; pm-wrap --store --name x -- true").succeeds();
    for _ in 0..2 {
        let shown = place.sh("pm-export --to newrelic --store --dry-run").succeeds();
        assert!(
            shown.starts_with("POST https://metric-api.newrelic.com/metric/v1\nApi-Key: ****\n"),
            "{shown}"
        );
        assert!(shown.contains("\"github_pm.commands\"") && !shown.contains(KEY), "{shown}");
    }
    let explained =
        place.sh(&format!("github-pm --explain performance export --format newrelic --license-key={KEY}"));
    assert!(
        explained.stdout.contains("NR_LICENSE_KEY=\"${NR_LICENSE_KEY:?}\" ")
            && !explained.stdout.contains(KEY),
        "{explained:?}"
    );
    let through =
        place.sh(&format!("github-pm performance export --format=newrelic --license-key={KEY} -- --dry-run"));
    assert_eq!(through.code, Some(0), "{}", through.stderr);
    assert!(through.stdout.contains("Api-Key: ****") && !through.stdout.contains(KEY), "{}", through.stdout);
}

#[test]
fn records_that_are_too_old_for_the_receiver_are_counted_and_told() {
    let place = Place::new().with([("DD_API_KEY", KEY)]);
    place.write("runs.ndjson", run_record("x", &recent(90), 5) + &run_record("x", &recent(2), 5));
    let judge = Judge::start(&place, &[]);
    let outcome =
        place.sh(&format!("pm-export --to datadog --url http://127.0.0.1:{} runs.ndjson", judge.port));
    assert_eq!(
        (outcome.code, outcome.stderr.as_str()),
        (Some(0), "pm-export: records older than the receiver takes, left out: 1\n")
    );
    check_held(&held(&judge.reports()), "github_pm.command.duration", 1.0);
}

/// A server of Debian's, and its port, once it listens.
pub(crate) fn server(place: &Place, program: &str, args: &[&str]) -> (Running, u16) {
    let free =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
    let log = std::fs::File::create(place.path().join(format!("{program}.log"))).expect("a log");
    let mut command = place.command(program);
    command.args(args).arg(format!("--web.listen-address={free}")).stderr(log);
    let running = Running(command.spawn().unwrap_or_else(|error| panic!("{program}: {error}")));
    until(program, || TcpStream::connect(free).is_ok().then_some(()));
    (running, free.port())
}

#[test]
fn a_pushgateway_takes_the_whole_and_shows_it_again() {
    let place = Place::new();
    write_runs(&place, 300);
    let (_gateway, port) = server(&place, "prometheus-pushgateway", &[]);
    for _ in 0..2 {
        place.sh(&format!("pm-export --to pushgateway --url http://127.0.0.1:{port} runs.ndjson")).succeeds();
    }
    let (_, body) = ask(port, "GET /metrics", "");
    let text = String::from_utf8_lossy(&body);
    let expected =
        "github_pm_command_duration_seconds_count{command=\"batch\",instance=\"\",job=\"github_pm\"} 300";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_long_delivery_says_on_a_terminal_how_far_it_has_come_and_takes_that_away_again() {
    let place = Place::new();
    write_runs(&place, 30_000);
    let export = |flags: &str| {
        // A receiver that is busy for three seconds.
        let judge = Judge::start(&place, &[429, 429, 429]);
        let url = format!("http://127.0.0.1:{}", judge.port);
        place.write("export", format!("pm-export --to otlp {flags} --url {url} runs.ndjson"));
        place.sh("script -qec 'sh export' /dev/null < /dev/null").succeeds()
    };
    let shown = export("");
    assert!(shown.starts_with("\rpm-export: ") && shown.ends_with("\r\u{1b}[K"), "{shown:?}");
    assert!(shown.contains(" records, ") && shown.contains("%, "), "{shown:?}");
    assert!(shown.contains(" a second, ") && shown.contains(" left\u{1b}[K"), "{shown:?}");
    assert_eq!(export("--quiet"), "");
}

//! `pm-export`, judged by receivers as they run in the world: `VictoriaMetrics`, `node_exporter` and a collector of
//! OpenTelemetry. What is queried back has to be what was recorded.

use std::net::{TcpListener, TcpStream};

use pm_e2e::harness::{Place, repository, run_record};

use crate::deliver::{Judge, check_held, held, write_runs};
use crate::export::{Running, query, until};

const RUNS: u32 = 300;

/// An address of this machine on which nobody listens.
pub(crate) fn free() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.expect("a port").to_string()
}

/// A program that listens at `address`, once it does.
pub(crate) fn listening(place: &Place, program: &str, args: &[&str], address: &str) -> Running {
    let name = program.rsplit('/').next().unwrap_or(program);
    let log = std::fs::File::create(place.path().join(format!("{name}.log"))).expect("a log");
    let output = log.try_clone().expect("a second handle");
    let mut command = place.command(program);
    command.args(args).stdout(output).stderr(log);
    let running = Running(command.spawn().unwrap_or_else(|error| panic!("{program}: {error}")));
    until(program, || TcpStream::connect(address).is_ok().then_some(()));
    running
}

/// A `VictoriaMetrics` that shows what it has at once.
pub(crate) fn victoria(place: &Place) -> (Running, u16) {
    let address = free();
    let listen = format!("-httpListenAddr={address}");
    let args = [
        "-storageDataPath=victoria",
        &listen,
        "-search.latencyOffset=0s",
        "-retentionPeriod=1y",
        // What comes twice is one.
        "-dedup.minScrapeInterval=1ms",
    ];
    let running = listening(place, "victoria-metrics", &args, &address);
    (running, address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port"))
}

/// What it answers, once it is what was recorded; it may take a moment to be there.
#[track_caller]
fn check_query(port: u16, question: &str, expected: f64) {
    let mut last = None;
    let is_it = || {
        last = query(port, question);
        last.filter(|value| (value - expected).abs() < 1e-6).map(drop)
    };
    until(&format!("{expected} as the answer to {question}"), is_it);
}

/// Runs of 1, 2, 3 … milliseconds, each in a millisecond of its own, some minutes ago.
fn distinct_runs() -> String {
    let start = chrono::Utc::now() - chrono::TimeDelta::minutes(5);
    let run = |number: u32| {
        let time = start + chrono::TimeDelta::milliseconds(i64::from(number));
        run_record("batch", &time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(), number)
    };
    (1..=RUNS).map(run).collect()
}

#[test]
fn victoria_metrics_answers_what_was_recorded_whichever_way_it_came() {
    let place = Place::new();
    place.write("runs.ndjson", distinct_runs());
    let (_victoria, port) = victoria(&place);
    let url = format!("http://127.0.0.1:{port}");
    let (count, sum) = (f64::from(RUNS), f64::from(RUNS * (RUNS + 1) / 2));

    place.sh(&format!("pm-export --to remote-write --url {url}/api/v1/write runs.ndjson")).succeeds();
    check_query(port, "github_pm_command_duration_seconds_count{job=\"github_pm\"}", count);
    check_query(port, "github_pm_command_duration_seconds_sum{job=\"github_pm\"}", sum / 1e3);
    check_query(port, "github_pm_command_duration_seconds_bucket{job=\"github_pm\",le=\"0.1\"}", 100.0);

    let import = format!("{url}/api/v1/import/prometheus?extra_label=way=text");
    place.sh(&format!("pm-export runs.ndjson | curl -sf --data-binary @- '{import}'")).succeeds();
    check_query(port, "github_pm_commands_total{way=\"text\",status=\"success\"}", count);
    check_query(port, "github_pm_command_duration_seconds_sum{way=\"text\"}", sum / 1e3);

    // Twice: points that are written again are the same points.
    for _ in 0..2 {
        let write = format!("{url}/write?precision=ns");
        place
            .sh(&format!("pm-export --to influx runs.ndjson | curl -sf --data-binary @- '{write}'"))
            .succeeds();
    }
    place.sh(&format!("curl -sf {url}/internal/force_flush")).succeeds();
    let points = "github_pm_command_duration_total_ms{command=\"batch\",status=\"success\"}[1h]";
    check_query(port, &format!("count_over_time({points})"), count);
    check_query(port, &format!("sum_over_time({points})"), sum);
}

#[test]
fn node_exporter_s_textfile_collector_shows_the_file_and_finds_no_fault() {
    let place = Place::new();
    write_runs(&place, RUNS);
    place.sh("mkdir textfiles && pm-export -o textfiles/pm.prom runs.ndjson").succeeds();
    let address = free();
    let listen = format!("--web.listen-address={address}");
    let args = [
        "--collector.disable-defaults",
        "--collector.textfile",
        "--collector.textfile.directory=textfiles",
        &listen,
    ];
    let _exporter = listening(&place, "prometheus-node-exporter", &args, &address);
    let shown = place.sh(&format!("curl -sf http://{address}/metrics")).succeeds();
    for line in [
        "github_pm_command_duration_seconds_count{command=\"batch\"} 300",
        "github_pm_commands_total{command=\"batch\",status=\"success\"} 300",
        "node_textfile_scrape_error 0",
    ] {
        assert!(shown.lines().any(|found| found == line), "{line} is not in\n{shown}");
    }
    // Whatever is in the file is shown, under the same name and with the same value.
    let written = place.read("textfiles/pm.prom");
    for line in written.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        assert!(shown.contains(&format!("\n{name}")), "{name}");
    }
}

#[test]
fn a_collector_of_opentelemetry_takes_protobuf_and_json_and_passes_on_every_count() {
    let rotel = repository().join("target/tools/lib");
    let found = std::fs::read_dir(&rotel).expect("the tools of scripts/test").flatten();
    let mut found = found.map(|version| version.path().join("site-packages/rotel/rotel-agent"));
    let rotel = found.find(|path| path.is_file()).expect("rotel: run scripts/test, which installs it");
    for (protocol, flags) in [("http/protobuf", ""), ("http/json", "--compression gzip")] {
        let place = Place::new().with([("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)]);
        write_runs(&place, RUNS);
        // It passes on what it takes to one that decodes and counts it.
        let judge = Judge::start(&place, &[]);
        let (http, grpc) = (free(), free());
        let (to, pid, log) = (format!("http://127.0.0.1:{}", judge.port), "rotel.pid", "rotel.own.log");
        let args = [
            ["start", "--exporter=otlp", "--otlp-exporter-protocol=http", "--batch-timeout=50ms"].as_slice(),
            &["--otlp-exporter-endpoint", &to, "--pid-file", pid, "--log-file", log],
            &["--otlp-http-endpoint", &http, "--otlp-grpc-endpoint", &grpc],
        ];
        let _collector = listening(&place, &rotel.display().to_string(), &args.concat(), &http);
        place.sh(&format!("pm-export --to otlp {flags} --url http://{http} runs.ndjson")).succeeds();
        let mut reports = Vec::new();
        until("every span and every count", || {
            reports.extend(judge.reports());
            let sums = held(&reports);
            (sums.contains_key("span batch") && sums.contains_key("github_pm.commands")).then_some(())
        });
        reports.extend(judge.reports());
        let sums = held(&reports);
        for name in ["span batch", "github_pm.commands"] {
            check_held(&sums, name, RUNS.into());
        }
        // Of JSON this version of it does not read exponential histograms, whose counts are texts by the rules of
        // protobuf: what is in them was judged where nothing stands between.
        let (name, count) = match protocol {
            "http/json" => ("without data github_pm.command.duration", 1.0),
            _ => ("github_pm.command.duration", f64::from(RUNS)),
        };
        check_held(&sums, name, count);
    }
}

//! `pm-export`, judged by those who read what it writes: promtool, `prometheus_client`, and Prometheus itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use pm_e2e::harness::{Place, repository, run_record};
use serde_json::Value;

const TIME: &str = "2024-12-06T10:30:15.123Z";

/// A process that ends with the test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _gone_already = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The Python that `scripts/test` puts beside the build, with what the receivers themselves read.
pub(crate) fn python() -> PathBuf {
    let python = repository().join("target/tools/bin/python");
    assert!(
        python.is_file(),
        "{} is not there: `python3 -m venv target/tools`, as scripts/test does, or run that",
        python.display()
    );
    python
}

/// Every sample of an exposition, as `prometheus_client` reads it.
fn samples(place: &Place, exposition: &str, form: &str) -> Vec<Value> {
    place.write("exposition", exposition);
    let reader = repository().join("tests/fixtures/read_metrics.py");
    let read = format!("'{}' '{}' {form} < exposition", python().display(), reader.display());
    place.sh(&read).succeeds().lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// Names that would break a format that does not escape.
const HOSTILE: [&str; 9] = [
    r#"say \"hi\""#,
    r"back\\slash",
    r"line\nbreak",
    r"ca\rrriage",
    "},x=\\\"y\\\"} 1",
    "# EOF",
    "ünïcödé ⚠️",
    r"\u0000\u0001\u007f",
    r"trailing\\",
];

fn hostile_lines() -> String {
    let run = |name: &&str| run_record(name, TIME, 235);
    let request = |name: &&str| {
        format!(
            "{{\"api_request\":{{\"timestamp\":\"{TIME}\",\"method\":\"GET\",\"endpoint\":\"{name}\",\"duration_ms\":9,\"status\":200}}}}\n"
        )
    };
    let traced = run_record("traced", TIME, 40).replace(
        "\"exit_code\":0",
        "\"exit_code\":0,\"trace\":{\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"span_id\":\"00f067aa0bb902b7\"}",
    );
    HOSTILE.iter().map(run).chain(HOSTILE.iter().map(request)).chain([traced]).collect()
}

#[test]
fn promtool_and_prometheus_client_accept_metrics_whatever_the_labels_are() {
    let place = Place::new();
    place.write("hostile.ndjson", hostile_lines());
    let plain = place.sh("pm-export hostile.ndjson").succeeds();
    place.write("plain", &plain);
    place.sh("promtool check metrics < plain").succeeds();
    let open = place.sh("pm-export --openmetrics hostile.ndjson").succeeds();
    for (text, form) in [(&plain, "plain"), (&open, "openmetrics")] {
        let samples = samples(&place, text, form);
        let count = |name: &str| {
            let is_it = |sample: &&Value| {
                sample[2] == "github_pm_command_duration_seconds_count" && sample[3]["command"] == name
            };
            samples.iter().filter(is_it).map(|sample| sample[4].as_f64()).collect::<Vec<_>>()
        };
        for name in HOSTILE {
            let name: String = serde_json::from_str(&format!("\"{name}\"")).expect("JSON");
            // A carriage return ends a line for some parsers, and becomes a space.
            assert_eq!(count(&name.replace('\r', " ")), [Some(1.0)], "{form}: {name:?}");
        }
    }
    let exemplars = samples(&place, &open, "openmetrics");
    let exemplar = exemplars.iter().find(|sample| !sample[5].is_null()).expect("an exemplar");
    assert_eq!(exemplar[5]["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
}

/// A `pm-export` that serves, and the port that it says.
pub(crate) fn serving(place: &Place, args: &[&str], input: Stdio) -> (Running, u16) {
    let mut command = place.command("pm-export");
    let child =
        command.args(["--listen", "127.0.0.1:0"]).args(args).stdin(input).stderr(Stdio::piped()).spawn();
    let mut child = Running(child.expect("pm-export starts"));
    let mut line = String::new();
    let mut stderr = BufReader::new(child.0.stderr.take().expect("piped"));
    stderr.read_line(&mut line).expect("read");
    let port = line.split(':').next_back().and_then(|rest| rest.split('/').next()?.parse().ok());
    let port = port.unwrap_or_else(|| panic!("no port in '{line}'"));
    std::thread::spawn(move || {
        let mut rest = String::new();
        stderr.read_to_string(&mut rest)
    });
    (child, port)
}

/// The head and the body of an answer.
pub(crate) fn ask(port: u16, request: &str, headers: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("somebody listens");
    write!(stream, "{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n").expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    (String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase(), answer[end + 4..].to_vec())
}

/// Asks until the answer is right; what is written meanwhile takes its time to arrive.
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "{what} did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_server_answers_in_the_text_and_the_packing_that_the_client_takes() {
    let place = Place::new();
    let lines: String = (0..40).map(|number| run_record(&format!("c{number}"), TIME, 5)).collect();
    place.write("runs.ndjson", lines);
    let (_server, port) = serving(&place, &["runs.ndjson"], Stdio::null());
    until("the metrics", || (ask(port, "GET /metrics", "").1.len() > 1_000).then_some(()));
    let (head, body) = ask(port, "GET /metrics", "");
    assert!(
        head.starts_with("http/1.1 200") && head.contains("content-type: text/plain; version=0.0.4"),
        "{head}"
    );
    assert!(!body.ends_with(b"# EOF\n") && !head.contains("content-encoding"), "{head}");
    let (head, body) = ask(port, "GET /metrics", "Accept: application/openmetrics-text;version=1.0.0\r\n");
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{head}");
    assert!(body.ends_with(b"# EOF\n"));
    let (head, body) = ask(port, "GET /metrics", "Accept-Encoding: gzip\r\n");
    assert!(head.contains("content-encoding: gzip") && body.starts_with(b"\x1f\x8b"), "{head}");
    for (request, status) in [
        ("GET /-/healthy", "200"),
        ("GET /-/ready", "200"),
        ("HEAD /metrics", "200"),
        ("GET /", "200"),
        ("GET /nothing", "404"),
        ("POST /metrics", "405"),
    ] {
        let (head, _) = ask(port, request, "");
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{request}: {head}");
    }
}

#[test]
fn a_live_stream_is_served_while_it_comes_and_after_its_end() {
    let place = Place::new();
    let (mut server, port) = serving(&place, &[], Stdio::piped());
    let mut stdin = server.0.stdin.take().expect("piped");
    for count in 1..=2 {
        stdin.write_all(run_record("x", TIME, 5).as_bytes()).expect("written");
        let line = format!("github_pm_command_duration_seconds_count{{command=\"x\"}} {count}\n");
        until(&line, || {
            String::from_utf8_lossy(&ask(port, "GET /metrics", "").1).contains(&line).then_some(())
        });
    }
    drop(stdin);
    let (head, _) = ask(port, "GET /-/healthy", "");
    assert!(head.starts_with("http/1.1 200"), "{head}");
}

#[test]
fn a_served_store_shows_what_is_appended_and_goes_on_after_a_restart() {
    let place = Place::new();
    place.sh("mkdir .github-pm; for i in 1 2 3; do pm-wrap --store --name x -- true; done").succeeds();
    let total = |port: u16, count: u32| {
        let line = format!("github_pm_command_duration_seconds_count{{command=\"x\"}} {count}\n");
        until(&line, || {
            String::from_utf8_lossy(&ask(port, "GET /metrics", "").1).contains(&line).then_some(())
        });
    };
    let (mut server, port) = serving(&place, &["--store", "--position", "p"], Stdio::null());
    total(port, 3);
    place.sh("pm-wrap --store --name x -- true").succeeds();
    total(port, 4);
    // It ends in its own way, so that what it has shown is written down.
    let pid = rustix::process::Pid::from_child(&server.0);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is our own process");
    server.0.wait().expect("it ends");
    place.sh("rm .github-pm/records/*; pm-wrap --store --name x -- true").succeeds();
    let (_server, port) = serving(&place, &["--store", "--position", "p"], Stdio::null());
    total(port, 5);
}

#[test]
fn phases_of_what_is_appended_have_their_own_names() {
    let place = Place::new();
    let line = |command: &str, phase: &str| {
        format!(
            r#"{{"performance_metrics":{{"schema":1,"command":"{command}","execution_id":"exec_1","timestamp":"{TIME}","duration":{{"total_ms":1000,"phases":{{"{phase}_ms":1000}}}}}}}}"#
        )
    };
    let append = |phase: &str| {
        // So many that the reader knows what they look like, and before one command's run another's.
        let lines = ["y", "x"].map(|command| (line(command, phase) + "\n").repeat(20));
        place.write("lines", lines.concat());
        place.sh("mkdir -p .github-pm/records; cat lines >> .github-pm/records/2024-12-06.ndjson").succeeds();
    };
    append("one");
    let (_server, port) = serving(&place, &["--store"], Stdio::null());
    let shown = |phase: &str| {
        let total =
            format!("github_pm_command_phase_time_seconds_total{{command=\"x\",phase=\"{phase}\"}} 20\n");
        until(&total, || {
            String::from_utf8_lossy(&ask(port, "GET /metrics", "").1).contains(&total).then_some(())
        });
    };
    shown("one");
    append("two");
    shown("two");
}

/// A Prometheus that scrapes `target` every second.
fn prometheus(place: &Place, target: u16) -> (Running, u16) {
    place.write(
        "prometheus.yml",
        format!(
            "global: {{ scrape_interval: 1s }}\nscrape_configs:\n  - job_name: pm\n    static_configs: [{{ targets: ['127.0.0.1:{target}'] }}]\n"
        ),
    );
    place.sh("promtool check config prometheus.yml").succeeds();
    let free =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
    let args = [
        "--config.file=prometheus.yml".to_owned(),
        "--storage.tsdb.path=tsdb".to_owned(),
        format!("--web.listen-address={free}"),
    ];
    let log = std::fs::File::create(place.path().join("prometheus.log")).expect("a log");
    let child = place.command("prometheus").args(args).stderr(log).spawn().expect("prometheus starts");
    let running = Running(child);
    until("Prometheus", || TcpStream::connect(free).is_ok().then_some(()));
    (running, free.port())
}

/// What Prometheus answers to a query; none while it has nothing.
pub(crate) fn query(port: u16, query: &str) -> Option<f64> {
    let escape = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    let escaped: String = query.bytes().map(escape).collect();
    let (_, body) = ask(port, &format!("GET /api/v1/query?query={escaped}"), "");
    // The body comes in chunks, and the JSON is one of them.
    let text = String::from_utf8_lossy(&body).into_owned();
    let json = &text[text.find('{')?..=text.rfind('}')?];
    let answer: Value = serde_json::from_str(json).ok()?;
    answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()
}

#[test]
fn prometheus_scrapes_it_and_answers_what_was_recorded() {
    let place = Place::new();
    // 1 ms to 1000 ms: the true 95th percentile is 950 ms.
    let lines: String = (1..=1000).map(|millis| run_record("x", TIME, millis)).collect();
    place.write("runs.ndjson", lines);
    let bounds: Vec<_> = (1..=100).map(|step| format!("{:.2}", f64::from(step) / 100.0)).collect();
    let (_server, target) = serving(&place, &["--buckets", &bounds.join(","), "runs.ndjson"], Stdio::null());
    let (_prometheus, port) = prometheus(&place, target);
    let count = until("a scrape", || query(port, "github_pm_command_duration_seconds_count{command=\"x\"}"));
    assert!((count - 1000.0).abs() < 1e-9, "{count}");
    let sum = query(port, "github_pm_command_duration_seconds_sum").expect("a sum");
    assert!((sum - 500.5).abs() < 1e-9, "{sum}");
    let quantile = query(port, "histogram_quantile(0.95, github_pm_command_duration_seconds_bucket)");
    let error = quantile.expect("a quantile") / 0.95 - 1.0;
    assert!(error.abs() < 0.0027, "{error}");
}

#[test]
fn a_file_for_the_textfile_collector_has_no_times_and_can_be_read_by_others() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write("runs.ndjson", hostile_lines());
    place.sh("umask 022; pm-export -o pm.prom runs.ndjson").succeeds();
    let mode = std::fs::metadata(place.path().join("pm.prom")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    let text = place.read("pm.prom");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        // Behind the labels, or behind the name where there are none, stands a value; a time would be one more.
        let after = line.rsplit_once('}').map_or(line, |(_, after)| after);
        let words = after.split_whitespace().count();
        assert_eq!(words, if line.contains('}') { 1 } else { 2 }, "{line}");
    }
    assert_eq!(place.sh("ls -A").succeeds(), "pm.prom\nruns.ndjson\n");
}

#[test]
fn a_table_is_read_by_another_reader_as_it_was_meant() {
    let place = Place::new();
    place.write("runs.ndjson", hostile_lines());
    let script = "import csv,sys,json\nfor row in csv.DictReader(sys.stdin): print(json.dumps([row['command'], row['duration.total_ms']]))";
    place.write("read.py", script);
    let rows = place.sh("pm-export --to csv runs.ndjson | python3 read.py").succeeds();
    let rows: Vec<Value> = rows.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(rows.len(), HOSTILE.len() + 1);
    for (row, name) in rows.iter().zip(HOSTILE) {
        let name: String = serde_json::from_str(&format!("\"{name}\"")).expect("JSON");
        assert_eq!((row[0].as_str(), row[1].as_str()), (Some(name.as_str()), Some("235")));
    }
}

#[test]
fn the_page_s_lines_make_parquet_that_holds_what_was_recorded() {
    let place = Place::new();
    let lines: String = (1..=100).map(|millis| run_record("x", TIME, millis)).collect();
    place.write("runs.ndjson", lines);
    place.sh("pm-export --to csv -o week.csv runs.ndjson").succeeds();
    let page = std::fs::read_to_string(repository().join("docs/integrations/csv.md")).expect("the page");
    let questions: Vec<_> =
        page.lines().filter_map(|line| line.trim().strip_prefix("duckdb -c \"")?.strip_suffix('"')).collect();
    assert_eq!(questions.len(), 2);
    let ask = |question: &str| {
        place.write("question.sql", question);
        let script = repository().join("tests/fixtures/ask_engine.py");
        place.sh(&format!("'{}' '{}' duckdb < question.sql", python().display(), script.display())).succeeds()
    };
    for question in questions {
        ask(question);
    }
    for (file, duration) in [("week", "\"duration.total_ms\""), ("runs", "duration.total_ms")] {
        let sums =
            ask(&format!("SELECT count(*), sum({duration})::BIGINT, min(command) FROM '{file}.parquet'"));
        assert_eq!(sums, "100\t5050\tx\n", "{file}");
    }
}

#[test]
fn statsd_takes_datagrams_that_hold_every_record() {
    let place = Place::new();
    let server = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    server.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
    let lines: String = (0..200).map(|_| run_record("x", TIME, 5)).collect();
    place.write("runs.ndjson", lines);
    let address = server.local_addr().expect("an address");
    place.sh(&format!("pm-export --to statsd --address {address} --dogstatsd runs.ndjson")).succeeds();
    let mut buffer = vec![0; 65536];
    let mut timers = 0;
    while timers < 200 {
        let length = server.recv(&mut buffer).expect("a datagram");
        assert!(length <= 1432, "{length}");
        let text = String::from_utf8_lossy(&buffer[..length]);
        timers += text.lines().filter(|line| *line == "github_pm.command.duration:5|ms|#command:x").count();
    }
}

#[test]
fn points_of_a_position_are_written_once() {
    let place = Place::new();
    place.sh("mkdir .github-pm; pm-wrap --store --name x -- true").succeeds();
    let export = "github-pm performance export --format influx -- --position influx";
    let first = place.sh(export).succeeds();
    assert!(first.starts_with("github_pm_command,command=x,"), "{first}");
    assert_eq!(place.sh(export).succeeds(), "");
    place.sh("pm-wrap --store --name y -- true").succeeds();
    assert!(place.sh(export).succeeds().starts_with("github_pm_command,command=y,"));
}

#[test]
fn a_line_that_is_no_record_is_passed_and_what_stands_before_it_counts_once() {
    let place = Place::new();
    place.sh("mkdir .github-pm; pm-wrap --store --name x -- true").succeeds();
    place.sh("for day in .github-pm/records/*; do echo '{\"half\":' >> $day; done").succeeds();
    let count = "github_pm_command_duration_seconds_count{command=\"x\"} 1\n";
    for _ in 0..3 {
        let outcome = place.sh("pm-export --store");
        assert!(outcome.stdout.contains(count) && !outcome.stderr.contains("read before"), "{outcome:?}");
    }
    place.sh("pm-wrap --store --name y -- true").succeeds();
    let after = place.sh("pm-export --store").stdout;
    assert!(after.contains(count) && after.contains("count{command=\"y\"} 1\n"), "{after}");
}

#[test]
fn what_came_from_a_pipe_and_cannot_be_delivered_is_not_said_to_be_kept_where_it_is_not() {
    let place = Place::new();
    // Nobody listens on a port that was just let go.
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let url = format!("http://{}", free.expect("a port"));
    let deliver =
        format!("pm-wrap -- true | pm-export --to pushgateway --url {url} --patience 10ms --no-spool");
    let stderr = place.sh(&deliver).fails_with(4);
    assert!(stderr.contains("what was not delivered is not kept"), "{stderr}");
}

#[test]
fn a_flag_that_the_form_does_not_have_is_refused_and_not_ignored() {
    let place = Place::new();
    place.sh("mkdir .github-pm; pm-wrap --store -- true").succeeds();
    for flags in [
        "--to statsd --dry-run",
        "--to prometheus --dry-run --store",
        "--to pushgateway -o x",
        "--store --follow",
        "--store --stateless --listen 0",
        "--store --stateless --follow -o x",
    ] {
        let stderr = place.sh(&format!("pm-export {flags}")).fails_with(2);
        assert!(stderr.contains("hint: "), "{flags}: {stderr}");
    }
}

#[test]
fn points_of_a_store_that_grows_are_written_as_it_does() {
    let place = Place::new();
    place.sh("mkdir .github-pm; pm-wrap --store --name x -- true").succeeds();
    let mut command = place.command("pm-export");
    let child = command.args(["--to", "influx", "--store", "--follow"]).stdout(Stdio::piped()).spawn();
    let mut child = Running(child.expect("pm-export starts"));
    let mut stdout = BufReader::new(child.0.stdout.take().expect("piped"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("read");
    assert!(line.starts_with("github_pm_command,command=x,"), "{line}");
    place.sh("pm-wrap --store --name y -- true").succeeds();
    line.clear();
    // It would wait for ever, were the record not noticed.
    stdout.read_line(&mut line).expect("read");
    assert!(line.starts_with("github_pm_command,command=y,"), "{line}");
}

#[test]
fn the_specification_s_own_command_line_writes_the_file() {
    let place = Place::new();
    place.sh("mkdir .github-pm; pm-wrap --store --name status -- true").succeeds();
    place.sh("github-pm performance export --format=prometheus --output=metrics.txt").succeeds();
    place.sh("promtool check metrics < metrics.txt").succeeds();
    assert!(
        place
            .read("metrics.txt")
            .contains("github_pm_command_duration_seconds_count{command=\"status\"} 1\n")
    );
    let stderr = place.sh("github-pm performance export --format=moon").fails_with(2);
    assert!(stderr.contains("moon") && stderr.contains("hint: "), "{stderr}");
}

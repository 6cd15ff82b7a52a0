//! `github-pm performance dashboard`: the document, and the page in a real browser, from a file and served.

use std::io::Read as _;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use pm_e2e::harness::{Place, repository, run_record};
use serde_json::Value;

use crate::schema::Schemas;

/// Thirty days in which `sync` becomes half as slow again ten days ago, with a command whose name is markup, readings of
/// the limits, ticks, and, by `old`, the thirty days before.
const STORE: &str = r#"
    mkdir -p .github-pm/records; now=$(date +%s)
    awk -v now="$now" '
        function at(time) { return strftime("%Y-%m-%dT%H:%M:%S.000Z", time, 1) }
        function put(time, line) { print line > (".github-pm/records/" strftime("%Y-%m-%d", time, 1) ".ndjson") }
        function run(command, time, millis, failed) {
            put(time, sprintf("{\"performance_metrics\":{\"command\":\"%s\",\"execution_id\":\"exec_%d\",\"timestamp\":\"%s\",\"duration\":{\"total_ms\":%d,\"phases\":{\"data_fetching_ms\":%d,\"processing_ms\":%d}},\"resource_usage\":{\"peak_memory_mb\":%d,\"cpu_time_ms\":%d},\"github_api\":{\"requests_made\":3,\"rate_limit_consumed\":3,\"cache_hits\":6,\"cache_misses\":4},\"exit_code\":%d}}", command, ++n, at(time), millis, millis * 0.6, millis * 0.3, 40 + n % 9, millis / 4, failed))
        }
        BEGIN {
            for (hour = 60 * 24 - 1; hour > 0; hour -= 2) {
                time = now - hour * 3600 - 900
                noise = 1 + ((hour * 7919) % 101 - 50) / 1000
                run("sync", time, (hour < 240 ? 1500 : 1000) * noise, 0)
                run("status", time + 60, 200 * noise, hour % 101 == 0)
                if (hour % 3 == 0) run("<img src=x onerror=alert(1)>", time + 120, 300 * noise, 0)
                put(time, sprintf("{\"api_monitoring\":{\"timestamp\":\"%s\",\"credential\":\"0a\",\"resources\":{\"core\":{\"limit\":5000,\"used\":%d,\"remaining\":%d,\"burn_per_minute\":20,\"reset_time\":\"%s\"}}}}", at(time), 5000 - 3000 - hour % 1000, 3000 + hour % 1000, at(time + 1800)))
                put(time, sprintf("{\"system_metrics\":{\"timestamp\":\"%s\",\"memory\":{\"process_memory_mb\":%d},\"cpu\":{\"process_cpu_percentage\":%d}}}", at(time), 50 + hour % 20, hour % 90))
            }
        }'
"#;

fn place() -> Place {
    let place = Place::new();
    place.sh(STORE).succeeds();
    place
}

/// What a person finds who opens the address in a browser.
fn browse(place: &Place, url: &str, more: &[&str]) -> Value {
    let python = repository().join("target/tools/bin/python");
    assert!(
        python.exists(),
        "{} is not there: `python3 -m venv target/tools`, as scripts/test does, or run that",
        python.display()
    );
    let mut command = place.command(python);
    command.arg(repository().join("tests/browser/dashboard.py")).arg(url).args(more);
    let said = place.run(&mut command).succeeds();
    serde_json::from_str(&said).expect("one object")
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map(|all| all.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// What must be true of the page wherever it comes from.
#[track_caller]
fn demand_a_good_page(said: &Value) {
    assert_eq!(said["console"], Value::Array(vec![]), "the console has something to say");
    assert_eq!(said["elements"], 0, "something of a record became markup");
    assert_eq!(said["overflow"], 0, "it is wider than a narrow screen");
    for scheme in ["light", "dark", "narrow"] {
        assert_eq!(texts(&said["violations"][scheme]), Vec::<&str>::new(), "axe in {scheme}");
    }
    let hovered = &said["hovered"];
    let headings = texts(&hovered["headings"]);
    let rows: Vec<String> = hovered["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| {
            let cells = texts(row);
            let named =
                cells.iter().zip(&headings).skip(1).map(|(cell, heading)| format!(" · {heading} {cell}"));
            cells[0].to_owned() + &named.collect::<String>()
        })
        .collect();
    let under_the_pointer = hovered["pointer"].as_str().expect("a readout").to_owned();
    assert!(
        rows[1..rows.len() - 1].contains(&under_the_pointer),
        "{under_the_pointer} is not in the middle of {rows:?}"
    );
    assert_eq!(texts(&hovered["keys"]), [&rows[0], &rows[1]]);
    let filtered = &said["filtered"];
    assert_eq!(filtered["figures"], Value::from(vec![filtered["chosen"].clone()]));
    assert_eq!(filtered["rows"], filtered["figures"]);
    let zoomed = texts(&said["zoomed"]);
    assert_eq!(&zoomed[..3], ["0 0 4000 1000", "3000 0 1000 1000", "0 0 4000 1000"]);
    assert_ne!(zoomed[3], zoomed[2], "dragging over a plot does nothing");
}

#[test]
fn the_document_has_the_specified_shape_and_its_words_are_computed() {
    let place = place();
    let line = place.sh("github-pm performance dashboard --timeframe month").succeeds();
    Schemas::published().demand("performance_dashboard", &line);
    let document: Value = serde_json::from_str(&line).expect("one record");
    let dashboard = &document["performance_dashboard"];
    let [summary, trending] = [&dashboard["summary"], &dashboard["trending"]];
    // About 360 runs of each of two commands and 120 of the third; a third of `sync` is of the slow ten days.
    let average = summary["average_command_duration"].as_str().and_then(|text| text.strip_suffix("ms"));
    let average: f64 = average.expect("milliseconds").parse().expect("a number");
    assert!((620.0..637.0).contains(&average), "{line}");
    assert_eq!(summary["commands_per_minute"], 0.019, "{line}");
    assert_eq!(summary["memory_efficiency"], "excellent", "{line}");
    assert_eq!(summary["api_efficiency"], "good", "60 % of cache hits: {line}");
    assert_eq!(trending["performance_trend"], "stable", "most of the runs are as fast as before: {line}");
    let week = place.sh("github-pm performance dashboard --timeframe week").succeeds();
    assert!(week.contains(r#""performance_trend":"degrading""#), "this week all are slower: {week}");
    let page = place.sh("github-pm performance report --timeframe month --html -").succeeds();
    assert!(page.contains("slower since 20"), "the change is marked: {page}");
    assert_eq!(page.matches(" (forecast)").count(), 1, "one limit of one credential goes on: {page}");
}

#[test]
fn what_is_explained_prints_the_same() {
    let place = place();
    // The period ends with the hour: where it became another one meanwhile, all is said again.
    let same = r"
        for attempt in 1 2; do
            begun=$(date +%H)
            github-pm performance dashboard > run.json
            github-pm --explain performance dashboard > plan.sh
            sh plan.sh > explained.json
            github-pm performance dashboard --records | pm-report --as dashboard > apart.json
            [ $begun = $(date +%H) ] && break
        done
        cmp run.json explained.json
        cmp run.json apart.json
    ";
    place.sh(same).succeeds();
}

#[test]
fn limits_are_of_all_the_time_where_runs_are_of_its_end() {
    let place = Place::new();
    let reading = |day: u32, left: u32| {
        format!(
            "{{\"api_monitoring\":{{\"timestamp\":\"2024-12-0{day}T10:00:00.000Z\",\"resources\":{{\"core\":{{\"limit\":5000,\"used\":1,\"remaining\":{left}}}}}}}}}\n"
        )
    };
    let runs = |day: u32| run_record("batch", &format!("2024-12-0{day}T11:00:00.000Z"), 100).repeat(12_000);
    place.write(".github-pm/records/2024-12-01.ndjson", runs(1) + &reading(1, 11));
    place.write(".github-pm/records/2024-12-02.ndjson", reading(2, 22) + &runs(2) + &reading(2, 33));
    let evidence = |flags: &str| {
        let left = "jq -c '.api_monitoring | select(.resources) | .resources.core.remaining' | tr '\\n' ' '";
        place.sh(&format!("pm-report --as evidence --store {flags} | {left}")).succeeds()
    };
    assert_eq!(evidence(""), "11 22 33 ");
    assert_eq!(evidence("--newest 1"), "33 ");
    assert_eq!(evidence("--newest 1 --all-readings"), "11 22 33 ");
}

#[test]
fn a_browser_shows_the_page_of_a_month_and_its_numbers_are_those_of_the_records() {
    let place = place();
    place.sh("github-pm performance dashboard --timeframe month --html page.html").succeeds();
    let url = format!("file://{}/page.html", place.path().display());
    let said = browse(&place, &url, &[]);
    demand_a_good_page(&said);
    assert_eq!(texts(&said["requests"]), [&url], "it asks for nothing but itself");
    let first = &said["commands"][0];
    let figures = "jq -r '.groups[] | select(.by.command == \"sync\") | \"\\(.runs) \\(.duration_ms.p50)\"'";
    let report = format!("github-pm performance report --timeframe month --as json | {figures}");
    let summary = place.sh(&report).succeeds();
    let (count, median) = summary.trim().split_once(' ').expect("two figures");
    assert_eq!(first[0], "sync");
    assert_eq!(first[1], count);
    let median: f64 = median.parse().expect("a number");
    assert_eq!(first[5], format!("{:.1}s", median / 1000.0));
    let names: Vec<_> = said["commands"].as_array().expect("rows").iter().map(|row| row[0].clone()).collect();
    assert!(names.contains(&Value::from("<img src=x onerror=alert(1)>")), "{names:?}");
    assert_eq!(said["tiles"]["Cache hits"], "60%");
}

/// A served dashboard, which ends with the test.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(place: &Place) -> Self {
        let mut command = place.command("github-pm");
        command.args(["performance", "dashboard", "--serve", "127.0.0.1:0"]).stderr(Stdio::piped());
        let mut child = command.spawn().expect("github-pm starts");
        let mut stderr = child.stderr.take().expect("a pipe");
        let (mut text, mut byte) = (Vec::new(), [0]);
        let until = Instant::now() + Duration::from_mins(2);
        while !text.ends_with(b"until ^C\n") {
            assert!(Instant::now() < until, "{}", String::from_utf8_lossy(&text));
            assert_eq!(
                stderr.read(&mut byte).expect("it says where"),
                1,
                "{}",
                String::from_utf8_lossy(&text)
            );
            text.extend(byte);
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        let url = text.split_whitespace().find(|word| word.starts_with("http://")).expect("an address");
        Self { child, url: url.to_owned() }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Interrupted as a terminal would: both the dispatcher and the tool.
        let _ended = std::process::Command::new("kill").arg(self.child.id().to_string()).status();
        let _status = self.child.wait();
    }
}

#[test]
fn a_served_page_follows_what_is_recorded() {
    let place = place();
    let served = Served::start(&place);
    let touch = r#"printf '{"performance_metrics":{"command":"brand-new","timestamp":"%s","duration":{"total_ms":7}}}\n' "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" >> ".github-pm/records/$(date -u +%F).ndjson""#;
    let said = browse(&place, &served.url, &["--touch", touch, "--until-text", "brand-new"]);
    demand_a_good_page(&said);
    // The part of the time that somebody looks at stays, and a command that is gone does not hide the others.
    assert_eq!(texts(&said["kept"]), ["0.25", "3000 0 1000 1000", ""]);
    let here = |request: &&str| request.starts_with(&served.url);
    assert!(texts(&said["requests"]).iter().all(here), "{}", said["requests"]);
    assert!(
        said["followed"].as_array().expect("rows").iter().any(|row| row[0] == "brand-new"),
        "{}",
        said["followed"]
    );
}

#[test]
fn a_served_page_is_for_this_machine_and_for_reading() {
    let place = place();
    let served = Served::start(&place);
    let status = |flags: &str| {
        place.sh(&format!("curl -s -o body -w '%{{http_code}}' {flags} {}", served.url)).succeeds()
    };
    assert_eq!(status(""), "200");
    assert_eq!(status("-H 'Host: example.com'"), "421", "a name that leads here from elsewhere");
    assert_eq!(status("-X POST"), "405");
    let document =
        place.sh(&format!("curl -s {}dashboard.json | jq -r '.performance_dashboard | keys[]'", served.url));
    assert_eq!(document.succeeds(), "alerts\nsummary\ntrending\n");
    let headers = place.sh(&format!("curl -sI {}", served.url)).succeeds();
    assert!(
        headers.contains("default-src 'none'") && headers.contains("frame-ancestors 'none'"),
        "{headers}"
    );
    let refused = place.sh("github-pm performance dashboard --serve 0.0.0.0:0").fails_with(2);
    assert!(refused.contains("hint: serve it as `--serve 127.0.0.1:0`"), "{refused}");
}

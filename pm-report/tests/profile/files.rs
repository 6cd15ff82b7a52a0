//! The forms that other programs open: pages, pictures and traces.

use std::collections::HashMap;

use proptest::prelude::*;
use serde_json::Value;

use super::{Recorded, batch};
use crate::page;

/// What a name may hold to do harm.
const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\"'&\u{1b}]0;x\u{7}\u{ffff}";

fn hostile() -> String {
    Recorded::new(1, "x", 100, "")
        .process([1, 0], HOSTILE, [0, 100], "")
        .process([2, 1], HOSTILE, [10, 20], "")
        .text()
}

fn json(input: &str, form: &str) -> Value {
    serde_json::from_str(&page(input, &["--as", form])).expect("JSON")
}

/// The trace's complete events.
fn complete(trace: &Value) -> Vec<&Value> {
    let events = trace["traceEvents"].as_array().expect("events");
    events.iter().filter(|event| event["ph"] == "X").collect()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is a whole number"))
}

#[test]
fn a_trace_has_what_the_format_asks_for() {
    let trace = json(&batch(1, 0).text(), "chrome-trace");
    assert_eq!(trace["displayTimeUnit"], "ms");
    for event in trace["traceEvents"].as_array().expect("events") {
        assert!(number(&event["pid"]) == 1 && number(&event["tid"]) >= 0, "{event}");
        match event["ph"].as_str() {
            Some("M") => assert!(
                matches!(event["name"].as_str(), Some("process_name" | "thread_name"))
                    && event["args"]["name"].is_string()
                    || event["name"] == "thread_sort_index" && event["args"]["sort_index"].is_u64(),
                "{event}"
            ),
            Some("X") => assert!(
                event["name"].is_string() && number(&event["ts"]) >= 0 && number(&event["dur"]) >= 0,
                "{event}"
            ),
            _ => panic!("{event} has another phase"),
        }
    }
    let of = |category: &str| complete(&trace).into_iter().filter(|event| event["cat"] == category).count();
    assert_eq!((of("process"), of("request")), (35, 2));
    let gh = complete(&trace).into_iter().find(|event| event["name"] == "gh" && event["cat"] == "process");
    let gh = gh.expect("a process");
    assert_eq!((number(&gh["ts"]), number(&gh["dur"]), number(&gh["args"]["pid"])), (20_000, 1_500_000, 11));
    assert_eq!((&gh["args"]["cpu_time_ms"], &gh["args"]["critical_path_ms"]), (&90.into(), &1470.into()));
}

#[test]
fn what_shares_a_thread_of_a_trace_nests() {
    let trace = json(&batch(1, 0).text(), "chrome-trace");
    let mut threads: HashMap<i64, Vec<(i64, i64)>> = HashMap::new();
    for event in complete(&trace) {
        let start = number(&event["ts"]);
        threads.entry(number(&event["tid"])).or_default().push((start, start + number(&event["dur"])));
    }
    for spans in threads.values() {
        assert!(spans.is_sorted_by_key(|span| span.0));
        let mut open: Vec<i64> = Vec::new();
        for &(start, end) in spans {
            open.retain(|&end_of_other| end_of_other > start);
            assert!(open.iter().all(|&end_of_other| end <= end_of_other), "{start}..{end} crosses another");
            open.push(end);
        }
    }
}

#[test]
fn a_run_is_a_process_of_a_trace() {
    let input = [batch(1, 0).text(), batch(2, 0).text()].concat();
    let trace = json(&input, "chrome-trace");
    let events = trace["traceEvents"].as_array().expect("events");
    let names: Vec<_> = events
        .iter()
        .filter(|event| event["name"] == "process_name")
        .map(|event| &event["args"]["name"])
        .collect();
    assert_eq!(names, ["batch, run 1 of 2", "batch, run 2 of 2"]);
}

#[test]
fn a_speedscope_file_has_what_its_schema_asks_for() {
    let file = json(&batch(1, 0).text(), "speedscope");
    assert_eq!(file["$schema"], "https://www.speedscope.app/file-format-schema.json");
    let frames = file["shared"]["frames"].as_array().expect("frames");
    assert!(frames.iter().all(|frame| frame["name"].is_string()));
    let is_frame = |frame: &Value| usize::try_from(number(frame)).is_ok_and(|frame| frame < frames.len());
    let profiles = file["profiles"].as_array().expect("profiles");
    for profile in profiles {
        assert_eq!((&profile["unit"], number(&profile["startValue"])), (&"microseconds".into(), 0));
        assert_eq!(number(&profile["endValue"]), 3_000_000);
        assert!(profile["name"].is_string());
        match profile["type"].as_str() {
            Some("sampled") => {
                let samples = profile["samples"].as_array().expect("samples");
                let weights = profile["weights"].as_array().expect("weights");
                assert_eq!(samples.len(), weights.len());
                assert!(samples.iter().all(|stack| stack.as_array().expect("a stack").iter().all(is_frame)));
                assert_eq!(weights.iter().map(number).sum::<i64>(), 3_000_000);
            }
            Some("evented") => {
                let (mut open, mut now) = (Vec::new(), 0);
                for event in profile["events"].as_array().expect("events") {
                    assert!(is_frame(&event["frame"]) && number(&event["at"]) >= now, "{event}");
                    now = number(&event["at"]);
                    match event["type"].as_str() {
                        Some("O") => open.push(&event["frame"]),
                        Some("C") => assert_eq!(open.pop(), Some(&event["frame"])),
                        _ => panic!("{event} neither opens nor closes"),
                    }
                }
                assert!(open.is_empty() && now <= 3_000_000);
            }
            _ => panic!("{profile} is of another type"),
        }
    }
    let names: Vec<_> = profiles.iter().map(|profile| profile["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["critical path", "processes (1 of 2)", "processes (2 of 2)", "API requests"]);
}

#[test]
fn a_page_allows_nothing_but_its_own_style_and_holds_no_foreign_markup() {
    let page = page(&hostile(), &["--as", "profile-html"]);
    assert!(page.starts_with("<!doctype html>\n"), "{page}");
    let policy = "content=\"default-src 'none'; style-src 'sha256-";
    assert_eq!((page.matches(policy).count(), page.matches("<style>").count()), (1, 1));
    for never in ["<script", "<img", "style=", "onerror=alert(1)>", "http://", "https://", "src=\"", "href="]
    {
        let count = page.matches(never).count();
        let own = page.matches("xmlns=\"http://www.w3.org/2000/svg\"").count();
        assert_eq!(count, if never == "http://" { own } else { 0 }, "{never} is in {page}");
    }
    assert!(
        page.contains(
            "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;\\u{1b}]0;x\\u{7}\u{fffd}"
        ),
        "{page}"
    );
    assert!(!page.chars().any(|character| character.is_control() && character != '\n'));
}

#[test]
fn a_picture_is_one_element_without_style_or_script() {
    let picture = page(&hostile(), &["--as", "profile-svg"]);
    assert!(picture.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns="), "{picture}");
    assert!(picture.ends_with("</svg>\n") && picture.contains("<rect class=\"path\""), "{picture}");
    assert!(["<script", "<img", "style"].iter().all(|never| !picture.contains(never)), "{picture}");
}

#[test]
fn a_picture_does_not_grow_with_the_number_of_processes() {
    let mut recorded = Recorded::new(1, "x", 100_000, "").process([1, 0], "sh", [0, 100_000], "");
    for pid in 0..20_000_u32 {
        let start = i64::from(pid) * 5;
        recorded = recorded.process([2 + pid, 1], "true", [start, start + 3], "");
    }
    let picture = page(&recorded.text(), &["--as", "profile-svg"]);
    assert!(picture.len() < 1_000_000, "{} bytes", picture.len());
}

/// Milliseconds that a record may hold, however little sense they make.
fn any_millis() -> impl Strategy<Value = i64> {
    prop_oneof![0..2000_i64, -2000..0_i64, -9_000_000_000_000_000..9_000_000_000_000_000_i64]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_number_is_too_odd_to_be_drawn(
        total in prop_oneof![Just(0), 0..3000_i64, Just(9_000_000_000_000_000)],
        lives in prop::collection::vec((0..9_u32, 0..9_u32, any_millis(), any_millis(), any_millis()), 0..40),
        requests in prop::collection::vec((0..60_000_i64, 0..9_000_i64), 0..6),
    ) {
        let mut recorded = Recorded::new(1, "x", total, "");
        for (pid, parent, start, took, cpu) in lives {
            let cpu = format!(r#","cpu_time_ms":{cpu},"peak_memory_mb":{cpu}"#);
            recorded = recorded.process([pid, parent], "p", [start, start.saturating_add(took)], &cpu);
        }
        for (start, took) in requests {
            recorded = recorded.request("/x", [start, start + took]);
        }
        let input = recorded.text();
        for width in ["20", "100"] {
            prop_assert!(page(&input, &["--as", "profile", "--width", width]).starts_with("Profile of 'x'\n"));
        }
        for form in ["profile-html", "profile-svg"] {
            prop_assert!(!page(&input, &["--as", form]).contains("NaN"));
        }
        let end = json(&input, "speedscope")["profiles"][0]["endValue"].as_i64();
        for event in complete(&json(&input, "chrome-trace")) {
            prop_assert!(number(&event["ts"]) >= 0 && Some(number(&event["ts"]) + number(&event["dur"])) <= end, "{event}");
        }
    }
}

//! The page in a real browser: it shows, runs nothing, asks nobody, and its policy finds nothing to object to.

use pm_e2e::harness::{Outcome, Place};
use serde_json::Value;

/// Chromium without a window. It finds nobody but this machine, whom it might ask for itself.
const CHROMIUM: &str = "chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync --disable-extensions \
    --host-resolver-rules='MAP * ~NOTFOUND, EXCLUDE 127.0.0.1' \
    --user-data-dir=browser --enable-logging=stderr --log-net-log=net.json --dump-dom";

/// What a browser made of a page.
struct Shown {
    outcome: Outcome,
    /// What the page asked for, with whoever asked that was no part of the browser itself.
    asked: Vec<String>,
}

impl Shown {
    fn of(place: &Place, file: &str) -> Self {
        let outcome = place.sh(&format!("{CHROMIUM} \"file://$PWD/{file}\""));
        assert_eq!(outcome.code, Some(0), "is chromium installed? {}", outcome.stderr);
        let log: Value = serde_json::from_str(&place.read("net.json")).expect("a log of the network");
        let events = log["events"].as_array().expect("events").iter();
        let of_page = events.filter(|event| {
            let initiator = event["params"]["initiator"].as_str();
            initiator.is_some_and(|initiator| initiator != "not an origin")
        });
        let asked = of_page.filter_map(|event| event["params"]["url"].as_str()).map(str::to_owned).collect();
        Self { outcome, asked }
    }

    fn said_on_the_console(&self) -> bool {
        self.outcome.stderr.contains("CONSOLE")
    }
}

#[test]
fn a_browser_shows_the_page_and_its_policy_is_not_touched() {
    let place = Place::new();
    let run = r#"{"performance_metrics":{"command":"batch","execution_id":"exec_1","timestamp":"2024-12-06T10:00:00Z","duration":{"total_ms":100}}}"#;
    let process = |pid: u32, more: &str| {
        format!(
            r#"{{"process_trace":{{"execution_id":"exec_1","pid":{pid},"start_ms":{pid},"duration_ms":80,"exit_code":0,{more}}}}}"#
        )
    };
    let hostile = "<img src=http://127.0.0.1:9/x onerror=console.log(1)>";
    let processes =
        [process(1, r#""program":"sh""#), process(2, &format!(r#""parent":1,"program":"{hostile}""#))];
    place.write("records", [run, &processes[0], &processes[1], ""].join("\n"));
    place
        .sh("pm-report --as profile-html records > p.html; pm-report --as profile-svg records > p.svg")
        .succeeds();
    for (file, element) in
        [("p.html", "<h1>Profile of 'batch'</h1>"), ("p.svg", "<title>Profile of 'batch'</title>")]
    {
        let shown = Shown::of(&place, file);
        let page = &shown.outcome.stdout;
        assert!(page.contains(element) && page.contains("&lt;img src=http://127.0.0.1:9/x"), "{page}");
        assert!(!page.contains("<img") && !shown.said_on_the_console(), "{page}{}", shown.outcome.stderr);
        assert_eq!(shown.asked, Vec::<String>::new(), "{file}");
    }
    // The same words as a page of their own: this is how it would look if they were let through.
    place.write("control.html", format!("<!doctype html>{hostile}"));
    let control = Shown::of(&place, "control.html");
    assert_eq!(control.asked, ["http://127.0.0.1:9/x"]);
    assert!(control.said_on_the_console(), "{}", control.outcome.stderr);
}

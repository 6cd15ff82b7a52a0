//! `--as profile` and its other forms: one command in detail.

mod files;

use insta::assert_snapshot;
use pm_cli::Exit;
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use crate::{page, run};

/// What `pm-wrap` writes of a run that began at 10:00:00 UTC, as lines.
struct Recorded {
    id: String,
    lines: Vec<String>,
}

impl Recorded {
    fn new(number: u32, command: &str, total: i64, more: &str) -> Self {
        let id = format!("exec_{number:012}");
        let line = format!(
            r#"{{"performance_metrics":{{"command":"{command}","execution_id":"{id}","timestamp":"2024-12-06T10:00:00.000Z","duration":{{"total_ms":{total}}}{more}}}}}"#
        );
        Self { id, lines: vec![line] }
    }

    /// A process that ran from one millisecond to another; what is known of it besides.
    fn process(mut self, [pid, parent]: [u32; 2], program: &str, [start, end]: [i64; 2], more: &str) -> Self {
        let parent = if parent == 0 { String::new() } else { format!(r#""parent":{parent},"#) };
        let program = serde_json::to_string(program).expect("a text");
        self.lines.push(format!(
            r#"{{"process_trace":{{"execution_id":"{}","pid":{pid},{parent}"program":{program},"start_ms":{start},"duration_ms":{},"exit_code":0{more}}}}}"#,
            self.id,
            end - start,
        ));
        self
    }

    fn request(mut self, endpoint: &str, [start, end]: [i64; 2]) -> Self {
        self.lines.push(format!(
            r#"{{"api_request":{{"execution_id":"{}","timestamp":"2024-12-06T10:00:{:02}.{:03}Z","method":"GET","endpoint":"{endpoint}","status":200,"duration_ms":{}}}}}"#,
            self.id,
            start / 1000,
            start % 1000,
            end - start,
        ));
        self
    }

    fn text(&self) -> String {
        self.lines.join("\n") + "\n"
    }
}

/// A script that asks GitHub twice, works through the answers one by one, and has something in the background.
fn batch(number: u32, slower: i64) -> Recorded {
    let usage = r#","resource_usage":{"cpu_time_ms":412,"peak_memory_mb":48},"exit_code":1"#;
    let mut recorded = Recorded::new(number, "batch", 3000 + slower, usage)
        .process([10, 0], "gh-pm", [0, 3000 + slower], r#","cpu_time_ms":40"#)
        .process([11, 10], "gh", [20, 1520], r#","cpu_time_ms":90"#)
        .process([12, 11], "git", [30, 60], r#","cpu_time_ms":20"#)
        .process([13, 10], "logger", [1530, 2900], r#","cpu_time_ms":2"#)
        .request("/repos/{owner}/{repo}/issues", [100, 800])
        .request("/repos/{owner}/{repo}/issues", [810, 1500]);
    for jq in 0..30_i64 {
        let start = 1540 + jq * 12;
        let pid = 20 + u32::try_from(jq).expect("few");
        recorded = recorded.process([pid, 10], "jq", [start, start + 10], r#","cpu_time_ms":9"#);
    }
    recorded.process([60, 10], "gh", [1910, 2950 + slower], r#","cpu_time_ms":80,"peak_memory_mb":48"#)
}

#[test]
fn a_profile_of_100_columns() {
    assert_snapshot!(page(&batch(1, 0).text(), &["--as", "profile", "--width", "100"]), @"
    Profile of 'batch'
    2024-12-06 10:00 UTC · 3.0s · 412ms CPU · 48MB · 35 processes · 2 API requests · exit status 1

    What took the time
    1. GitHub's API, GET /repos/{owner}/{repo}/issues: 1.4s, 46% of the run. 2 requests, one after the
       other, 695ms each.
    2. gh: 1.1s, 37% of the run. 2 processes, 1.3s each, waiting for most of it (960ms).
    3. jq: 300ms, 10% of the run. 30 processes, 10ms each, computing nearly all of that time: most of
       that is to start them, and fewer could do the same.

    Timeline
                                        0                  1s                 2s
    gh-pm                               █░░░░░░░░░░░░░░░░░░░░░░░░░░░░████████░░░░░░░░░░░░░░░░░░░░█  3.0s
      gh ×2                             ██████████████████████████████      ██████████████████████  2.5s
        git                             ██                                                          30ms
      logger                                                         ░░░░░░░░░░░░░░░░░░░░░░░░░░░░   1.4s
      jq ×30                                                         ████████                      300ms
    GET /repos/{owner}/{repo}/issues ×2  ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒                               1.4s
    █ on the critical path · ░ alive beside it · ▒ API request

    Critical path, the longest 4 of 67 stretches
    process           from   for  share
    gh-pm › gh › git  30ms  30ms   1.0%
    gh-pm › gh        60ms  1.5s    49%
    gh-pm › gh        1.9s  1.0s    35%
    gh-pm             3.0s  50ms   1.7%

    By program
    program  on path  share  waiting    CPU  processes  alive
    gh          2.5s    84%     2.3s  170ms          2   2.5s
    jq         300ms    10%     30ms  270ms         30  300ms
    gh-pm      160ms   5.3%    120ms   40ms          1   3.0s
    git         30ms   1.0%     10ms   20ms          1   30ms
    logger     0.0ms     0%    0.0ms  2.0ms          1   1.4s
    ");
}

#[test]
fn a_profile_of_40_columns() {
    assert_snapshot!(page(&batch(1, 0).text(), &["--as", "profile", "--width", "40"]), @"
    Profile of 'batch'
    2024-12-06 10:00 UTC · 3.0s · 412ms CPU
    48MB · 35 processes · 2 API requests
    exit status 1

    What took the time
    1. GitHub's API, GET
       /repos/{owner}/{repo}/issues: 1.4s,
       46% of the run. 2 requests, one after
       the other, 695ms each.
    2. gh: 1.1s, 37% of the run. 2
       processes, 1.3s each, waiting for
       most of it (960ms).
    3. jq: 300ms, 10% of the run. 30
       processes, 10ms each, computing
       nearly all of that time: most of that
       is to start them, and fewer could do
       the same.

    Timeline
                     0          2s
    gh-pm            █░░░░░░░███░░░░░█  3.0s
      gh ×2          █████████ ███████  2.5s
        git          █                  30ms
      logger                 ░░░░░░░░░  1.4s
      jq ×30                 ███       300ms
    GET /repos/{own… ▒▒▒▒▒▒▒▒▒          1.4s
    █ on the critical path · ░ alive beside
    it · ▒ API request

    Critical path, the longest 4 of 67
    stretches
    process           from   for  share
    gh-pm › gh › git  30ms  30ms   1.0%
    gh-pm › gh        60ms  1.5s    49%
    gh-pm › gh        1.9s  1.0s    35%
    gh-pm             3.0s  50ms   1.7%

    By program
    program  on path  share  waiting    CPU
    gh          2.5s    84%     2.3s  170ms
    jq         300ms    10%     30ms  270ms
    gh-pm      160ms   5.3%    120ms   40ms
    git         30ms   1.0%     10ms   20ms
    logger     0.0ms     0%    0.0ms  2.0ms
    ");
}

#[test]
fn of_several_runs_the_median_one_is_shown_and_figures_are_medians() {
    let input: String = [batch(1, 900), batch(2, 0), batch(3, 300)].iter().map(Recorded::text).collect();
    let page = page(&input, &["--as", "profile", "--width", "100"]);
    for part in
        ["3 runs, median 3.3s (3.0s to 3.9s)", "those of run 3, which took the median time", "\ngh        "]
    {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[test]
fn a_run_whose_processes_were_not_recorded_still_has_phases_and_requests() {
    let run = r#"{"performance_metrics":{"command":"x","execution_id":"exec_1","timestamp":"2024-12-06T10:00:00.000Z","duration":{"total_ms":100,"phases":{"fetch_ms":60,"other_ms":40}},"resource_usage":{"cpu_time_ms":10},"program":"fetcher"}}"#;
    assert_snapshot!(page(run, &["--as", "profile", "--width", "70"]), @"
    Profile of 'x'
    2024-12-06 10:00 UTC · 100ms · 10ms CPU

    What took the time
    1. fetcher: 100ms, 100% of the run. 1 process, waiting for most of it
       (90ms).

    Timeline
            0                           50ms
    fetcher ████████████████████████████████████████████████████████ 100ms
    █ on the critical path · ░ alive beside it

    Critical path
    process   from    for  share
    fetcher  0.0ms  100ms   100%

    By program
    program  on path  share  waiting   CPU  processes  alive
    fetcher    100ms   100%     90ms  10ms          1  100ms

    By phase
    phase  time  share
    fetch  60ms    60%
    other  40ms    40%

    No process of it was recorded; `pm-wrap --trace` records each.
    ");
}

#[test]
fn the_command_that_ran_last_is_the_one_that_is_shown() {
    let input =
        [Recorded::new(1, "first", 10, "").text(), Recorded::new(2, "second", 20, "").text()].concat();
    let page = page(&input, &["--as", "profile"]);
    assert!(page.starts_with("Profile of 'second'\n"), "{page}");
    assert!(page.contains("Runs of other commands that are left out: 1\n"), "{page}");
}

#[test]
fn a_run_inside_of_another_is_a_part_of_it() {
    let trace = r#","trace":{"trace_id":"1","span_id":"2","parent_execution_id":"exec_000000000001"}"#;
    let input =
        [Recorded::new(1, "outer", 30, "").text(), Recorded::new(2, "inner", 20, trace).text()].concat();
    let page = page(&input, &["--as", "profile"]);
    assert!(page.starts_with("Profile of 'outer'\n") && !page.contains("inner"), "{page}");
}

#[test]
fn without_a_run_there_is_no_page_but_a_word() {
    let check = |input: &str, note: &str| {
        let outcome = run(input, &["--as", "profile-html"]);
        assert_eq!((outcome.stdout.as_str(), outcome.exit), ("", Exit::Done));
        assert_eq!(outcome.stderr, format!("pm-report: {note}\n"));
    };
    let how =
        "there is no run to profile; make one with `pm-wrap --trace -- COMMAND | pm-report --as profile`";
    check("", how);
    check("{\"moon_phase\":{}}\n", how);
    let not_started = Recorded::new(1, "x", 0, r#","status":"not_started""#).text();
    check(&not_started, "the command could not be started, so there is no profile of it");
}

#[test]
fn processes_alone_are_enough() {
    let recorded = Recorded::new(1, "x", 100, "").process([1, 0], "sh", [0, 100], "").process(
        [2, 1],
        "sleep",
        [10, 90],
        "",
    );
    let processes = recorded.lines[1..].join("\n");
    let page = page(&processes, &["--as", "profile"]);
    assert!(page.starts_with("Profile of 'sh'\n100ms · 2 processes\n"), "{page}");
}

#[test]
fn a_title_can_be_given() {
    let page = page(&batch(1, 0).text(), &["--as", "profile", "--title", "Nightly"]);
    assert!(page.starts_with("Nightly\n"), "{page}");
}

#[test]
fn color_paints_the_same_page() {
    let input = batch(1, 0).text();
    let [plain, painted] =
        ["never", "always"].map(|when| page(&input, &["--as", "profile", "--color", when]));
    let mut bare = String::new();
    let mut escaped = false;
    for character in painted.chars() {
        match character {
            '\x1b' => escaped = true,
            'm' if escaped => escaped = false,
            _ if escaped => {}
            other => bare.push(other),
        }
    }
    assert_eq!(bare, plain);
    assert_ne!(painted, plain);
}

#[test]
fn more_records_than_are_kept_are_counted() {
    let mut recorded = Recorded::new(1, "x", 1000, "").process([1, 0], "sh", [0, 1000], "");
    for pid in 0..200_100_u32 {
        recorded =
            recorded.process([2 + pid, 1], "true", [i64::from(pid % 900), i64::from(pid % 900) + 1], "");
    }
    let page = page(&recorded.text(), &["--as", "profile"]);
    assert!(page.contains("Processes and requests that are left out: 101\n"), "{page}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_line_fits_and_nothing_drives_the_terminal(
        lives in prop::collection::vec((2..40_u32, 1..40_u32, r"(\PC|[\x00-\x1f\u{202e}❤日🏽<]){1,30}", 0..3000_i64, 0..3000_i64), 0..60),
        requests in prop::collection::vec((0..3000_i64, 0..500_i64), 0..12),
        width in 20..160_usize,
    ) {
        let mut recorded = batch(1, 0);
        for (pid, parent, program, start, took) in lives {
            recorded = recorded.process([pid, parent], &program, [start, start + took], "");
        }
        for (start, took) in requests {
            recorded = recorded.request("/a/{very}/{long}/{endpoint}/{that}/{needs}/{room}", [start, start + took]);
        }
        let page = page(&recorded.text(), &["--as", "profile", "--width", &width.to_string()]);
        for line in page.lines() {
            prop_assert!(line.width() <= width, "{line:?} takes {}", line.width());
            prop_assert!(!line.chars().any(char::is_control) && !line.contains('\u{202e}'), "{line:?}");
            prop_assert!(!line.ends_with(' '), "{line:?}");
        }
    }
}

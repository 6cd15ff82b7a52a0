//! The tool as a function: arguments and lines in, lines, words and status out.

mod channels;
mod console;
mod digests;
mod limits;
mod receivers;
mod wishes;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use pm_cli::{Exit, Outcome, Trial};

const NOW: i64 = 1_733_500_000_000;

const ALERTS: &str = r#"alerts:
  performance_degradation: { threshold_percentage: 50, consecutive_violations: 3, notification_channels: ["console", "log"] }
  memory_usage_high: { threshold_mb: 100, notification_channels: ["log"] }
  api_rate_limit_warning: { threshold_percentage: 80 }
"#;

const BENCHMARKS: &str =
    "benchmarks: { commands: { batch: { baseline_ms: 1800, max_acceptable_ms: 3000 } } }\n";

const TEXT: &str = "⚠️  PERFORMANCE ALERT: Command 'batch' execution time exceeded threshold
   Current: 3.2s | Threshold: 3.0s | Baseline: 1.8s
   Recommendation: Keep its runs, to compare them: `pm-wrap --store -- COMMAND`
";

/// A folder with a store.
struct Place(tempfile::TempDir);

impl Place {
    fn empty() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn new() -> Self {
        let place = Self::empty();
        fs::create_dir(place.store("")).expect("a store");
        fs::write(place.store("alerts.yml"), ALERTS).expect("written");
        fs::write(place.store("benchmarks.yml"), BENCHMARKS).expect("written");
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn store(&self, name: &str) -> PathBuf {
        self.path().join(".github-pm").join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.store(name)).unwrap_or_default()
    }

    fn trial(&self, input: &str) -> Trial {
        Trial::new().input(input).current_dir(self.path()).now(NOW)
    }

    fn run(&self, input: &str, args: &[&str]) -> Outcome {
        run(self.trial(input), args)
    }
}

fn run(trial: Trial, args: &[&str]) -> Outcome {
    trial.run(pm_alert::TOOL, pm_alert::run, args)
}

/// A run of `batch` on 6 December 2024.
fn batch(time: &str, millis: u32, more: &str) -> String {
    format!(
        "{{\"performance_metrics\":{{\"command\":\"batch\",\"timestamp\":\"2024-12-06T{time}Z\",\"duration\":{{\"total_ms\":{millis}}}{more}}}}}\n"
    )
}

fn slow() -> String {
    batch("10:00:00", 3200, "")
}

#[test]
fn in_a_pipe_alerts_are_records_and_people_read_the_text_on_standard_error() {
    let place = Place::new();
    let outcome = place.run(&slow(), &[]);
    assert!(
        outcome
            .stdout
            .starts_with("{\"performance_alert\":{\"schema\":1,\"type\":\"performance_degradation\"")
    );
    assert_eq!((outcome.stdout.lines().count(), outcome.exit), (1, Exit::Done));
    assert_eq!(outcome.stderr, TEXT);
    assert_eq!(place.read("state/alerts.ndjson"), outcome.stdout);
    let mode = |name| fs::metadata(place.store(name)).expect(name).permissions().mode() & 0o777;
    assert_eq!(
        [mode("state/alerts.ndjson"), mode("state/alerts.json"), mode("state")],
        [0o600, 0o600, 0o700]
    );
}

#[test]
fn on_a_terminal_the_text_is_all_there_is() {
    let outcome = run(Place::new().trial(&slow()).on_terminal(), &[]);
    let bold_red = TEXT.replacen("⚠️", "\u{1b}[31;1m⚠️", 1).replacen('\n', "\u{1b}[0m\n", 1);
    assert_eq!((outcome.stdout, outcome.stderr.as_str()), (bold_red, ""));
    let plain = run(Place::new().trial(&slow()).on_terminal(), &["--color", "never"]);
    assert_eq!(plain.stdout, TEXT);
}

#[test]
fn a_rule_without_the_console_is_shown_on_none_and_is_still_a_record() {
    let big = batch("10:00:00", 1, r#","resource_usage":{"peak_memory_mb":101}"#);
    let place = Place::new();
    let outcome = place.run(&big, &[]);
    assert_eq!((outcome.stdout.lines().count(), outcome.stderr.as_str()), (1, ""));
    let terminal = run(Place::new().trial(&big).on_terminal(), &[]);
    assert_eq!((terminal.stdout.as_str(), terminal.stderr.as_str()), ("", ""));
}

#[test]
fn counts_last_from_one_run_to_the_next_and_an_end_is_told_once() {
    let place = Place::new();
    let alerts = [2800, 2800, 2800, 1000, 1000].map(|millis| {
        let outcome = place.run(&batch("10:00:00", millis, ""), &["--exit-code"]);
        (
            outcome.stdout.lines().count(),
            outcome.exit,
            outcome.stderr.contains("✅ RESOLVED: Command 'batch'"),
        )
    });
    assert_eq!(
        alerts,
        [
            (0, Exit::Done, false),
            (0, Exit::Done, false),
            (1, Exit::Yes, false),
            (1, Exit::Done, true),
            (0, Exit::Done, false)
        ]
    );
}

#[test]
fn sent_alerts_do_not_wait_in_the_state() {
    let place = Place::new();
    assert_eq!(place.run(&slow(), &[]).exit, Exit::Done);
    assert!(
        place.read("state/alerts.json").contains("\"pending\":[]"),
        "{}",
        place.read("state/alerts.json")
    );
}

#[test]
fn pass_keeps_every_record_as_it_came_with_its_alerts_right_behind_it() {
    let place = Place::new();
    let unknown = "{\"moon_phase\": {\"x\" : [1]} }\r\n";
    let odd = slow().replace("\"duration\"", "\"newer\": {\"a\":1} , \"duration\"");
    let input = [unknown, &odd, "nonsense\n", &batch("10:01:00", 9, ""), unknown].concat();
    let outcome = place.run(&input, &["--pass"]);
    let expected = [unknown, &odd, "ALERT\n", &batch("10:01:00", 9, ""), "ALERT\n", unknown].concat();
    let got: String = outcome
        .stdout
        .split_inclusive('\n')
        .map(|line| if line.starts_with("{\"performance_alert\"") { "ALERT\n" } else { line })
        .collect();
    assert_eq!(got, expected);
    assert!(
        outcome
            .stderr
            .ends_with("pm-alert: 1 of 5 lines skipped; first: line 3: expected ident at column 2\n")
    );
}

#[test]
fn many_records_in_several_batches_keep_their_order() {
    let place = Place::new();
    let input: String = (0..9000)
        .map(|number| {
            batch("10:00:00", 100, &format!(r#","execution_id":"exec_{number}","x":"{}""#, "x".repeat(300)))
        })
        .collect();
    assert!(input.len() > 2 << 20);
    assert_eq!(place.run(&input, &["--pass"]).stdout, input);
}

#[test]
fn replay_starts_fresh_and_leaves_no_trace() {
    let place = Place::new();
    let thrice =
        [batch("10:00:00", 2800, ""), batch("10:00:01", 2800, ""), batch("10:00:02", 2800, "")].concat();
    for _ in 0..2 {
        let outcome = place.run(&thrice, &["--replay"]);
        assert_eq!((outcome.stdout.lines().count(), outcome.stderr.as_str()), (1, ""));
    }
    assert!(!place.store("state").exists());
    let big = batch("10:00:00", 1, r#","resource_usage":{"peak_memory_mb":101}"#);
    assert!(run(place.trial(&big).on_terminal(), &["--replay"]).stdout.contains("memory usage exceeded"));
    assert_eq!(place.run("", &["--replay", "--state", "x"]).exit, Exit::Usage);
}

#[test]
fn the_store_is_an_input_too_and_what_lies_outside_the_time_is_passed_over() {
    let place = Place::new();
    fs::create_dir(place.store("records")).expect("a folder");
    let records =
        [batch("08:00:00", 3200, ""), batch("10:00:00", 3200, ""), batch("12:00:00", 3200, "")].concat();
    fs::write(place.store("records/2024-12-06.ndjson"), records).expect("written");
    let bounds = ["--since", "2024-12-06T09:00:00Z", "--until", "2024-12-06T12:00:00Z", "--replay"];
    for store in ["--store", "--store=.github-pm"] {
        let outcome = place.run("", &[&[store][..], &bounds].concat());
        assert_eq!(outcome.stdout.matches("\"timestamp\":\"2024-12-06T10:00:00.000Z\"").count(), 1);
        assert_eq!(outcome.stdout.lines().count(), 1);
    }
    assert_eq!(place.run("", &["--since", "2024-12-07", "--until", "2024-12-06"]).exit, Exit::Usage);
}

#[test]
fn a_setting_that_cannot_be_meant_ends_it_before_a_record_is_read() {
    let place = Place::new();
    fs::write(place.store("alerts.yml"), ALERTS.replace("threshold_mb", "treshold_mb")).expect("written");
    let outcome = place.run(&slow(), &["--pass"]);
    let message = format!(
        "pm-alert: {}:3:24: unknown key 'treshold_mb'\n  hint: did you mean 'threshold_mb'?\n",
        place.store("alerts.yml").display()
    );
    assert_eq!((outcome.stdout.as_str(), outcome.stderr, outcome.exit), ("", message, Exit::Usage));
}

#[test]
fn rules_and_state_of_one_s_own_need_no_store() {
    let place = Place::empty();
    fs::write(place.path().join("mine.yml"), ALERTS.replace("[\"log\"]", "[\"console\", \"log\"]"))
        .expect("written");
    let big = |id: u32, mb: u32| {
        batch(
            "10:00:00",
            1,
            &format!(r#","execution_id":"exec_{id}","resource_usage":{{"peak_memory_mb":{mb}}}"#),
        )
    };
    let args = ["--config", "mine.yml", "--state", "mine.json"];
    let outcome = place.run(&[big(1, 101), big(2, 102)].concat(), &args);
    assert_eq!((outcome.stdout.lines().count(), outcome.exit), (2, Exit::Done));
    assert_eq!(outcome.stderr.matches("alerts are not logged: there is no store here").count(), 1);
    assert_eq!(place.run(&big(3, 1), &args).stdout.matches("\"state\":\"resolved\"").count(), 1);
    let missing = place.run("", &["--config", "no.yml"]);
    assert_eq!(missing.exit, Exit::Environment);
}

#[test]
fn a_state_that_fails_is_said_shows_in_the_status_and_costs_no_alert() {
    let place = Place::new();
    fs::write(place.store("state"), "a file where a folder should be").expect("written");
    let outcome = place.run(&slow(), &["--exit-code"]);
    assert_eq!((outcome.stdout.lines().count(), outcome.exit), (1, Exit::Environment));
    assert!(outcome.stderr.contains("pm-alert: cannot make '"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains(TEXT), "{}", outcome.stderr);
}

#[test]
fn strict_stops_at_a_bad_line_after_telling_of_what_came_before() {
    let place = Place::new();
    let outcome = place.run(&[slow(), "{}\n".to_owned(), slow()].concat(), &["--strict"]);
    assert_eq!((outcome.stdout.lines().count(), outcome.exit), (1, Exit::BadInput));
    assert!(outcome.stderr.ends_with(
        "pm-alert: line 2: expected the record's kind at column 2\n  hint: leave `--strict` out to skip such lines and count them\n"
    ));
}

#[test]
fn an_alert_that_could_not_be_logged_is_logged_by_a_later_run() {
    let place = Place::new();
    fs::create_dir_all(place.store("state/alerts.ndjson")).expect("a folder where a file should be");
    let failed = place.run(&slow(), &[]);
    assert_eq!((failed.stdout.lines().count(), failed.exit), (1, Exit::Environment));
    assert!(failed.stderr.contains("pm-alert: cannot open '"), "{}", failed.stderr);
    fs::remove_dir(place.store("state/alerts.ndjson")).expect("removed");
    let later = run(place.trial(&batch("10:00:01", 2000, "")).now(NOW + 121_000), &[]);
    assert_eq!((later.stdout.lines().count(), later.exit), (1, Exit::Done));
    assert_eq!(place.read("state/alerts.ndjson"), [failed.stdout, later.stdout].concat());
    assert!(!later.stderr.contains("PERFORMANCE ALERT"), "{}", later.stderr);
}

#[test]
fn a_state_that_came_with_a_clone_cannot_drive_the_terminal() {
    let place = Place::new();
    fs::create_dir_all(place.store("state/alerts.ndjson")).expect("a folder where a file should be");
    assert_eq!(place.run(&slow(), &[]).exit, Exit::Environment);
    let state = place.read("state/alerts.json");
    let hostile = state.replace("[\"log\"]", "[\"console\"]").replace("Current:", "\\u001b]0;x");
    assert_ne!(hostile, state);
    fs::write(place.store("state/alerts.json"), hostile).expect("written");
    let later =
        run(place.trial(&batch("10:00:01", 2000, "")).now(NOW + 121_000).on_terminal(), &["--color=never"]);
    assert!(later.stdout.contains("\n   \\u{1b}]0;x 3.2s | Threshold"), "{}", later.stdout);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "only a process has an input that is still open")]
fn an_alert_comes_out_while_its_input_is_still_open() {
    let place = Place::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_pm-alert"))
        .current_dir(place.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the tool");
    let mut input = child.stdin.take().expect("a pipe");
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    let (sender, received) = mpsc::channel();
    std::thread::spawn(move || output.lines().try_for_each(|line| sender.send(line)));
    input.write_all(slow().as_bytes()).expect("written");
    let line = received.recv_timeout(Duration::from_secs(20)).expect("an alert in time").expect("text");
    assert!(line.starts_with("{\"performance_alert\""), "{line}");
    drop(input);
    assert!(child.wait().expect("an end").success());
}

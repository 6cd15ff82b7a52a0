use pm_record::Record;
use pm_store::{Benchmarks, Firing, Process, Running};

use super::*;
use crate::once;

const NOW: &str = "2024-12-06T10:30:20Z";

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

/// A model of a machine on which something happens.
fn model() -> Model {
    let mut model = Model::new("/desk/.github-pm".into(), Benchmarks::default());
    model.now = time(NOW).as_millis();
    for second in 0..=15_u32 {
        let tick = format!(
            r#"{{"system_metrics":{{"timestamp":"2024-12-06T10:30:{second:02}Z","memory":{{"process_memory_mb":45,"system_memory_available_mb":8192}},"cpu":{{"process_cpu_percentage":12.5,"system_cpu_percentage":{},"cpu_cores":8}},"network":{{"bytes_sent":2048,"bytes_received":4096000,"active_connections":3}}}}}}"#,
            second * 5
        );
        model.take(&Record::parse(tick.as_bytes()).expect("a tick"));
    }
    let quota = r#"{"api_monitoring":{"timestamp":"2024-12-06T10:30:00Z","rate_limit_tracking":{"current_limit":5000,"remaining":4875},"resources":{"core":{"limit":5000,"remaining":4875},"graphql":{"limit":5000,"remaining":100}}}}"#;
    model.take(&Record::parse(quota.as_bytes()).expect("a reading"));
    for (command, millis, code) in [("status", 200, 0), ("batch", 900, 0), ("status", 250, 3)] {
        let run = format!(
            r#"{{"performance_metrics":{{"command":"{command}","timestamp":"2024-12-06T10:30:10Z","duration":{{"total_ms":{millis}}},"exit_code":{code}}}}}"#
        );
        model.take(&Record::parse(run.as_bytes()).expect("a run"));
    }
    let process =
        Process { pid: 7, start_time: None, boot_id: None, pid_namespace: None, host: "here".into() };
    model.running.push(Running {
        execution_id: "exec_000000000001".into(),
        command: "setup-complete".into(),
        timestamp: time("2024-12-06T10:30:17Z"),
        process,
    });
    model.firing.push(Firing {
        kind: "memory_usage_high".into(),
        subject: "command batch".into(),
        since: Some(time("2024-12-06T10:29:20Z")),
        severity: Some(pm_record::Severity::Critical),
    });
    model
}

fn frame(model: &Model, width: u16, height: u16) -> String {
    once::frame(model, ratatui::layout::Size { width, height })
}

#[test]
fn a_usual_terminal_shows_charts_commands_and_alerts() {
    let expected = include_str!("frame.txt");
    let got = frame(&model(), 100, 30);
    assert!(got == expected, "{got}");
}

#[test]
fn a_low_terminal_shows_figures_in_place_of_charts() {
    let got = frame(&model(), 80, 12);
    for part in ["CPU 75% of 8 cores", "Memory 45MB · 8.0GB available", "in 3.9MB/s", "graphql 100/5000"] {
        assert!(got.contains(part), "{part} is not in\n{got}");
    }
}

#[test]
fn nothing_at_all_is_said_to_be_nothing() {
    let got = frame(&Model::new("/s".into(), Benchmarks::default()), 80, 24);
    for part in ["no samples yet", "no monitor here", "CPU not known", "no command runs", "no alert fires"] {
        assert!(got.contains(part), "{part} is not in\n{got}");
    }
}

#[test]
fn no_size_is_too_small() {
    let model = model();
    for width in [1, 2, 3, 7, 20, 300] {
        for height in [1, 2, 3, 4, 5, 9, 100] {
            let got = frame(&model, width, height);
            assert_eq!(got.lines().count(), usize::from(height));
        }
    }
}

#[test]
fn what_records_say_cannot_reach_the_terminal_as_a_command() {
    let mut model = model();
    model.running[0].command = "\u{1b}[2J".into();
    model.firing[0].subject = "\u{7}\u{1b}]0;x".into();
    model.store = "\u{1b}c".into();
    let got = frame(&model, 100, 30);
    assert!(!got.contains(['\u{1b}', '\u{7}']), "{got:?}");
}

#[test]
fn without_color_no_cell_has_one() {
    use ratatui::backend::TestBackend;
    for color in [false, true] {
        let mut terminal = ratatui::Terminal::new(TestBackend::new(100, 30)).expect("memory");
        terminal.draw(|frame| draw(frame, &model(), Theme { color })).expect("memory");
        let cells = &terminal.backend().buffer().content;
        assert_eq!(cells.iter().any(|cell| cell.fg != Color::Reset), color);
    }
}

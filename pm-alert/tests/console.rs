//! What people see while a limit stays exceeded.

use crate::{ALERTS, Place, TEXT, batch, run};

/// Runs of `batch` a second apart.
fn runs(millis: &[u32]) -> String {
    let runs = millis.iter().enumerate();
    runs.map(|(at, millis)| batch(&format!("10:{:02}:{:02}", at / 60, at % 60), *millis, "")).collect()
}

/// The first line of every alert on the console.
fn headlines(console: &str) -> Vec<&str> {
    console.lines().filter(|line| !line.starts_with("   ")).collect()
}

const BEGINS: &str = "⚠️  PERFORMANCE ALERT: Command 'batch' execution time exceeded threshold";
const ENDS: &str = "✅ RESOLVED: Command 'batch' execution time is within its threshold again";

#[test]
fn one_run_tells_of_the_first_and_counts_the_rest() {
    let place = Place::new();
    let outcome = place.run(&runs(&[3200; 1500]), &[]);
    assert_eq!(outcome.stdout.lines().count(), 1500);
    let more = "⚠️  … and 1,499 more: 'batch' 3.2s (limit 3.0s, 1,500th run in a row)\n";
    assert_eq!(outcome.stderr, [TEXT, more].concat());
}

#[test]
fn a_later_run_that_finds_it_still_over_says_so_in_one_line() {
    let place = Place::new();
    assert_eq!(place.run(&batch("10:00:00", 3200, ""), &[]).stderr, TEXT);
    let later = place.run(&batch("10:00:01", 3400, ""), &["--exit-code"]);
    assert_eq!(later.stderr, "⚠️  still over: 'batch' 3.4s (limit 3.0s, 2nd run in a row)\n");
    assert_eq!((later.stdout.lines().count(), later.exit), (1, pm_cli::Exit::Yes));
    let shown = run(place.trial(&batch("10:00:02", 3500, "")).on_terminal(), &["--color=always"]);
    assert_eq!(
        shown.stdout,
        "\u{1b}[31;1m⚠️  still over: 'batch' 3.5s (limit 3.0s, 3rd run in a row)\u{1b}[0m\n"
    );
}

#[test]
fn becoming_worse_is_told_in_full_and_only_once() {
    let outcome = Place::new().run(&runs(&[2800, 2800, 2800, 2800, 3200, 2800, 3200, 1000]), &[]);
    assert_eq!(
        headlines(&outcome.stderr),
        [
            BEGINS,
            "⚠️  … and 1 more: 'batch' 2.8s (limit 2.7s, 4th run in a row)",
            BEGINS,
            "⚠️  … and 2 more: 'batch' 3.2s (limit 3.0s, 7th run in a row)",
            ENDS,
        ]
    );
    assert_eq!(outcome.stdout.lines().count(), 6);
}

#[test]
fn what_was_over_before_is_told_anew_once_it_was_kept() {
    let outcome = Place::new().run(&runs(&[3200, 1000, 3200]), &[]);
    assert_eq!(headlines(&outcome.stderr), [BEGINS, ENDS, BEGINS]);
}

#[test]
fn each_rule_and_subject_is_counted_for_itself() {
    let place = Place::new();
    std::fs::write(place.store("alerts.yml"), ALERTS.replace("[\"log\"]", "[\"console\"]")).expect("written");
    let line = |at: u32| {
        let tick = format!(
            "{{\"system_metrics\":{{\"timestamp\":\"2024-12-06T10:00:0{at}Z\",\"memory\":{{\"process_memory_mb\":2048}},\"host\":\"h\"}}}}\n"
        );
        let quota = format!(
            "{{\"api_monitoring\":{{\"timestamp\":\"2024-12-06T10:00:0{at}Z\",\"resources\":{{\"core\":{{\"limit\":1000,\"used\":923}}}}}}}}\n"
        );
        let more = r#","resource_usage":{"peak_memory_mb":120}"#;
        [tick, quota, batch(&format!("10:00:0{at}"), 3200, more)].concat()
    };
    let outcome = place.run(&(0..3).map(line).collect::<String>(), &[]);
    assert_eq!(
        headlines(&outcome.stderr)[4..],
        [
            "⚠️  … and 2 more: processes on 'h' 2.0GB (limit 100MB, 3rd reading in a row)",
            "⚠️  … and 2 more: rate limit 'core' 92.3% (limit 80%, 3rd reading in a row)",
            "⚠️  … and 2 more: 'batch' 3.2s (limit 3.0s, 3rd run in a row)",
            "⚠️  … and 2 more: 'batch' 120MB (limit 100MB, 3rd run in a row)",
        ]
    );
}

#[test]
fn many_subjects_are_told_of_in_bounded_memory_and_none_is_lost() {
    let place = Place::new();
    std::fs::write(place.store("alerts.yml"), ALERTS.replace("[\"log\"]", "[\"console\"]")).expect("written");
    let big = r#","resource_usage":{"peak_memory_mb":101}"#;
    let named = |name: u32| batch("10:00:00", 1, big).replace("\"batch\"", &format!("\"c{name}\""));
    let outcome = place.run(&[named(0), (0..1001).map(named).collect()].concat(), &[]);
    let told = headlines(&outcome.stderr);
    assert_eq!(told.len(), 1002);
    // The one that was told first made room for the last.
    assert_eq!(told[1000], "⚠️  … and 1 more: 'c0' 101MB (limit 100MB, 2nd run in a row)");
    assert!(told[1001].contains("'c1000' memory usage exceeded"), "{}", told[1001]);
}

//! Any bytes as the state of earlier runs are taken over, or set aside and said; and what is written then is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pm_cli::Trial;

const RULES: &str = "alerts:
  memory_usage_high: { threshold_mb: 100, notification_channels: [console, team] }
  failing: { metric: failure_rate, above: 50, window: 10m, at_least: 2 }
  there: { missing_after: 1h, commands: [batch] }
channels: { team: { type: log, path: told.ndjson } }
";

const RECORDS: &str = concat!(
    r#"{"performance_metrics":{"command":"batch","execution_id":"exec_1","timestamp":"2024-12-06T10:00:00Z","duration":{"total_ms":5},"resource_usage":{"peak_memory_mb":500},"exit_code":1}}"#,
    "\n",
    r#"{"performance_metrics":{"command":"batch","execution_id":"exec_2","timestamp":"2024-12-06T10:01:00Z","duration":{"total_ms":5},"resource_usage":{"peak_memory_mb":5},"exit_code":0}}"#,
    "\n",
);

const SET_ASIDE: &str = "the state of earlier runs cannot be used";

fuzz_target!(|state: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("alerts.yml"), RULES).expect("written");
    std::fs::write(folder.path().join("state.json"), state).expect("written");
    let run = || {
        let trial = Trial::new().input(RECORDS).current_dir(folder.path()).now(1_733_500_000_000);
        trial.run(pm_alert::TOOL, pm_alert::run, &["--config", "alerts.yml", "--state", "state.json"])
    };
    let first = run();
    let kept = std::fs::read_dir(folder.path()).expect("a folder").flatten();
    let is_kept = kept.filter_map(|entry| std::fs::read(entry.path()).ok()).any(|bytes| bytes == state);
    assert!(is_kept || !first.stderr.contains(SET_ASIDE), "it is lost: {}", first.stderr);
    let second = run();
    assert!(!second.stderr.contains(SET_ASIDE), "{}", second.stderr);
});

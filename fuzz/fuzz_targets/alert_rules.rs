//! Any text as `alerts.yml` is refused with a place, or judges records of every kind; nobody is told of anything.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pm_cli::{Exit, Trial};
use pm_record::Record;

const RECORDS: &str = concat!(
    r#"{"performance_metrics":{"command":"batch","execution_id":"exec_1","timestamp":"2024-12-06T10:00:00Z","duration":{"total_ms":5000,"phases":{"a_ms":1}},"resource_usage":{"peak_memory_mb":500},"context":{"kind":"full","size":3},"exit_code":1,"host":"h"}}"#,
    "\n",
    r#"{"performance_metrics":{"command":"batch","timestamp":"2024-12-06T11:00:00Z","duration":{"total_ms":1},"exit_code":0}}"#,
    "\n",
    r#"{"system_metrics":{"timestamp":"2024-12-06T10:00:00Z","memory":{"process_memory_mb":900},"host":"h"}}"#,
    "\n",
    r#"{"api_monitoring":{"timestamp":"2024-12-06T10:00:00Z","resources":{"core":{"limit":100,"used":99,"burn_per_minute":5,"exhausted_at":"2024-12-06T10:01:00Z","reset_time":"2024-12-06T11:00:00Z"}}}}"#,
    "\n",
    r#"{"api_request":{"timestamp":"2024-12-06T10:00:00Z","method":"GET","endpoint":"/x","duration_ms":1,"limit_hit":"secondary"}}"#,
    "\n",
    r#"{"other":{"command":"batch","timestamp":"2024-12-06T10:00:00Z","a":{"b":7}}}"#,
    "\n",
);

fuzz_target!(|text: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alerts.yml");
    std::fs::write(&path, text).expect("written");
    let run = |args: &[&str]| {
        let trial = Trial::new().input(RECORDS).current_dir(folder.path()).now(1_733_500_000_000);
        trial.run(pm_alert::TOOL, pm_alert::run, args)
    };
    let judged = run(&["--replay", "--config", "alerts.yml"]);
    let checked = run(&["--check", "--config", "alerts.yml"]);
    match judged.exit {
        Exit::Done => {
            for line in judged.stdout.lines() {
                let Ok(Record::Alert(alert)) = Record::parse(line.as_bytes()) else {
                    panic!("no alert: {line}");
                };
                assert!(!alert.kind.is_empty() && !alert.current_value.is_empty(), "{line}");
            }
            // What fires can be meant, and is the same every time.
            assert!(judged.stdout.is_empty() || checked.exit == Exit::Done, "{}", checked.stderr);
            assert_eq!(run(&["--replay", "--config", "alerts.yml"]).stdout, judged.stdout);
        }
        // What cannot be meant is refused by both, where it stands, and before anything comes of it.
        exit => {
            assert_eq!((exit, checked.exit), (Exit::Usage, Exit::Usage), "{}", judged.stderr);
            assert_eq!(judged.stdout, "");
            assert!(judged.stderr.contains("alerts.yml"), "{}", judged.stderr);
        }
    }
    // Nobody is told, and nothing is kept.
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
});

//! Any bytes as the state of an earlier export are gone on from, or set aside and said; and what is written then is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pm_cli::{Exit, Trial};

const RECORDS: &str = concat!(
    r#"{"performance_metrics":{"command":"batch","execution_id":"exec_1","timestamp":"2024-12-06T10:00:00Z","duration":{"total_ms":5,"phases":{"a_ms":5}},"exit_code":1}}"#,
    "\n",
    r#"{"api_request":{"timestamp":"2024-12-06T10:00:00Z","execution_id":"exec_2","method":"GET","endpoint":"/x","duration_ms":1}}"#,
    "\n",
);

const UNUSABLE: &str = "the totals of earlier runs cannot be used";

fuzz_target!(|state: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join(".github-pm");
    std::fs::create_dir_all(store.join("records")).expect("folders");
    std::fs::create_dir(store.join("state")).expect("a folder");
    std::fs::write(store.join("records/2024-12-06.ndjson"), RECORDS).expect("written");
    std::fs::write(store.join("state/export-p.json"), state).expect("written");
    let run = |more: &[&str]| {
        let trial = Trial::new().current_dir(folder.path()).now(1_733_500_000_000);
        trial.run(pm_export::TOOL, pm_export::run, &[&["--store", "--position", "p"], more].concat())
    };
    // Requests are only printed, and nothing is written down.
    let delivered = run(&["--to", "otlp", "--dry-run"]);
    let first = run(&[]);
    let second = run(&[]);
    for outcome in [&delivered, &first, &second] {
        assert_eq!(outcome.exit, Exit::Done, "{}", outcome.stderr);
    }
    assert!(!second.stderr.contains(UNUSABLE), "{}", second.stderr);
});

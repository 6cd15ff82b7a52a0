//! Nothing that a benchmark is compared with is too odd to be read or refused, and what was made is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pm_cli::Trial;

const RUN: &[u8] = br#"{"performance_metrics":{"command":"a","timestamp":"2024-12-06T10:30:00Z","duration":{"total_ms":100}}}"#;

fuzz_target!(|text: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("before"), text).expect("written");
    let trial = |input: &[u8]| Trial::new().input(input).current_dir(folder.path());
    let made = trial(RUN).run(pm_report::TOOL, pm_report::run, &["--as", "benchmark", "--against", "before"]);
    if !made.stdout.is_empty() {
        for form in ["terminal", "markdown", "hyperfine"] {
            let shown = trial(made.stdout.as_bytes()).run(pm_report::TOOL, pm_report::run, &["--as", form]);
            assert!(!shown.stdout.is_empty() && shown.stderr.is_empty(), "{}", shown.stderr);
        }
    }
    // Whatever it is, it may also be what is shown.
    let _ = trial(text).run(pm_report::TOOL, pm_report::run, &["--as", "hyperfine"]);
    let _ = trial(text).run(pm_report::TOOL, pm_report::run, &[]);
});

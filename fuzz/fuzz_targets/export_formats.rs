//! Any records are exported in every form that goes to a file, and what a receiver answers is understood or ignored.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pm_cli::{Exit, Trial};

const FORMS: [&str; 7] =
    ["prometheus", "csv", "influx", "statsd", "hyperfine", "github-action-benchmark", "bencher"];

fuzz_target!(|input: (u8, &[u8])| {
    let (form, lines) = input;
    let form = FORMS[usize::from(form) % FORMS.len()];
    let outcome = Trial::new().input(lines).run(pm_export::TOOL, pm_export::run, &["--to", form]);
    // Of nothing there is no document of benchmarks.
    let is_done = outcome.exit == Exit::Done || outcome.stderr.contains("there are no runs");
    assert!(is_done, "{form}: {}", outcome.stderr);
    if form == "prometheus" {
        for line in outcome.stdout.lines().filter(|line| !line.starts_with('#')) {
            let (_, value) = line.rsplit_once(' ').expect("a sample");
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    }
    for kind in ["application/json", "application/x-protobuf"] {
        let _ = pm_export::partial_success(kind, lines);
    }
});

//! No settings file is too odd to be read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pm_store::{Alerts, Benchmarks, Settings, Store};

fuzz_target!(|text: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["alerts.yml", "benchmarks.yml", "config.yml"] {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let store = Store::at(folder.path());
    let _ = (Alerts::of(&store), Benchmarks::of(&store), Settings::of(&store));
});

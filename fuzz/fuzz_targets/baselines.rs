//! New baselines are written into any settings file as they were meant, or not at all.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pm_store::{Benchmarks, NewBaselines, Store};

fuzz_target!(|text: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("benchmarks.yml");
    std::fs::write(&path, text).expect("written");
    let store = Store::at(folder.path());
    let before = Benchmarks::of(&store);
    let known = before.iter().flat_map(|benchmarks| benchmarks.commands.keys().cloned());
    let commands: Vec<_> = known.chain(["status".to_owned()]).collect();
    let new = NewBaselines {
        date: "2026-11-27".to_owned(),
        cli_version: Some("2.0.0".to_owned()),
        commands: commands.iter().zip(1..).map(|(name, ms)| (name.clone(), f64::from(ms))).collect(),
    };
    match store.save_baselines(&new) {
        Ok(_) => {
            let after = Benchmarks::of(&store).expect("what was written is read");
            assert!(new.commands.iter().all(|(name, ms)| after.commands[name].baseline_ms == Some(*ms)));
            assert_eq!(after.scenarios, before.expect("what was rewritten could be read").scenarios);
        }
        Err(_) => assert_eq!(std::fs::read(&path).expect("there"), text),
    }
});

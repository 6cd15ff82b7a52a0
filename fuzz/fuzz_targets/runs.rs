//! The fast reader of runs gives the full parser's answer to every line, whatever it has read before.
//!
//! An input is a log as it stands, or, behind a byte of zero, the choices by which a log is made up: layouts are
//! found sooner so.
#![no_main]

#[path = "../../crates/pm-record/tests/runs/answer.rs"]
mod answer;
#[path = "../../crates/pm-record/tests/runs/choices.rs"]
mod choices;
#[path = "../../crates/pm-record/tests/runs/generate.rs"]
mod generate;
#[path = "../../crates/pm-record/tests/runs/pieces.rs"]
mod pieces;
#[path = "../../crates/pm-record/tests/runs/trial.rs"]
mod trial;
#[path = "../../crates/pm-record/tests/runs/wanted.rs"]
mod wanted;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pm_record::Wanted;

static SETS: LazyLock<[Wanted; 4]> = LazyLock::new(wanted::sets);

fuzz_target!(|input: &[u8]| {
    let lines = match input.split_first() {
        Some((0, choices)) => generate::lines(&mut choices::Choices::new(choices)),
        _ => input.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect(),
    };
    let wanted = &SETS[input.len() % SETS.len()];
    trial::Trial::new(wanted).check(&lines);
    let log = [lines.join(&b'\n'), b"\n".to_vec()].concat();
    let sizes = [1 + usize::from(*input.last().unwrap_or(&0)) * 16];
    pieces::check(&log.repeat(trial::OFTEN), &sizes, wanted);
});

//! Bounds, and what survives from one run to the next.

use pm_record::Record;
use proptest::prelude::*;

use super::*;
use crate::judge::tests::{judge, parse, run, said};

#[test]
fn the_longest_unseen_subject_gives_way() {
    let (judge, mut state) = (judge(), State::default());
    let slow = |name: &str| run(name, "10:00:00", 1, r#","resource_usage":{"peak_memory_mb":1}"#);
    for number in 0..SUBJECTS {
        said(&judge, &mut state, &slow(&format!("c{number}")));
    }
    said(&judge, &mut state, &slow("c0"));
    said(&judge, &mut state, &slow("one more"));
    assert_eq!(state.rows.len(), SUBJECTS);
    let knows = |name: &str| state.rows.contains_key(&format!("memory_usage_high command {name}"));
    assert_eq!([knows("c0"), knows("c1"), knows("one more")], [true, false, true]);
}

#[test]
fn the_newest_execution_ids_are_remembered_and_hostile_ones_are_not() {
    let (judge, mut state) = (judge(), State::default());
    let with = |id: &str| run("batch", "10:00:00", 1, &format!(r#","execution_id":"{id}""#));
    for number in 0..=SEEN {
        said(&judge, &mut state, &with(&format!("exec_{number}")));
    }
    said(&judge, &mut state, &with(&"x".repeat(100_000)));
    assert_eq!(state.seen.len(), SEEN);
    assert_eq!((state.seen.contains("exec_0"), state.seen.contains("exec_1")), (false, true));
}

/// Records of few subjects, close to their limits, in no order.
fn any_record() -> impl Strategy<Value = Record> {
    let run = (0..2_u8, 0..9_u8, prop_oneof![Just(100_u32), Just(2800), Just(3100)], 0..20_u8, 90..110_u8)
        .prop_map(|(command, at, millis, id, mb)| {
            let command = ["batch", "status"][usize::from(command)];
            let more = format!(
                r#","execution_id":"e{id}","exit_code":{},"resource_usage":{{"peak_memory_mb":{mb}}}"#,
                u8::from(id == 3)
            );
            run(command, &format!("10:00:0{at}"), millis, &more)
        });
    let reading = (0..2_u8, 0..9_u8, 3900..4100_u32).prop_map(|(credential, at, used)| {
        parse(&format!(
            r#"{{"api_monitoring":{{"timestamp":"2024-12-06T10:00:0{at}Z","credential":"{credential}","resources":{{"core":{{"limit":5000,"used":{used}}}}}}}}}"#
        ))
    });
    prop_oneof![3 => run, 1 => reading]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn one_run_a_record_alerts_what_one_long_run_does(records in prop::collection::vec(any_record(), 0..60)) {
        let judge = judge();
        let (mut long, mut kept) = (State::default(), serde_json::to_vec(&State::default()).expect("JSON"));
        for record in &records {
            let mut short: State = serde_json::from_slice(&kept).expect("what was written");
            prop_assert_eq!(said(&judge, &mut short, record), said(&judge, &mut long, record));
            prop_assert_eq!(&short, &long);
            kept = serde_json::to_vec(&short).expect("JSON");
        }
    }
}

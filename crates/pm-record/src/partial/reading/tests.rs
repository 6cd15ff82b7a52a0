use proptest::prelude::*;

use super::*;
use crate::{PartialMetric, Timestamp};

const HEAD: &str = r#"{"performance_partial":{"schema":1,"by":{"command":"batch"},"window":{"start":"2024-12-06T10:00:00.000Z","end":"2024-12-06T11:00:00.000Z"}"#;
const STATE: &str = r#""state":{"count":2,"sum":"11","sum_of_squares":"61","min":5,"max":6,"values":[5,6]}"#;

/// What the full parser makes of a line.
fn fully(line: &str) -> Option<Partial> {
    match Record::parse(line.as_bytes()) {
        Ok(Record::Partial(partial)) => Some(Partial::from(*partial)),
        _ => None,
    }
}

/// Reads a line in whatever way it can be read, and tells whether the quick one was enough.
#[track_caller]
fn read(reader: &mut Partial, line: &str) -> bool {
    let quick = reader.read(line.as_bytes());
    let expected = fully(line);
    if quick {
        assert_eq!(Some(&*reader), expected.as_ref(), "{line}");
    } else if let Ok(Record::Partial(partial)) = Record::parse(line.as_bytes()) {
        reader.set(*partial);
    }
    quick
}

/// Reads the end of a line that begins like every other one here.
#[track_caller]
fn check(tail: &str, quick: bool) {
    let line = format!("{HEAD}{tail}");
    let mut reader = Partial::default();
    for turn in 0..3 {
        assert_eq!(read(&mut reader, &line), quick, "turn {turn} of {line}");
    }
}

#[test]
fn what_we_write_is_read_quickly() {
    check(&format!(r#","metric":"duration.total_ms",{STATE}}}}}"#), true);
    check(r#","metric":"x","state":{"count":1,"sum":"-5","sum_of_squares":"25","min":-5,"max":-5}}}"#, true);
    check(
        r#","metric":"x","state":{"count":2,"sum":"6","sum_of_squares":"18","min":3,"max":3,"histogram":{"scale":7,"zero":0,"positive":[[-1073,2]]}}}}"#,
        true,
    );
    check(
        r#","metric":"x","state":{"count":3,"sum":"0","sum_of_squares":"18","min":-3,"max":3,"histogram":{"scale":7,"zero":1,"positive":[[-1073,1]],"negative":[[-1073,1]]}}}}"#,
        true,
    );
    check(
        r#","group":{"count":2,"failures":0,"first":"2024-12-06T10:30:15.000Z","last":"2024-12-06T10:30:16.000Z","machines":["a"]}}}"#,
        true,
    );
}

#[test]
fn whatever_is_written_otherwise_is_left_to_the_full_parser() {
    for state in [
        STATE.replace(":2,", ":02,"),
        STATE.replace("[5,6]", "[5, 6]"),
        STATE.replace("[5,6]", "[5,7]"),
        STATE.replace("\"11\"", "\"12\""),
        STATE.replace("\"11\"", "\"011\""),
        STATE.replace("\"11\"", "11"),
        STATE.replace("\"min\":5", "\"min\":-0"),
        STATE.replace("\"min\":5", "\"min\":5.0"),
        STATE.replace("\"min\":5,\"max\":6", "\"max\":6,\"min\":5"),
        STATE.replace(",\"values\":[5,6]", ",\"values\":[]"),
    ] {
        check(&format!(r#","metric":"x",{state}}}}}"#), false);
    }
    check(&format!(r#","metric":"\u0078",{STATE}}}}}"#), false);
    check(&format!(r#","metric":"é",{STATE}}}}}"#), false);
    check(&format!(r#","metric":"x",{STATE}}}}} "#), false);
    check(&format!(r#","metric":"x",{STATE},"further":1}}}}"#), false);
    check(&format!(r#","metric":null,"metric":"x",{STATE}}}}}"#), false);
    check(&format!(r#","nested":false,"metric":"x",{STATE}}}}}"#), false);
    check(r#","metric":"x","state":null}}"#, false);
    check(r#","group":{"count":2},"metric":"x"}}"#, false);
    check(
        r#","metric":"x","state":{"count":2,"sum":"6","sum_of_squares":"18","min":3,"max":3,"histogram":{"scale":7,"zero":0,"positive":[[100000,2]]}}}}"#,
        false,
    );
}

#[test]
fn a_field_that_is_called_like_a_key_is_no_end_of_the_beginning() {
    let by = r#"{"performance_partial":{"schema":1,"by":{"command":"a","metric":"b"},"metric":"x","#;
    assert!(!read(&mut Partial::default(), &format!("{by}{STATE}}}}}")));
}

fn partials() -> impl Strategy<Value = PerformancePartial> {
    let values =
        prop::collection::vec(prop_oneof![0..5_i64, -9..9_i64, any::<i32>().prop_map(i64::from)], 1..90);
    let by = prop::collection::vec((any::<bool>(), 0..3_u8), 1..3);
    (values, by, prop::option::of(0..3_i64), any::<bool>(), 0..3_u8).prop_map(
        |(values, by, hour, nested, kind)| {
            let at = |hour: i64| Timestamp::from_millis(hour * 3_600_000);
            let by = by.into_iter().enumerate().map(|(place, (text, value))| {
                let names = ["a", "b\"", "ü"];
                let value = if text { Scalar::from(names[usize::from(value)]) } else { Scalar::Null };
                (format!("field{place}"), value)
            });
            let distribution: Distribution = values.into_iter().collect();
            let group = PartialGroup {
                count: 3,
                failures: 0,
                failed_duration: None,
                first: at(0),
                last: at(1),
                machines: std::collections::BTreeSet::new(),
            };
            PerformancePartial {
                schema: Schema,
                by: by.collect(),
                window: hour.map(|hour| Window { start: at(hour), end: at(hour + 1) }),
                nested,
                group: (kind == 0).then_some(group),
                metric: (kind > 0).then(|| "duration.total_ms".to_owned()),
                state: match kind {
                    0 => None,
                    1 => PartialMetric::from_moments(distribution.moments()),
                    _ => PartialMetric::from_distribution(&distribution),
                },
            }
        },
    )
}

proptest! {
    #[test]
    fn whatever_was_read_before_a_line_says_what_the_full_parser_says(
        lines in prop::collection::vec((partials(), prop::option::of((any::<prop::sample::Index>(), any::<u8>()))), 1..8),
    ) {
        let mut reader = Partial::default();
        for (partial, damage) in lines {
            let mut line = Record::Partial(Box::new(partial)).to_line();
            line.pop();
            if let Some((place, byte)) = damage {
                let place = place.index(line.len());
                line[place] = byte;
            }
            let Ok(text) = String::from_utf8(line) else { continue };
            let quick = read(&mut reader, &text);
            prop_assert!(quick || damage.is_some(), "{}", text);
        }
    }
}

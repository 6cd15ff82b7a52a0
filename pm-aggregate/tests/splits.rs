//! However the input is split, and however the parts are merged, the answer is the one of a single run.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::run;

/// Values near what can be held, and ordinary ones.
fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..5_000_000_u32).prop_map(|micros| format!("{}.{:03}", micros / 1000, micros % 1000)),
        (9_223_372_036_854_770_u64..=9_223_372_036_854_775).prop_map(|huge| huge.to_string()),
        Just("0".to_owned()),
    ]
}

fn any_more() -> impl Strategy<Value = String> {
    let status =
        select(vec!["", r#","status":"success""#, r#","status":"failure""#, r#","status":"not_started""#]);
    let nested = select(vec!["", "", r#","trace":{"trace_id":"1","span_id":"2","parent_execution_id":"e"}"#]);
    let context = select(vec![
        "",
        r#","context":{"size":"large","n":3}"#,
        r#","context":{"size":7.5,"n":-9223372036854775}"#,
        r#","context":{"size":true,"n":"text"}"#,
    ]);
    let metrics = (0..9_u32, select(vec!["", "-"]), any_value()).prop_map(|(n, sign, value)| {
        format!(
            r#","machine":"m{n}","host":"h{}","resource_usage":{{"peak_memory_mb":{sign}{value}}},"github_api":{{"cache_hits":{n},"cache_misses":1}}"#,
            n % 2
        )
    });
    let metrics = prop_oneof![Just(String::new()), metrics];
    (status, nested, context, metrics)
        .prop_map(|(status, nested, context, metrics)| [status, nested, context, metrics.as_str()].concat())
}

prop_compose! {
    fn any_record()(
        command in 0..3_u32,
        (hour, minute) in (9..13_u32, 0..60_u32),
        millis in any_value(),
        phases in select(vec!["", r#","phases":{"fetch_ms":0.5}"#, r#","phases":{"b_ms":1,"a_ms":9223372036854775}"#]),
        more in any_more(),
    ) -> String {
        super::record(
            &format!("c{command}"),
            &format!("{hour:02}:{minute:02}:00"),
            &format!("{millis}{phases}"),
            &more,
        )
    }
}

/// A question, and how parts may be prepared for it: as finely as it asks, or finer.
#[derive(Debug, Clone)]
struct Question {
    /// What the answer is asked with.
    whole: Vec<&'static str>,
    /// What the parts are made with.
    part: Vec<&'static str>,
}

fn any_question() -> impl Strategy<Value = Question> {
    let groups = select(vec![
        ("command", "command"),
        ("command", "host,command"),
        ("host", "command,host"),
        ("host", "host"),
        ("machine,command", "command,context.size,machine"),
        ("context.size", "context.size"),
    ]);
    let windows = select(vec![("all", "all"), ("all", "1h"), ("1h", "1h"), ("1d", "1h"), ("30m", "10m")]);
    let metrics =
        select(vec![vec![], vec!["--metric", "all"], vec!["--metric", "context.n,duration.phases.a_ms"]]);
    let bounds = select(vec![
        vec![],
        vec!["--since", "2024-12-06T10:15:00Z"],
        vec!["--until", "2024-12-06T11:30:00Z"],
        vec!["--since", "2024-12-06T10:00:00Z", "--until", "2024-12-06T12:00:00Z"],
    ]);
    let conditions = select(vec![vec![], vec!["--where", "command=c1"]]);
    (groups, windows, metrics, bounds, conditions).prop_map(
        |(groups, windows, metrics, bounds, conditions)| {
            let common = [metrics, conditions].concat();
            let with =
                |by, window| [vec!["--by", by, "--window", window], common.clone(), bounds.clone()].concat();
            Question { whole: with(groups.0, windows.0), part: with(groups.1, windows.1) }
        },
    )
}

impl Question {
    /// Bounds and conditions are met by the parts; a merge may not know of them any more.
    fn merge(&self) -> Vec<&'static str> {
        let told = |pair: &&[&'static str]| !["--since", "--until", "--where"].contains(&pair[0]);
        let told = self.whole.chunks(2).filter(told).flatten().copied();
        ["--merge"].into_iter().chain(told).collect()
    }

    /// Takes parts together that stay as fine as they are.
    fn join(&self) -> Vec<&'static str> {
        let told = |pair: &&[&'static str]| !["--since", "--until", "--where"].contains(&pair[0]);
        let told = self.part.chunks(2).filter(told).flatten().copied();
        ["--merge", "--partial"].into_iter().chain(told).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_split_merged_in_any_tree_gives_the_bytes_of_one_run(
        records in prop::collection::vec(any_record(), 0..150),
        places in prop::collection::vec(0..4_usize, 150),
        question in any_question(),
        tree in prop::collection::vec((any::<Index>(), any::<Index>()), 3),
    ) {
        let whole = run(&records.concat(), &question.whole).stdout;
        let mut parts = vec![String::new(); 4];
        for (record, place) in records.iter().zip(&places) {
            parts[*place].push_str(record);
        }
        for part in &mut parts {
            let made = run(part, &[&question.part[..], &["--partial"]].concat());
            *part = made.stdout;
        }
        let at_once = run(&parts.concat(), &question.merge());
        prop_assert_eq!(&at_once.stdout, &whole);
        prop_assert!(!at_once.stderr.contains("skipped"), "{}", at_once.stderr);
        for (one, other) in &tree[..tree.len() - 1] {
            let one = parts.remove(one.index(parts.len()));
            let other = other.index(parts.len());
            parts[other] = run(&[one, parts[other].clone()].concat(), &question.join()).stdout;
        }
        prop_assert_eq!(&run(&parts.concat(), &question.merge()).stdout, &whole);
    }

    #[test]
    fn raw_and_partial_lines_may_be_mixed_and_bounded_together(
        records in prop::collection::vec(any_record(), 0..100),
        raw in 0..100_usize,
        by in select(vec!["command", "host", "host,command"]),
        window in select(vec!["all", "1h", "1d"]),
        bounds in select(vec![
            vec![],
            vec!["--since", "2024-12-06T10:00:00Z"],
            vec!["--until", "2024-12-06T11:00:00Z"],
            vec!["--since", "2024-12-06T10:00:00Z", "--until", "2024-12-06T12:00:00Z", "--where", "command=c0"],
        ]),
    ) {
        let asked = [vec!["--by", by, "--window", window], bounds].concat();
        let (first, rest) = records.split_at(raw.min(records.len()));
        let hours = run(&rest.concat(), &["--by", "command,host", "--window", "1h", "--partial"]).stdout;
        let mixed = run(&[hours, first.concat()].concat(), &[&asked[..], &["--merge"]].concat());
        prop_assert_eq!(mixed, run(&records.concat(), &asked));
    }
}

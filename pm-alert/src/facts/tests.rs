//! The fast reader and the full parser give the same alerts and leave the same state.

use pm_record::{Reading, Record, RunReader};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::alert::Alert;
use crate::judge::Judge;
use crate::judge::tests::{build, time};
use crate::state::State;

const BENCHMARKS: &str = "benchmarks: { commands: { batch: { baseline_ms: 100, max_acceptable_ms: 250 }, \"a'b\": { max_acceptable_ms: 100 } } }";

/// Rules of every kind, and of every way to say whom they are about.
const RULES: &[&str] = &[
    "performance_degradation: { threshold_percentage: 50, consecutive_violations: 2 }",
    "memory_usage_high: { threshold_mb: 100, clear_below: 90 }",
    "memory_usage_high: { threshold_mb: 100, where: { host: 'h*', context.kind: full } }",
    "api_rate_limit_warning: { threshold_percentage: 80 }",
    "slow: { metric: duration.total_ms, above: 200, commands: ['b*', status] }",
    "busy: { metric: duration.phases.one_ms, above: 50, for: 1s }",
    "few: { metric: github_api.requests_made, below: 5, where: { exit_code: 0 } }",
    "size: { metric: context.size, above: 3, where: { context.size: '*' } }",
    "failing: { metric: failure_rate, above: 40, window: 10s, at_least: 2 }",
    "mean: { metric: resource_usage.cpu_time_ms, above: 20, window: 1m, statistic: mean }",
    "there: { missing_after: 2s, commands: [batch, status] }",
    "gone: { metric: exit_code, above: 1, missing_after: 3s, where: { truncated: true } }",
    "label: { metric: duration.total_ms, above: 10, where: { context.size: 2, status: success } }",
    "load: { metric: cpu.process_cpu_percentage, above: 50 }",
    "refused: { metric: secondary_limit_hits, above: 0 }",
    "custom: { metric: moon.phase, record: moon_phase, above: 1 }",
    "level: { regression: true }",
];

/// A key of a run and its value, of which one in four is not what pm-wrap writes.
fn field() -> impl Strategy<Value = (usize, String)> {
    let plain: &[(&str, &[&str])] = &[
        ("command", &["\"batch\"", "\"status\"", "\"a'b\"", "\"b\\u0061tch\"", "\"\"", "\"ä\\n\"", "7"]),
        (
            "timestamp",
            &[
                "\"2024-12-06T10:00:01.000Z\"",
                "\"2024-12-06T10:00:02.500Z\"",
                "\"2024-12-06T11:00:03+01:00\"",
                "\"2024-12-06T10:00:09Z\"",
                "\"2031-01-01T00:00:00Z\"",
                "\"soon\"",
            ],
        ),
        (
            "duration",
            &[
                "{\"total_ms\":99.5}",
                "{\"total_ms\":151,\"phases\":{\"one_ms\":60,\"two_ms\":1}}",
                "{\"total_ms\":300,\"phases\":{\"one_ms\":10}}",
                "{\"total_ms\":1e3}",
                "{\"phases\":{},\"total_ms\":251.00049}",
                "{\"total_ms\":-1}",
                "{}",
            ],
        ),
        (
            "execution_id",
            &["\"exec_1\"", "\"exec_2\"", "\"exec_3\"", "\"exec_4\"", "\"e\\u0078ec_1\"", "null"],
        ),
        (
            "resource_usage",
            &[
                "{\"peak_memory_mb\":99.9,\"cpu_time_ms\":30}",
                "{\"peak_memory_mb\":101}",
                "{\"cpu_time_ms\":10,\"peak_memory_mb\":80}",
                "{\"peak_memory_mb\":null}",
                "{\"peak_memory_mb\":1.0e2,\"new\":[1,{}]}",
                "null",
                "{\"peak_memory_mb\":\"much\"}",
            ],
        ),
        ("github_api", &["{\"requests_made\":3}", "{\"requests_made\":9,\"cache_hits\":1}", "null", "{}"]),
        (
            "context",
            &[
                "{\"kind\":\"full\",\"size\":2}",
                "{\"size\":\"2\"}",
                "{\"purpose\":\"benchmark\"}",
                "{\"size\":4,\"purpose\":\"demo\"}",
                "{\"size\":9300000000000001}",
                "{\"purpose\":\"pro\\u0066ile\"}",
                "null",
            ],
        ),
        ("exit_code", &["0", "1", "2", "null", "0.5"]),
        ("status", &["\"success\"", "\"failure\"", "\"timeout\"", "\"later\"", "null"]),
        ("signal", &["13", "9", "null"]),
        ("host", &["\"h1\"", "\"h2\"", "\"other\"", "\"h\\u0031\"", "null"]),
        ("truncated", &["true", "false", "null"]),
        ("schema", &["1", "1", "null", "2"]),
        ("newer", &["{\"a\":[1,2,{\"b\":null}]}", "\"x\"", "[]"]),
    ];
    select(
        plain
            .iter()
            .enumerate()
            .flat_map(|(at, (key, values))| {
                values.iter().map(move |value| (at, format!("\"{key}\":{value}")))
            })
            .collect::<Vec<_>>(),
    )
}

/// A run: its fields in any order, now and then one twice, or without one that it needs.
fn run() -> impl Strategy<Value = String> {
    let needed = (
        select(&["batch", "status", "a'b", "x"][..]),
        0..30_000_u32,
        prop_oneof![Just(50_u32), Just(160), Just(260)],
        any::<bool>(),
    );
    (needed, prop::collection::vec(field(), 0..9), 0..20_u8, any::<bool>()).prop_map(
        |((command, at, total, spaced), fields, odd, shuffled)| {
            let mut parts = vec![
                (0, format!("\"command\":\"{command}\"")),
                (1, format!("\"timestamp\":\"2024-12-06T10:00:{:02}.{:03}Z\"", at / 1000, at % 1000)),
                (2, format!("\"duration\":{{\"total_ms\":{total}}}")),
            ];
            for (key, text) in fields {
                // What is said of a key last is said of it, unless two are to stand there.
                match parts.iter_mut().find(|(known, _)| *known == key) {
                    Some(known) if odd != 0 => known.1 = text,
                    _ => parts.push((key, text)),
                }
            }
            if !shuffled {
                parts.sort_by_key(|(key, _)| *key);
            }
            if odd == 1 {
                parts.remove(usize::from(spaced));
            }
            let texts: Vec<_> = parts.into_iter().map(|(_, text)| text).collect();
            let run = texts.join(if spaced { " , " } else { "," });
            match odd {
                2 => format!(" {{ \"performance_metrics\" : {{{run}}} }}\r"),
                3 => format!("{{\"performance_metr\\u0069cs\":{{{run}}}}}"),
                4 => format!("{{\"performance_metrics\":{{{run}}}"),
                5 => format!("{{\"performance_metrics\":{{{run}}},\"x\":1}}"),
                _ => format!("{{\"performance_metrics\":{{{run}}}}}"),
            }
        },
    )
}

fn other() -> impl Strategy<Value = String> {
    let at = "2024-12-06T10:00:05.000Z";
    select(vec![
        format!(
            "{{\"system_metrics\":{{\"timestamp\":\"{at}\",\"memory\":{{\"process_memory_mb\":120}},\"cpu\":{{\"process_cpu_percentage\":70}},\"host\":\"h1\"}}}}"
        ),
        format!(
            "{{\"api_monitoring\":{{\"timestamp\":\"{at}\",\"resources\":{{\"core\":{{\"limit\":100,\"used\":90}}}}}}}}"
        ),
        format!(
            "{{\"api_request\":{{\"timestamp\":\"{at}\",\"method\":\"GET\",\"endpoint\":\"/x\",\"duration_ms\":1,\"limit_hit\":\"secondary\"}}}}"
        ),
        format!(
            "{{\"moon_phase\":{{\"timestamp\":\"{at}\",\"moon\":{{\"phase\":2}},\"command\":\"batch\"}}}}"
        ),
        "{\"system_metrics\":{\"timestamp\":7}}".to_owned(),
        "{\"performance_partial\":{}}".to_owned(),
        "nonsense".to_owned(),
        "{}".to_owned(),
    ])
}

/// Lines of which many have the same layout, as those have that one program writes.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let some = prop::collection::vec(prop_oneof![6 => run(), 1 => other()], 1..12);
    (some, prop::collection::vec(0..100_usize, 1..60)).prop_map(|(some, order)| {
        let again = |(number, at): (usize, usize)| {
            let line = &some[at % some.len()];
            // The same layout with another time and another id.
            line.replace("10:00:01.", &format!("10:00:{:02}.", number % 60))
                .replace("exec_", &format!("exec_{}", number % 3))
        };
        order.into_iter().enumerate().map(again).collect()
    })
}

fn judge() -> impl Strategy<Value = Judge> {
    subsequence(RULES, 0..=RULES.len()).prop_map(|rules| {
        let mut named: Vec<&str> = Vec::new();
        for rule in rules {
            let name = rule.split(':').next();
            if named.iter().all(|known| known.split(':').next() != name) {
                named.push(rule);
            }
        }
        let text =
            if named.is_empty() { String::new() } else { format!("alerts:\n  {}\n", named.join("\n  ")) };
        build(&text, BENCHMARKS).expect(&text)
    })
}

/// What comes of a line that was read; `None` for one that is no record.
fn alerts(judge: &Judge, state: &mut State, names: &Names, read: Option<Reading<'_>>) -> Option<Vec<Alert>> {
    let seen = match read? {
        Reading::Run(run) => judge.observe_run(run, names),
        Reading::Partial(_) => unreachable!("nobody wants them"),
        Reading::Other(line) => judge.observe(&Record::parse(line).ok()?, line),
    };
    Some(seen.map(|seen| state.take(seen, time("23:59:59"), "store")).unwrap_or_default())
}

/// What the fast reader says of a line, against what the types and the fields themselves say.
fn check_facts(judge: &Judge, read: Option<Reading<'_>>, line: &str) {
    let run = match (Record::parse(line.as_bytes()), read) {
        (Ok(Record::Performance(run)), Some(Reading::Run(read))) => (run, read),
        (Ok(Record::Performance(_)), Some(Reading::Other(_))) => panic!("{line} is a run"),
        // Of other kinds the reader only knows whether they are JSON.
        (_, Some(Reading::Other(_))) | (Err(_), None) => return,
        (parsed, read) => panic!("{line}: {parsed:?}, {read:?}"),
    };
    let (run, read) = run;
    let names = Names::default();
    let facts = Facts::new(read, &names);
    assert_eq!(facts.command, run.command, "{line}");
    assert_eq!(facts.execution_id(), run.execution_id.as_deref(), "{line}");
    assert_eq!(facts.host().as_deref(), run.host.as_deref(), "{line}");
    assert_eq!(facts.span(), Span { start: run.timestamp, end: run.end() }, "{line}");
    assert_eq!(facts.total(), run.duration.total_ms, "{line}");
    assert_eq!(facts.failed(), run.failed(), "{line}");
    assert_eq!(facts.peak_memory(), run.resource_usage.peak_memory_mb, "{line}");
    let purpose = run.context.get("purpose");
    let is_deliberate =
        purpose == Some(&Scalar::from("benchmark")) || purpose == Some(&Scalar::from("profile"));
    assert_eq!(facts.is_deliberate(), is_deliberate, "{line}");
    let wanted = judge.wanted();
    for (column, field) in wanted.numbers.iter().enumerate() {
        let number =
            if let Scalar::Number(number) = field.read(line.as_bytes()) { Some(number) } else { None };
        assert_eq!(facts.number(&Place::Column(column)), number, "{field} of {line}");
        assert_eq!(facts.number(&Place::Line(field.clone())), number, "{field} of {line}");
    }
    for (column, field) in wanted.labels.iter().enumerate() {
        let scalar = field.read(line.as_bytes());
        let is_it = |label: Label<'_>| Label::from(&scalar) == label;
        assert!(facts.is(&Place::Column(column), is_it), "{field} of {line}");
        assert!(facts.is(&Place::Line(field.clone()), is_it), "{field} of {line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn both_ways_to_read_alert_the_same_and_leave_the_same_state(judge in judge(), lines in lines()) {
        let (mut fast, mut full) = (RunReader::new(&judge.wanted()), RunReader::new(&judge.wanted()));
        let (mut quick, mut slow) = (State::default(), State::default());
        let names = Names::default();
        for line in &lines {
            check_facts(&judge, fast.read(line.as_bytes()).ok(), line);
            let said = alerts(&judge, &mut quick, &names, fast.read(line.as_bytes()).ok());
            // Names of its own, so that what is remembered of them cannot matter.
            let wanted = alerts(&judge, &mut slow, &Names::default(), full.read_fully(line.as_bytes()).ok());
            prop_assert_eq!(said, wanted, "{}", line);
            prop_assert_eq!(&quick, &slow, "{}", line);
        }
        let bytes = |state: &State| serde_json::to_string(state).expect("JSON");
        prop_assert_eq!(bytes(&quick), bytes(&slow));
    }
}

#[test]
fn what_is_asked_beyond_the_columns_is_read_from_the_line() {
    let conditions: Vec<_> = (0..60).map(|number| format!("context.k{number}: {number}")).collect();
    let text = format!(
        "alerts: {{ many: {{ metric: context.k59, above: 1, where: {{ {} }} }} }}",
        conditions.join(", ")
    );
    let judge = build(&text, "").expect("rules");
    assert_eq!(judge.wanted().labels.len(), Wanted::MOST);
    let fields = |last: u32| {
        (0..60)
            .map(|number| format!("\"k{number}\":{}", if number == 59 { last } else { number }))
            .collect::<Vec<_>>()
            .join(",")
    };
    let line = |last| {
        format!(
            "{{\"performance_metrics\":{{\"command\":\"x\",\"timestamp\":\"2024-12-06T10:00:00Z\",\"duration\":{{\"total_ms\":1}},\"context\":{{{}}}}}}}",
            fields(last)
        )
    };
    let mut reader = RunReader::new(&judge.wanted());
    let mut count = |last| {
        let line = line(last);
        let read = reader.read(line.as_bytes()).ok();
        alerts(&judge, &mut State::default(), &Names::default(), read).map(|alerts| alerts.len())
    };
    assert_eq!([count(59), count(58)], [Some(1), Some(0)]);
}

//! What holds for every stream: topics, the summary of requests, ranking, order and bounds.

use std::fs;

use pm_advice::{Advisor, RuleName, Topic};
use pm_record::Record;
use proptest::prelude::*;

use crate::{advise, folder};

fn all_that_is_right() -> String {
    let scenario = |rule: &RuleName| {
        let records = fs::read_to_string(folder(rule.id()).join("right/records.ndjson")).expect("records");
        // Runs of several scenarios must not be taken for one.
        records.replace("\"exec_", &format!("\"exec_{}_", rule.id()))
    };
    RuleName::ALL.iter().map(scenario).collect()
}

#[test]
fn what_saves_the_largest_share_stands_first() {
    let advice = advise(&all_that_is_right(), Advisor::default());
    let shares: Vec<_> = advice.tips.iter().map(|tip| tip.estimated_saving.share).collect();
    assert!(shares.len() >= 10 && shares.is_sorted_by(|one, other| one >= other), "{shares:?}");
    assert!(
        shares.iter().all(|share| share.is_some_and(|share| (0..=1000).contains(&share.0))),
        "{shares:?}"
    );
}

#[test]
fn a_topic_gives_the_tips_that_are_about_it() {
    let records = all_that_is_right();
    let everything = advise(&records, Advisor::default()).tips;
    for topic in [Topic::Cache, Topic::ApiUsage, Topic::Commands] {
        let about = advise(&records, Advisor::about(&[topic])).tips;
        let is_about = |id: &str| RuleName::ALL.iter().any(|rule| rule.id() == id && rule.is_about(topic));
        let expected: Vec<_> = everything.iter().filter(|tip| is_about(&tip.id)).collect();
        assert!(!about.is_empty());
        assert_eq!(about.iter().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn what_was_seen_of_the_requests_names_the_dearest_and_what_to_do() {
    let records = fs::read_to_string(folder("n_plus_one/right/records.ndjson")).expect("records");
    let advice = advise(&records, Advisor::default());
    let monitoring = advice.monitoring.expect("there were requests");
    let patterns = &monitoring.request_patterns;
    assert_eq!(patterns.most_expensive_operations, ["get_issues_number", "node"]);
    assert_eq!(
        monitoring.optimization_suggestions,
        ["batch_get_issues_number_queries", "batch_node_queries"]
    );
    assert_eq!(advice.bottleneck_areas, ["batch_operations"]);
    assert_eq!(advice.optimization_opportunities, ["query_batching"]);
    assert!(patterns.requests_per_minute.is_some_and(|rate| rate.0 > 0) && patterns.cache_hit_rate.is_none());
}

#[test]
fn what_two_commands_should_do_is_suggested_once() {
    let records = fs::read_to_string(folder("n_plus_one/right/records.ndjson")).expect("records");
    let renamed =
        records.replace("\"exec_", "\"exec_again_").replace("\"command\":\"", "\"command\":\"also_");
    let advice = advise(&format!("{records}{renamed}"), Advisor::default());
    assert_eq!(advice.tips.len(), 4);
    assert_eq!(
        advice.monitoring.expect("there were requests").optimization_suggestions,
        ["batch_get_issues_number_queries", "batch_node_queries"]
    );
}

#[test]
fn nothing_gives_no_advice() {
    let advice = advise("", Advisor::default());
    assert!(advice.tips.is_empty() && advice.monitoring.is_none());
}

#[test]
fn runs_that_are_slow_on_purpose_and_runs_inside_of_others_do_not_count() {
    let records = fs::read_to_string(folder("n_plus_one/right/records.ndjson")).expect("records");
    for label in [
        r#""context":{"purpose":"benchmark"}"#,
        r#""trace":{"trace_id":"a","span_id":"b","parent_execution_id":"exec_0"}"#,
    ] {
        let labelled = records.replace("\"exit_code\":0", &format!("{label},\"exit_code\":0"));
        assert!(advise(&labelled, Advisor::default()).tips.is_empty(), "{label}");
    }
}

#[test]
fn a_run_inside_of_another_is_a_run_of_its_command_and_in_no_total() {
    for rule in ["dominant_phase", "large_project_processing", "memory_growth"] {
        let records = fs::read_to_string(folder(rule).join("right/records.ndjson")).expect("records");
        let trace = r#""trace":{"trace_id":"a","span_id":"b","parent_execution_id":"exec_0"}"#;
        let nested = records.replace("\"exit_code\":0", &format!("{trace},\"exit_code\":0"));
        let alone = |text: &str| {
            let tips = advise(text, Advisor::default()).tips.into_iter();
            tips.filter(|tip| tip.id == rule && tip.command.is_some())
                .map(|tip| (tip.title, tip.evidence))
                .collect::<Vec<_>>()
        };
        assert_eq!(alone(&nested), alone(&records));
        assert_eq!(alone(&nested).len(), 1, "{rule}");
        // Twice the same time would be half of the share.
        let outer = r#"{"performance_metrics":{"command":"outer","timestamp":"2024-12-02T00:00:00.000Z","duration":{"total_ms":100000000}}}"#;
        let share = |text: &str| {
            let tips = advise(text, Advisor::default()).tips.into_iter();
            tips.filter(|tip| tip.id == rule)
                .find_map(|tip| tip.estimated_saving.time_ms.and(tip.estimated_saving.share))
        };
        let (with, both) = (share(&format!("{nested}{outer}\n")), share(&format!("{records}{outer}\n")));
        assert!(with >= both, "{rule}: {with:?}, {both:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The lines of several runs stand among each other in a log; which is first must not matter to loops.
    #[test]
    fn runs_may_stand_among_each_other(keys in prop::collection::vec(any::<u8>(), 200)) {
        let records = fs::read_to_string(folder("n_plus_one/right/records.ndjson")).expect("records");
        let expected = advise(&records, Advisor::default());
        let mut lines: Vec<_> = records.lines().enumerate().collect();
        // Lines of one run keep their order, and runs are dealt out anew.
        lines.sort_by_key(|(at, line)| (keys[at % keys.len()] % 4, run_of(line), *at));
        let mixed = lines.iter().map(|(_, line)| *line).collect::<Vec<_>>().join("\n");
        let advice = advise(&mixed, Advisor::default());
        let title = |advice: &pm_advice::Advice| {
            let mut titles: Vec<_> = advice.tips.iter().map(|tip| (tip.title.clone(), tip.estimated_saving.requests)).collect();
            titles.sort();
            titles
        };
        prop_assert_eq!(title(&advice), title(&expected));
    }

    #[test]
    fn no_record_is_too_odd(numbers in prop::collection::vec(any::<i64>(), 40)) {
        let mut advisor = Advisor::default();
        for chunk in numbers.chunks(4) {
            let [one, two, three, four] = chunk else { continue };
            let (one, two, three, four) = (one / 1000, two / 1000, three / 1000, four / 1000);
            let time = pm_record::Timestamp::from_millis(one.abs() % 253_402_300_799_000);
            let lines = [
                format!(r#"{{"performance_metrics":{{"command":"c","execution_id":"e{}","timestamp":"{time}","duration":{{"total_ms":{},"phases":{{"a_ms":{two}}}}},"resource_usage":{{"peak_memory_mb":{three}}},"github_api":{{"requests_made":{four},"waited_ms":{three},"cache_hits":{two},"cache_misses":{one}}},"context":{{"task_count":{four}}}}}}}"#, two % 3, two.abs()),
                format!(r#"{{"api_request":{{"timestamp":"{time}","execution_id":"e{}","method":"GET","endpoint":"/x","status":200,"duration_ms":{},"wait_ms":1,"cost":{three},"target":"{:x}","answer":"{:x}"}}}}"#, three % 3, two.abs(), four % 5, four % 7),
                format!(r#"{{"process_trace":{{"execution_id":"e1","pid":1,"parent":2,"program":"p","start_ms":0,"duration_ms":{}}}}}"#, one.abs()),
                format!(r#"{{"system_metrics":{{"timestamp":"{time}","memory":{{"process_memory_mb":{two}}},"processes":{}}}}}"#, three % 5),
            ];
            for line in lines {
                if let Ok(record) = Record::parse(line.as_bytes()) {
                    advisor.push(record);
                }
            }
        }
        let advice = advisor.finish();
        for tip in advice.tips {
            let line = Record::Tip(Box::new(tip)).to_line();
            let read = Record::parse(line.trim_ascii_end());
            prop_assert!(read.is_ok(), "{read:?}: {}", String::from_utf8_lossy(&line));
        }
    }
}

fn run_of(line: &str) -> &str {
    let at = line.find("exec_").expect("a run");
    &line[at..at + 17]
}

#[test]
fn only_requests_with_the_credential_that_was_asked_about_count_and_runs_that_made_such() {
    let records = |name: &str| {
        let records = fs::read_to_string(folder(name).join("right/records.ndjson")).expect("records");
        records.replace("\"exec_", &format!("\"exec_{name}_"))
    };
    let with = |credential: &str, records: &str| {
        records.replace("\"method\"", &format!("\"credential\":\"{credential}\",\"method\""))
    };
    let (mine, theirs) = (records("n_plus_one"), records("retried_requests"));
    let both = format!("{}{}", with("aaaaaaaaaaaa", &mine), with("bbbbbbbbbbbb", &theirs));
    let told = |records: &str, advisor: Advisor| {
        let seen = advise(records, advisor).monitoring?;
        Some((seen.request_patterns.operations, seen.optimization_suggestions))
    };
    let of = |credential| told(&both, Advisor::default().with_credential(credential));
    let alone = |records: &str| told(records, Advisor::default());
    assert_eq!(of(Some("aaaaaaaaaaaa")), alone(&mine));
    assert_eq!(of(Some("bbbbbbbbbbbb")), alone(&theirs));
    assert_ne!(alone(&mine), alone(&theirs));
    assert_eq!(of(None), None);
    assert_eq!(told(&mine, Advisor::default().with_credential(None)), alone(&mine));
}

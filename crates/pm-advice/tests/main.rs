//! Each rule on recorded scenarios: one where it is right, and a near miss where it stays silent.
//!
//! A scenario is a folder of `tests/golden`: `records.ndjson` goes in, `tips.ndjson` comes out. `UPDATE_GOLDEN=1`
//! rewrites what comes out, and the review reads the difference.

mod followed;
mod stream;

use std::fs;
use std::path::PathBuf;

use pm_advice::{Advice, Advisor, RuleName};
use pm_record::Record;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn advise(lines: &str, mut advisor: Advisor) -> Advice {
    for line in lines.lines() {
        advisor.push(Record::parse(line.as_bytes()).unwrap_or_else(|error| panic!("{error}: {line}")));
    }
    advisor.finish()
}

/// The tips of a scenario, which are those that stand in its folder.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says whether they rewrite")]
fn check(name: &str) -> Vec<String> {
    let folder = folder(name);
    let records = fs::read_to_string(folder.join("records.ndjson")).expect("records");
    let tips = advise(&records, Advisor::default()).tips;
    let ids = tips.iter().map(|tip| tip.id.clone()).collect();
    let lines: Vec<_> = tips.into_iter().map(|tip| Record::Tip(Box::new(tip)).to_line()).collect();
    let given = String::from_utf8(lines.concat()).expect("JSON is text");
    let file = folder.join("tips.ndjson");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, &given).expect("the tips can be written");
    }
    let expected = fs::read_to_string(&file).expect("tips.ndjson");
    assert_eq!(given, expected, "{name}");
    ids
}

/// A rule speaks where it is right, as often as it should, and is silent on the near miss.
#[track_caller]
fn check_rule(rule: RuleName, times: usize) {
    let count = |case: &str| {
        let ids = check(&format!("{}/{case}", rule.id()));
        ids.iter().filter(|id| *id == rule.id()).count()
    };
    assert_eq!([count("right"), count("near_miss")], [times, 0], "{}", rule.id());
}

#[test]
fn a_cache_is_told_of_that_misses_too_much_but_not_for_answers_that_had_changed() {
    check_rule(RuleName::CacheHitRate, 2);
}

#[test]
fn an_answer_that_was_paid_for_again_is_told_of_but_not_one_that_was_another() {
    check_rule(RuleName::UnchangedAnswers, 1);
}

#[test]
fn one_pace_for_an_answer_that_hardly_changes_is_told_of_but_not_where_it_often_does() {
    check_rule(RuleName::SlowerPolling, 1);
}

#[test]
fn a_request_for_each_thing_is_told_of_but_not_one_for_each_page() {
    check_rule(RuleName::NPlusOne, 2);
}

#[test]
fn queries_that_cost_more_than_a_point_are_not_promised_to_cost_less_in_a_batch() {
    let records = fs::read_to_string(folder("n_plus_one/right/records.ndjson")).expect("records");
    let quota = |cost: &str| {
        let records = records.replace("\"cost\":1}", cost);
        let tips = advise(&records, Advisor::default()).tips.into_iter();
        let tips = tips.filter(|tip| tip.id == RuleName::NPlusOne.id());
        tips.map(|tip| tip.estimated_saving.quota.map_or(0, |quota| quota.0 / 1000)).collect::<Vec<_>>()
    };
    assert_eq!(quota("\"cost\":1}"), [174, 174]);
    assert_eq!(quota("\"cost\":11}"), [0, 0]);
}

#[test]
fn a_query_is_told_of_that_costs_more_than_it_returns_but_not_one_that_returns_it() {
    check_rule(RuleName::CostlyConnections, 1);
}

#[test]
fn requests_one_after_the_other_are_told_of_but_not_parallel_ones_nor_those_that_met_a_limit() {
    check_rule(RuleName::SequentialRequests, 1);
}

#[test]
fn waiting_for_limits_is_told_of_but_not_a_moment_of_it() {
    check_rule(RuleName::WaitingForLimits, 1);
}

#[test]
fn many_repeated_requests_are_told_of_but_not_a_few() {
    check_rule(RuleName::RetriedRequests, 1);
}

#[test]
fn jobs_that_begin_together_and_wait_are_told_of_but_not_those_that_get_along() {
    check_rule(RuleName::CollidingJobs, 1);
}

#[test]
fn time_that_grows_faster_than_the_project_is_told_of_but_not_time_that_grows_with_it() {
    check_rule(RuleName::LargeProjectProcessing, 1);
}

#[test]
fn a_phase_of_more_than_half_of_the_time_is_told_of_but_not_a_smaller_one_nor_what_is_no_phase() {
    check_rule(RuleName::DominantPhase, 1);
}

#[test]
fn a_program_of_more_than_half_of_the_time_is_told_of_but_not_a_smaller_one() {
    check_rule(RuleName::DominantProgram, 1);
}

#[test]
fn a_small_program_that_starts_again_and_again_is_told_of_but_not_one_that_starts_now_and_then() {
    check_rule(RuleName::ManyProcesses, 1);
}

#[test]
fn memory_that_grows_with_time_is_told_of_but_not_with_the_project_nor_what_comes_and_goes() {
    check_rule(RuleName::MemoryGrowth, 2);
}

#[test]
fn every_rule_has_its_scenarios() {
    for rule in RuleName::ALL {
        for case in ["right", "near_miss"] {
            assert!(folder(rule.id()).join(case).is_dir(), "{}/{case}", rule.id());
        }
    }
    assert_eq!(fs::read_dir(folder("")).expect("a folder").count(), RuleName::ALL.len());
}

//! Advice followed on recorded runs: what took days, or computing that a test cannot have to itself, is recorded as it
//! would be had somebody followed the tip, and what it saved is held against what was promised. The tests of the built
//! programs follow the others with the real `gh` (`tests/tests/api`).

use std::collections::BTreeMap;

use pm_advice::{Advisor, RuleName};
use pm_record::{OptimizationTip, PerformanceMetrics, Record, Scalar, Thousandths, Timestamp};

use super::folder;

/// The records of the scenario in which a rule is right.
fn recorded(rule: RuleName) -> Vec<Record> {
    let path = folder(rule.id()).join("right/records.ndjson");
    let text = std::fs::read_to_string(path).expect("records");
    text.lines().map(|line| Record::parse(line.as_bytes()).expect(line)).collect()
}

fn tips(rule: RuleName, records: &[Record]) -> Vec<OptimizationTip> {
    let mut advisor = Advisor::default();
    records.iter().cloned().for_each(|record| advisor.push(record));
    advisor.finish().tips.into_iter().filter(|tip| tip.id == rule.id()).collect()
}

/// The records, and the only tip about them.
fn before(rule: RuleName) -> (Vec<Record>, OptimizationTip) {
    let records = recorded(rule);
    let tips = tips(rule, &records);
    let [tip] = <[OptimizationTip; 1]>::try_from(tips).expect("one tip");
    (records, tip)
}

fn runs(records: &[Record]) -> impl Iterator<Item = &PerformanceMetrics> {
    records
        .iter()
        .filter_map(|record| if let Record::Performance(run) = record { Some(&**run) } else { None })
}

/// The records with every run changed, if it is one of this command.
fn with_runs(records: &[Record], command: &str, change: impl Fn(&mut PerformanceMetrics)) -> Vec<Record> {
    let mut records = records.to_vec();
    for record in &mut records {
        if let Record::Performance(run) = record
            && run.command == command
        {
            change(run);
        }
    }
    records
}

/// The time of all runs, in thousandths of a millisecond.
fn time(records: &[Record]) -> i64 {
    runs(records).map(|run| run.duration.total_ms.0).sum()
}

fn promised_time(tip: &OptimizationTip) -> i64 {
    tip.estimated_saving.time_ms.expect("time").0
}

fn figure(tip: &OptimizationTip, name: &str) -> Thousandths {
    let Some(Scalar::Number(number)) = tip.evidence.get(name) else { panic!("no {name} in {tip:?}") };
    *number
}

#[track_caller]
fn is_near(saved: i64, promised: i64) {
    assert!((saved - promised).abs() * 20 <= promised, "{saved} of {promised}");
}

#[test]
fn a_slower_pace_saves_the_requests_that_were_promised_and_misses_no_change() {
    let (records, tip) = before(RuleName::SlowerPolling);
    let command = tip.command.as_deref().expect("a command");
    let pace = figure(&tip, "proposed_interval_ms").0 / 1000;
    // Each run that would not have been made goes with its request.
    let first = runs(&records).next().expect("a run").timestamp.as_millis();
    let is_made = |at: Timestamp| (at.as_millis() - first).rem_euclid(pace) < 10_000;
    let after: Vec<_> =
        records.iter().filter(|record| record.timestamp().is_some_and(is_made)).cloned().collect();
    assert!(runs(&after).all(|run| run.command == command));
    let saved = runs(&records).count() - runs(&after).count();
    assert_eq!(Thousandths::from_count(saved as u64), tip.estimated_saving.requests.expect("requests"));
    let answers = |records: &[Record]| {
        let answer = |record: &Record| {
            if let Record::Request(request) = record { request.answer.clone() } else { None }
        };
        let mut answers: Vec<_> = records.iter().filter_map(answer).collect();
        answers.dedup();
        answers
    };
    assert_eq!(answers(&after), answers(&records), "every answer was heard");
    assert_eq!(tips(RuleName::SlowerPolling, &after), []);
}

#[test]
fn another_minute_saves_the_waiting_that_was_promised() {
    let (records, tip) = before(RuleName::CollidingJobs);
    let (goes, minute) = (tip.command.clone().expect("a command"), figure(&tip, "proposed_minute").0 / 1000);
    let Some(Scalar::Text(stays)) = tip.evidence.get("other_command") else { panic!("{tip:?}") };
    let was_there: Vec<_> = runs(&records).map(|run| (run.timestamp, run.command.clone())).collect();
    let busy = |at: i64, own: &str| {
        was_there.iter().any(|(other, command)| command != own && (other.as_millis() - at).abs() < 60_000)
    };
    let apart = |run: &mut PerformanceMetrics| {
        // Nobody waits who is alone.
        let waited = run.github_api.waited_ms.take().unwrap_or_default();
        run.duration.total_ms.0 -= waited.0;
    };
    let moved = with_runs(&records, &goes, |run| {
        let later = run.timestamp.as_millis() + minute * 60_000;
        assert!(!busy(later, &goes), "somebody is there at minute {minute}");
        run.timestamp = Timestamp::from_millis(later);
        apart(run);
    });
    let mut after = with_runs(&moved, stays, apart);
    after.sort_by_key(Record::timestamp);
    assert_eq!(time(&records) - time(&after), promised_time(&tip));
    assert_eq!(tips(RuleName::CollidingJobs, &after), []);
}

#[test]
fn time_that_grows_as_the_project_does_saves_what_was_promised() {
    let (records, tip) = before(RuleName::LargeProjectProcessing);
    let command = tip.command.clone().expect("a command");
    let tasks = |run: &PerformanceMetrics| match run.context.get("task_count") {
        Some(Scalar::Number(tasks)) => tasks.to_f64(),
        other => panic!("{other:?}"),
    };
    let mut sizes: Vec<_> = runs(&records).map(tasks).collect();
    sizes.sort_by(f64::total_cmp);
    let middle = sizes[sizes.len() / 2];
    let mut at_middle: Vec<_> = runs(&records).filter(|run| tasks(run).total_cmp(&middle).is_eq()).collect();
    at_middle.sort_by_key(|run| run.duration.total_ms);
    let there = at_middle[at_middle.len() / 2].duration.total_ms.to_f64();
    let after = with_runs(&records, &command, |run| {
        if tasks(run) > middle {
            run.duration.total_ms = Thousandths::from_f64(there * tasks(run) / middle).expect("a time");
        }
    });
    is_near(time(&records) - time(&after), promised_time(&tip));
    // Nothing grows faster any more once all of it is as it is from the middle on.
    let all = with_runs(&records, &command, |run| {
        run.duration.total_ms = Thousandths::from_f64(there * tasks(run) / middle).expect("a time");
    });
    assert_eq!(tips(RuleName::LargeProjectProcessing, &all), []);
}

#[test]
fn half_of_the_phase_saves_the_time_that_was_promised() {
    let (records, tip) = before(RuleName::DominantPhase);
    let (command, phase) = (tip.command.clone().expect("a command"), format!("{}_ms", tip.evidence["phase"]));
    let faster = |times: i64| {
        with_runs(&records, &command, |run| {
            let took = run.duration.phases.get_mut(&phase).expect("it has the phase");
            let saved = took.0 - took.0 / times;
            took.0 -= saved;
            run.duration.total_ms.0 -= saved;
        })
    };
    assert_eq!(time(&records) - time(&faster(2)), promised_time(&tip));
    assert_eq!(tips(RuleName::DominantPhase, &faster(4)), []);
}

#[test]
fn half_of_the_program_s_time_saves_what_was_promised() {
    let (records, tip) = before(RuleName::DominantProgram);
    let program = tip.evidence["program"].to_string();
    let faster = |times: i64| {
        let mut saved: BTreeMap<Option<String>, i64> = BTreeMap::new();
        let mut records = records.clone();
        for record in &mut records {
            if let Record::Process(process) = record
                && process.program == program
                && let Some(took) = &mut process.duration_ms
            {
                let less = took.0 - took.0 / times;
                took.0 -= less;
                *saved.entry(process.execution_id.clone()).or_default() += less;
            }
        }
        for record in &mut records {
            if let Record::Performance(run) = record {
                run.duration.total_ms.0 -= saved.get(&run.execution_id).copied().unwrap_or(0);
            }
        }
        records
    };
    assert_eq!(time(&records) - time(&faster(2)), promised_time(&tip));
    assert_eq!(tips(RuleName::DominantProgram, &faster(8)), []);
}

/// How many runs are an end of the time.
const ENDS: usize = 4;

#[test]
fn memory_that_stays_as_it_was_saves_what_was_promised() {
    let records = recorded(RuleName::MemoryGrowth);
    let tip = tips(RuleName::MemoryGrowth, &records)
        .into_iter()
        .find(|tip| tip.command.is_some())
        .expect("a tip about a command");
    let command = tip.command.clone().expect("a command");
    let from = figure(&tip, "from_mb");
    // The first peaks, again and again.
    let peaks: Vec<_> = runs(&records)
        .filter(|run| run.command == command)
        .filter_map(|run| run.resource_usage.peak_memory_mb)
        .take(ENDS)
        .collect();
    let place = std::cell::Cell::new(0);
    let after = with_runs(&records, &command, |run| {
        run.resource_usage.peak_memory_mb = Some(peaks[place.replace(place.get() + 1) % peaks.len()]);
    });
    let at_the_end = |records: &[Record]| {
        let peaks: Vec<_> = runs(records)
            .filter(|run| run.command == command)
            .filter_map(|run| run.resource_usage.peak_memory_mb)
            .map(|peak| peak.0)
            .collect();
        let last = &peaks[peaks.len() - ENDS..];
        last.iter().sum::<i64>() / i64::try_from(ENDS).expect("small")
    };
    let promised = tip.estimated_saving.memory_mb.expect("memory").0;
    let saved = at_the_end(&records) - at_the_end(&after);
    // The promise is of the line through all of them, and few peaks lie about its ends.
    assert!((saved - promised).abs() * 10 <= promised, "{saved} of {promised}, from {from}");
    assert!(tips(RuleName::MemoryGrowth, &after).iter().all(|tip| tip.command.is_none()));
}

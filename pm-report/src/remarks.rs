//! What there is to say of a benchmark beside its figures, as sentences for people.

use pm_cli::human;
use pm_record::{BenchmarkResults, CommandResult, ComparisonStatus, RegressionAnalysis, Thousandths};
use pm_stats::Fence;

use crate::report::{Fact, LONGEST_LABEL, kept};

/// How many outliers of a command are named one by one.
const NAMED: usize = 5;

/// The sentences, in order of what they are about: the machine, the verdicts, then command by command.
pub(crate) fn of(results: &BenchmarkResults) -> Vec<Fact> {
    let mut remarks = Vec::new();
    remarks.extend(machine(results));
    remarks.extend(compared(&results.regression_analysis));
    remarks.extend(control(&results.regression_analysis));
    for result in &results.command_results {
        remarks.extend([slow_first_run(result), outliers(result), target(result)].into_iter().flatten());
    }
    remarks.extend(results.scenario_results.iter().map(|result| {
        let (command, scenario) = (name(&result.command), kept(&result.scenario, LONGEST_LABEL));
        let (is, expected) = (result.performance_rating, result.expected_performance);
        let text = if result.met {
            format!("{command} is {is} for '{scenario}', which expects {expected}")
        } else {
            format!("{command} is only {is} for '{scenario}', which expects {expected}")
        };
        Fact { text, bad: !result.met }
    }));
    remarks
}

fn good(text: String) -> Fact {
    Fact { text, bad: false }
}

fn bad(text: String) -> Fact {
    Fact { text, bad: true }
}

fn name(command: &str) -> String {
    format!("'{}'", kept(command, LONGEST_LABEL))
}

fn time(millis: Thousandths) -> String {
    human::duration(millis.to_f64())
}

fn machine(results: &BenchmarkResults) -> Option<Fact> {
    let info = &results.system_info;
    let cores = info.cores.map(|cores| format!("{cores} {}", if cores == 1 { "core" } else { "cores" }));
    let parts = [info.host.clone(), info.os.clone(), info.cpu.clone(), cores, info.memory.clone()];
    let version = results.cli_version.as_ref().map(|version| format!("host command {version}"));
    let parts: Vec<_> =
        parts.into_iter().chain([version]).flatten().map(|part| kept(&part, LONGEST_LABEL)).collect();
    (!parts.is_empty()).then(|| good(format!("Measured on {}", parts.join(", "))))
}

fn compared(analysis: &RegressionAnalysis) -> Option<Fact> {
    let with = analysis.compared_with.as_ref()?;
    Some(good(format!("Compared with {}", kept(with, LONGEST_LABEL))))
}

/// A control that seems to have changed is bad news; one that has not is none.
fn control(analysis: &RegressionAnalysis) -> Option<Fact> {
    let control = analysis.control.as_ref()?;
    let changed = matches!(control.status, ComparisonStatus::Regressed | ComparisonStatus::Improved);
    let by = control
        .change_percentage
        .map_or_else(String::new, |change| format!(" by {}", human::percent(change.to_f64().abs())));
    let command = name(&control.command);
    if !changed {
        return Some(good(format!("Beside itself {command} has not changed")));
    }
    let all = analysis.performance_changes.iter().chain(&analysis.resource_changes);
    let taken_back = match all.filter(|change| change.withdrawn).count() {
        0 => String::new(),
        1 => "; one verdict is taken back".to_owned(),
        many => format!("; {many} verdicts are taken back"),
    };
    Some(bad(format!(
        "Beside itself {command} seems to differ{by}: this machine cannot tell now{taken_back}"
    )))
}

fn slow_first_run(result: &CommandResult) -> Option<Fact> {
    let first = result.first_ms?;
    let fence = Fence::around(result.times_ms.iter().map(|time| time.0))?;
    let command = name(&result.command);
    (fence.side(first.0) == std::cmp::Ordering::Greater)
        .then(|| good(format!("{command} took {} in its first run, which does not count", time(first))))
}

fn outliers(result: &CommandResult) -> Option<Fact> {
    let (first, rest) = result.outliers.split_at(result.outliers.len().min(NAMED));
    let mut named: Vec<_> = first
        .iter()
        .map(|outlier| format!("the {} took {}", human::ordinal(outlier.iteration), time(outlier.ms)))
        .collect();
    if !rest.is_empty() {
        named.push(format!("and {} more", rest.len()));
    }
    let stand = if result.outliers.len() == 1 { "stands" } else { "stand" };
    let text = format!(
        "{} of {} runs of {} {stand} apart: {}",
        result.outliers.len(),
        human::count(result.iterations),
        name(&result.command),
        named.join(", ")
    );
    (!named.is_empty()).then(|| good(text))
}

fn target(result: &CommandResult) -> Option<Fact> {
    let (average, target) = (result.average_ms?, result.target_ms?);
    let command = name(&result.command);
    (average > target).then(|| {
        good(format!("{command} takes {} on average, over its target of {}", time(average), time(target)))
    })
}

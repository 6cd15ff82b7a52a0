//! What programs and phases took: of one run as it is, of several the median of each figure.
//!
//! A program that a run did not start took no time in it, and counts as such. The median of an even number is the
//! smaller of the two in the middle, so that every figure is one that was measured.

use indexmap::{IndexMap, IndexSet};

use crate::profile::span::{Span, length, union};
use crate::profile::timeline::Timeline;
use crate::profile::tree::Process;

/// The figures of all runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Figures {
    /// How long the runs took.
    pub(crate) total: Spread,
    /// Those that were on the path for longest first.
    pub(crate) programs: Vec<Program>,
    /// In the order in which they were first met.
    pub(crate) phases: Vec<(String, i64)>,
}

/// A figure of several runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spread {
    pub(crate) median: i64,
    pub(crate) least: i64,
    pub(crate) most: i64,
}

/// What all processes of one program took in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) processes: i64,
    /// How long they were on the critical path; of all programs together that is the run.
    pub(crate) path: i64,
    /// How much of that they waited for something that is no child of theirs; unknown where their CPU time is.
    pub(crate) waiting: Option<i64>,
    /// Their own CPU time, on the path or beside it.
    pub(crate) cpu: Option<i64>,
    /// How long any of them was alive.
    pub(crate) alive: i64,
}

impl Figures {
    /// Of at least one run.
    pub(crate) fn of(runs: &[Timeline]) -> Self {
        let each: Vec<_> = runs.iter().map(programs).collect();
        let names: IndexSet<&str> = each.iter().flat_map(|run| run.keys().copied()).collect();
        let of_name = |name: &str| {
            let of_runs: Vec<_> = each.iter().map(|run| run.get(name)).collect();
            let known = |value: fn(&Program) -> i64| middle(of_runs.iter().map(|run| run.map_or(0, value)));
            // What is unknown of one run is unknown of all.
            let unsure = |value: fn(&Program) -> Option<i64>| {
                let values: Option<Vec<_>> = of_runs.iter().map(|run| run.map_or(Some(0), value)).collect();
                values.map(|values| middle(values.into_iter()))
            };
            Program {
                name: name.to_owned(),
                processes: known(|run| run.processes),
                path: known(|run| run.path),
                waiting: unsure(|run| run.waiting),
                cpu: unsure(|run| run.cpu),
                alive: known(|run| run.alive),
            }
        };
        let mut programs: Vec<_> = names.iter().map(|name| of_name(name)).collect();
        programs.sort_by(|one, other| {
            let size = |program: &Program| (program.path, program.cpu, program.alive);
            size(other).cmp(&size(one)).then_with(|| one.name.cmp(&other.name))
        });
        let totals = || runs.iter().map(|run| run.total);
        let total = Spread {
            median: middle(totals()),
            least: totals().min().unwrap_or(0),
            most: totals().max().unwrap_or(0),
        };
        Self { total, programs, phases: phases(runs) }
    }
}

fn programs(run: &Timeline) -> IndexMap<&str, Program> {
    let mut programs: IndexMap<&str, (Program, Vec<Span>)> = IndexMap::new();
    for (process, path) in run.processes.iter().zip(run.path_times()) {
        let (program, spans) = programs.entry(&process.program).or_insert_with(|| {
            let name = process.program.clone();
            (Program { name, processes: 0, path: 0, waiting: Some(0), cpu: Some(0), alive: 0 }, Vec::new())
        });
        let add =
            |sum: Option<i64>, more: Option<i64>| sum.zip(more).map(|(sum, more)| sum.saturating_add(more));
        program.processes += 1;
        program.path += path;
        program.cpu = add(program.cpu, process.cpu);
        program.waiting = add(program.waiting, computing(process, path).map(|computing| path - computing));
        spans.push(process.span);
    }
    let alive = |(name, (program, spans)): (_, (Program, _))| {
        (name, Program { alive: length(&union(spans)), ..program })
    };
    programs.into_iter().map(alive).collect()
}

/// How much of its time on the path a process computed.
///
/// When it used the processor was not recorded, so its CPU time is taken to be spread evenly over the time in which
/// it had no child to wait for, or over its time on the path where that is longer. Threads make CPU time exceed both;
/// then it computed all the time.
pub(crate) fn computing(process: &Process, path: i64) -> Option<i64> {
    let room = process.alone.max(path);
    let cpu = process.cpu?.min(room);
    if room == 0 {
        return Some(0);
    }
    let share = i128::from(path) * i128::from(cpu) / i128::from(room);
    Some(i64::try_from(share).unwrap_or(path))
}

fn phases(runs: &[Timeline]) -> Vec<(String, i64)> {
    let names: IndexSet<_> = runs.iter().flat_map(|run| run.phases.iter().map(|(name, _)| name)).collect();
    let of_run = |run: &Timeline, wanted: &str| {
        run.phases.iter().find(|(name, _)| name == wanted).map_or(0, |&(_, time)| time)
    };
    names.into_iter().map(|name| (name.clone(), middle(runs.iter().map(|run| of_run(run, name))))).collect()
}

fn middle(values: impl Iterator<Item = i64>) -> i64 {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use pm_record::{PerformanceMetrics, ProcessTrace, Thousandths, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::profile::tree::tests::record;

    fn run(total: i64, processes: Vec<ProcessTrace>) -> Timeline {
        let run =
            PerformanceMetrics::new("x".into(), Timestamp::from_millis(0), Thousandths::from_units(total));
        Timeline::new(Some(&run), processes, &[])
    }

    fn used(cpu: i64, process: ProcessTrace) -> ProcessTrace {
        ProcessTrace { cpu_time_ms: Some(Thousandths::from_units(cpu)), ..process }
    }

    #[track_caller]
    fn check(runs: &[Timeline], expected: &[&str]) {
        let word = |value: Option<i64>| value.map_or("?".to_owned(), |value| (value / 1000).to_string());
        let seen: Vec<_> = Figures::of(runs)
            .programs
            .iter()
            .map(|program| {
                let Program { name, processes, path, waiting, cpu, alive } = program;
                let [path, alive] = [path, alive].map(|time| time / 1000);
                format!(
                    "{name} {processes}: path {path} waiting {} cpu {} alive {alive}",
                    word(*waiting),
                    word(*cpu)
                )
            })
            .collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn the_processes_of_a_program_are_added_up() {
        let processes = vec![
            used(8, record(1, None, "sh", 0, Some(100))),
            used(30, record(2, Some(1), "jq", 10, Some(40))),
            used(5, record(3, Some(1), "gh", 40, Some(60))),
            used(20, record(4, Some(1), "jq", 60, Some(90))),
        ];
        check(
            &[run(100, processes)],
            &[
                "jq 2: path 60 waiting 10 cpu 50 alive 60",
                "sh 1: path 20 waiting 12 cpu 8 alive 100",
                "gh 1: path 20 waiting 15 cpu 5 alive 20",
            ],
        );
    }

    #[test]
    fn what_is_not_known_of_one_process_is_not_known_of_its_program() {
        let processes = vec![
            used(0, record(1, None, "sh", 0, Some(100))),
            used(1, record(2, Some(1), "a", 0, Some(50))),
            record(3, Some(1), "a", 50, None),
        ];
        check(
            &[run(100, processes)],
            &["a 2: path 100 waiting ? cpu ? alive 100", "sh 1: path 0 waiting 0 cpu 0 alive 100"],
        );
    }

    #[test]
    fn of_several_runs_each_figure_is_the_median() {
        let runs = [(100, 80), (200, 20), (300, 90)].map(|(total, end)| {
            let mut processes = vec![used(0, record(1, None, "sh", 0, Some(total)))];
            if end < 90 {
                processes.push(used(10, record(2, Some(1), "a", 10, Some(end))));
            }
            run(total, processes)
        });
        check(
            &runs,
            &["sh 1: path 190 waiting 190 cpu 0 alive 200", "a 1: path 10 waiting 0 cpu 10 alive 10"],
        );
        assert_eq!(Figures::of(&runs).total, Spread { median: 200_000, least: 100_000, most: 300_000 });
    }

    proptest! {
        #[test]
        fn the_programs_of_a_run_share_it_among_them(
            lives in prop::collection::vec((0..6_u8, 0..100_i64, 0..100_i64, prop::option::of(0..300_i64)), 0..20),
        ) {
            let children = lives.iter().zip(2_u32..).map(|(&(program, start, took, cpu), pid)| {
                let process = record(pid, Some(1.max(pid / 3)), &program.to_string(), start, Some(start + took));
                ProcessTrace { cpu_time_ms: cpu.map(Thousandths::from_units), ..process }
            });
            let run = run(100, std::iter::once(record(1, None, "0", 0, Some(100))).chain(children).collect());
            let figures = Figures::of(&[run]);
            prop_assert_eq!(figures.programs.iter().map(|program| program.path).sum::<i64>(), 100_000);
            for program in figures.programs {
                prop_assert!(program.path <= program.alive && program.alive <= 100_000);
                prop_assert!(program.waiting.is_none_or(|waiting| (0..=program.path).contains(&waiting)));
            }
        }
    }
}

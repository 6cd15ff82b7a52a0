//! `--as benchmark`: runs in, one `benchmark_results` out.
//!
//! Whoever ran them has labelled the runs: on which side of a comparison each stands, and whether it counts or only
//! came first. Runs without such labels all count, so that any log of `pm-wrap` will do. Everything is derived from
//! the runs, the limits and what they are compared with, so that the same input gives the same bytes.
//!
//! Each run is kept, because the document lists them: at most [`MOST_RUNS`]. What is beyond is counted and told.

mod arm;
mod label;
mod reference;
mod verdicts;

use indexmap::{IndexMap, IndexSet};
use pm_cli::human;
use pm_record::{
    BenchmarkResults, PerformanceMetrics, Scalar, ScenarioResult, Schema, SystemInfo, Timestamp,
};
use pm_store::{Benchmarks, ProjectSize};

use arm::Arm;
use label::{Part, Side};
pub(crate) use reference::Reference;
use verdicts::Against;

/// How many runs are kept: as many as fit on a line that readers take.
const MOST_RUNS: usize = 50_000;

/// How many commands are told apart.
const MOST_COMMANDS: usize = 1_000;

/// Everything that was measured.
#[derive(Debug, Default)]
pub(crate) struct Benchmark {
    commands: IndexMap<String, Sides>,
    baseline_name: Option<String>,
    cli_version: Option<String>,
    began: Option<Timestamp>,
    hosts: IndexSet<Option<String>>,
    machines: IndexSet<Option<String>>,
    kept: usize,
    left_out: u64,
}

/// The runs of one command.
#[derive(Debug, Default)]
struct Sides {
    current: Arm,
    baseline: Arm,
    control: Arm,
}

/// What the runs are held against.
#[derive(Debug, Default)]
pub(crate) struct Standards {
    pub(crate) limits: Benchmarks,
    /// Where the limits came from, as people know it.
    pub(crate) limits_name: String,
    pub(crate) reference: Option<Reference>,
    pub(crate) across_machines: bool,
    /// The machine that this is, for what only it can say of itself.
    pub(crate) this: SystemInfo,
}

impl Benchmark {
    /// Takes in one run.
    pub(crate) fn push(&mut self, run: &PerformanceMetrics) {
        let is_new = !self.commands.contains_key(&run.command);
        if self.kept == MOST_RUNS || is_new && self.commands.len() == MOST_COMMANDS {
            self.left_out += 1;
            return;
        }
        self.kept += 1;
        self.began = Some(self.began.map_or(run.timestamp, |began| began.min(run.timestamp)));
        self.hosts.insert(run.host.clone());
        self.machines.insert(run.machine.clone());
        let side = Side::of(&run.context);
        if side == Side::Current
            && let Some(version) = text(run.context.get(label::VERSION))
        {
            self.cli_version.get_or_insert(version);
        }
        if side == Side::Baseline
            && let Some(name) = text(run.context.get(label::NAME))
        {
            self.baseline_name.get_or_insert(name);
        }
        let sides = self.commands.entry(run.command.clone()).or_default();
        let arm = match side {
            Side::Current => &mut sides.current,
            Side::Baseline => &mut sides.baseline,
            Side::Control => &mut sides.control,
        };
        arm.push(run, Part::of(&run.context));
    }

    /// What came of it; none if there is no run.
    pub(crate) fn results(&self, standards: &Standards) -> Option<BenchmarkResults> {
        let results = |side: fn(&Sides) -> &Arm| {
            self.commands.iter().filter_map(move |(command, sides)| {
                side(sides).result(command, standards.limits.commands.get(command))
            })
        };
        Some(BenchmarkResults {
            schema: Schema,
            test_date: self.began?,
            cli_version: self.cli_version.clone(),
            system_info: self.system_info(&standards.this),
            command_results: results(|sides| &sides.current).collect(),
            baseline_results: results(|sides| &sides.baseline).collect(),
            regression_analysis: verdicts::analyze(&self.commands, &self.against(standards)),
            scenario_results: self.scenario_results(&standards.limits),
        })
    }

    /// What to tell people beside the results.
    pub(crate) fn notes(&self, standards: &Standards) -> Vec<String> {
        let mut notes = Vec::new();
        if self.left_out > 0 {
            notes.push(format!(
                "runs beyond what a benchmark can hold, left out: {}",
                human::count(self.left_out)
            ));
        }
        if self.began.is_some() && self.differs(standards) {
            notes.push(
                "runs of different machines are not compared; --across-machines compares them".to_owned(),
            );
        }
        notes
    }

    fn against<'a>(&'a self, standards: &'a Standards) -> Against<'a> {
        if self.commands.values().any(|sides| !sides.baseline.is_empty()) {
            return if self.differs(standards) {
                Against::Nothing
            } else {
                Against::Baseline(self.baseline_name.as_deref())
            };
        }
        match &standards.reference {
            Some(_) if self.differs(standards) => Against::Nothing,
            Some(reference) => Against::Reference(reference),
            None => Against::Limits(&standards.limits, &standards.limits_name),
        }
    }

    /// Whether what would be compared comes from different machines, and nobody asked for that.
    fn differs(&self, standards: &Standards) -> bool {
        let known = self.machines.iter().flatten();
        let referred = standards.reference.iter().flat_map(|reference| &reference.machines);
        !standards.across_machines && known.chain(referred).collect::<IndexSet<_>>().len() > 1
    }

    /// The machine. What the runs do not say of it is only known if it is the one that this runs on.
    fn system_info(&self, this: &SystemInfo) -> SystemInfo {
        let only = |all: &IndexSet<Option<String>>| {
            if all.len() == 1 { all.first().cloned().flatten() } else { None }
        };
        let (host, machine) = (only(&self.hosts), only(&self.machines));
        let known =
            if machine.is_some() && machine == this.machine { this.clone() } else { SystemInfo::default() };
        SystemInfo { host, machine, ..known }
    }

    fn scenario_results(&self, limits: &Benchmarks) -> Vec<ScenarioResult> {
        let rated = self.commands.iter().filter_map(|(command, sides)| {
            let average = sides.current.average()?;
            Some((command, sides, limits.commands.get(command)?.rate(average.to_f64())?))
        });
        let checked = rated.flat_map(|(command, sides, performance_rating)| {
            let size = &sides.current.size;
            let scenarios = limits.scenarios_of(&ProjectSize {
                name: size.name.as_deref(),
                task_count: size.task_count,
                dependency_count: size.dependency_count,
            });
            scenarios.into_iter().map(move |(scenario, expected)| ScenarioResult {
                scenario: scenario.to_owned(),
                command: command.clone(),
                expected_performance: expected.expected_performance,
                performance_rating,
                met: performance_rating <= expected.expected_performance,
            })
        });
        checked.collect()
    }
}

fn text(label: Option<&Scalar>) -> Option<String> {
    label.filter(|label| !label.is_null()).map(Scalar::to_string)
}

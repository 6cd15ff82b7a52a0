//! `performance benchmark`: commands in turn, again and again, and what that says.
//!
//! It stands here and is no tool of its own, because it captures nothing and computes nothing: choosing what may run
//! and in which order is what a porcelain is for. Each run is a `pm-wrap` with labels that say what it is for; the
//! records it writes go, all together, to `pm-report --as benchmark`, which alone knows what they mean; and whoever has
//! such records, from another machine or another scheduler, gets the same document. The cost is one more process a
//! run, which is pm-wrap's and not part of the time.
//!
//! Unlike other verbs this one is no pipeline: it waits between runs, shows how far it is, ends early, and undoes what
//! it did. `--explain` prints the same commands in the same order.

mod against;
mod choice;
mod explaining;
mod measuring;
mod progress;
mod quota;
mod results;
mod schedule;
mod subject;
mod trouble;
mod version;
mod worktree;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use pm_cli::{Exit, Interrupts, Streams};
use pm_store::{Benchmarks, Settings, Store, Trust};

use crate::args::{BenchmarkArgs, BenchmarkForm};
use crate::invocation::Invocation;
use crate::plan::Warning;
use crate::report::find;
use crate::surroundings::Surroundings;
use crate::{Error, TOOL};

use against::Against;
use choice::Candidate;
use schedule::Turn;
use subject::{Arm, Side, Subject};
pub(crate) use trouble::Trouble;
use version::Versions;
use worktree::Worktree;

/// Everything that is going to run.
#[derive(Debug)]
pub(crate) struct Benchmark {
    store: Store,
    /// What takes turns.
    arms: Vec<Arm>,
    turns: Vec<Turn>,
    prepare: Option<Invocation>,
    /// Labels of the user's own.
    labels: Vec<String>,
    timeout: Option<Duration>,
    /// Whether requests to GitHub are counted, as they are when the host command runs by itself.
    counts_requests: bool,
    ignores_failure: bool,
    /// Whether more quota may be used than there is.
    insists: bool,
    /// What the other side is called.
    baseline_name: Option<String>,
    worktree: Option<Worktree>,
    warnings: Vec<Warning>,
    wrap: PathBuf,
    outcome: Outcome,
}

/// What becomes of the records.
#[derive(Debug)]
struct Outcome {
    report: PathBuf,
    limits: Option<PathBuf>,
    reference: Option<PathBuf>,
    output: Option<PathBuf>,
    export: Option<PathBuf>,
    form: BenchmarkForm,
    saves_baseline: bool,
    exit_code: bool,
    across_machines: bool,
}

/// Plans it; nothing runs yet but git, which is asked about a revision.
pub(crate) fn plan(args: &BenchmarkArgs, here: &Surroundings) -> Result<Benchmark, Error> {
    let store = here.store()?;
    let benchmarks = Benchmarks::of(&store)?;
    let choice = choice::choose(&benchmarks, &args.commands, args.yes)?;
    check_trust(&choice.chosen, &benchmarks, &store, here)?;
    let mut warnings = Vec::new();
    let held_back = held_back(&choice.held_back, &store, here);
    if choice.chosen.is_empty() || !args.commands.iter().any(|name| name == "all") && !held_back.is_empty() {
        return Err(Trouble::NothingSafe(held_back).into());
    }
    warnings.extend((!held_back.is_empty()).then(|| not_run(&held_back)));
    let subjects =
        choice.chosen.iter().map(|one| Subject::new(one, &store, here)).collect::<Result<Vec<_>, _>>()?;
    warnings.extend(subjects.iter().find_map(|subject| subject.warning.clone()));
    let against = args.against.as_deref().map(|text| Against::read(text, &subjects, here)).transpose()?;
    let limits = store.root().join("benchmarks.yml");
    let (arms, unaffected) = arms(&subjects, against.as_ref(), &benchmarks, !args.no_control, here)?;
    warnings.extend((!unaffected.is_empty()).then(|| no_other_side(&unaffected)));
    let turns = schedule::turns(arms.len(), args.warmup, args.iterations);
    let (reference, worktree) = match against {
        Some(Against::File(file)) => (Some(file), None),
        Some(Against::Revision(worktree)) => (None, Some(worktree)),
        _ => (None, None),
    };
    Ok(Benchmark {
        prepare: args
            .prepare
            .as_ref()
            .map(|command| Invocation::new("/bin/sh".into(), [OsString::from("-c"), command.clone()])),
        labels: args.context.clone(),
        timeout: args.timeout,
        counts_requests: Settings::of(&store)?.api,
        ignores_failure: args.ignore_failure,
        insists: args.yes,
        baseline_name: args.against.clone().filter(|_| reference.is_none()),
        worktree,
        warnings,
        wrap: find(here, "pm-wrap")?,
        outcome: Outcome {
            report: find(here, "pm-report")?,
            limits: limits.is_file().then_some(limits),
            reference,
            output: args.output.as_ref().map(|path| here.environment.current_dir().join(path)),
            export: args.export.as_ref().map(|path| here.environment.current_dir().join(path)),
            form: args.form,
            saves_baseline: args.save_baseline,
            exit_code: args.exit_code,
            across_machines: args.across_machines,
        },
        store,
        arms,
        turns,
    })
}

/// Whether what runs is said by a store that the user knows.
fn check_trust(
    chosen: &[Candidate],
    benchmarks: &Benchmarks,
    store: &Store,
    here: &Surroundings,
) -> Result<(), Error> {
    if chosen.iter().any(|candidate| candidate.needs_trust)
        && let Some(sensitive) = benchmarks.sensitive()
        && !here.personal_store().is_ok_and(|personal| Trust::beside(&personal).covers(store, &sensitive))
    {
        return Err(Trouble::NotTrusted(store.root().join("benchmarks.yml")).into());
    }
    Ok(())
}

/// What takes turns: each command, the same of the other side, and one of them beside itself. Also the commands
/// that would be the same on the other side.
fn arms(
    subjects: &[Subject],
    against: Option<&Against>,
    benchmarks: &Benchmarks,
    wants_control: bool,
    here: &Surroundings,
) -> Result<(Vec<Arm>, Vec<String>), Error> {
    let others = match against {
        Some(against) => against.others(subjects, here)?,
        None => vec![None; subjects.len()],
    };
    let has_other_side = others.iter().any(Option::is_some);
    let baseline = |subject: &Subject| benchmarks.commands.get(&subject.name)?.baseline_ms;
    let is_measured = |other: &Option<Invocation>| !has_other_side || other.is_some();
    let can_compare = against.is_some() || subjects.iter().any(|subject| baseline(subject).is_some());
    // The quickest costs the least, and of time that is lost by accident it loses the largest part.
    let measured = (0..subjects.len()).filter(|&place| is_measured(&others[place]));
    let quickest = measured.min_by(|&one, &other| {
        let known = |place: usize| baseline(&subjects[place]).unwrap_or(f64::INFINITY);
        known(one).total_cmp(&known(other))
    });
    let mut arms = Vec::new();
    let mut unaffected = Vec::new();
    for (place, (subject, other)) in subjects.iter().zip(others).enumerate() {
        if !is_measured(&other) {
            unaffected.push(subject.name.clone());
            continue;
        }
        arms.push(subject.arm(Side::Current, subject.invocation.clone()));
        arms.extend(other.map(|invocation| subject.arm(Side::Baseline, invocation)));
        if wants_control && can_compare && quickest == Some(place) {
            arms.push(subject.arm(Side::Control, subject.invocation.clone()));
        }
    }
    Ok((arms, unaffected))
}

/// What does not run, each as people would type it.
fn held_back(candidates: &[Candidate], store: &Store, here: &Surroundings) -> Vec<String> {
    let words = |candidate: &Candidate| {
        // Where it cannot be found, the settings say it in their words.
        let said = || candidate.run.clone().unwrap_or_else(|| vec![candidate.name.clone()]).join(" ");
        Subject::new(candidate, store, here).map_or_else(|_| said(), |subject| subject.words())
    };
    candidates.iter().map(|candidate| format!("'{}' (`{}`)", candidate.name, words(candidate))).collect()
}

fn not_run(held_back: &[String]) -> Warning {
    Warning {
        message: format!("not run, because nobody has said that they may: {}", held_back.join(", ")),
        hint: Some(
            "add `--yes` if they may, or `safe: true` in benchmarks.yml to those that change nothing"
                .to_owned(),
        ),
    }
}

fn no_other_side(unaffected: &[String]) -> Warning {
    let names: Vec<_> = unaffected.iter().map(|name| format!("'{name}'")).collect();
    Warning {
        message: format!("not run, because they do not run the host command: {}", names.join(", ")),
        hint: None,
    }
}

impl Benchmark {
    /// Runs everything, and tells what came of it.
    pub(crate) fn run(self, here: &Surroundings, io: &mut Streams) -> Result<Exit, Error> {
        let interrupts = Interrupts::watch().map_err(Error::Watch)?;
        for warning in &self.warnings {
            io.complain(TOOL, warning);
        }
        self.outcome.check()?;
        quota::check(&self, here, io)?;
        let worktree = self.worktree.as_ref().map(Worktree::add).transpose()?;
        let versions = Versions::of(&self.arms);
        let measured = measuring::measure(&self, &versions, &interrupts, here, io)?;
        // Before anything else can go wrong.
        drop(worktree);
        self.outcome.tell(&self.store, measured, io)
    }

    /// One run, measured.
    fn wrapped(&self, turn: Turn, versions: &Versions) -> Invocation {
        let arm = &self.arms[turn.arm];
        let mut words: Vec<OsString> = Vec::new();
        if self.counts_requests {
            words.push("--api".into());
        }
        if let Some(timeout) = self.timeout {
            words.push(format!("--timeout={}ms", timeout.as_millis()).into());
        }
        words.extend(["--name".into(), arm.command.clone().into()]);
        let mut label = |text: String| words.extend(["--context".into(), text.into()]);
        label("purpose=benchmark".to_owned());
        label(format!("benchmark_part={}", turn.part.word()));
        label(format!("benchmark_round={}", turn.round));
        if arm.side != Side::Current {
            label(format!("benchmark_side={}", arm.side.word()));
        }
        if let (Side::Baseline, Some(name)) = (arm.side, &self.baseline_name) {
            label(format!("benchmark_name={name}"));
        }
        if let Some(version) = versions.of_side(arm.side) {
            label(format!("cli_version={version}"));
        }
        self.labels.iter().cloned().for_each(label);
        words.push("--".into());
        words.push(arm.invocation.program.clone().into());
        words.extend(arm.invocation.args.iter().cloned());
        Invocation {
            program: self.wrap.clone(),
            args: words,
            variables: arm.invocation.variables.clone(),
            reads_input: false,
        }
    }
}

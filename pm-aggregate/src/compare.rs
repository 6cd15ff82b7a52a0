//! `--compare`: what each command was, beside what it is.
//!
//! Both sides are ordinary groups, made in one pass over all inputs, with a distribution of each metric that is
//! compared: exact up to 64 runs, within 0.27 % beyond, so that memory depends on the number of groups here too.
//! Runs of different machines are never in one sample, unless that is asked for.

mod sides;
mod table;

use std::io::Write;

use pm_cli::{Exit, Streams};
use pm_record::{BadRecord, Reading, RunReader, State};

use crate::account::Account;
use crate::config::Config;
use crate::groups::Groups;
use crate::inputs::Taken;
use crate::passage::{self, Taker};
use crate::selection::{Baseline, Selection};
use crate::{Error, TOOL, tell, tell_of_deliberate};
use sides::Sides;
use table::Table;
pub(crate) use table::significant;

/// What to compare.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Task {
    pub(crate) baseline: Baseline,
    /// With what; without it, with all that is read and is not the baseline.
    pub(crate) current: Option<Selection>,
    pub(crate) across_machines: bool,
    pub(crate) exit_code: bool,
    /// Whether commands that are on one side only go without a word.
    pub(crate) quiet: bool,
    /// Whether rollups are taken where records are left too.
    pub(crate) quick: bool,
}

/// Compares, and says so.
pub(crate) fn run(config: &Config, task: &Task, io: &mut Streams) -> Result<Exit, Error> {
    let sides = Sides::new(config, task, io.clock.now_millis())?;
    let limits = sides.limits(task, io)?;
    let inputs = sides.open(task, io)?;
    io.tell_of_typing(TOOL, inputs.iter().map(|(input, _)| input));
    let mut account = Account::new(inputs.len() > 1);
    let partials = inputs.iter().any(|(_, taken)| taken.iter().flatten().any(|taken| taken.partials));
    let mut runs = RunReader::new(&sides.baseline.wanted(partials));
    let mut groups = [&sides.baseline, &sides.current].map(Groups::new);
    let mut without_distribution = 0;
    for (input, taken) in inputs {
        let mut both = Both {
            groups: &mut groups,
            taken,
            judged: &config.judged,
            without_distribution: &mut without_distribution,
        };
        let outcome = passage::read(input, &mut runs, config.strict, &mut both);
        account.add(outcome.map_err(|error| error.named(account.several))?, false);
    }
    for groups in &groups {
        tell(groups, &Account::new(false), io);
    }
    let deliberate = groups.iter().map(|groups| groups.left_out.deliberate).max().unwrap_or(0);
    tell_of_deliberate(deliberate, config, io);
    if !account.skipped.is_empty() {
        io.tell(TOOL, &account.skipped.to_string());
    }
    if without_distribution > 0 {
        io.tell(TOOL, "metrics of which partial results have no quantiles are not compared; of days whose records are gone there are those of durations");
    }
    let [mut baseline, mut current] = groups;
    let table = Table::new(&sides, limits.as_ref(), baseline.finish(), current.finish());
    if !task.quiet {
        for word in table.notes(task) {
            io.tell(TOOL, &word);
        }
    }
    let exit = if task.exit_code { table.exit() } else { Exit::Done };
    for record in table.records() {
        io.output.write_all(&record.to_line()).map_err(Error::Write)?;
    }
    account.failure(io.interrupted().is_some()).map_or(Ok(exit), |failure| Err(Error::Read(failure)))
}

/// Both sides, each with what it takes of an input.
struct Both<'a, 'b> {
    groups: &'b mut [Groups<'a>; 2],
    taken: [Option<Taken>; 2],
    /// The metrics that are asked about.
    judged: &'b [String],
    without_distribution: &'b mut u64,
}

impl Taker for Both<'_, '_> {
    fn take(&mut self, reading: Reading<'_>) -> Result<(), BadRecord> {
        let sides = self.groups.iter_mut().zip(&self.taken);
        let mut sides = sides.filter_map(|(groups, taken)| Some((groups, taken.as_ref()?)));
        match reading {
            Reading::Run(run) => sides.try_for_each(|(groups, taken)| groups.take(Reading::Run(run), taken)),
            Reading::Partial(partial) => {
                if let Some((name, Ok(State::Moments(_)))) = partial.metric() {
                    *self.without_distribution += u64::from(self.judged.iter().any(|judged| judged == name));
                    return Ok(());
                }
                sides.try_for_each(|(groups, taken)| groups.take(Reading::Partial(partial), taken))
            }
            Reading::Other(_) => Ok(()),
        }
    }
}

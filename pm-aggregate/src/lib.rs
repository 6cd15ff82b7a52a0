//! Groups the records of commands and summarizes each group: NDJSON in, one summary a group out; or compares groups,
//! or finds since when they are what they are.
//!
//! One pass; memory depends on the number of groups and open windows, never on the number of records or on the
//! length of their names: an ordinary group takes about 4 KiB. How many there are is up to `--by`. Only
//! `performance_metrics` are counted, and `performance_partial` where `--merge` asks for them; any other
//! kind is passed over in silence, but for alerts where `--pass-alerts` asks for them.
//!
//! This library exists for the program and its tests and may change at any time; the command line and
//! the records are the contract.

#![forbid(unsafe_code)]

mod account;
pub mod args;
mod changes;
mod columns;
mod compare;
mod config;
mod error;
mod filter;
mod group;
mod groups;
mod inputs;
mod judged;
mod key;
mod live;
mod machines;
mod metrics;
mod passage;
mod phases;
mod progress;
mod reading;
mod recent;
mod refusal;
mod results;
mod selection;
mod top;
#[cfg(test)]
mod trees;
mod window;
mod workers;

use std::ffi::OsString;
use std::io::Write;

use pm_cli::{Exit, Input, Source, Streams, human};

use crate::account::Account;
use crate::args::Args;
use crate::config::{Config, Purpose};
pub use crate::error::Error;
use crate::groups::Groups;
use crate::inputs::Taken;
use crate::live::Live;
use crate::reading::Worker;
use crate::workers::Workers;

/// The program's name.
pub const TOOL: &str = "pm-aggregate";

/// The whole life of the tool: arguments and streams in, exit status out.
///
/// # Errors
///
/// Wrong usage, an output that cannot be written, or, with `--strict`, the first line that is no record. An
/// input that cannot be read to its end is an error too, once everything else is read and written.
pub fn run(args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    run_by(Workers::default(), args, io)
}

/// The same by so many threads.
fn run_by(workers: Workers, args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    let Some(args) = pm_cli::parse::<Args>(args, io)? else { return Ok(Exit::Done) };
    let mut config = Config::new(args, io.clock.now_millis())?;
    config.workers = workers;
    io.outlive_interrupts().map_err(Error::Watch)?;
    match &config.purpose {
        Purpose::Summarize => aggregate(&config, io),
        Purpose::Compare(task) => compare::run(&config, task, io),
        Purpose::Changes(task) => changes::run(&config, *task, io),
        Purpose::Top(task) => top::run(&config, task, io),
    }
}

fn aggregate(config: &Config, io: &mut Streams) -> Result<Exit, Error> {
    let (mut groups, account) = read_all(config, io)?;
    io.output.write_all(&groups.passed).map_err(Error::Write)?;
    results::write(config, groups.finish(), &mut io.output).map_err(Error::Write)?;
    tell(&groups, &account, io);
    tell_of_deliberate(groups.left_out.deliberate, config, io);
    account.failure(io.interrupted().is_some()).map_or(Ok(Exit::Done), |failure| Err(Error::Read(failure)))
}

/// Reads every input into groups.
fn read_all<'a>(config: &'a Config, io: &mut Streams) -> Result<(Groups<'a>, Account), Error> {
    let mut inputs = inputs::open(config, io)?;
    io.tell_of_typing(TOOL, inputs.iter().map(|(input, _)| input));
    let partials = inputs.iter().any(|(_, taken)| taken.partials);
    match workers::read(config, &mut inputs, partials) {
        Some(read) => Ok(read),
        None => read_in_turn(config, inputs, partials, io),
    }
}

/// Reads one input after the other; the first failure ends none of the others.
fn read_in_turn<'a>(
    config: &'a Config,
    inputs: Vec<(Input, Taken)>,
    partials: bool,
    io: &mut Streams,
) -> Result<(Groups<'a>, Account), Error> {
    let mut account = Account::new(inputs.len() > 1);
    let mut worker = Worker::new(config, partials);
    let mut live = Live::new(config);
    for (input, taken) in inputs {
        let outcome = if taken.rollup {
            worker.read_rollup(input, &taken)
        } else {
            worker.read(input, &taken, |groups, input| live.before_read(groups, input, io))
        };
        let outcome = outcome.map_err(|error| error.named(account.several))?;
        if let Some(failure) = live.failure.take() {
            return Err(Error::Write(failure));
        }
        account.add(outcome, false);
    }
    Ok((worker.groups, account))
}

/// Tells whoever named the input of runs in it that were slow on purpose. A store is expected to have some.
fn tell_of_deliberate(runs: u64, config: &Config, io: &mut Streams) {
    if runs > 0 && matches!(config.source, Source::Named(_)) {
        let count = human::count(runs);
        let text = format!(
            "runs of benchmarks and profiles, left out: {count}; --where context.purpose=benchmark asks for them"
        );
        io.tell(TOOL, &text);
    }
}

/// Tells people what does not stand in the results.
fn tell(groups: &Groups<'_>, account: &Account, io: &mut Streams) {
    if !account.skipped.is_empty() {
        io.tell(TOOL, &account.skipped.to_string());
    }
    let (left_out, late) = (groups.left_out, groups.progress.late);
    if left_out.headless > 0 {
        let count = human::count(left_out.headless);
        io.tell(TOOL, &format!("groups whose metrics came without their counts, left out: {count}"));
    }
    if left_out.nested > 0 {
        let count = human::count(left_out.nested);
        io.tell(TOOL, &format!("runs inside of other runs, left out so that no time counts twice: {count}"));
    }
    if late > 0 {
        let count = human::count(late);
        io.tell(
            TOOL,
            &format!("runs that came after their window was closed, in further summaries of it: {count}; a longer --grace waits for them"),
        );
    }
}

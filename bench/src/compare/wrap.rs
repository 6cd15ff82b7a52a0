//! Wrapping a command: what `pm-wrap` adds to it, beside what its peers add, and what it uses itself.
//!
//! Every record goes to a store, and every feature is switched on that asks nothing of another program:
//! tracing has figures of its own.

mod own;
mod script;
mod single;

use std::fs;
use std::path::PathBuf;

use pm_record::{PerformanceMetrics, Record, Status};
use pm_store::Store;

use super::measure::CommandLine;
use super::{Bench, Error, read};

/// What a user can switch on and need not.
const FEATURES: [&str; 5] = ["--timeout", "1h", "--record-args", "--context", "project_size=large"];

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    let store = store(bench);
    // Of an earlier day or version; a file that grows for ever would also be another file every time.
    match fs::remove_dir_all(&store) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::file(&store, error)),
        _ => {}
    }
    single::compare(bench)?;
    script::compare(bench)?;
    own::compare(bench)?;
    script::compare_traced(bench)
}

fn store(bench: &Bench<'_>) -> PathBuf {
    bench.in_work("store")
}

/// `pm-wrap` around a command.
fn wrapped(bench: &Bench<'_>, name: &str, flags: &[&str], command: &CommandLine) -> CommandLine {
    let mut ours = bench.tool("pm-wrap", [format!("--store={}", store(bench).display())]);
    name.clone_into(&mut ours.name);
    ours.around(FEATURES.iter().chain(flags).chain(&["--"]), command)
}

/// Runs a wrapped command once, and demands a record that says that it succeeded. Returns how many processes
/// were traced.
fn check(bench: &Bench<'_>, ours: &CommandLine) -> Result<usize, Error> {
    ours.answer()?;
    let (run, traced) = newest(bench, ours)?;
    let enough = run.status == Some(Status::Success) && run.resource_usage.cpu_time_ms.is_some();
    if enough { Ok(traced) } else { Err(ours.wrong(format!("the record of '{}' is {run:?}", run.command))) }
}

/// The newest run in the store, and how many traces of processes stand behind it.
fn newest(bench: &Bench<'_>, ours: &CommandLine) -> Result<(PerformanceMetrics, usize), Error> {
    let files = Store::at(store(bench)).record_files(None).map_err(|error| ours.wrong(error.to_string()))?;
    let file = files.last().ok_or_else(|| ours.wrong("there is no record in the store"))?;
    let mut traced = 0;
    for line in read(file)?.trim_ascii_end().rsplit(|&byte| byte == b'\n') {
        match Record::parse(line) {
            Ok(Record::Performance(run)) => return Ok((*run, traced)),
            _ => traced += 1,
        }
    }
    Err(ours.wrong(format!("there is no record of a run in '{}'", file.display())))
}

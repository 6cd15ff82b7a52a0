//! Rollups are made by `pm-aggregate` and `pm-alert`, started as processes.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use pm_store::{Grain, RollUp};

use crate::invocation::Invocation;
use crate::surroundings::Surroundings;

/// How much of what they complain about is read.
const ENOUGH: u64 = 64 << 10;

const AGGREGATE: &str = "pm-aggregate";
const ALERT: &str = "pm-alert";

/// The sibling programs; none that is not installed.
#[derive(Debug)]
pub(crate) struct Siblings {
    aggregate: Option<PathBuf>,
    alert: Option<PathBuf>,
}

impl Siblings {
    pub(crate) fn new(here: &Surroundings) -> Self {
        Self { aggregate: here.tool(AGGREGATE), alert: here.tool(ALERT) }
    }
}

impl RollUp for Siblings {
    fn roll_up(&mut self, grain: Grain, from: &[PathBuf], into: File) -> io::Result<u64> {
        let flags: &[&str] = match grain {
            Grain::Hour => &["--window=1h"],
            Grain::Day => &["--merge", "--window=1d"],
            Grain::All => &["--merge", "--window=all"],
        };
        let flags = ["--partial", "--by=command,machine"].iter().chain(flags).map(OsString::from);
        let files = from.iter().map(OsString::from);
        run(AGGREGATE, self.aggregate.as_ref(), flags.chain(files).collect(), into)
    }

    fn forget_machines(&mut self, grain: Grain, rollup: &Path, into: File) -> io::Result<()> {
        let window = if grain == Grain::Hour { "--window=1h" } else { "--window=1d" };
        let flags = ["--partial", "--merge", "--by=command", window].map(OsString::from);
        let flags = flags.into_iter().chain([OsString::from(rollup)]).collect();
        run(AGGREGATE, self.aggregate.as_ref(), flags, into).map(drop)
    }

    fn digest(&mut self, records: &Path, into: File) -> io::Result<u64> {
        let flag = |name: &str, value: Option<&std::ffi::OsStr>| {
            let mut flag = OsString::from(name);
            flag.push(value.unwrap_or_default());
            flag
        };
        let store = records.parent().and_then(Path::parent).map(Path::as_os_str);
        let flags = vec![
            "--replay".into(),
            "--digest".into(),
            flag("--store=", store),
            flag("--segment=", records.file_name()),
        ];
        run(ALERT, self.alert.as_ref(), flags, into)
    }
}

/// Runs a tool to its end; returns how many lines it skipped.
fn run(tool: &str, program: Option<&PathBuf>, args: Vec<OsString>, into: File) -> io::Result<u64> {
    let missing = || io::Error::other(format!("cannot find {tool}, neither beside github-pm nor on PATH"));
    let invocation = Invocation::new(program.cloned().ok_or_else(missing)?, args);
    let mut command = invocation.command();
    let mut child = command.stdin(Stdio::null()).stdout(into).stderr(Stdio::piped()).spawn()?;
    let mut complaints = Vec::new();
    if let Some(mut stderr) = child.stderr.take() {
        Read::by_ref(&mut stderr).take(ENOUGH).read_to_end(&mut complaints)?;
        io::copy(&mut stderr, &mut io::sink())?;
    }
    let complaints = String::from_utf8_lossy(&complaints);
    let status = child.wait()?;
    if status.success() {
        return Ok(skipped(tool, &complaints));
    }
    let reason = complaints.lines().next().map(|line| format!(": {line}")).unwrap_or_default();
    Err(io::Error::other(format!("{tool} ended with {status}{reason}")))
}

/// How many lines it says that it skipped: `pm-aggregate: 3 of 1,204 lines skipped; first: …`.
fn skipped(tool: &str, complaints: &str) -> u64 {
    let count = |line: &str| {
        let (said, _) = line.split_once(" skipped;")?;
        let count = said.strip_prefix(tool)?.strip_prefix(": ")?.split(' ').next()?;
        count.replace(',', "").parse().ok()
    };
    complaints.lines().find_map(count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_lines_are_counted_as_they_are_told() {
        let told = "pm-aggregate: 1,203 of 2,204 lines skipped; first: line 17: expected ',' at column 40\n";
        let skipped = |told| skipped(AGGREGATE, told);
        assert_eq!([skipped(told), skipped("pm-aggregate: else\n"), skipped("")], [1203, 0, 0]);
    }
}

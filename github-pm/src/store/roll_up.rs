//! Rollups are made by `pm-aggregate`, started as a process.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::Stdio;

use pm_store::{Grain, RollUp};

use crate::invocation::Invocation;
use crate::surroundings::Surroundings;

/// How much of what it complains about is read.
const ENOUGH: u64 = 64 << 10;

/// The sibling `pm-aggregate`; none if it is not installed.
#[derive(Debug)]
pub(crate) struct Aggregator(Option<PathBuf>);

impl Aggregator {
    pub(crate) fn new(here: &Surroundings) -> Self {
        Self(here.tool("pm-aggregate"))
    }
}

impl RollUp for Aggregator {
    fn roll_up(&mut self, grain: Grain, from: &[PathBuf], into: File) -> io::Result<u64> {
        let missing = || io::Error::other("cannot find pm-aggregate, neither beside github-pm nor on PATH");
        let program = self.0.clone().ok_or_else(missing)?;
        let flags: &[&str] = match grain {
            Grain::Hour => &["--window=1h"],
            Grain::Day => &["--merge", "--window=1d"],
            Grain::All => &["--merge", "--window=all"],
        };
        let flags = ["--partial", "--by=command,machine"].iter().chain(flags).map(Into::into);
        let files = from.iter().map(|path| path.clone().into_os_string());
        let invocation = Invocation::new(program, flags.chain(files).collect::<Vec<std::ffi::OsString>>());
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
            return Ok(skipped(&complaints));
        }
        let reason = complaints.lines().next().map(|line| format!(": {line}")).unwrap_or_default();
        Err(io::Error::other(format!("pm-aggregate ended with {status}{reason}")))
    }
}

/// How many lines it says that it skipped: `pm-aggregate: 3 of 1,204 lines skipped; first: …`.
fn skipped(complaints: &str) -> u64 {
    let count = |line: &str| {
        let (said, _) = line.split_once(" skipped;")?;
        let count = said.strip_prefix("pm-aggregate: ")?.split(' ').next()?;
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
        assert_eq!([skipped(told), skipped("pm-aggregate: else\n"), skipped("")], [1203, 0, 0]);
    }
}

//! What becomes of the records: the document, the page, files, new baselines, and a status.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::thread;

use pm_cli::{Exit, Streams, human};
use pm_record::{BenchmarkResults, Record};
use pm_store::{NewBaselines, Store};

use super::measuring::{End, Measured};
use super::{BenchmarkForm, Outcome, Trouble};
use crate::invocation::Invocation;
use crate::{Error, TOOL};

/// What a page is called.
pub(super) const TITLE: &str = "Benchmark";

impl Outcome {
    /// Whether pm-report can compare with what was named: nobody wants to hear that when everything has run.
    pub(super) fn check(&self) -> Result<(), Error> {
        let mut making = self.making();
        making.args.retain(|word| word != "--exit-code");
        let mut command = making.command();
        let output = command.stdin(Stdio::null()).output();
        let output = output.map_err(|source| Trouble::Tool { program: making.program.clone(), source })?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        // An error stands behind what else there is to tell, and its hint behind that.
        let hint = |line: &str| line.strip_prefix("  hint: ").map(str::to_owned);
        let complaint = said.lines().rfind(|line| hint(line).is_none()).unwrap_or_default();
        let complaint = complaint.trim_start_matches("pm-report: ").to_owned();
        let hint = said.lines().rev().find_map(hint);
        Err(Trouble::Refused { complaint, hint }.into())
    }

    /// What makes the document of records.
    pub(super) fn making(&self) -> Invocation {
        let mut words: Vec<OsString> = vec!["--as=benchmark".into()];
        let joined = |flag: &str, path: &Path| {
            let mut word = OsString::from(flag);
            word.push(path);
            word
        };
        words.extend(self.limits.as_deref().map(|path| joined("--limits=", path)));
        words.extend(self.reference.as_deref().map(|path| joined("--against=", path)));
        words.extend(self.across_machines.then(|| "--across-machines".into()));
        words.extend(self.exit_code.then(|| "--exit-code".into()));
        Invocation::new(self.report.clone(), words)
    }

    /// What shows it; none where the document is what is wanted.
    pub(super) fn showing(&self) -> Option<Invocation> {
        let form = match self.form {
            BenchmarkForm::Terminal => "--as=terminal",
            BenchmarkForm::Markdown => "--as=markdown",
            BenchmarkForm::Json => return None,
        };
        Some(Invocation::new(self.report.clone(), [form.to_owned(), format!("--title={TITLE}")]))
    }

    /// What writes it as hyperfine does.
    pub(super) fn exporting(&self) -> Invocation {
        Invocation::new(self.report.clone(), ["--as=hyperfine"])
    }

    /// Tells what came of it, also where that is not everything that was asked for.
    pub(super) fn tell(self, store: &Store, measured: Measured, io: &mut Streams) -> Result<Exit, Error> {
        let Measured { records, end } = measured;
        if let End::Interrupted { done, all, .. } = end {
            io.tell(TOOL, &format!("interrupted after {done} of {all} runs"));
        }
        let exit = if records.is_empty() { Exit::Done } else { self.show(store, &records, &end, io)? };
        match end {
            End::Whole => Ok(exit),
            End::Interrupted { signal, .. } => Ok(Exit::Signal(signal)),
            End::Failed(trouble) => Err(trouble.into()),
        }
    }

    fn show(&self, store: &Store, records: &[u8], end: &End, io: &mut Streams) -> Result<Exit, Error> {
        let (document, status) = filter(&self.making(), records)?;
        let Ok(Record::Benchmark(results)) = Record::parse(&document) else {
            return Err(Trouble::NoResults.into());
        };
        if let Some(path) = &self.output {
            write(path, &document)?;
        }
        if let Some(path) = &self.export {
            write(path, &filter(&self.exporting(), &document)?.0)?;
        }
        match self.showing() {
            Some(showing) => feed(&showing, &document)?,
            None => io.output.write_all(&document).and_then(|()| io.output.flush()).map_err(Error::Write)?,
        }
        if self.saves_baseline {
            save(store, &results, end, io)?;
        }
        Ok(match status.code().and_then(|code| u8::try_from(code).ok()) {
            Some(0) => Exit::Done,
            Some(code) => Exit::Status(code),
            None => Exit::Signal(status.signal().unwrap_or(0)),
        })
    }
}

/// Writes the medians into the settings. A part of the runs is no baseline.
fn save(store: &Store, results: &BenchmarkResults, end: &End, io: &mut Streams) -> Result<(), Error> {
    if !matches!(end, End::Whole) {
        io.tell(TOOL, "no baseline is saved, because not everything has run");
        return Ok(());
    }
    let medians = results
        .command_results
        .iter()
        .filter_map(|result| Some((result.command.clone(), rounded(result.median_ms?.to_f64()))));
    let new = NewBaselines {
        date: results.test_date.to_string().chars().take(10).collect(),
        cli_version: results.cli_version.clone(),
        commands: medians.collect(),
    };
    let path = store.save_baselines(&new)?;
    let count = human::count(new.commands.len() as u64);
    let commands = if new.commands.len() == 1 { "command" } else { "commands" };
    io.tell(TOOL, &format!("the baselines of {count} {commands} are saved in {}", path.display()));
    Ok(())
}

/// Three digits, or whole milliseconds: a baseline is read and changed by people.
fn rounded(millis: f64) -> f64 {
    let step = if millis >= 100.0 {
        1.0
    } else if millis >= 10.0 {
        0.1
    } else {
        0.01
    };
    // Dividing by a whole number gives the nearest number to what people write.
    let steps = (millis / step).round();
    steps / (1.0_f64 / step).round()
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(|source| Trouble::Output { path: path.to_owned(), source }.into())
}

/// What a tool makes of an input.
pub(super) fn filter(invocation: &Invocation, input: &[u8]) -> Result<(Vec<u8>, ExitStatus), Error> {
    talk(invocation, input, Stdio::piped()).map(|(status, output)| (output, status))
}

/// Lets a tool write on our own standard output.
fn feed(invocation: &Invocation, input: &[u8]) -> Result<(), Error> {
    talk(invocation, input, Stdio::inherit()).map(drop)
}

fn talk(invocation: &Invocation, input: &[u8], output: Stdio) -> Result<(ExitStatus, Vec<u8>), Error> {
    let failed = |source| Error::from(Trouble::Tool { program: invocation.program.clone(), source });
    let mut child = invocation.command().stdin(Stdio::piped()).stdout(output).spawn().map_err(failed)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let read = thread::scope(|scope| {
        // On a thread of its own, because both pipes may be full at once. A tool that does not read on says why itself.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input)));
        let mut bytes = Vec::new();
        stdout.map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut bytes)).map(|_| bytes)
    });
    let status = child.wait().map_err(failed)?;
    Ok((status, read.map_err(failed)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_has_three_digits_or_whole_milliseconds() {
        let cases = [(1793.533, "1794"), (235.4, "235"), (23.456, "23.5"), (2.346, "2.35"), (0.004, "0")];
        for (millis, expected) in cases {
            assert_eq!(rounded(millis).to_string(), expected);
        }
    }
}

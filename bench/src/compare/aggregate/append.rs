//! Many writers to one store: how many records a second they append in all, and whether all are there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::Child;
use std::time::Instant;

use pm_cli::human;
use pm_store::Store;

use super::super::goal::Goal;
use super::super::measure::CommandLine;
use super::super::table::command_lines;
use super::{Bench, Error};
use crate::append::{Lines, TOOL};

const WRITERS: u32 = 16;
/// Records a second, by all of them.
const LEAST: f64 = 100_000.0;
const TIME: &str = "2s";

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    let root = bench.in_work("appended");
    super::clear(&root)?;
    let program = bench.beside_this_program(TOOL)?;
    let writers: Vec<CommandLine> = (0..WRITERS)
        .map(|writer| {
            let writer = writer.to_string();
            let words = ["--writer", &writer, "--for", TIME, "--store"].map(PathBuf::from);
            CommandLine::new(TOOL, &program, words.into_iter().chain([root.clone()]))
        })
        .collect();
    bench.title(&format!("Appending one record at a time, {WRITERS} writers"))?;
    bench.progress(&format!("{WRITERS} writers for {TIME}"));

    let (written, seconds) = race(&writers)?;
    let total: u64 = written.iter().sum();
    let files = Store::at(&root).record_files(None).map_err(|error| writers[0].wrong(error.to_string()))?;
    check(&files, &written).map_err(|reason| writers[0].wrong(reason))?;
    bench.say(&format!(
        "\n  {} records in {seconds:.2} s; each is there, once and whole\n{}",
        human::count(total),
        command_lines(&[&writers[0]])
    ))?;
    super::clear(&root)?;
    let what = format!("append of one record, {WRITERS} writers in all, none lost");
    bench.judge(Goal::at_least(LEAST, " a second", what).is(total as f64 / seconds))
}

/// Lets all writers go at once. Returns how many records each has written, and how many seconds went by until
/// the last was done.
fn race(writers: &[CommandLine]) -> Result<(Vec<u64>, f64), Error> {
    let mut children: Vec<Child> = writers.iter().map(CommandLine::start).collect::<Result<_, _>>()?;
    let start = Instant::now();
    for child in &mut children {
        drop(child.stdin.take());
    }
    let mut written = Vec::new();
    for (mut child, writer) in children.into_iter().zip(writers) {
        let mut said = String::new();
        let output = child.stdout.take();
        let status = output
            .map_or(Ok(0), |mut output| output.read_to_string(&mut said))
            .and_then(|_| child.wait())
            .map_err(|error| writer.wrong(error.to_string()))?;
        if !status.success() {
            return Err(writer.failed(status, said));
        }
        written.push(said.trim_end().parse().map_err(|_| writer.wrong(format!("'{said}'")))?);
    }
    Ok((written, start.elapsed().as_secs_f64()))
}

/// Whether the files hold what was written and nothing else: every record of every writer once and whole. An empty
/// line is none: whoever sees half of what another is writing begins a new line.
fn check(files: &[PathBuf], written: &[u64]) -> Result<(), String> {
    let mut writers: BTreeMap<usize, Lines> =
        (0_u32..).zip(0..written.len()).map(|(writer, place)| (place, Lines::of(writer))).collect();
    let mut seen: Vec<Vec<bool>> =
        written.iter().map(|&count| vec![false; usize::try_from(count).unwrap_or_default()]).collect();
    for path in files {
        let mut file = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
        let mut line = Vec::new();
        while file.read_until(b'\n', &mut line).map_err(|error| error.to_string())? > 0 {
            if line == b"\n" {
                line.clear();
                continue;
            }
            let found = writers.iter_mut().find_map(|(&place, lines)| Some((place, lines.number(&line)?)));
            let mark = found.and_then(|(place, number)| seen[place].get_mut(usize::try_from(number).ok()?));
            match mark {
                Some(seen) if !*seen => *seen = true,
                _ => return Err(format!("this was not written, or twice: '{}'", line.escape_ascii())),
            }
            line.clear();
        }
    }
    let lost = seen.iter().flatten().filter(|&&seen| !seen).count();
    if lost == 0 { Ok(()) } else { Err(format!("{lost} of the records were lost")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(records: &[(u32, u64)]) -> Vec<u8> {
        records.iter().flat_map(|&(writer, number)| Lines::of(writer).line(number).to_vec()).collect()
    }

    #[track_caller]
    fn checked(bytes: &[u8], written: &[u64]) -> Result<(), String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("day");
        std::fs::write(&path, bytes).expect("written");
        check(&[path], written)
    }

    #[test]
    fn a_record_that_is_lost_or_torn_or_there_twice_is_found() {
        let all = [(0, 0), (1, 0), (0, 1)];
        assert_eq!(checked(&lines(&all), &[2, 1]), Ok(()));
        assert_eq!(checked(&[&lines(&all)[..], b"\n", &lines(&[(1, 1)])].concat(), &[2, 2]), Ok(()));
        assert_eq!(checked(&lines(&all[..2]), &[2, 1]), Err("1 of the records were lost".to_owned()));
        for wrong in [&lines(&all)[1..], &lines(&[all[0], all[0]]), &lines(&[(2, 0)]), &lines(&[(1, 1)])] {
            let error = checked(wrong, &[2, 1]).expect_err("a wrong record");
            assert!(error.starts_with("this was not written"), "{error}");
        }
    }
}

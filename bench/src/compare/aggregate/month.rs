//! The report of a month: how long it takes from a store that has been compacted.
//!
//! The store holds thirty closed days and the last hour, as day files that end now, so it is made anew each
//! time. What the report says is held against a pass over the raw records, made before they are compacted.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pm_cli::human;
use pm_record::{Scalar, Timestamp};

use super::super::answer::summary;
use super::super::days::{DAY, write_days};
use super::super::figures::median;
use super::super::goal::Goal;
use super::super::measure::in_turn;
use super::super::table::{Baseline, command_lines, table};
use super::{Bench, Error, OURS};
use crate::Generator;

const MOST_MS: f64 = 50.0;

const DAYS: u32 = 30;
const HOUR: i64 = 3_600_000;

/// Runs and failed runs of each command.
type Counts = BTreeMap<String, (u64, u64)>;

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    let records = bench.args.month_records.get();
    let count = human::count(records.into());
    let folder = bench.in_work("month");
    let store = folder.join(pm_store::DIRECTORY);
    bench.title(&format!("The report of a month, {count} records"))?;
    bench.progress(&format!("generating {count} records of {DAYS} days and an hour"));
    super::clear(&folder)?;
    let now = bench.io.clock.now_millis();
    let files =
        build(&store.join("records"), records.into(), now).map_err(|source| Error::file(&store, source))?;

    bench.progress("reading all of them");
    let raw = raw(bench, &files)?;
    let github_pm = |args: &[&str]| bench.tool("github-pm", args).within(&folder);
    let compact = github_pm(&["performance", "store", "compact"]);
    let report = github_pm(&["performance", "report", "--timeframe", "month"]);
    let checked = github_pm(&["performance", "report", "--timeframe", "month", "--as", "markdown"]);
    bench.progress("compacting");
    compact.answer()?;
    let page = checked.answer()?;
    let expected = within_month(&raw, bench.io.clock.now_millis());
    let reported =
        reported(&String::from_utf8_lossy(&page)).ok_or_else(|| checked.wrong("it has no table"))?;
    if let Some(reason) = difference(&reported, &expected) {
        return Err(checked.wrong(reason));
    }

    let rounds = bench.args.middling_rounds();
    bench.progress(&format!("the report agrees; {rounds} rounds"));
    let measured = in_turn(&[&report], rounds)?;
    let size = size_mib(&store).map_err(|source| Error::file(&store, source))?;
    let wall = median(measured[0].wall_ms.iter().copied());
    bench.say(&format!(
        "\n  {rounds} rounds; the report agrees with the raw records; the store holds {size:.0} MiB\n{}{}",
        table(&measured, Baseline::None),
        command_lines(&[&compact, &report])
    ))?;
    bench.judge(Goal::at_most(MOST_MS, " ms", format!("report of a month over {count} records")).is(wall))
}

/// Writes the day files: all but a part as large as an hour's on the closed days, the rest in the last hour.
fn build(folder: &Path, records: u64, now: i64) -> io::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)?;
    let midnight = now.div_euclid(DAY) * DAY;
    let of_an_hour = records / u64::from(DAYS * 24 + 1);
    let end = Timestamp::from_millis(midnight);
    let closed = Generator::new(1).records(records - of_an_hour).days(DAYS).end(end);
    let mut files = write_days(folder, closed)?;
    let start = midnight.max(now - HOUR);
    let last = (0_i64..).zip(Generator::new(2).records(of_an_hour)).map(|(place, mut run)| {
        let share = place * (now - start) / i64::try_from(of_an_hour).unwrap_or(i64::MAX);
        run.timestamp = Timestamp::from_millis(start + share);
        run
    });
    files.extend(write_days(folder, last)?);
    Ok(files)
}

/// Runs and failed runs of each hour and command.
fn raw(bench: &Bench<'_>, files: &[PathBuf]) -> Result<BTreeMap<i64, Counts>, Error> {
    let words = ["--by", "command", "--window", "1h"].map(PathBuf::from);
    let ours = bench.tool(OURS, words.into_iter().chain(files.iter().cloned()));
    let mut hours: BTreeMap<i64, Counts> = BTreeMap::new();
    ours.each_line(|line| {
        let summary = summary(line).ok_or_else(|| String::from_utf8_lossy(line).into_owned())?;
        let Some(Scalar::Text(command)) = summary.by.get("command") else {
            return Err("a summary without a command".to_owned());
        };
        let hour = summary.window.start.as_millis().div_euclid(HOUR);
        hours.entry(hour).or_default().insert(command.clone(), (summary.count, summary.failures));
        Ok(())
    })?;
    Ok(hours)
}

/// What a report made at `now` should say: 30 days that end with the running hour.
fn within_month(hours: &BTreeMap<i64, Counts>, now: i64) -> Counts {
    let end = now.div_euclid(HOUR) + 1;
    let mut sums = Counts::new();
    for (command, (runs, failed)) in
        hours.range(end - i64::from(DAYS * 24)..end).flat_map(|(_, counts)| counts)
    {
        let sum = sums.entry(command.clone()).or_default();
        *sum = (sum.0 + runs, sum.1 + failed);
    }
    sums
}

/// The counts in the table of a report in Markdown.
fn reported(page: &str) -> Option<Counts> {
    let number = |cell: &str| cell.trim().trim_matches('*').replace(',', "").parse().ok();
    let rows = page.lines().filter(|line| line.starts_with("| `") && !line.starts_with("| `command`"));
    let counts: Option<Counts> = rows
        .map(|row| {
            let mut cells = row.split('|').skip(1);
            let command = cells.next()?.trim().trim_matches('`').to_owned();
            Some((command, (number(cells.next()?)?, number(cells.next()?)?)))
        })
        .collect();
    counts.filter(|counts| !counts.is_empty())
}

fn difference(reported: &Counts, expected: &Counts) -> Option<String> {
    let commands = reported.keys().chain(expected.keys());
    commands.map(|command| (command, reported.get(command), expected.get(command))).find_map(
        |(command, reported, expected)| {
            (reported != expected).then(|| {
                let said = |counts: Option<&(u64, u64)>| {
                    counts.map_or_else(
                        || "none".to_owned(),
                        |(runs, failed)| format!("{runs} runs and {failed} failed"),
                    )
                };
                format!("{command} has {}, and the raw records have {}", said(reported), said(expected))
            })
        },
    )
}

fn size_mib(folder: &Path) -> io::Result<f64> {
    let mut bytes = 0.0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let status = entry.metadata()?;
        bytes +=
            if status.is_dir() { size_mib(&entry.path())? } else { status.len() as f64 / f64::from(1 << 20) };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use pm_record::Record;

    use super::*;

    #[test]
    fn the_files_are_those_of_thirty_closed_days_and_of_today_up_to_now() {
        let folder = tempfile::tempdir().expect("a folder");
        let now = Timestamp::parse("2026-11-23T15:30:00Z").expect("a time").as_millis();
        let files = build(folder.path(), 7210, now).expect("files");
        let names: Vec<_> = files.iter().filter_map(|file| file.file_name()?.to_str()).collect();
        assert_eq!((names.len(), names[0], names[30]), (31, "2026-10-24.ndjson", "2026-11-23.ndjson"));
        let lines = |file| fs::read_to_string(file).expect("text").lines().count();
        assert_eq!(files.iter().map(lines).sum::<usize>(), 7210);
        let today = fs::read(&files[30]).expect("a file");
        let runs: Vec<_> = today.split_inclusive(|&byte| byte == b'\n').map(Record::parse).collect();
        assert_eq!(runs.len(), 10);
        for run in runs {
            let Ok(Record::Performance(run)) = run else { panic!("{run:?} is no run") };
            assert!((now - HOUR..now).contains(&run.timestamp.as_millis()), "{}", run.timestamp);
        }
    }

    #[test]
    fn a_month_is_thirty_days_that_end_with_the_running_hour() {
        let counts = |runs| Counts::from([("a".to_owned(), (runs, 1))]);
        let hours =
            BTreeMap::from([(280, counts(1)), (281, counts(10)), (1000, counts(100)), (1001, counts(1000))]);
        assert_eq!(within_month(&hours, 1000 * HOUR + 5), Counts::from([("a".to_owned(), (110, 2))]));
    }

    #[test]
    fn a_report_that_counts_otherwise_is_refused() {
        let page = "⚠️ x\n\n| `command` | runs | failed |\n| :--- | ---: |\n| `sync` | 8,881 | **328** | 7h |\n| `a` | 1 | 0 | 1s |\n";
        let reported = reported(page).expect("a table");
        assert_eq!(reported["sync"], (8881, 328));
        assert_eq!(difference(&reported, &reported), None);
        let expected = Counts::from([("sync".to_owned(), (8881, 328))]);
        let reason = difference(&reported, &expected);
        assert_eq!(reason.as_deref(), Some("a has 1 runs and 0 failed, and the raw records have none"));
        assert_eq!(
            super::reported(
                "Nothing to show: no runs were recorded in this time, or none that can be compared.\n"
            ),
            None
        );
    }
}

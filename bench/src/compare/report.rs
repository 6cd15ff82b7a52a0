//! What people wait for: a report of a year, and the page of a million runs, made and opened.

use std::path::{Path, PathBuf};

use pm_cli::human;
use pm_record::Timestamp;

use super::days::{DAY, write_days};
use super::figures::median;
use super::goal::Goal;
use super::measure::{CommandLine, in_turn};
use super::peer::Peer;
use super::table::{Baseline, command_lines, table};
use super::{Bench, Error};
use crate::Generator;

/// The tool that makes pages.
pub(super) const TOOLS: [&str; 3] = ["github-pm", "pm-aggregate", "pm-report"];

const RUNS: u32 = 1_000_000;

/// Opens a page in a browser, and says when it answers.
const OPEN: &str = "bench/peers/open_page.py";

const MOST_MS: f64 = 100.0;
const MOST_MB: f64 = 3.0;
const MOST_INTERACTIVE_MS: f64 = 1000.0;

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    let folder = store(bench, "year", 365)?;
    // The question is asked in the store's folder, and a folder of programs may be named from here.
    let bin = std::path::absolute(&bench.args.bin).map_err(|source| Error::file(&bench.args.bin, source))?;
    let [aggregate, report] = ["pm-aggregate", "pm-report"].map(|tool| bin.join(tool).display().to_string());
    let ask = format!("{aggregate} --store --since '365 days ago' | {report}");
    let missing = Error::Missing { program: "sh", package: "dash" };
    let shell = bench.on_path("sh").ok_or(missing)?;
    let report = CommandLine::new("a year", shell, ["-c", &ask]).within(&folder);
    bench.title("The report of a year of rollups")?;
    let rounds = bench.args.middling_rounds();
    let measured = in_turn(&[&report], rounds)?;
    bench.say(&format!(
        "\n  {rounds} rounds\n{}{}",
        table(&measured, Baseline::None),
        command_lines(&[&report])
    ))?;
    let wall = median(measured[0].wall_ms.iter().copied());
    bench.judge(Goal::at_most(MOST_MS, " ms", "report of a year of rollups").is(wall))?;

    let folder = store(bench, "page", 30)?;
    page(bench, &folder)
}

/// A store of so many days that end with the one before this, compacted.
fn store(bench: &mut Bench<'_>, name: &str, days: u32) -> Result<PathBuf, Error> {
    let folder = bench.in_work(name);
    bench.progress(&format!("generating {} records of {days} days", human::count(RUNS.into())));
    super::aggregate::clear(&folder)?;
    let midnight = bench.io.clock.now_millis().div_euclid(DAY) * DAY;
    let runs = Generator::new(1).records(RUNS.into()).days(days).end(Timestamp::from_millis(midnight));
    let records = folder.join(pm_store::DIRECTORY).join("records");
    let written = std::fs::create_dir_all(&records).and_then(|()| write_days(&records, runs));
    written.map_err(|source| Error::file(&records, source))?;
    bench.tool("github-pm", ["performance", "store", "compact"]).within(&folder).answer()?;
    Ok(folder)
}

fn page(bench: &mut Bench<'_>, folder: &Path) -> Result<(), Error> {
    bench.title(&format!("The page of {} runs in 30 days", human::count(RUNS.into())))?;
    let words = ["performance", "dashboard", "--timeframe", "month", "--html", "page.html"];
    let make = bench.tool("github-pm", words).within(folder);
    let measured = in_turn(&[&make], bench.args.long_rounds())?;
    bench.say(&format!("\n{}{}", table(&measured, Baseline::None), command_lines(&[&make])))?;
    let file = folder.join("page.html");
    let size = std::fs::metadata(&file).map_err(|source| Error::file(&file, source))?.len();
    bench.judge(Goal::at_most(MOST_MB, " MB", "size of the page").is(size as f64 / 1e6))?;

    let Some(browser) = Peer::playwright(bench) else { return bench.left_out("playwright") };
    let open = CommandLine::new("open", &browser.program, [OPEN.into(), file]);
    let said = open.answer()?;
    let millis = String::from_utf8_lossy(&said).trim().parse::<f64>();
    let millis = millis.map_err(|_| open.wrong("it says no time"))?;
    bench.say(&format!("  {}\n{}", browser.version, command_lines(&[&open])))?;
    bench.judge(Goal::at_most(MOST_INTERACTIVE_MS, " ms", "until the page answers the pointer").is(millis))
}

//! `performance dashboard`, and the page of `performance report --html`: everything on one page.

use std::ffi::OsString;
use std::path::Path;

use pm_record::{Timestamp, Window};

use crate::Error;
use crate::args::DashboardArgs;
use crate::invocation::Invocation;
use crate::pipeline::{Pipeline, Stage};
use crate::report::find;
use crate::surroundings::Surroundings;
use crate::timeframe::Timeframe;

/// Of how many mebibytes of the newest records, about 150,000 runs, tips are made: they need each record taken apart, and of
/// ten million that takes minutes. Limits and resource use are drawn of all the time.
const NEWEST: u16 = 64;

/// The pipeline that makes it.
pub(crate) fn plan(args: &DashboardArgs, here: &Surroundings) -> Result<Pipeline, Error> {
    let root = here.store()?.root().to_owned();
    let title = crate::report::title(args.timeframe, &root, here);
    if let Some(address) = &args.serve {
        return serve(args.timeframe, address, &root, &title, here);
    }
    let records = records(args.timeframe, here)?;
    if args.records {
        return Ok(Pipeline { stages: vec![records] });
    }
    let mut words = vec![OsString::from(if args.html.is_some() { "--as=html" } else { "--as=dashboard" })];
    words.push(format!("--title={title}").into());
    words.extend(args.html.as_deref().and_then(|file| output(file, here)));
    Ok(Pipeline { stages: vec![records, Stage(vec![Invocation::new(find(here, "pm-report")?, words)])] })
}

/// One tool, which runs this program again whenever there is something new: the time that a page is about ends now.
fn serve(
    timeframe: Timeframe,
    address: &str,
    root: &Path,
    title: &str,
    here: &Surroundings,
) -> Result<Pipeline, Error> {
    let mut watch = OsString::from("--watch=");
    watch.push(root.join("records"));
    let mut words: Vec<OsString> = vec![
        "--as=html".into(),
        format!("--title={title}").into(),
        format!("--serve={address}").into(),
        watch,
    ];
    let this = here.executable.clone().unwrap_or_else(|| "github-pm".into());
    words.extend(["--".into(), this.into()]);
    let again = ["performance", "dashboard", "--records", "--timeframe", timeframe.word()];
    words.extend(again.map(OsString::from));
    Ok(Pipeline { stages: vec![Stage(vec![Invocation::new(find(here, "pm-report")?, words)])] })
}

/// The flag that names a file for the page; none for standard output.
fn output(file: &Path, here: &Surroundings) -> Option<OsString> {
    let mut word = OsString::from("--output=");
    word.push(here.environment.current_dir().join(file));
    (file.as_os_str() != "-").then_some(word)
}

/// The tools whose records it is made of: each says what it knows of the same stretch of time.
fn records(timeframe: Timeframe, here: &Surroundings) -> Result<Stage, Error> {
    let mut store = OsString::from("--store=");
    store.push(here.store()?.root());
    let window = timeframe.window(here.now);
    let span = [store, format!("--since={}", window.start).into(), format!("--until={}", window.end).into()];
    let reader = |tool, flags: &[String]| {
        let args = span.iter().cloned().chain(flags.iter().map(OsString::from));
        find(here, tool).map(|program| Invocation::new(program, args))
    };
    let mut changes = vec!["--changes".to_owned()];
    if timeframe == Timeframe::Month {
        // A month has too many runs to look at each: its days have medians, which rollups know.
        changes.push("--window=1d".to_owned());
    }
    Ok(Stage(vec![
        reader("pm-aggregate", &[])?,
        reader("pm-aggregate", &[format!("--window={}", timeframe.step())])?,
        reader("pm-aggregate", &before(window))?,
        reader("pm-aggregate", &changes)?,
        reader("pm-alert", &["--replay", "--digest"].map(str::to_owned))?,
        reader(
            "pm-report",
            &["--as=evidence".to_owned(), format!("--newest={NEWEST}"), "--all-readings".to_owned()],
        )?,
    ]))
}

/// The flags that hold the time of each command against the period before of equal length. Of long periods rollups know
/// enough.
pub(crate) fn before(window: Window) -> [String; 4] {
    let length = window.end.as_millis() - window.start.as_millis();
    let before = Timestamp::from_millis(window.start.as_millis() - length);
    let compare = format!("--compare={before}..{}", window.start);
    [compare, "--metric=duration.total_ms".to_owned(), "--quick".to_owned(), "--quiet".to_owned()]
}

/// The pipeline of a report's page.
pub(crate) fn page(timeframe: Timeframe, html: &Path, here: &Surroundings) -> Result<Pipeline, Error> {
    let args = DashboardArgs { timeframe, html: Some(html.to_owned()), serve: None, records: false };
    plan(&args, here)
}

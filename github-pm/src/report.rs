//! `performance report`: summaries, changes and alerts of a stretch of time, for people.
//!
//! Store and instants are spelled out, so that what `--explain` prints means the same wherever and
//! whenever it is run.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use pm_record::Field;

use crate::args::ReportArgs;
use crate::invocation::Invocation;
use crate::pipeline::{Pipeline, Stage};
use crate::surroundings::Surroundings;
use crate::timeframe::Timeframe;
use crate::{Error, dashboard};

/// How many tips a report shows: what is more is a matter for `optimize`.
const TIPS: usize = 3;

/// From how many mebibytes of the newest records, about 1,500 runs, tips and quota are read. Tips need the records as they are, and a
/// report is not kept waiting for those of a month.
const NEWEST: u16 = 1;

/// The pipeline that makes the report.
pub(crate) fn plan(args: &ReportArgs, here: &Surroundings) -> Result<Pipeline, Error> {
    if let Some(file) = &args.html {
        return dashboard::page(args.timeframe, file, here);
    }
    let root = here.store()?.root().to_owned();
    let mut store = OsString::from("--store=");
    store.push(&root);
    let window = args.timeframe.window(here.now);
    let span = [store, format!("--since={}", window.start).into(), format!("--until={}", window.end).into()];
    let reader = |tool, flags: &[String]| {
        let args = span.iter().cloned().chain(flags.iter().map(OsString::from));
        find(here, tool).map(|program| Invocation::new(program, args))
    };
    let by = args.by.iter().map(Field::as_str).collect::<Vec<_>>().join(",");
    let mut changes = vec!["--changes".to_owned()];
    if args.timeframe == Timeframe::Month {
        // A month has too many runs to look at each: its days have medians, which rollups know.
        changes.push("--window=1d".to_owned());
    }
    let mut readers = vec![reader("pm-aggregate", &[format!("--by={by}")])?];
    if by == "command" {
        readers.push(reader("pm-aggregate", &[format!("--window={}", args.timeframe.glance())])?);
        // Machines are compared each by itself, and their rollups of two months are more than a glance is worth.
        if args.timeframe != Timeframe::Month {
            readers.push(reader("pm-aggregate", &dashboard::before(window))?);
        }
    }
    readers.push(reader("pm-aggregate", &changes)?);
    readers.push(reader("pm-alert", &["--replay", "--digest"].map(str::to_owned))?);
    readers.push(reader("pm-report", &["--as=evidence".to_owned(), format!("--newest={NEWEST}")])?);
    let form = [
        format!("--as={}", args.form.word()),
        format!("--title={}", title(args.timeframe, &root, here)),
        format!("--tips={TIPS}"),
    ];
    let report = Stage(vec![Invocation::new(find(here, "pm-report")?, form)]);
    Ok(Pipeline { stages: vec![Stage(readers), report] })
}

/// The timeframe; and which store it is, unless it is the one of the folder that people stand in.
pub(crate) fn title(timeframe: Timeframe, root: &Path, here: &Surroundings) -> String {
    let title = timeframe.title();
    if root == here.environment.current_dir().join(pm_store::DIRECTORY) {
        return title.to_owned();
    }
    format!("{title} ({})", here.short(root))
}

pub(crate) fn find(here: &Surroundings, tool: &'static str) -> Result<PathBuf, Error> {
    here.tool(tool).ok_or(Error::NoTool { tool })
}

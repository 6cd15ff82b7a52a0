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
    let timeframe = args.timeframe.unwrap_or_default();
    if let Some(file) = &args.html {
        return dashboard::page(timeframe, file, here);
    }
    let by = by(args);
    if args.from.as_deref() == Some(Path::new("-")) {
        return of_input(args, &by, here);
    }
    let root = here.store_or(args.from.as_deref())?.root().to_owned();
    let mut store = OsString::from("--store=");
    store.push(&root);
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
    let mut readers = vec![reader("pm-aggregate", &[format!("--by={by}")])?];
    if by == "command" {
        readers.push(reader("pm-aggregate", &[format!("--window={}", timeframe.glance())])?);
        // Machines are compared each by itself, and their rollups of two months are more than a glance is worth.
        if timeframe != Timeframe::Month {
            readers.push(reader("pm-aggregate", &dashboard::before(window))?);
        }
    }
    readers.push(reader("pm-aggregate", &changes)?);
    readers.push(reader("pm-alert", &["--replay", "--digest"].map(str::to_owned))?);
    readers.push(reader("pm-report", &["--as=evidence".to_owned(), format!("--newest={NEWEST}")])?);
    let form = [
        format!("--as={}", args.form.word()),
        format!("--title={}", title(timeframe, &root, here)),
        format!("--tips={TIPS}"),
    ];
    let report = Stage(vec![Invocation::new(find(here, "pm-report")?, form)]);
    Ok(Pipeline { stages: vec![Stage(readers), report] })
}

/// What makes the groups. Machines of different kinds are not thrown together unless somebody asks for it.
fn by(args: &ReportArgs) -> String {
    match (&args.by[..], &args.from) {
        ([], Some(_)) if !args.across_machines => "command,machine".to_owned(),
        ([], _) => "command".to_owned(),
        (fields, _) => fields.iter().map(Field::as_str).collect::<Vec<_>>().join(","),
    }
}

/// The pipeline for what comes from many hosts through a pipe. It can be read only once, so that it has what groups
/// and alerts say, and nothing that needs single runs.
fn of_input(args: &ReportArgs, by: &str, here: &Surroundings) -> Result<Pipeline, Error> {
    let mut words = vec!["--merge".to_owned(), "--pass-alerts".to_owned(), format!("--by={by}")];
    if let Some(timeframe) = args.timeframe {
        let window = timeframe.window(here.now);
        words.extend([format!("--since={}", window.start), format!("--until={}", window.end)]);
    }
    let title = args.timeframe.map_or("Performance", Timeframe::title);
    let form = [format!("--as={}", args.form.word()), format!("--title={title}")];
    let aggregate = Invocation::new(find(here, "pm-aggregate")?, words).reading_input();
    let report = Invocation::new(find(here, "pm-report")?, form);
    Ok(Pipeline { stages: vec![Stage(vec![aggregate]), Stage(vec![report])] })
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

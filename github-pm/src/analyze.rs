//! `performance analyze`: commands one by one, as deep as their records lead.

use std::ffi::OsString;

use crate::Error;
use crate::args::{AnalyzeArgs, Focus};
use crate::invocation::Invocation;
use crate::pipeline::{Pipeline, Stage};
use crate::report::find;
use crate::surroundings::Surroundings;

/// How many runs that stand out are shown of a command.
const RUNS: u32 = 5;

/// The size of what a command works on, by which its growth is told.
const SIZE: &str = "context.task_count";

/// The pipeline that makes the analysis.
pub(crate) fn plan(args: &AnalyzeArgs, here: &Surroundings) -> Result<Pipeline, Error> {
    let mut store = OsString::from("--store=");
    store.push(here.store_or(args.from.as_deref())?.root());
    let window = args.timeframe.window(here.now);
    let mut span =
        vec![store, format!("--since={}", window.start).into(), format!("--until={}", window.end).into()];
    span.extend(args.command.iter().map(|command| format!("--where=command={command}").into()));
    span.extend(args.machine.iter().map(|machine| format!("--where=machine={machine}").into()));
    let reader = |flags: &[&str]| {
        let words = span.iter().cloned().chain(flags.iter().map(OsString::from));
        find(here, "pm-aggregate").map(|program| Invocation::new(program, words))
    };
    let metric = format!("--metric={}", args.focus.metric());
    let judged = format!("--metric={}", args.focus.judged());
    let against = match (&args.by, &args.from) {
        (Some(field), _) => field.as_str(),
        (None, Some(_)) => "machine",
        (None, None) => "context.project_size",
    };
    let by = format!("--by=command,{against}");
    let top = format!("--top={RUNS}");
    let subject = args.command.as_ref().map_or_else(String::new, |command| format!(" of '{command}'"));
    let title = format!("Analysis{subject}: {}, {}", args.focus.title(), args.timeframe.words());
    let form =
        ["--as=analysis".to_owned(), format!("--focus={}", args.focus.word()), format!("--title={title}")];
    let mut readers = vec![reader(&[&metric])?, reader(&[&by, &metric])?];
    if against != SIZE {
        readers.push(reader(&[&format!("--by=command,{SIZE}"), &metric])?);
    }
    readers.extend([reader(&["--changes", &judged])?, reader(&[&top, &metric])?]);
    if args.focus == Focus::Api && args.command.is_none() && args.machine.is_none() {
        let requests = span.iter().cloned().chain(["--as=evidence", "--topic=api-usage"].map(OsString::from));
        readers.push(Invocation::new(find(here, "pm-report")?, requests));
    }
    let report = Stage(vec![Invocation::new(find(here, "pm-report")?, form)]);
    Ok(Pipeline { stages: vec![Stage(readers), report] })
}

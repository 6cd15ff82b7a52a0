//! `performance optimize`: what would save time and quota.

use std::ffi::OsString;

use crate::Error;
use crate::args::OptimizeArgs;
use crate::invocation::Invocation;
use crate::pipeline::{Pipeline, Stage};
use crate::report::find;
use crate::surroundings::Surroundings;

/// The pipeline that gives the advice: one tool, because rules need the records as they are.
pub(crate) fn plan(args: &OptimizeArgs, here: &Surroundings) -> Result<Pipeline, Error> {
    let mut store = OsString::from("--store=");
    store.push(here.store()?.root());
    let window = args.timeframe.window(here.now);
    let topics = [(args.analyze_cache, "cache"), (args.analyze_api_usage, "api-usage")];
    let topics = topics.into_iter().filter(|(is_asked, _)| *is_asked).map(|(_, topic)| topic);
    let topics = topics.collect::<Vec<_>>().join(",");
    let mut words = vec![
        format!("--as={}", args.form.word()).into(),
        store,
        format!("--since={}", window.start).into(),
        format!("--until={}", window.end).into(),
        format!("--title=Advice from {}", args.timeframe.words()).into(),
    ];
    words.extend((!topics.is_empty()).then(|| format!("--topic={topics}").into()));
    Ok(Pipeline { stages: vec![Stage(vec![Invocation::new(find(here, "pm-report")?, words)])] })
}
